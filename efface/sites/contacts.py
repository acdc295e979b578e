"""Who can be written to, as sources said it and as mail to them fared."""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from django.db.models import F

from efface.engine.base import training
from efface.sites import lookups, registry
from efface.sites.models import ContactObservation, ContactState, Delivery, FactsImport
from efface.whereabouts.model import Channel, Contact, Dossier, Party, PartyRole

GUESS = "role-mailbox"
"""Source of an address that nobody published (RFC 2142)."""
MOST_ROWS = 200

_SOFTER = {ContactState.UNTESTED: 0, ContactState.ACCEPTED: 1, ContactState.ACKNOWLEDGED: 2, ContactState.REPLIED: 3,
           ContactState.COMPLIED: 4}  # fmt: skip
_COUNTERS = {
    ContactState.ACCEPTED: "sent",
    ContactState.SOFT: "bounced",
    ContactState.HARD: "bounced",
    ContactState.FULL: "bounced",
    ContactState.POLICY: "bounced",
    ContactState.ACKNOWLEDGED: "replied",
    ContactState.REPLIED: "replied",
    ContactState.COMPLIED: "complied",
}


def plain(channel: str, value: str) -> str:
    """The value under which a contact is known: mail addresses in lower case; forms without query and fragment, which
    may name what was looked for."""
    value = value.strip()
    if channel == "email":
        return value.lower()[:500]
    if channel in ("form", "api"):
        try:
            parts = urlsplit(value)
        except ValueError:
            return ""
        return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, "", ""))[:500]
    return value[:500]


def tells(value: str, page: str) -> bool:
    """Whether the address of a form may say what was looked for: it shares a part of its path with the page, or a part
    of it looks like the name of an item. Such a form belongs to one case and is kept for none."""
    try:
        path, of_page = urlsplit(value).path, urlsplit(page).path
    except ValueError:
        return True
    items = {part.lower() for part in of_page.split("/") if part}
    for part in filter(None, unquote(path).lower().split("/")):
        if _DESK.fullmatch(part):
            continue
        strange = [word for word in re.split(r"[^a-z]+", part) if word and not _DESK.fullmatch(word)]
        if part in items or len(strange) > 1 or len(part) > 40 or len(re.findall(r"\d", part)) > 2:
            return True
    return False


_DESK = re.compile(
    r"abuse|dmca|legal|copyright|report(?:s|ing)?|removals?|remove|takedown|contact|kontakt|contacto|contatti|support"
    r"|help|info|security|privacy|dsa|compliance|complaints?|trust|safety|imprint|impressum|feedback|form|forms|content|request"
    r"|notice|page|the|my|us|to|a|of|illegal|melden|meldung|denuncia|denunciar|signaler|aviso|html|php|d|e|viewform"
)


def observe(dossier: Dossier, now: datetime, by: str = "engine") -> int:
    """Keep what a dossier says of parties and their contacts, and on its site what is known of who stands behind it.
    Returns how many contacts were new."""
    wanted: dict[tuple[str, str, str, str], tuple[Party, Contact]] = {}
    for party in dossier.parties:
        for contact in party.contacts:
            key = (party.key[:200], contact.channel[:8], plain(contact.channel, contact.value), contact.source[:60])
            if not _may_be_kept(contact.channel, contact.value, contact.source, dossier.url):
                continue
            held = wanted.get(key)
            if held is None or held[1].confidence < contact.confidence:
                wanted[key] = (party, contact)
    rows = [_row(key, party, contact, now) for key, (party, contact) in sorted(wanted.items())]
    fresh = _keep(rows, now)
    domain = registry.registered_domain(dossier.host) or dossier.domain
    lookups.keep(domain, dossier, _kept(dossier), by, now)
    return fresh


def note(
    party_key: str, role: str, channel: str, value: str, source: str, confidence: float, now: datetime
) -> ContactObservation:
    """One contact that somebody named, kept like those of a dossier."""
    row = _row(
        (party_key[:200], channel[:8], plain(channel, value), source[:60]), Party(cast(PartyRole, role), party_key),
        Contact(cast(Channel, channel), value, source, confidence=confidence), now,
    )  # fmt: skip
    _keep([row], now)
    return ContactObservation.objects.filter(**{name: getattr(row, name) for name in _SAME}).get()


_SAME = ("party_key", "channel", "value", "source", "confidence", "steps_key")


def _row(key: tuple[str, str, str, str], party: Party, contact: Contact, now: datetime) -> ContactObservation:
    steps = [step[:40] for step in contact.steps[:10]]
    confidence = round(contact.confidence, 2) if math.isfinite(contact.confidence) else 0.0
    return ContactObservation(
        party_key=key[0], role=party.role, channel=key[1], value=key[2], source=key[3], confidence=confidence,
        steps=steps, steps_key=",".join(steps)[:200], first_seen=now, seen_at=now,
    )  # fmt: skip


def _keep(rows: list[ContactObservation], now: datetime) -> int:
    """Count what was seen before, add what was not; of one party's one source no more than ``MOST_ROWS`` rows are kept,
    so that a page with new addresses at each look fills nothing. Returns how many contacts were met first."""
    if not rows:
        return 0
    keys = {row.party_key for row in rows}
    there: dict[tuple[Any, ...], uuid.UUID] = {}
    known: set[tuple[str, str, str, str]] = set()
    room: Counter[tuple[str, str]] = Counter()
    for pk, *same in ContactObservation.objects.filter(party_key__in=keys).values_list("pk", *_SAME):
        there[tuple(same)] = pk
        known.add((same[0], same[1], same[2], same[3]))
        room[(same[0], same[3])] += 1
    again, fresh, met = [], [], set()
    for row in rows:
        found = there.get(tuple(getattr(row, name) for name in _SAME))
        if found is not None:
            again.append(found)
        elif room[(row.party_key, row.source)] < MOST_ROWS:
            room[(row.party_key, row.source)] += 1
            fresh.append(row)
            met.add((row.party_key, row.channel, row.value, row.source))
    ContactObservation.objects.filter(pk__in=again).update(seen_at=now, seen=F("seen") + 1)
    ContactObservation.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(met - known)


def _may_be_kept(channel: str, value: str, source: str, page: str) -> bool:
    """Not what is no address, nor a form of the site's own pages whose address says what was looked for."""
    of_site = channel in ("form", "api") and source.startswith("page")
    return bool(plain(channel, value)) and not (of_site and tells(value, page))


def _kept(dossier: Dossier) -> dict[str, object]:
    """The dossier without the page it was made for, without where its sources stand, and
    without the signals, of which only digests are kept."""
    data = asdict(dossier)
    data.pop("url")
    data.pop("place")
    data.pop("signals")
    # A page that could not be read is named by its path, which may be hers.
    data["partial"] = [line for line in data["partial"] if "/" not in line.partition(":")[0]]
    for party in [*data["parties"], *data["beside"]]:
        party["contacts"] = [
            one for one in party["contacts"]
            if _may_be_kept(one["channel"], one["value"], one["source"], dossier.url)
        ]
        for contact in party["contacts"]:
            contact["value"] = plain(contact["channel"], contact["value"])
            contact.pop("source_url")
    return data


def known(party_key: str) -> list[ContactObservation]:
    """What each source says of a party's contacts now, the best founded first: of a value that a source gave with
    several confidences or steps, the observation seen last."""
    return current([party_key]).get(party_key, [])


def current(party_keys: Iterable[str]) -> dict[str, list[ContactObservation]]:
    """``known`` for many parties, with one question. What came with a withdrawn file of facts does not count."""
    wanted = sorted({key[:200] for key in party_keys})
    latest: dict[tuple[str, str, str, str], ContactObservation] = {}
    withdrawn = {one.source for one in FactsImport.objects.exclude(withdrawn_at=None).select_related("key")}
    rows = ContactObservation.objects.filter(party_key__in=wanted).order_by("seen_at", "first_seen", "pk")
    for row in rows:
        if row.source not in withdrawn:
            latest[(row.party_key, row.channel, row.value, row.source)] = row
    found: dict[str, list[ContactObservation]] = {}
    for row in sorted(latest.values(), key=lambda one: (-one.confidence, -one.seen_at.timestamp(), one.value)):
        found.setdefault(row.party_key, []).append(row)
    return found


def observations(party_key: str, channel: str, value: str) -> list[ContactObservation]:
    """Everything ever observed of one contact of a party, newest first."""
    rows = ContactObservation.objects.filter(party_key=party_key[:200], channel=channel, value=plain(channel, value))
    return list(rows.order_by("-seen_at", "-pk"))


def guesses_tried(party_keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """Of each party the addresses that nobody published (``role-mailbox`` and no other source) and that mail was sent
    to: so many guesses are spent, for every case."""
    found: dict[str, frozenset[str]] = {}
    by_party = current(party_keys)
    values = {("email", row.value) for rows in by_party.values() for row in rows if row.channel == "email"}
    tried = {value for (_channel, value), state in states(values).items() if state != ContactState.UNTESTED}
    for key, rows in by_party.items():
        published = {row.value for row in rows if row.source != GUESS}
        found[key] = frozenset({row.value for row in rows if row.source == GUESS} & tried - published)
    return found


def next_state(before: str, news: str) -> str:
    """The state of an address after news of it. A bounce always counts, and so does mail that is answered after one;
    silence says nothing of an address that once complied or is dead; a milder success never hides a better one."""
    if news in _SOFTER and before in _SOFTER:
        return max(before, news, key=lambda state: _SOFTER[ContactState(state)])
    if news == ContactState.ACCEPTED:
        # Servers of dead mailboxes accept and bounce later: acceptance alone does not bring an address back.
        return before
    if news == ContactState.SILENT and before in (
        ContactState.REPLIED, ContactState.COMPLIED, ContactState.HARD, ContactState.POLICY,
    ):  # fmt: skip
        return before
    if news == ContactState.SOFT and before in (ContactState.HARD, ContactState.POLICY):
        return before
    return news


def delivery(channel: str, value: str, state: str, now: datetime) -> str:
    """Note how an address behaved and return its state now. Raises ``ValueError`` for an unknown state."""
    if state not in ContactState.values:
        raise ValueError(f"state must be one of {', '.join(ContactState.values)}")
    if training.here():
        return state  # what all organisations share learns nothing from it
    Delivery.objects.get_or_create(channel=channel, value=plain(channel, value), defaults={"at": now})
    row = Delivery.objects.select_for_update().get(channel=channel, value=plain(channel, value))
    row.state, row.at = next_state(row.state, state), now
    row.save(update_fields=["state", "at"])
    counter = _COUNTERS.get(ContactState(state))
    if counter:
        Delivery.objects.filter(pk=row.pk).update(**{counter: F(counter) + 1})
    return row.state


def states(values: Iterable[tuple[str, str]] | None = None) -> dict[tuple[str, str], str]:
    """(channel, plain value) to state: of these contacts, or of all that were ever tried."""
    rows = Delivery.objects.all()
    if values is not None:
        wanted = {(channel, plain(channel, value)) for channel, value in values}
        rows = rows.filter(value__in={value for _channel, value in wanted})
        return {key: state for key, state in _pairs(rows) if key in wanted}
    return dict(_pairs(rows))


def _pairs(rows: object) -> list[tuple[tuple[str, str], str]]:
    return [((channel, value), state) for channel, value, state in rows.values_list("channel", "value", "state")]  # type: ignore[attr-defined]
