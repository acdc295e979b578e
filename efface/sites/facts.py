"""Facts about sites that organisations give each other: signed, and free of anybody.

A file holds domains, types, hostility with the class of its reason, and contacts with their sources, days and delivery
figures. It holds no case, no count of findings, no free text and no mailbox that could be a person's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from efface.engine.base import sealing
from efface.sites import contacts, learning, registry
from efface.sites.models import ContactState, Delivery, Site

VERSION = 1
MOST_BYTES = 40_000_000
MOST_SITES = 100_000
MOST_CONTACTS = 40
"""Of one site."""
ROLES = frozenset({"operator", "host", "cdn", "upstream", "registrar", "registry", "search", "platform"})
REASONS = frozenset({"page", "reply", "person", "shared", ""})
_ROLE_WORDS = re.compile(
    r"(?:^|[^a-z])(?:abuse|dmca|legal|copyright|report(?:s|ing)?|removal?s?|takedown|contact|support|help|info|admin"
    r"|security|noc|privacy|dsa|compliance|complaints?|trust|safety|hostmaster|postmaster|webmaster|imprint|impressum"
    r"|feedback|office|mail|desk|ncii)(?:$|[^a-z])"
)
_ROLE_MAILBOX = re.compile(
    r"(?:abuse|dmca|legal|copyright|reports?|reporting|removals?|takedown|contact|support|help|info|admin|security|noc"
    r"|privacy|dsa|compliance|complaints?|trust|safety|hostmaster|postmaster|webmaster|imprint|impressum|feedback|office"
    r"|mail|desk|ncii|team|and|[._+-])+"
)
_FREE = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "mail.ru", "yandex.ru", "aol.com", "tutanota.com",
})  # fmt: skip
_KEY = re.compile(r"[a-z]{2,10}:[A-Za-z0-9._-]{1,100}")
_SOURCE = re.compile(r"[a-z][a-z0-9-]{0,40}")


class FactsError(ValueError):
    """The file is not one of signed facts, or not as its signer left it; the message says what would do."""


@dataclass(frozen=True, slots=True)
class Contact:
    party: str
    role: str
    channel: str
    value: str
    source: str
    confidence: float
    first_seen: str
    last_seen: str
    state: str
    sent: int
    delivered: int
    replied: int


@dataclass(frozen=True, slots=True)
class Fact:
    """What is said of one domain. ``reason`` is the class of the reason for its hostility."""

    domain: str
    kind: str
    hostility: str
    reason: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A file whose signature holds. ``fingerprint`` names the key; whose it is, a person has to know."""

    name: str
    key: bytes
    fingerprint: str
    made: str
    digest: str
    facts: tuple[Fact, ...]


def signing_key(organisation: uuid.UUID) -> Ed25519PrivateKey:
    """The organisation's own, made at first use and kept among the installation's secrets."""
    return Ed25519PrivateKey.from_private_bytes(sealing.make_secret(f"facts-{organisation}.key"))


def public_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"efface/facts/" + key).hexdigest()


def spoken(print_: str) -> str:
    """A fingerprint in groups of four, to compare by telephone."""
    return " ".join(print_[place : place + 4] for place in range(0, len(print_), 4))


def same_fingerprint(one: str, other: str) -> bool:
    def plain(text: str) -> str:
        return re.sub(r"[^0-9a-f]", "", text.lower())

    return len(plain(one)) == 64 and plain(one) == plain(other)


def impersonal(channel: str, value: str) -> bool:
    """May this contact be told to others: a mailbox of a role, a form at an address of a role; never a person's."""
    if channel == "email":
        local, _, host = value.partition("@")
        return bool(host) and host not in _FREE and bool(_ROLE_MAILBOX.fullmatch(local.lower()))
    if channel == "form":
        path = value.partition("://")[2].partition("/")[2]
        return value.startswith("https://") and len(path) <= 80 and (not path or bool(_ROLE_WORDS.search(path.lower())))
    return False


def gather(now: datetime) -> list[Fact]:
    """What may be told of the accepted sites. Nothing that came from another organisation is told on."""
    rows = Site.objects.filter(review=Site.Review.ACCEPTED, merged=None)
    found: list[Fact] = []
    part: list[Site] = []
    for site in rows.order_by("domain").iterator(1000):
        part.append(site)
        if len(part) == 500:
            found += _facts(part, now)
            part = []
    return found + _facts(part, now)


def _facts(sites: list[Site], now: datetime) -> list[Fact]:
    keys: dict[str, list[str]] = {}
    for site in sites:
        parties = site.dossier.get("parties", []) if isinstance(site.dossier, dict) else []
        keys[site.domain] = [str(one.get("key", "")) for one in parties if isinstance(one, dict)]
    observed = contacts.current(key for found in keys.values() for key in found)
    tellable = [row for rows in observed.values() for row in rows if impersonal(row.channel, row.value)]
    delivery = {(row.channel, row.value): row for row in Delivery.objects.filter(value__in={r.value for r in tellable})}
    desks = {(learning.provider(row.channel, row.value), row.channel) for row in tellable}
    learned = learning.of_providers(desks, now)
    return [
        Fact(
            site.domain, site.kind, *_behaviour(site),
            tuple(_contact(row, delivery, learned) for key in keys[site.domain] for row in observed.get(key, [])
                  if _may_tell(row))[:MOST_CONTACTS],
        )
        for site in sites
    ]  # fmt: skip


def _behaviour(site: Site) -> tuple[str, str]:
    if site.hostility_how == "shared":
        return str(Site.Hostility.UNKNOWN), ""
    return site.hostility, site.hostility_how if site.hostility_how in REASONS else ""


def _may_tell(row: Any) -> bool:
    return (
        row.role in ROLES and impersonal(row.channel, row.value) and not row.source.startswith(("shared:", "answer:"))
        and "registrant" not in row.source
        and bool(_KEY.fullmatch(row.party_key))
    )  # fmt: skip


def _contact(row: Any, delivery: Mapping[Any, Any], learned: Mapping[Any, learning.Learned]) -> Contact:
    known = delivery.get((row.channel, row.value))
    stats = learned.get((learning.provider(row.channel, row.value), row.channel), learning.NOTHING)
    source = row.source.partition(":")[0]
    return Contact(
        row.party_key, row.role, row.channel, row.value, source if _SOURCE.fullmatch(source) else "other",
        round(row.confidence, 2), str(row.first_seen.date()), str(row.seen_at.date()),
        known.state if known else str(ContactState.UNTESTED), stats.sent, stats.delivered.k, stats.replied.k,
    )  # fmt: skip


def _body(name: str, key: bytes, made: str, facts: Iterable[Fact]) -> dict[str, Any]:
    sites = [
        {
            "domain": one.domain, "type": one.kind, "hostility": one.hostility, "reason": one.reason,
            "contacts": [{name: getattr(row, name) for name in Contact.__slots__} for row in one.contacts],
        }
        for one in facts
    ]  # fmt: skip
    return {"efface": "site-facts", "version": VERSION, "organisation": name, "made": made,
            "key": base64.b64encode(key).decode(), "sites": sites}  # fmt: skip


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def sign(name: str, key: Ed25519PrivateKey, facts: Iterable[Fact], now: datetime) -> bytes:
    """The file: JSON, signed with Ed25519 (RFC 8032) over its canonical form without the signature."""
    body = _body(name[:120], public_bytes(key.public_key()), str(now.astimezone(UTC).date()), facts)
    signature = key.sign(_canonical(body))
    return json.dumps({**body, "signature": base64.b64encode(signature).decode()}, ensure_ascii=True).encode() + b"\n"


def read(data: bytes) -> Signed:
    """The facts of a file of this machine's operator. What came through the web is read in the decoder and given to
    ``checked``. Raises ``FactsError``."""
    if len(data) > MOST_BYTES:
        raise FactsError(f"larger than {MOST_BYTES // 1_000_000} megabytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise FactsError("not JSON, or nested too deeply") from None
    return checked(body, data)


def checked(body: object, data: bytes) -> Signed:
    """The facts of ``body``, which ``data`` holds, where its signature holds; each checked. Raises ``FactsError``."""
    if not isinstance(body, dict) or body.get("efface") != "site-facts":
        raise FactsError("not a file of site facts")
    if body.get("version") != VERSION:
        raise FactsError("made by another version of Efface")
    try:
        signature = base64.b64decode(body.pop("signature"), validate=True)
        key = base64.b64decode(body["key"], validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _canonical(body))
    except (InvalidSignature, ValueError, KeyError, TypeError, RecursionError):
        raise FactsError("the signature does not hold: the file was changed, or cut; ask for it again") from None
    sites = body.get("sites")
    if not isinstance(sites, list) or len(sites) > MOST_SITES:
        raise FactsError("no list of sites, or too long a one")
    facts = tuple(_fact(one, number) for number, one in enumerate(sites, 1))
    name = "".join(sign for sign in str(body.get("organisation", ""))[:120] if sign.isprintable())
    return Signed(name, key, fingerprint(key), str(body.get("made", ""))[:10], hashlib.sha256(data).hexdigest(), facts)


def _fact(given: Any, number: int) -> Fact:
    try:
        domain, rows = str(given["domain"]), given.get("contacts", [])
        if registry.registered_domain(domain) != domain:
            raise ValueError("the domain")
        if given["type"] not in Site.Kind.values or given["hostility"] not in Site.Hostility.values:
            raise ValueError("type or hostility")
        if given.get("reason", "") not in REASONS or not isinstance(rows, list) or len(rows) > MOST_CONTACTS:
            raise ValueError("reason or contacts")
        return Fact(domain, given["type"], given["hostility"], given.get("reason", ""), tuple(map(_row, rows)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FactsError(f"site {number}: {str(error)[:80]} is not as it should be") from None


def _row(given: Any) -> Contact:
    row = Contact(**{name: given[name] for name in Contact.__slots__})
    words = (row.party, row.role, row.channel, row.value, row.source, row.first_seen, row.last_seen, row.state)
    if not all(isinstance(word, str) and len(word) <= 300 and word.isprintable() for word in words):
        raise ValueError("a contact")
    counts = (row.sent, row.delivered, row.replied)
    if not all(type(count) is int and 0 <= count <= 10_000_000 for count in counts):
        raise ValueError("a figure")
    if isinstance(row.confidence, bool) or not isinstance(row.confidence, int | float) or not 0 <= row.confidence <= 1:
        raise ValueError("a confidence")
    if row.role not in ROLES or not _KEY.fullmatch(row.party) or not _SOURCE.fullmatch(row.source):
        raise ValueError("a party")
    if row.state not in ContactState.values or not impersonal(row.channel, row.value):
        raise ValueError("a contact")
    return row
