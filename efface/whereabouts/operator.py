"""Who runs the site: what its own pages say; where they say nothing, at most two mailboxes every domain should have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from efface.net.page.read import bounded_html, decode_html
from efface.net.page.walls import walls
from efface.net.protocol import FetchFacts
from efface.whereabouts import facts
from efface.whereabouts.hosts import ask_dns, best
from efface.whereabouts.model import Contact, Party
from efface.whereabouts.page import LARGEST, PageKind, Reading, kind_of, read
from efface.whereabouts.transport import Answer, Transport, Unanswered

MOST_PAGES = 8
GUESSED_PATHS: tuple[tuple[PageKind, str], ...] = (
    ("contact", "/contact"),
    ("abuse", "/abuse"),
    ("abuse", "/dmca"),
    ("abuse", "/report"),
)
GUESSED_BOXES = ("abuse", "webmaster")
"""RFC 2142. Tried one after the other, and only where the domain takes mail."""
ENOUGH = 0.5
"""An address found with this confidence or more makes guessing needless."""


@dataclass(slots=True)
class OperatorLook:
    """What the site said. ``fetched`` is set once the page itself was asked for; ``headers`` are its answer's; ``read``
    says whether any of its pages could be read: only then is it known that it names nobody."""

    headers: dict[str, str] = field(default_factory=dict)
    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    party: Party | None = None
    read: bool = False
    signs: list[str] = field(default_factory=list)


async def operator(url: str, domain: str, transport: Transport, look: OperatorLook, partial: list[str]) -> None:
    """Fill ``look``. Never raises: what could not be read is appended to ``partial``."""
    found: list[Contact] = []
    todo: list[tuple[PageKind, str]] = []
    try:
        page = await _page(url, transport, partial)
        look.headers = page.headers if page else {}
    finally:
        look.fetched.set()
    front = f"{urlsplit(url).scheme}://{facts.host_of(url)}{_port(url)}/"
    seen = {url}
    if page is not None and _still(page, domain, partial) and _readable(page, partial):
        _take(read(page.final_url, page.body, page.charset, "content"), found, todo, look)
    if front not in seen:
        seen.add(front)
        page = await _page(front, transport, partial)
        if page is not None and _still(page, domain, partial) and _readable(page, partial):
            _take(read(page.final_url, page.body, page.charset, "front"), found, todo, look)
    guesses = () if todo else GUESSED_PATHS
    todo += [(kind, front.rstrip("/") + path) for kind, path in guesses]
    todo.sort(key=lambda item: (item[0] != "abuse", len(item[1]), item[1]))
    for kind, link in todo:
        if link in seen or len(seen) >= MOST_PAGES:
            continue
        seen.add(link)
        notes = [] if guesses else partial
        page = await _page(link, transport, notes)
        if page is None or page.status != 200 or kind_of(page.final_url) is None:
            continue
        if _still(page, domain, notes) and _readable(page, notes):
            _take(read(page.final_url, page.body, page.charset, kind), found, [], look)
    found = await _deliverable(found, transport, partial)
    if look.read and not any(one.confidence >= ENOUGH for one in found):
        found += await _guesses(domain, transport, partial)
    silent = "the site names no contact" if look.read else "none of the site's pages could be read"
    reasons = [f"named on the site's own pages ({len(found)})"] if found else [silent]
    look.party = Party(
        "operator", f"operator:{domain}", domain, domain, covers=[facts.host_of(url)], contacts=found, reasons=reasons
    )


def _take(reading: Reading, found: list[Contact], todo: list[tuple[PageKind, str]], look: OperatorLook) -> None:
    look.read = True
    found += reading.contacts
    todo += [item for item in reading.links if item not in todo]
    look.signs += reading.signs


async def _page(url: str, transport: Transport, partial: list[str]) -> Answer | None:
    try:
        return await transport.get(url)
    except Unanswered as error:
        partial.append(f"page {urlsplit(url).path or '/'}: {error}")
        return None


def _readable(page: Answer, partial: list[str]) -> bool:
    """HTML, and not a check for robots: what stands behind one is for a person to read."""
    kind = page.headers.get("content-type", "text/html").split(";")[0].strip().lower()
    if page.status >= 500 or kind not in ("text/html", "application/xhtml+xml", ""):
        return False
    tree = LexborHTMLParser(bounded_html(decode_html(page.body[:LARGEST], page.charset).replace("\x00", ""))[0])
    title = tree.css_first("title")
    facts_of = FetchFacts(page.final_url, page.final_url, page.status, page.headers)
    text = " ".join(tree.body.text(separator=" ").split()) if tree.body else ""
    if "challenge" in walls(facts_of, tree, title.text() if title else "", text[:20_000], 0):
        partial.append("page: the site takes us for a robot; its contact pages are for a person to read")
        return False
    return True


def _still(page: Answer, domain: str, partial: list[str]) -> bool:
    """A page that forwards to another site says nothing of this one."""
    host = facts.host_of(page.final_url)
    if (facts.registered(host) or host) == domain:
        return True
    partial.append("page: it forwards to another site")
    return False


def _port(url: str) -> str:
    try:
        port = urlsplit(url).port
    except ValueError:
        return ""
    return f":{port}" if port else ""


async def _deliverable(found: list[Contact], transport: Transport, partial: list[str]) -> list[Contact]:
    """Without addresses whose domain says that it takes no mail (RFC 7505); each value once, best first."""
    kept = []
    for one in best(found):
        if one.channel != "email" or await takes_mail(one.value.rpartition("@")[2], transport, partial):
            kept.append(one)
    return kept


async def takes_mail(domain: str, transport: Transport, partial: list[str], strictly: bool = False) -> bool:
    """Whether a domain can get mail: an MX that is not null, or an address (RFC 5321, 7505). A look-up that failed
    counts as yes, unless ``strictly``."""
    try:
        records = await transport.dns(domain, "MX")
        if records:
            return any(one.split()[-1] != "." for one in records)
        return not strictly and bool(await transport.dns(domain, "A"))
    except Unanswered as error:
        partial.append(f"dns MX {domain}: {error}")
        return not strictly


async def _guesses(domain: str, transport: Transport, partial: list[str]) -> list[Contact]:
    """Mailboxes nobody published, only where an MX says that there is mail at all, and the zone owner's own."""
    if not await takes_mail(domain, transport, partial, strictly=True):
        return []
    made = [Contact("email", f"{box}@{domain}", "role-mailbox", confidence=0.25) for box in GUESSED_BOXES]
    for record in await ask_dns(domain, "SOA", transport, partial):
        owner = rname(record)
        if owner.endswith("@" + domain) and owner not in {one.value for one in made}:
            made.append(Contact("email", owner, "soa", confidence=0.3))
    return made


def rname(record: str) -> str:
    """The mailbox in an SOA record in zone-file form (RFC 1035: the first unescaped dot is the @), "" where none."""
    words = record.split()
    if len(words) < 2:
        return ""
    local, escaped = "", False
    for place, letter in enumerate(words[1]):
        if escaped:
            local, escaped = local + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == ".":
            domain = words[1][place + 1 :].rstrip(".").lower()
            return f"{local}@{domain}".lower() if local and "." in domain else ""
        else:
            local += letter
    return ""
