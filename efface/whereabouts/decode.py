"""Mail addresses out of a page, however they are hidden from machines; each with the steps that were needed."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from efface.whereabouts import facts, script
from efface.whereabouts.hidden import MOST_NODES, rules, squeezed
from efface.whereabouts.lexicon import AT, BARE_AT, DOT, either

_LOCAL = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
ADDRESS = re.compile(rf"(?<![A-Za-z0-9._%+-]){_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,6}}")
_BRACKET = r"[\[({<（【［「*_|~-]"
_TEKCARB = r"[\])}>）】］」*_|~-]"
_AT = rf"(?:\s*{_BRACKET}{{1,3}}\s*(?:{either(AT)})\s*{_TEKCARB}{{1,3}}\s*|\s(?:AT|ÄT|ARROBA)\s)"
_DOT = rf"(?:\s*{_BRACKET}{{1,3}}\s*(?:{either(DOT)})\s*{_TEKCARB}{{1,3}}\s*|\s(?:DOT|PUNKT|PUNTO)\s|\.)"
_WORDS = re.compile(rf"(?<![A-Za-z0-9._%+-])({_LOCAL}){_AT}({_LABEL}(?:{_DOT}{_LABEL}){{1,5}})", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<![A-Za-z0-9._%+-])({_LOCAL})\s(?:{either(BARE_AT)})\s({_LABEL}(?:(?:\s(?:{either(DOT)})\s|\.){_LABEL}){{1,5}})",
    re.IGNORECASE,
)
_TURKISH = re.compile(rf"(?<![A-Za-z0-9._%+-])({_LOCAL})\set\s({_LABEL}(?:\snokta\s{_LABEL}){{1,5}})", re.IGNORECASE)
"""Bare "et" is "and" in other languages: only with the Turkish word for the dot is it a sign."""
_SPACED = re.compile(rf"(?<![A-Za-z0-9._%+-])({_LOCAL})\s{{0,3}}@\s{{0,3}}({_LABEL}(?:\s?\.\s?{_LABEL}){{1,5}})")
_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0x2062, 0x2063, 0xFEFF, 0x180E, 0x034F])
_BIDI = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C])
_WIDE = {0xFF20: "@", 0xFE6B: "@", 0xFF0E: ".", 0x3002: ".", 0xFF61: ".", 0x2024: ".", 0xFE52: "."}
_WIDE |= {0xFF01 + step: chr(0x21 + step) for step in range(94)}
_NOSPAM = re.compile(r"(?<![a-z])(?:REMOVE[-_]?THIS|NO[-_]?SPAM|REMOVE[-_]?ME|DELETE[-_]?THIS)\.?", re.ASCII)
_HEX = re.compile(r"^[0-9a-fA-F]{6,400}$")
_BASE64 = re.compile(r"^[A-Za-z0-9+/_-]{8,400}={0,2}$")
_NO_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|css|js|avif|mp4)$", re.IGNORECASE)
_CONTENT = re.compile(r"(?:^|;)\s*content\s*:\s*([^;{}]{1,300})")
_PIECE = re.compile(r"\"([^\"]{0,200})\"|'([^']{0,200})'|attr\(\s*([\w-]{1,60})\s*\)")
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
    """Every address of a page whose hidden parts were cut out (``hidden.visible``), in page order, each value once."""
    found: dict[str, Found] = {}
    for one in _all(page):
        value, idn = ascii_address(one.value)
        steps = (*one.steps, "idn") if idn else one.steps
        if value and plausible(value) and (value not in found or len(steps) < len(found[value].steps)):
            found[value] = Found(value, steps, one.context)
        if len(found) == MOST_FOUND:
            break
    return list(found.values())


def ascii_address(value: str) -> tuple[str, bool]:
    """The address in lower case with its domain as it goes over the wire (RFC 5891), and whether that took a step; ""
    where the domain has no such form, or mixes alphabets in one label as look-alikes do."""
    local, _, domain = value.strip(".").rpartition("@")
    domain = domain.lower()
    if domain.isascii():
        return f"{local.lower()}@{domain}", False
    for label in domain.split("."):
        if _alphabets(label) > 1:
            return "", True
    try:
        return f"{local.lower()}@{domain.encode('idna').decode('ascii')}", True
    except UnicodeError:
        return "", True


def _alphabets(label: str) -> int:
    """How many of the alphabets that have look-alikes in each other a label uses."""
    kinds = set()
    for letter in label:
        if "a" <= letter <= "z" or "\u00df" <= letter <= "\u024f":
            kinds.add("latin")
        elif "\u0370" <= letter <= "\u03ff":
            kinds.add("greek")
        elif "\u0400" <= letter <= "\u052f":
            kinds.add("cyrillic")
    return len(kinds)


def plausible(value: str) -> bool:
    """Could be a mailbox: a domain under a suffix that exists, no file name, no place-holder, none that never
    reads."""
    local, _, domain = value.partition("@")
    if len(value) > 254 or _NO_FILE.search(value) or not facts.public(domain) or domain in _PLACEHOLDERS:
        return False
    if local in _NOBODY or ".." in value or local.endswith("."):
        return False
    return not re.fullmatch(r"[0-9a-f]{32}", local)


_PLACEHOLDERS = frozenset({"example.com", "example.org", "example.net", "domain.com", "yourdomain.com", "email.com",
                           "mysite.com", "site.com", "sentry.io"})  # fmt: skip
_NOBODY = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "your", "yourname",
                     "youremail", "username", "someone"})  # fmt: skip


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Text without what only machines see in it, and the steps that took."""
    steps = []
    made = text.translate(_INVISIBLE)
    if made != text:
        steps.append("zero-width")
    wide = made.translate(_WIDE)
    if wide != made:
        steps.append("full-width")
    if "\u202e" in wide or "\u202d" in wide:
        parts = re.split(r"\u202e([^\u202c\n]{0,300})\u202c?", wide)
        wide = "".join(part[::-1] if place % 2 else part for place, part in enumerate(parts))
        steps.append("bidi")
    return wide.translate(_BIDI), tuple(steps)


def _in(text: str, node: LexborNode, *steps: str) -> Iterator[Found]:
    cleaned, more = clean(text)
    for value in ADDRESS.findall(cleaned):
        yield Found(value, (*steps, *more), around(node))


def _all(page: LexborHTMLParser) -> Iterator[Found]:
    for link in page.css("a[href]")[:MOST_LINKS]:
        href = link.attributes.get("href") or ""
        if href.lower().startswith("mailto:"):
            yield from _in(unquote(href[7:500]).partition("?")[0], link, "mailto")
        elif "/cdn-cgi/l/email-protection#" in href:
            yield from _xor(href.rpartition("#")[2], link)
        elif href.lower().startswith("javascript:"):
            yield from _written(unquote(href[11:2000]), link)
    for node in page.css("[data-cfemail]")[:MOST_LINKS]:
        yield from _xor(node.attributes.get("data-cfemail") or "", node)
    for node in page.css("[onclick], [onmouseover]")[:MOST_LINKS]:
        for name in ("onclick", "onmouseover"):
            yield from _written((node.attributes.get(name) or "")[:2000], node)
    for node in list(_backwards(page)):
        found = list(_in(node.text()[:300][::-1], node, "reversed"))
        if found and len(node.text()) <= 300:
            node.decompose()
        yield from found
    yield from _attributes(page)
    for node in page.css("[itemprop=email]")[:MOST_LINKS]:
        for text in (node.attributes.get("content") or "", node.attributes.get("href") or "", node.text()[:300]):
            yield from _in(text.removeprefix("mailto:"), node, "microdata")
    yield from _generated(page)
    for node in page.css("script")[:MOST_LINKS]:
        if "ld+json" in (node.attributes.get("type") or ""):
            yield from _json_ld(node)
        else:
            yield from _written(node.text()[:100_000], node)
    yield from _prose(page)


def _prose(page: LexborHTMLParser) -> Iterator[Found]:
    """Addresses in the running text: as it reads, with words for the signs, and put together from split elements."""
    spaced, run = _texts(page)
    text, steps = clean(spaced)
    if _NOSPAM.search(text):
        text, steps = _NOSPAM.sub("", text), (*steps, "nospam")
    yield from _spelt(text, steps)
    if "@" in run and run != spaced:
        joined, more = clean(_NOSPAM.sub("", run))
        yield from _matches(joined, (*more, "split"))
        for match in _SPACED.finditer(text):
            if " " in match[0]:
                yield Found(match[0].replace(" ", ""), (*steps, "split"), _near(text, match))


def in_text(text: str) -> list[str]:
    """Addresses in a plain text, also those that stand there with words for the signs ("anna [at] x [dot] org")."""
    cleaned, steps = clean(text)
    return list(dict.fromkeys(one.value for one in _spelt(cleaned, steps)))[:MOST_FOUND]


def _spelt(text: str, steps: tuple[str, ...]) -> Iterator[Found]:
    yield from _matches(text, steps)
    for match in _WORDS.finditer(text):
        domain = re.sub(_DOT, ".", match[2], flags=re.IGNORECASE)
        yield Found(f"{match[1]}@{domain}", (*steps, "at-words"), _near(text, match))
    for match in _BARE.finditer(text):
        domain = re.sub(rf"\s(?:{either(DOT)})\s", ".", match[2], flags=re.IGNORECASE)
        if domain != match[2] or match[0].isupper():
            yield Found(f"{match[1]}@{domain}", (*steps, "at-words"), _near(text, match))
    for match in _TURKISH.finditer(text):
        yield Found(
            f"{match[1]}@{re.sub(' nokta ', '.', match[2], flags=re.IGNORECASE)}", ("at-words",), _near(text, match)
        )


def _matches(text: str, steps: tuple[str, ...]) -> Iterator[Found]:
    for match in ADDRESS.finditer(text):
        yield Found(match[0], steps, _near(text, match))


def _xor(code: str, node: LexborNode) -> Iterator[Found]:
    """The form Cloudflare writes: the first byte is the key of the others."""
    if not _HEX.match(code) or len(code) % 2:
        return
    data = bytes.fromhex(code)
    for value in ADDRESS.findall(bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace")):
        yield Found(value, ("cfemail",), around(node))


def _backwards(page: LexborHTMLParser) -> Iterator[LexborNode]:
    """Elements whose letters are shown in the opposite order: the direction alone does not do that."""
    yield from page.css("bdo[dir=rtl]")[:MOST_LINKS]
    for node in page.css("[style*=bidi-override]")[:MOST_LINKS]:
        if "direction:rtl" in squeezed(node.attributes.get("style") or ""):
            yield node
    for selectors, declarations in rules(page):
        style = squeezed(declarations)
        if "direction:rtl" in style and "bidi-override" in style:
            for selector in selectors.split(","):
                if re.fullmatch(r"[a-z]*[.#][A-Za-z_][\w-]{0,60}", selector.strip()):
                    yield from page.css(selector.strip())[:MOST_LINKS]


def _attributes(page: LexborHTMLParser) -> Iterator[Found]:
    """Addresses in data- attributes: plain, base64, hex, reversed, or ROT13 where the attribute says so; and those
    whose two halves stand in two attributes."""
    for node in page.css("a, span, div, p, li, address, button, td, i, b, em, strong")[:MOST_NODES]:
        given = {name: value for name, value in node.attributes.items() if value and name.startswith("data-")}
        halves: dict[str, str] = {}
        for name, value in given.items():
            if name == "data-cfemail" or len(value) > 400:
                continue
            if re.search(r"user|name|local|mailbox|box|before|first|part1", name):
                halves["local"] = value
            elif re.search(r"domain|host|after|second|part2|tld|site", name):
                halves["domain"] = halves.get("domain", "") + ("." if "domain" in halves else "") + value.strip("@.")
            if "rot" in name:
                for one in ADDRESS.findall(codecs.decode(value, "rot13")):
                    yield Found(one, ("rot13",), around(node))
                continue
            if re.search(r"rev|back", name):
                yield from _in(value[::-1], node, "attribute", "reversed")
            yield from _in(value, node, "attribute")
            if _BASE64.match(value):
                for one in ADDRESS.findall(_unbase64(value)):
                    yield Found(one, ("base64",), around(node))
        if len(halves) == 2 and "@" not in halves["local"] + halves["domain"]:
            yield from _in(f"{halves['local']}@{halves['domain']}", node, "attributes")


def _unbase64(value: str) -> str:
    try:
        padded = value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4)
        return base64.b64decode(padded).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _generated(page: LexborHTMLParser) -> Iterator[Found]:
    """What style sheets put before and after an element."""
    parts: dict[str, dict[str, str]] = {}
    for selectors, declarations in rules(page):
        match = _CONTENT.search(declarations)
        for selector in selectors.split(",") if match else ():
            base, _, place = selector.strip().replace("::", ":").partition(":")
            if match and place in ("before", "after") and re.fullmatch(r"[a-z]*[.#][A-Za-z_][\w-]{0,60}", base):
                parts.setdefault(base, {})[place] = match[1]
        if len(parts) >= 50:
            break
    for base, content in parts.items():
        for node in page.css(base)[:20]:
            before = _pieces(content.get("before", ""), node)
            after = _pieces(content.get("after", ""), node)
            yield from _in(f"{before}{node.text()[:200].strip()}{after}", node, "css-content")


def _pieces(content: str, node: LexborNode) -> str:
    return "".join(
        match[1] or match[2] or (node.attributes.get(match[3]) or "" if match[3] else "")
        for match in _PIECE.finditer(content)
    )


def _json_ld(node: LexborNode) -> Iterator[Found]:
    """Addresses of organisations and their contact points; never of persons or of what people wrote."""
    try:
        data = json.loads(node.text()[:100_000])
    except (ValueError, RecursionError):
        return
    todo: list[tuple[Any, bool, int]] = [(data, False, 0)]
    while todo:
        value, inside, depth = todo.pop()
        if depth > 12:
            continue
        if isinstance(value, list):
            todo += [(one, inside, depth + 1) for one in value[:200]]
        elif isinstance(value, dict):
            kind = str(value.get("@type", ""))
            ours = inside or bool(re.search(r"Organi[sz]ation|ContactPoint|WebSite|Business|Corporation", kind))
            if re.search(r"Person|Comment|Review|Posting|Object\b", kind):
                ours = False
            mail = value.get("email")
            if ours and isinstance(mail, str):
                topic = f"{value.get('contactType', '')} {value.get('name', '')}"[:200].lower()
                for one in ADDRESS.findall(mail[:300].removeprefix("mailto:")):
                    yield Found(one, ("json-ld",), f"contact {topic} {one.lower()}")
            for key, inner in list(value.items())[:200]:
                if isinstance(inner, (dict, list)):
                    todo.append((inner, key in ("contactPoint", "contactPoints") or ours, depth + 1))


def _written(source: str, node: LexborNode) -> Iterator[Found]:
    """Addresses a script puts together and writes."""
    if len(source) < 8:
        return
    where = ""
    for text, steps in script.strings(source):
        for value in ADDRESS.findall(text):
            where = where or around(node)
            yield Found(value, steps, where)


_BLOCKS = (
    "p, div, li, td, tr, h1, h2, h3, h4, h5, section, footer, header, main, nav, address, dd, dt, form, ul, ol, table, "
    "article, aside"
)


def _texts(page: LexborHTMLParser) -> tuple[str, str]:
    """The page's text with a space between elements, and with none between inline ones; a line for each block."""
    body = page.body
    if body is None:
        return "", ""
    copy = LexborHTMLParser(body.html or "")
    copy.strip_tags(["script", "style", "template"], recursive=True)
    if copy.body is None:
        return "", ""
    for node in copy.css("br")[:MOST_NODES]:
        node.replace_with(" ")
    for node in copy.css(_BLOCKS)[:MOST_NODES]:
        node.insert_before("\n")
        node.insert_after("\n")
    return _lines(copy.body.text(separator=" ")), _lines(copy.body.text(separator=""))


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text[:400_000].split("\n"))
    return "\n".join(filter(None, lines))[:200_000]


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
