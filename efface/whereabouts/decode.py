"""Mail addresses out of a page, however they are hidden from machines; each with the steps that were needed."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from efface.net.page.read import bounded_html
from efface.whereabouts import facts

ADDRESS = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}+@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}", re.IGNORECASE
)
_AT = r"\s*(?:[\[({<]\s*(?:at|@|ät|arroba|собака|a)\s*[\])}>]|\s(?:AT|ÄT|ARROBA)\s)\s*"
_DOT = r"(?:\s*(?:[\[({<]\s*(?:dot|\.|punkt|punto|точка)\s*[\])}>]|\s(?:DOT|PUNKT|PUNTO)\s)\s*|\.)"
_WORDS = re.compile(
    rf"(?<![A-Za-z0-9._%+-])([A-Za-z0-9][A-Za-z0-9._%+-]{{0,63}}+){_AT}([A-Za-z0-9-]{{1,63}}(?:{_DOT}[A-Za-z0-9-]{{1,63}}){{1,5}})"
)
_LITERALS = re.compile(r"""(["'])\s*\+\s*(["'])""")
_HEX = re.compile(r"^[0-9a-fA-F]{6,400}$")
_BASE64 = re.compile(r"^[A-Za-z0-9+/_-]{8,400}={0,2}$")
_NO_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|css|js|avif|mp4)$", re.IGNORECASE)
MOST_NODES = 20_000
MOST_LINKS = 150
MOST_FOUND = 60
CONTEXT = 300


@dataclass(frozen=True, slots=True)
class Found:
    """``context`` is the text around it, lower case, at most 300 characters each side."""

    value: str
    steps: tuple[str, ...]
    context: str


def addresses(page: LexborHTMLParser) -> list[Found]:
    """Every address of a page whose hidden parts were cut out (``visible``), in page order, each value once."""
    found: dict[str, Found] = {}
    for one in _all(page):
        value = one.value.lower().strip(".")
        if plausible(value) and (value not in found or len(one.steps) < len(found[value].steps)):
            found[value] = Found(value, one.steps, one.context)
        if len(found) == MOST_FOUND:
            break
    return list(found.values())


def plausible(value: str) -> bool:
    """Could be a mailbox: a registered domain, no file name, no place-holder, no mailbox that never reads."""
    local, _, domain = value.partition("@")
    if len(value) > 254 or _NO_FILE.search(value) or not facts.registered(domain) or domain in _PLACEHOLDERS:
        return False
    return local not in _NOBODY and ".." not in value and not local.endswith(".")


_PLACEHOLDERS = frozenset({"example.com", "example.org", "example.net", "domain.com", "yourdomain.com", "email.com",
                           "mysite.com", "site.com", "sentry.io"})  # fmt: skip
_NOBODY = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "your", "yourname",
                     "youremail",
                     "username", "someone"})  # fmt: skip


def visible(html: str) -> LexborHTMLParser:
    """The page without what a reader does not see (inline and simple style-sheet hiding, templates, comments). Scripts
    stay: they may write an address."""
    page = LexborHTMLParser(bounded_html(html)[0])
    for node in page.css("template, noscript, [hidden], [aria-hidden=true], input[type=hidden]"):
        node.decompose()
    for node in page.css("[style]")[:MOST_NODES]:
        if _HIDDEN.search((node.attributes.get("style") or "").lower().replace(" ", "")):
            node.decompose()
    for style in page.css("style")[:20]:
        for selector in _hiding(style.text()[:100_000]):
            for node in page.css(selector):
                node.decompose()
    return page


_HIDDEN = re.compile(
    r"display:none|visibility:hidden|opacity:0(?:;|$|\.0+(?:;|$))|font-size:0|(?:left|top|text-indent):-\d{3,}|"
    r"(?:^|;)(?:height|width|max-height):0(?:px)?(?:;|$)|clip:rect\(0"
)
_RULE = re.compile(r"([^{}]{1,300})\{([^{}]{0,2000})\}")
_SIMPLE = re.compile(r"^[a-z]*[.#][A-Za-z_][\w-]{0,60}$")


def _hiding(sheet: str) -> Iterator[str]:
    """Selectors of one class or id that a style sheet hides."""
    for rule in _RULE.finditer(sheet):
        if _HIDDEN.search(rule[2].lower().replace(" ", "").replace("\n", "")):
            for selector in rule[1].split(","):
                if _SIMPLE.match(selector.strip()):
                    yield selector.strip()


def _all(page: LexborHTMLParser) -> Iterator[Found]:
    for link in page.css("a[href]")[:MOST_LINKS]:
        href = link.attributes.get("href") or ""
        if href.lower().startswith("mailto:"):
            for value in ADDRESS.findall(unquote(href[7:]).partition("?")[0]):
                yield Found(value, ("mailto",), around(link))
        elif "/cdn-cgi/l/email-protection#" in href:
            yield from _xor(href.rpartition("#")[2], link)
    for node in page.css("[data-cfemail]")[:MOST_LINKS]:
        yield from _xor(node.attributes.get("data-cfemail") or "", node)
    for node in page.css("[style*=rtl], [dir=rtl], bdo")[:MOST_LINKS]:
        for value in ADDRESS.findall(node.text()[:500][::-1]):
            yield Found(value, ("reversed",), around(node))
    yield from _attributes(page)
    for script in page.css("script")[:MOST_LINKS]:
        yield from _script(script)
    text = _text(page)
    for match in ADDRESS.finditer(text):
        yield Found(match[0], (), _near(text, match))
    for match in _WORDS.finditer(text):
        domain = re.sub(_DOT, ".", match[2])
        yield Found(f"{match[1]}@{domain}", ("at-words",), _near(text, match))


def _xor(code: str, node: LexborNode) -> Iterator[Found]:
    """The form Cloudflare writes: the first byte is the key of the others."""
    if not _HEX.match(code) or len(code) % 2:
        return
    data = bytes.fromhex(code)
    for value in ADDRESS.findall(bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace")):
        yield Found(value, ("cfemail",), around(node))


def _attributes(page: LexborHTMLParser) -> Iterator[Found]:
    """Addresses in data- attributes: plain, base64, or ROT13 where the attribute says so."""
    for node in page.css("a, span, div, p, li, address, button, td")[:MOST_NODES]:
        for name, value in node.attributes.items():
            if not value or not name.startswith("data-") or name == "data-cfemail" or len(value) > 400:
                continue
            if "rot" in name:
                for one in ADDRESS.findall(codecs.decode(value, "rot13")):
                    yield Found(one, ("rot13",), around(node))
                continue
            for one in ADDRESS.findall(value):
                yield Found(one, ("attribute",), around(node))
            if _BASE64.match(value):
                for one in ADDRESS.findall(_unbase64(value)):
                    yield Found(one, ("base64",), around(node))


def _unbase64(value: str) -> str:
    try:
        padded = value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4)
        return base64.b64decode(padded).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _script(script: LexborNode) -> Iterator[Found]:
    """JSON-LD mail addresses, and addresses a script puts together from string literals after "mailto:"."""
    text = script.text()[:100_000]
    if "ld+json" in (script.attributes.get("type") or ""):
        for match in re.finditer(r'"email"\s*:\s*"(?:mailto:)?([^"]{3,254})"', text):
            for value in ADDRESS.findall(match[1]):
                yield Found(value, ("json-ld",), _near(text, match))
        return
    joined = _LITERALS.sub("", text)
    if "mailto:" not in joined:
        return
    for match in re.finditer(r"mailto:([^\"'\s<>?]{3,254})", joined):
        for value in ADDRESS.findall(match[1]):
            yield Found(value, ("script",), around(script))


def _text(page: LexborHTMLParser) -> str:
    body = page.body
    if body is None:
        return ""
    copy = LexborHTMLParser(body.html or "")
    copy.strip_tags(["script", "style", "template"], recursive=True)
    return " ".join((copy.body.text(separator=" ") if copy.body else "").split())[:200_000]


def _near(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - CONTEXT) : match.end() + CONTEXT].lower()


def around(node: LexborNode) -> str:
    """The text of the nearest block around a node, lower case."""
    step: LexborNode | None = node
    for _ in range(4):
        if step is None or step.parent is None:
            break
        step = step.parent
        text = " ".join(step.text(separator=" ")[:4000].split())
        if step.tag in ("p", "li", "div", "section", "td", "address", "main", "footer", "body") and len(text) > 12:
            break
    return " ".join((step.text(separator=" ") if step else "")[:4000].split())[: 2 * CONTEXT].lower()
