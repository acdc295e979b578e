"""Forms for reports: what they ask for, where they go, and whether a person has to solve a captcha first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.whereabouts import facts
from efface.whereabouts.decode import around
from efface.whereabouts.lexicon import ABUSE, CONTACT
from efface.whereabouts.model import Contact

WORTH = {"abuse": 0.5, "contact": 0.4, "content": 0.45, "front": 0.35}
ELSEWHERE = 0.55
"""A form at a form service, linked with the words of a report."""
MOST_FORMS, MOST_FIELDS = 10, 20
SERVICES = (
    "docs.google.com/forms/", "forms.gle/", "typeform.com/to/", "forms.office.com/", "jotform.com/", "zendesk.com/hc/",
    "freshdesk.com/support/tickets/new", "airtable.com/shr", "tally.so/r/", "cognitoforms.com/", "123formbuilder.com/",
    "wufoo.com/forms/", "surveymonkey.com/r/",
)  # fmt: skip
CAPTCHA = (
    ".g-recaptcha, .h-captcha, .cf-turnstile, [class*=captcha], [id*=captcha], [name*=captcha], [src*=captcha], "
    "[data-sitekey], iframe[src*=recaptcha]"
)
_NO_DESK = "input[type=password], input[type=search], input[name=q], input[name=s], input[type=file][required]"
_HIS = re.compile(r"url|link|address|adres|enlace|lien|ссылк|网址|連結|リンク|주소", re.IGNORECASE)


def forms(page: LexborHTMLParser, url: str, kind: str) -> Iterator[Contact]:
    """Forms of this page that take a report, and links to such forms at a form service. The value is the page the form
    stands on; on a content page, whose address says too much, the page the form goes to."""
    found = False
    for form in page.css("form")[:MOST_FORMS]:
        if form.css_first(_NO_DESK) is not None or found:
            continue
        names = fields(form)
        words = f"{' '.join(names)} {around(form)} {unquote(urlsplit(url).path) if kind != 'content' else ''}"
        action = (form.attributes.get("action") or "").strip()
        asks = form.css_first("textarea") is not None
        if kind in ("content", "front"):
            asks = bool(ABUSE.search(f"{action} {' '.join(names)}")) and (asks or any(map(_HIS.search, names)))
        if not asks or (kind in ("content", "front") and not (ABUSE.search(words) or CONTACT.search(words))):
            continue
        value = url if kind in ("abuse", "contact") else _action(url, action)
        if not value:
            continue
        worth = WORTH["abuse"] if kind == "contact" and ABUSE.search(words) else WORTH.get(kind, 0.4)
        captcha = (form.css_first(CAPTCHA) or (page.css_first(CAPTCHA) if kind != "content" else None)) is not None
        found = True
        yield Contact("form", value[:2000], f"page-{kind}", url, worth, fields=names, captcha=captcha)
    for link in page.css("a[href], iframe[src]")[:2000]:
        href = (link.attributes.get("href") or link.attributes.get("src") or "").strip()
        if _at_service(href) and (kind == "abuse" or ABUSE.search(f"{link.text()[:100]} {around(link)[:200]}")):
            yield Contact("form", href[:2000], f"page-{kind}", url, ELSEWHERE)
            return


def _at_service(href: str) -> bool:
    """Whether a link goes to a form at one of the form services: by its host, not by what else stands in it."""
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    for service in SERVICES:
        name, _, path = service.partition("/")
        there = host == name or host.endswith("." + name)
        if parts.scheme == "https" and there and parts.path.startswith("/" + path):
            return True
    return False


def fields(form: LexborNode) -> list[str]:
    """Names of what a person fills in, without hidden ones and buttons."""
    names = []
    for node in form.css("input, textarea, select"):
        if (node.attributes.get("type") or "").lower() in ("hidden", "submit", "button", "image", "reset"):
            continue
        name = (node.attributes.get("name") or node.attributes.get("id") or "").strip().lower()[:60]
        if name and name not in names:
            names.append(name)
    return names[:MOST_FIELDS]


def _action(url: str, action: str) -> str:
    """Where a form goes, without query: only within the same site, and not to the page itself."""
    try:
        to = URL(url).join(URL(action)).with_fragment(None).with_query(None)
    except (ValueError, TypeError):
        return ""
    here, there = facts.host_of(url), facts.host_of(str(to))
    same = (facts.registered(here) or here) == (facts.registered(there) or there)
    own = str(to) == str(URL(url).with_fragment(None).with_query(None))
    return str(to) if action and same and not own and to.scheme in ("http", "https") else ""
