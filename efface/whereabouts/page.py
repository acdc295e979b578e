"""Whom a site itself names as its contact: from its contact, abuse and legal pages, seldom from anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page.read import decode_html
from efface.whereabouts import facts
from efface.whereabouts.decode import Found, addresses, around, visible
from efface.whereabouts.model import Contact

PageKind = Literal["abuse", "contact", "front", "content"]
START = {"abuse": 0.9, "contact": 0.75, "front": 0.5, "content": 0.5}
"""Starting confidence of an address by the kind of page it stands on."""
STEP, FOREIGN, FORM = 0.05, 0.15, 0.4
MOST_LINKS = 6
LARGEST = 400_000
"""Bytes of a page that are read: contact pages are short, and a page made to be slow is not."""

ABUSE = re.compile(
    r"abuse|dmca|copyright|takedown|take[- ]down|remov|report|complain|ncii|2257|legal[- ]?notice|content[- ]?policy"
    r"|löschen|melden|missbrauch|beschwerde|eliminar|retirar|denunci|supprimer|signaler|retrait|segnala|rimuov|zgłoś|usuń"
    r"|удал|жалоб|нарушен|删除|举报|削除|通報|신고|삭제",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"contact|kontakt|imprint|impressum|legal|privacy|terms|support|help|about|contacto|aviso|contatto|kapcsolat|связ|контакт"
    r"|联系|問い合わせ|문의",
    re.IGNORECASE,
)
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
COMMENTS = "[class*=comment], [id*=comment], [class*=reply], [id*=disqus], [class*=guestbook]"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page gave: ``links`` are pages of the same site worth reading next, best first; ``signs`` sentences that
    tell what the operator is like."""

    contacts: list[Contact] = field(default_factory=list)
    links: list[tuple[PageKind, str]] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)


def kind_of(url: str, words: str = "") -> PageKind | None:
    """What a link leads to, by its path and its text; None for neither abuse nor contact."""
    path = urlsplit(url).path
    if ABUSE.search(path) or ABUSE.search(words):
        return "abuse"
    return "contact" if CONTACT.search(path) or CONTACT.search(words) else None


def read(url: str, body: bytes, charset: str, kind: PageKind) -> Reading:
    """Never raises for what a stranger wrote. ``url`` is the page's own address after redirects."""
    page = visible(decode_html(body[:LARGEST], charset).replace("\x00", "\ufffd"))
    for node in page.css(COMMENTS):
        node.decompose()
    links = list(_links(page, url))
    signs = _signs(page) if kind != "content" else []
    domain = facts.registered(facts.host_of(url)) or facts.host_of(url)
    contacts = [contact for one in addresses(page) if (contact := _contact(one, url, kind, domain)) is not None]
    contacts += _forms(page, url, kind)
    return Reading(contacts, links, signs)


def _contact(one: Found, url: str, kind: PageKind, domain: str) -> Contact | None:
    """An address as a contact, None where it belongs to somebody else. On a content page and the front page the words
    around it must say that it is for reports: what stands in content may be the depicted person's own."""
    local, _, host = one.value.partition("@")
    desk = bool(ABUSE.search(local)) or local in (
        "contact",
        "info",
        "legal",
        "admin",
        "webmaster",
        "support",
        "privacy",
    )
    if VENDOR.search(_close(one)) and not ABUSE.search(local):
        return None
    if kind == "content" and not (desk and ABUSE.search(_close(one))):
        return None
    if kind == "front" and not (desk or ABUSE.search(_close(one)) or CONTACT.search(_close(one))):
        return None
    steps = [step for step in one.steps if step != "mailto"]
    own = host == domain or host.endswith("." + domain)
    confidence = START[kind] - STEP * len(steps) - (0.0 if own else FOREIGN) + (0.05 if ABUSE.search(local) else 0.0)
    return Contact("email", one.value, f"page-{kind}", url, round(max(0.1, min(confidence, 0.95)), 3), list(one.steps))


def _close(one: Found) -> str:
    """The words directly around an address, within its sentence."""
    place = one.context.find(one.value)
    if place < 0:
        return one.context[:200]
    before, after = one.context[:place], one.context[place + len(one.value) :]
    return f"{re.split(r'[.!?] ', before)[-1][-120:]} {re.split(r'[.!?] ', after)[0][:80]}"


def _forms(page: LexborHTMLParser, url: str, kind: PageKind) -> Iterator[Contact]:
    """Forms for reports: a place for words or an address, and the words of a report; no sign-in, no search."""
    if kind in ("front", "content"):
        return
    for form in page.css("form")[:10]:
        names = " ".join((node.attributes.get("name") or "") for node in form.css("input, textarea, select")).lower()
        if form.css_first("input[type=password]") is not None or form.css_first("input[type=search]") is not None:
            continue
        words = f"{names} {around(form)} {urlsplit(url).path}"
        if form.css_first("textarea") is not None and (ABUSE.search(words) or CONTACT.search(words)):
            confidence = FORM + (0.1 if kind == "abuse" else 0.0)
            yield Contact("form", url[:2000], f"page-{kind}", url, confidence)
            return


def _links(page: LexborHTMLParser, url: str) -> Iterator[tuple[PageKind, str]]:
    """Pages of the same site worth reading, abuse pages first, at most ``MOST_LINKS``."""
    site = facts.registered(facts.host_of(url)) or facts.host_of(url)
    found: dict[str, PageKind] = {}
    for link in page.css("a[href]")[:2000]:
        to = _absolute(url, link)
        if not to or (facts.registered(facts.host_of(to)) or facts.host_of(to)) != site or to in found:
            continue
        kind = kind_of(to, link.text()[:100])
        if kind is not None:
            found[to] = kind
    ordered = sorted(found.items(), key=lambda item: (item[1] != "abuse", len(urlsplit(item[0]).path), item[0]))
    for to, kind in ordered[:MOST_LINKS]:
        yield kind, to


def _absolute(url: str, link: LexborNode) -> str:
    """The link's address without query and fragment: a contact page is one page, whatever it is asked about."""
    try:
        to = URL(url).join(URL((link.attributes.get("href") or "").strip())).with_fragment(None).with_query(None)
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
