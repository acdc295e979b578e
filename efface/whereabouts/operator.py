"""Who runs the site: what its own pages say; where they say nothing, at most two mailboxes every domain should have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from efface.net.page.read import bounded_html, decode_html
from efface.net.page.walls import walls
from efface.net.protocol import FetchFacts
from efface.whereabouts import facts, securitytxt, signals
from efface.whereabouts.around import Beside, ads_lines
from efface.whereabouts.hosts import ask_dns, best
from efface.whereabouts.mirrors.kinds import KINDS
from efface.whereabouts.model import Contact, Party, Signal
from efface.whereabouts.page import LARGEST, PageKind, Reading, kind_of, read
from efface.whereabouts.transport import Answer, Certificate, Transport, Unanswered
from efface.whereabouts.zone import OWN_ZONE, rname

MOST_PAGES = 12
AT_ONCE = 4
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
SURE = 0.85
"""An address of an abuse page with this confidence or more ends the reading once the abuse pages are read."""


@dataclass(slots=True)
class OperatorLook:
    """What the site said. ``fetched`` is set once the page itself was asked for; ``headers`` are its answer's; ``read``
    says whether any of its pages could be read: only then is it known that it names nobody. ``sells`` are the lines of
    its ads.txt (exchange, account); ``signals`` are what tells sites of one operator."""

    headers: dict[str, str] = field(default_factory=dict)
    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    party: Party | None = None
    read: bool = False
    signs: list[str] = field(default_factory=list)
    beside: Beside = field(default_factory=Beside)
    sells: list[tuple[str, str]] = field(default_factory=list)
    certificate: Certificate | None = None
    signals: list[Signal] = field(default_factory=list)


async def operator(
    url: str, domain: str, transport: Transport, look: OperatorLook, partial: list[str], now: str = ""
) -> None:
    """Fill ``look``. Never raises: what could not be read is appended to ``partial``."""
    found: list[Contact] = []
    todo: list[tuple[PageKind, str]] = []
    front = f"{urlsplit(url).scheme}://{facts.host_of(url)}{_port(url)}/"
    firsts = list(dict.fromkeys([url, front]))
    pages = await asyncio.gather(
        *(_first(one, url, transport, look, partial) for one in firsts), _ads(front, domain, transport, look),
        _icon(front, domain, transport, look),
    )  # fmt: skip
    for one, page in zip(firsts, pages, strict=False):
        if page is not None and one == front:
            look.signals += signals.of_redirect(front, page.final_url)
        if page is not None and _still(page, domain, partial) and _readable(page, partial):
            kinds: list[tuple[PageKind, str]] = [("content", url), ("front", front)]
            for kind in [kind for kind, its in kinds if its == one]:
                _take(read(page.final_url, page.body, page.charset, kind), found, todo, look, kind)
            look.signals += _seen(page, one == front)
    await _others(front, domain, todo, set(firsts), transport, look, found, partial)
    found = await _deliverable(found, transport, partial)
    if look.read and not any(one.confidence >= ENOUGH for one in found):
        found += await _security(front, domain, transport, now)
    if look.read and not any(one.confidence >= ENOUGH for one in found):
        found += await _guesses(domain, transport, partial)
    silent = "the site names no contact" if look.read else "none of the site's pages could be read"
    reasons = [f"named on the site's own pages ({len(found)})"] if found else [silent]
    name = look.certificate.organisation if look.certificate and look.certificate.organisation else domain
    if name != domain:
        reasons.append(f"its certificate names {name}")
    look.party = Party(
        "operator", f"operator:{domain}", name, domain, covers=[facts.host_of(url)], contacts=found, reasons=reasons
    )


async def _first(one: str, url: str, transport: Transport, look: OperatorLook, partial: list[str]) -> Answer | None:
    """The page itself, or the front page. The headers of the first decide what stands before the host."""
    try:
        page = await _page(one, transport, partial)
        if one == url and page is not None:
            look.headers, look.certificate = page.headers, page.certificate
            own = facts.host_of(page.final_url)
            if page.certificate is not None and facts.host_of(url) == own:
                look.signals += signals.of_certificate(page.certificate.names, "", facts.registered(own) or own)
        return page
    finally:
        if one == url:
            look.fetched.set()


async def _others(
    front: str,
    domain: str,
    todo: list[tuple[PageKind, str]],
    seen: set[str],
    transport: Transport,
    look: OperatorLook,
    found: list[Contact],
    partial: list[str],
) -> None:
    """Read the pages that are linked as abuse or contact pages, some at once, until a sure address is found; where none
    is linked, the usual paths are tried without a word."""
    guesses = () if todo else GUESSED_PATHS
    todo = list(dict.fromkeys([*todo, *((kind, front.rstrip("/") + path) for kind, path in guesses)]))
    todo = [item for item in todo if item[1] not in seen]
    todo.sort(key=lambda item: (item[0] != "abuse", len(item[1]), item[1]))
    todo = todo[: MOST_PAGES - 1 - len(seen)]  # one is its icon
    notes = [] if guesses else partial
    for start in range(0, len(todo), AT_ONCE):
        part = todo[start : start + AT_ONCE]
        sure = any(one.channel == "email" and one.confidence >= SURE for one in found)
        if sure and not any(kind == "abuse" for kind, _ in part):
            break
        pages = await asyncio.gather(*(_page(link, transport, notes) for _, link in part))
        for (kind, _), page in zip(part, pages, strict=True):
            if page is None or page.status != 200 or (guesses and kind_of(page.final_url) is None):
                continue
            if urlsplit(page.final_url).path in ("", "/") or page.final_url in seen:
                continue
            if _still(page, domain, notes) and _readable(page, notes):
                _take(read(page.final_url, page.body, page.charset, kind), found, [], look, kind)


def _seen(page: Answer, front: bool) -> list[Signal]:
    """What a page gives away of who runs the site. A page with content is full of other people's names and addresses:
    of those only the front page's count."""
    found = signals.of_page(page.final_url, page.body, page.charset)
    return [one for one in found if front or KINDS[one.kind].family != "contact"]


async def _ads(front: str, domain: str, transport: Transport, look: OperatorLook) -> None:
    """Who sells its advertising, as it says itself (ads.txt)."""
    page = await _page(front + "ads.txt", transport, [])
    if page is not None and page.status == 200 and "html" not in page.headers.get("content-type", ""):
        text = page.body.decode("utf-8", "replace")
        look.sells = list(ads_lines(text))
        if _still(page, domain, []):
            look.signals += signals.of_ads_txt(text)


async def _icon(front: str, domain: str, transport: Transport, look: OperatorLook) -> None:
    page = await _page(front + "favicon.ico", transport, [])
    shown = page is not None and page.status == 200 and page.headers.get("content-type", "").startswith("image/")
    if page is not None and shown and _still(page, domain, []):
        look.signals += signals.of_icon(page.body)


async def _security(front: str, domain: str, transport: Transport, now: str) -> list[Contact]:
    page = await _page(front.rstrip("/") + securitytxt.PATH, transport, [])
    if page is None or page.status != 200 or not _still(page, domain, []):
        return []
    found = securitytxt.read(page.body.decode("utf-8", "replace"), page.final_url, now)
    return await _deliverable(found, transport, [])


def _take(
    reading: Reading, found: list[Contact], todo: list[tuple[PageKind, str]], look: OperatorLook, kind: PageKind
) -> None:
    look.read = True
    found += reading.contacts
    todo += [item for item in reading.links if item not in todo]
    look.signs += reading.signs
    if kind != "content":
        reading.beside.embeds.clear()
        reading.beside.players.clear()
    look.beside.add(reading.beside)


async def _page(url: str, transport: Transport, partial: list[str]) -> Answer | None:
    try:
        return await transport.get(url)
    except Unanswered as error:
        partial.append(f"page {urlsplit(url).path or '/'}: {error}")
        return None


def _readable(page: Answer, partial: list[str]) -> bool:
    """HTML, and not a check for robots: what stands behind one is for a person to read. A contact form with a captcha
    of its own is none."""
    kind = page.headers.get("content-type", "text/html").split(";")[0].strip().lower()
    if page.status >= 500 or kind not in ("text/html", "application/xhtml+xml", ""):
        return False
    tree = LexborHTMLParser(bounded_html(decode_html(page.body[:LARGEST], page.charset).replace("\x00", ""))[0])
    title = tree.css_first("title")
    facts_of = FetchFacts(page.final_url, page.final_url, page.status, page.headers)
    text = " ".join(tree.body.text(separator=" ").split()) if tree.body else ""
    asks = page.status == 200 and tree.css_first("form textarea") is not None
    if not asks and "challenge" in walls(facts_of, tree, title.text() if title else "", text[:20_000], 0):
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
    kept = best(found)
    domains = list(dict.fromkeys(one.value.rpartition("@")[2] for one in kept if one.channel == "email"))
    answers = await asyncio.gather(*(takes_mail(one, transport, partial) for one in domains))
    deaf = {domain for domain, takes in zip(domains, answers, strict=True) if not takes}
    return [one for one in kept if one.channel != "email" or one.value.rpartition("@")[2] not in deaf]


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
            made.append(Contact("email", owner, "soa", confidence=OWN_ZONE))
    return made
