"""What a site gives away of who runs it: ids, addresses, links and looks of a page, and what its dossier says.

Runs on strangers' HTML beside ``page``: bounded, and never raising for what a stranger wrote. Kinds are those of
``mirrors.kinds``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b, sha256
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page.read import bounded_html, decode_html
from efface.whereabouts import facts
from efface.whereabouts.mirrors.kinds import KINDS
from efface.whereabouts.model import Dossier, Signal

LARGEST = 400_000
MOST = 60
MOST_IN_ALL, LONGEST = 80, 300
"""What a look-up brings of signals at most, and of one's value."""
MOST_NODES = 3000
SHINGLE = 4

IDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ga", re.compile(r"\b(UA-\d{4,10})-\d{1,4}\b")),
    ("ga", re.compile(r"""(?:gtag/js\?id=|['"])(G-[A-Z0-9]{6,14})\b""")),
    ("gtm", re.compile(r"\b(GTM-[A-Z0-9]{4,10})\b")),
    ("adsense", re.compile(r"\b(?:ca-)?(pub-\d{10,20})\b")),
    ("yandex", re.compile(r"(?:mc\.yandex\.\w{2,3}/watch/|\bym\()(\d{5,10})")),
    ("adzone", re.compile(r"""\b(?:data-)?zone[-_]?id['"]?\s{0,3}[:=]\s{0,3}['"]?(\d{5,12})""", re.IGNORECASE)),
)
CONTACTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("telegram", re.compile(r"(?:t\.me|telegram\.me)/(?:joinchat/)?\+?([A-Za-z0-9_]{5,40})")),
    ("wallet", re.compile(r"\b(bc1[a-z0-9]{25,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{26,34})\b")),
    ("payment", re.compile(r"((?:paypal\.me|ko-fi\.com|patreon\.com|buymeacoffee\.com|cash\.app)/[\w$.-]{2,60})")),
)
VERIFICATION = frozenset(
    {"google-site-verification", "yandex-verification", "msvalidate.01", "p:domain_verify",
     "exoclick-site-verification", "juicyads-site-verification", "trafficjunky-site-verification"}
)  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SELLER = re.compile(r"^\s*([a-z0-9.-]{3,100})\s*,\s*([\w.-]{2,80})\s*,\s*DIRECT\b", re.IGNORECASE)


def of_page(url: str, body: bytes, charset: str = "") -> list[Signal]:
    """Signals of one page, each once. ``url`` is the page's own address after redirects."""
    text = decode_html(body[:LARGEST], charset).replace("\x00", "\ufffd")
    domain = _domain(url)
    found = {Signal(kind, match[1]) for kind, pattern in (*IDS, *CONTACTS) for match in _some(pattern, text)}
    page = LexborHTMLParser(bounded_html(text)[0])
    found |= set(_metas(page))
    found |= set(_links(page, url, domain))
    shape = _shape(page)
    if shape:
        found.add(Signal("dom", shape))
    return sorted(one for one in found if len(one.value) <= LONGEST)[:MOST]


def of_redirect(asked: str, final: str) -> list[Signal]:
    """A site whose front page forwards to another names it."""
    domain = _domain(final)
    return [Signal("redirect", domain)] if domain and domain != _domain(asked) else []


def of_ads_txt(text: str) -> list[Signal]:
    """Accounts that a site's ads.txt calls its own; those of resellers are everybody's."""
    found = {
        Signal("seller", f"{match[1].lower()},{match[2]}")
        for line in text[:100_000].splitlines()[:2000]
        if (match := _SELLER.match(line))
    }
    return sorted(found)[:MOST]


def of_icon(data: bytes, kind: str = "favicon") -> list[Signal]:
    """An icon or a logo, by its bytes."""
    return [Signal(kind, blake2b(data, digest_size=16).hexdigest())] if data else []


def of_certificate(names: Iterable[str], key_sha256: str, own: str) -> list[Signal]:
    """Other sites named in a site's certificate, as one value, and its key. One that names many is a CDN's."""
    domains = sorted({_domain(f"https://{name.removeprefix('*.')}/") for name in list(names)[:100]} - {""})
    found = [Signal("certkey", key_sha256)] if key_sha256 else []
    if 1 < len(domains) <= 100 and own in domains:
        found.append(Signal("certificate", blake2b(" ".join(domains).encode(), digest_size=16).hexdigest()))
    return found


def of_dossier(dossier: Dossier) -> list[Signal]:
    """What the look-ups told: the machine unless a CDN stands before it, and where the operator takes mail."""
    found = set()
    if not dossier.behind_cdn:
        found |= {Signal("ip", address) for address in dossier.addresses[:4]}
    for party in dossier.parties:
        if party.role == "operator":
            found |= {
                Signal("email", contact.value.lower())
                for contact in party.contacts
                if contact.channel == "email" and contact.source.startswith("page")
            }
    return sorted(found)[:MOST]


def of_registration(servers: Iterable[str], registrar: str, created: str) -> list[Signal]:
    """The name servers together, and the day at a registrar: each says little, and they add to what else is found."""
    pair = sorted({one.rstrip(".").lower() for one in servers if one})[:4]
    found = [Signal("ns", " ".join(pair)[:LONGEST])] if len(pair) > 1 else []
    if registrar and _DAY.match(created):
        found.append(Signal("regday", f"{registrar} {created[:10]}"[:LONGEST]))
    return found


def bounded(found: Iterable[Signal], refuse: Iterable[str] = ()) -> list[Signal]:
    """Each once, of known kinds, and no more than a dossier carries: of each family the same share, so that a page full
    of ids crowds nothing out. ``refuse`` are SHA-256 digests of addresses that are never to be picked."""
    refused = set(refuse)
    queues: dict[str, list[Signal]] = {}
    for one in sorted(set(found)):
        kind = KINDS.get(one.kind)
        if kind is None or not 0 < len(one.value) <= LONGEST:
            continue
        if kind.family == "contact" and sha256(one.value.lower().encode()).hexdigest() in refused:
            continue
        queues.setdefault(kind.family, []).append(one)
    taken = [one for turn in zip_longest(*queues.values()) for one in turn if one is not None]
    return sorted(taken[:MOST_IN_ALL])


def masked(one: Signal) -> str:
    """What is shown of a signal to whoever asks why two sites go together: enough to know it again, and of addresses
    and names of people no more than their beginning."""
    if one.kind == "email":
        name, _at, domain = one.value.rpartition("@")
        return f"{name[:2]}…@{domain}"[:60] if name else "…"
    if one.kind == "imagehost":
        return f"{one.value.partition('/')[0]}/…"[:60]
    if one.kind in ("telegram", "payment", "wallet"):
        where, slash, name = one.value.rpartition("/")
        return f"{where}{slash}{name[:3]}…"[:60]
    return one.value[:60]


def _some(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for number, match in enumerate(pattern.finditer(text)):
        if number == 20:
            return
        yield match


def _metas(page: LexborHTMLParser) -> Iterator[Signal]:
    for node in page.css("meta[name][content]")[:200]:
        name = (node.attributes.get("name") or "").lower()
        content = (node.attributes.get("content") or "").strip()
        if name in VERIFICATION and 6 <= len(content) <= 200:
            yield Signal("verification", f"{name}:{content}")
    for script in page.css("script[type='application/ld+json']")[:10]:
        yield from _organisation(script.text()[:20_000])


def _organisation(text: str) -> Iterator[Signal]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return
    for one in data if isinstance(data, list) else [data]:
        if isinstance(one, dict) and isinstance(one.get("email"), str):
            yield Signal("email", one["email"].removeprefix("mailto:").strip().lower()[:254])


def _links(page: LexborHTMLParser, url: str, domain: str) -> Iterator[Signal]:
    for node in page.css("link[rel][href]")[:200]:
        rel = (node.attributes.get("rel") or "").lower().split()
        to = _absolute(url, node, "href")
        other = _domain(to)
        if not other or other == domain:
            continue
        if "canonical" in rel:
            yield Signal("canonical", other)
        elif "alternate" in rel and node.attributes.get("hreflang"):
            yield Signal("hreflang", other)
    for node in page.css("img[src]")[:200]:
        to = _absolute(url, node, "src")
        other, parts = _domain(to), urlsplit(to).path.split("/")
        if other and other != domain and len(parts) > 2 and parts[1]:
            yield Signal("imagehost", f"{facts.host_of(to)}/{parts[1][:60]}")


def _absolute(url: str, node: LexborNode, attribute: str) -> str:
    try:
        return str(URL(url).join(URL((node.attributes.get(attribute) or "").strip())))[:2000]
    except (ValueError, TypeError):
        return ""


def _domain(url: str) -> str:
    host = facts.host_of(url)
    return facts.registered(host) if host else ""


def _shape(page: LexborHTMLParser) -> str:
    """The page's build: a digest of the most common runs of tags and classes. "" for a page with hardly any."""
    if page.body is None:
        return ""
    words = []
    for number, node in enumerate(page.body.traverse(include_text=False)):
        if number == MOST_NODES:
            break
        classes = (node.attributes.get("class") or "").split()[:1]
        words.append(f"{node.tag}.{re.sub(r'[0-9]+', '', classes[0])[:40] if classes else ''}")
    runs = {" ".join(words[place : place + SHINGLE]) for place in range(len(words) - SHINGLE + 1)}
    if len(runs) < 12:
        return ""
    lowest = sorted(blake2b(run.encode(), digest_size=8).hexdigest() for run in runs)[:8]
    return blake2b(" ".join(lowest).encode(), digest_size=16).hexdigest()
