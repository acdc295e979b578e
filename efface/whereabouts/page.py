"""Whom a site itself names as its contact: from its contact, abuse and legal pages, seldom from anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page.read import decode_html
from efface.whereabouts import facts
from efface.whereabouts.around import Beside, beside
from efface.whereabouts.decode import Found, addresses
from efface.whereabouts.forms import forms
from efface.whereabouts.hidden import visible
from efface.whereabouts.lexicon import ABUSE, CONTACT
from efface.whereabouts.model import Contact

PageKind = Literal["abuse", "contact", "front", "content"]
START = {"abuse": 0.9, "contact": 0.75, "front": 0.5, "content": 0.5}
"""Starting confidence of an address by the kind of page it stands on."""
STEP, FOREIGN, LEAST = 0.1, 0.15, 0.15
MOST_STEPS = 2
"""Steps of decoding that count against an address: what took three was hidden on purpose, not found by chance."""
MOST_LINKS = 12
LARGEST = 400_000
"""Bytes of a page that are read: contact pages are short, and a page made to be slow is not."""

VENDOR = re.compile(
    r"\btheme\b|\btemplate\b|\bvendor\b|powered by|designed by|design by|website by|webdesign|developed by"
    r"|script by|hosting by|hosted by|advertis|\bpress\b|\bjobs?\b|careers|newsletter",
    re.IGNORECASE,
)
"""Around an address: it belongs to somebody else, or to another desk."""
_PRICE = r"(?:\bfee\b|\bpaid\b|payment|price|\bpay\b|[$€] ?\d|\busd\b|\beur\b|\bbtc\b|bitcoin|crypto)"
_TAKEN = r"(?:\bremoval\b|\b(?:remove|delete|take down) (?:your|the|a|this|it|any)\b)"
PAID = re.compile(rf"{_TAKEN}[^.\n]{{0,80}}{_PRICE}|{_PRICE}[^.\n]{{0,60}}{_TAKEN}", re.IGNORECASE)
FREE = re.compile(
    r"\b(?:no fee|free of charge|without (?:a )?fee|never pay|do not pay|kostenlos|gratis)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"[.!?] |。|\n")
VISITORS = (
    "[class*=comment], [id*=comment], [class*=reply], [id*=disqus], [class*=guestbook], [class*=testimonial], "
    "[class*=user-content], [class*=usercontent], [class*=ugc], [class~=review], [class~=reviews], [itemprop=comment], "
    "[itemprop=review], [itemtype*='/Comment'], [itemtype*='/Review'], [itemtype*='/Person'], [class*=user-bio], "
    "[class~=bio], [class*=post-body], [class*=message-body], blockquote"
)
"""Where visitors write: their words are not the site's."""
DESKS = frozenset({
    "contact", "info", "legal", "admin", "webmaster", "support", "privacy", "kontakt", "contacto", "contato",
    "postmaster", "hostmaster", "office", "mail", "team", "help",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page gave: ``links`` are pages of the same site worth reading next, best first; ``signs`` sentences that
    tell what the operator is like; ``beside`` who else the page leads to."""

    contacts: list[Contact] = field(default_factory=list)
    links: list[tuple[PageKind, str]] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    beside: Beside = field(default_factory=Beside)


def kind_of(url: str, words: str = "") -> PageKind | None:
    """What a link leads to, by its path and its text; None for neither abuse nor contact."""
    path = unquote(urlsplit(url).path)
    if ABUSE.search(path) or ABUSE.search(words):
        return "abuse"
    return "contact" if CONTACT.search(path) or CONTACT.search(words) else None


def read(url: str, body: bytes, charset: str, kind: PageKind) -> Reading:
    """Never raises for what a stranger wrote. ``url`` is the page's own address after redirects."""
    page = visible(decode_html(body[:LARGEST], charset).replace("\x00", "\ufffd"))
    around_it = beside(page, url)
    for node in page.css(VISITORS):
        if node.tag not in ("body", "html", "main", "form", "textarea", "button", "input"):
            node.decompose()
    links = list(_links(page, url))
    signs = _signs(page) if kind != "content" else []
    domain = facts.registered(facts.host_of(url)) or facts.host_of(url)
    found = list(forms(page, url, kind))
    contacts = [contact for one in addresses(page) if (contact := _contact(one, url, kind, domain)) is not None]
    return Reading(contacts + found, links, signs, around_it)


def _contact(one: Found, url: str, kind: PageKind, domain: str) -> Contact | None:
    """An address as a contact, None where it belongs to somebody else. On a content page and the front page the words
    around it must say that it is for reports: what stands in content may be the depicted person's own."""
    local, _, host = one.value.partition("@")
    own = host == domain or host.endswith("." + domain)
    asks = bool(ABUSE.search(local))
    desk = asks or local in DESKS
    close = _close(one)
    apart = own and one.value not in one.context
    if VENDOR.search(close) and not (asks and own) and not apart:
        return None
    if kind == "content" and not (desk and ABUSE.search(close) and (own or asks)):
        return None
    if kind == "front" and not (desk or ABUSE.search(close) or CONTACT.search(close)):
        return None
    steps = [step for step in one.steps if step != "mailto"]
    confidence = START[kind] - STEP * min(len(steps), MOST_STEPS) - (0.0 if own else FOREIGN) + (0.05 if asks else 0.0)
    confidence += 0.03 if ABUSE.search(close.replace(one.value, "")) else 0.0
    return Contact(
        "email", one.value, f"page-{kind}", url, round(max(LEAST, min(confidence, 0.95)), 3), list(one.steps)
    )


def _close(one: Found) -> str:
    """The words directly around an address, within its sentence."""
    place = one.context.find(one.value)
    if place < 0:
        return one.context[:200]
    before, after = one.context[:place], one.context[place + len(one.value) :]
    return f"{_SENTENCE.split(before)[-1][-120:]} {_SENTENCE.split(after)[0][:80]}"


def _links(page: LexborHTMLParser, url: str) -> Iterator[tuple[PageKind, str]]:
    """Pages of the same site worth reading, abuse pages first, at most ``MOST_LINKS``."""
    site = facts.registered(facts.host_of(url)) or facts.host_of(url)
    found: dict[str, PageKind] = {}
    for link in page.css("a[href], form[action], area[href]")[:2000]:
        to = absolute(url, link)
        if not to or (facts.registered(facts.host_of(to)) or facts.host_of(to)) != site or to in found:
            continue
        words = link.text()[:100] if link.tag == "a" else ""
        words += f" {link.attributes.get('title') or ''} {link.attributes.get('aria-label') or ''}"
        words += f" {link.attributes.get('rel') or ''}" if "license" not in (link.attributes.get("rel") or "") else ""
        kind = kind_of(to, words) or kind_of("", unquote(urlsplit(to).query))
        if kind is not None and (link.tag != "form" or kind == "abuse"):
            found[to] = kind
    ordered = sorted(found.items(), key=lambda item: (item[1] != "abuse", len(urlsplit(item[0]).path), item[0]))
    abuse = [item for item in ordered if item[1] == "abuse"][:8]
    rest = [item for item in ordered if item[1] != "abuse"]
    for to, kind in [*abuse, *rest][:MOST_LINKS]:
        yield kind, to


def absolute(url: str, link: LexborNode) -> str:
    """The link's address without fragment, and without query unless the query itself names the page: a contact page is
    one page, whatever it is asked about. "" where it leads nowhere."""
    href = (link.attributes.get("href") or link.attributes.get("action") or "").strip()
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
        return ""
    try:
        to = URL(url).join(URL(href)).with_fragment(None)
        named = [value for _, value in list(to.query.items())[:8] if len(value) < 40 and kind_of("", value)]
        to = to if named and to.path.endswith((".php", ".asp", ".aspx", ".cgi", "/")) else to.with_query(None)
    except (ValueError, TypeError):
        return ""
    return str(to) if to.scheme in ("http", "https") and len(str(to)) < 2000 else ""


def _signs(page: LexborHTMLParser) -> list[str]:
    text = " ".join((page.body.text(separator=" ") if page.body else "")[:50_000].split())
    for sentence in re.split(r"(?<=[.!?]) ", text):
        match = PAID.search(sentence)
        if match and not FREE.search(sentence):
            return [f"paid-removal: {sentence[match.start() : match.end() + 80].strip()[:200]}"]
    return []
