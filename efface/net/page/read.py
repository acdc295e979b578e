"""HTML to text, links and shingles."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page import data
from efface.net.page.cut import cut_media
from efface.net.page.leads import leads
from efface.net.page.media import media_refs
from efface.net.page.model import Page
from efface.net.page.scripted import needs_browser, signs
from efface.net.page.shingles import shingle, sketch, words
from efface.net.page.urls import absolute
from efface.net.page.walls import walls
from efface.net.protocol import FetchFacts, Limits, MediaRef

MAX_TITLE = 300
LONGEST_WORD = 200
"""Longer words are not language but payload, and are left out of the text."""
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "canvas", "head", "iframe", "object", "select"})
_FRAME = frozenset({"nav", "header", "footer", "aside", "menu", "dialog"})
_BLOCKS = frozenset(
    # fmt: off
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
    # fmt: on
)
_MOST_NODES = 60_000
_MOST_LINES = 2000
_MOST_LINE_CHARS = 60_000
_DEEPEST = 2000
_LONGEST_TAG = 16_384
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*")
_SHALLOW = frozenset(
    # fmt: off
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dd",
        "dt",
        "option",
        "a",
        "html",
        "body",
        "head",
    ]
    # fmt: on
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE)
_REFRESH = re.compile(r"\s*(\d{1,6})[^;,]{0,10}[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']{1,2048})", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def decode_html(body: bytes, charset: str = "") -> str:
    """``body`` as text: byte order mark, then the header's charset, then the one in the first kilobyte, then UTF-8,
    broken bytes replaced (after WHATWG HTML, "determining the character encoding")."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    match = _META_CHARSET.search(body[:2048])
    for name in (charset, match.group(1).decode("ascii") if match else ""):
        if not name or name.lower() in ("utf-7", "utf7", "unicode-1-1-utf-7"):
            continue
        try:
            info = codecs.lookup(name)
            if info._is_text_encoding:  # rot13, zlib and their like are codecs too
                return body.decode("cp1252" if info.name in ("iso8859-1", "ascii") else info.name, "replace")
        except (LookupError, UnicodeError, ValueError):
            continue
    return body.decode("utf-8", "replace")


def bounded_html(html: str) -> tuple[str, bool]:
    """``html`` cut where it nests deeper than ``_DEEPEST`` or a tag is longer than ``_LONGEST_TAG``, and whether it
    was: the parser's cost grows with the square of both. Void and self-closing kinds of tags do not count."""
    if html.count("<") < _DEEPEST and len(html) < _LONGEST_TAG:
        return html, False
    depth = 0
    for match in _TAG.finditer(html):
        if len(match.group(0)) > _LONGEST_TAG:
            return html[: match.start()], True
        if match.group(2).lower() in _SHALLOW:
            continue
        depth = max(0, depth - 1) if match.group(1) else depth + 1
        if depth > _DEEPEST:
            return html[: match.start()], True
    return html, False


def read_page(facts: FetchFacts, body: bytes, charset: str, limits: Limits, keep_html: bool = False) -> Page:
    """``body`` as a page of ``facts.final_url``; its source without media too where ``keep_html``. Never raises for
    what is in it, but a page made for it may take long: the caller keeps the time."""
    try:
        base = URL(facts.final_url or facts.url)
    except (ValueError, TypeError):
        return Page(facts.final_url)
    whole = decode_html(body[: limits.page_bytes], charset).replace("\x00", "\ufffd")
    answer = data.parse(whole) if whole.lstrip()[:1] in ("{", "[") else None
    if answer is not None:
        return _of_data(facts, answer, base, limits)
    html, cut = bounded_html(whole)
    try:
        tree = LexborHTMLParser(html)
    except Exception:  # the parser's own error class is not part of its interface
        return Page(str(base), walls=walls(facts, None, "", "", 0))
    declared = tree.css_first("base[href]")
    if declared is not None and (moved := absolute(base, declared.attributes.get("href") or "")):
        base = URL(moved)
    title_node = tree.css_first("title")
    title = _clean(title_node.text(deep=True))[:MAX_TITLE] if title_node is not None else ""
    main, frame, tags = _walk(tree)
    lines = main if sum(len(line) for line in main) >= 40 or not frame else main + frame
    text = cut_media("\n".join(lines)[: limits.text_chars])[0][: limits.text_chars]
    media, more_media = media_refs(tree, base, limits.media_per_page)
    links, more_links = _links(tree, base, limits.links_per_page)
    more_of_it = leads(tree, base)
    root = tree.css_first("html")
    language = (root.attributes.get("lang") or "") if root is not None else ""
    return Page(
        base=str(base),
        title=title,
        text=text,
        language=re.sub(r"[^A-Za-z0-9-]", "", language)[:20].lower(),
        lines=_first(lines),
        links=links,
        media=media,
        more=more_media or more_links or cut,
        walls=walls(facts, tree, title, text, len(media)),
        text_sketch=sketch(shingle(words(text))),
        dom_sketch=sketch(shingle(tags, 4)),
        moved_to=_refresh(tree, base),
        html=cut_media(whole)[0][: 2 * limits.page_bytes] if keep_html else "",
        feeds=more_of_it.feeds,
        further=more_of_it.further,
        frames=more_of_it.frames,
        search=more_of_it.search,
        described=more_of_it.described,
        scripted=needs_browser(signs(tree, text, len(links), len(media))),
        alternates=more_of_it.alternates,
        canonical=more_of_it.canonical,
        oembed=more_of_it.oembed,
        cut=more_media or cut,
    )


def _of_data(facts: FetchFacts, answer: Any, base: URL, limits: Limits) -> Page:
    """An endpoint's JSON as a page: the addresses in it, and those in the pieces of HTML that it carries."""
    links: dict[str, None] = {}
    media: dict[str, MediaRef] = {}
    further: dict[str, None] = {}
    frames: dict[str, None] = {}
    pieces: list[str] = []
    for met in data.in_json(answer, base):
        if met.kind == "html":
            pieces.append(met.url)
        elif met.kind == "page":
            links.setdefault(met.url)
        elif met.kind == "further":
            further.setdefault(met.url)
        else:
            media.setdefault(met.url, MediaRef(met.url, "thumbnail" if met.kind == "thumbnail" else "media", "json"))
    for piece in pieces[:50]:
        tree = LexborHTMLParser(bounded_html(piece)[0])
        media |= {ref.url: ref for ref in media_refs(tree, base, limits.media_per_page)[0] if ref.url not in media}
        links |= dict.fromkeys(_links(tree, base, limits.links_per_page)[0])
        frames |= dict.fromkeys(leads(tree, base).frames)
    shown, linked = list(media.values()), list(links)
    return Page(
        base=str(base),
        links=[*further, *linked][: limits.links_per_page],
        media=shown[: limits.media_per_page],
        more=len(shown) > limits.media_per_page or len(linked) > limits.links_per_page,
        walls=walls(facts, None, "", "", len(shown)),
        further=list(further)[:20],
        frames=list(frames)[:20],
    )


def _walk(tree: LexborHTMLParser) -> tuple[list[str], list[str], list[str]]:
    """Lines of the main text, lines of navigation and frame, and the tags met with their depth."""
    body = tree.body
    if body is None:
        return [], [], []
    main: list[str] = []
    frame: list[str] = []
    tags: list[str] = []
    line: list[str] = []
    size = 0

    def end(to: list[str]) -> None:
        joined = _clean(" ".join(line))
        line.clear()
        if joined:
            to.append(joined)

    # An explicit stack: a stranger's page may nest a million deep.
    stack: list[tuple[LexborNode | None, int, int, bool]] = [(body, 0, 0, False)]
    seen = 0
    while stack and seen < _MOST_NODES and size < 2_000_000:
        node, depth, framed, closing = stack.pop()
        to = frame if framed else main
        if closing or node is None:
            end(to)
            continue
        seen += 1
        tag = node.tag
        if tag == "-text":
            piece = node.text_content or ""
            size += len(piece)
            line.append(piece[:20_000])
            continue
        if tag in _UNSEEN or not tag or tag.startswith("-"):
            continue
        tags.append(f"{min(depth, 40)}{tag}")
        inner = 1 if framed or tag in _FRAME or _is_frame(node) else 0
        if tag in _BLOCKS:
            end(to)
            stack.append((None, depth, inner, True))
        children: list[LexborNode] = []
        child = node.first_child
        while child is not None and len(children) < _MOST_NODES:
            children.append(child)
            child = child.next
        stack.extend((item, depth + 1, inner, False) for item in reversed(children))
    end(main)
    return main, frame, tags


def _first(lines: list[str]) -> list[str]:
    """The first lines, ``_MOST_LINES`` and ``_MOST_LINE_CHARS`` in all."""
    kept: list[str] = []
    size = 0
    for line in lines[:_MOST_LINES]:
        size += len(line)
        if size > _MOST_LINE_CHARS:
            break
        kept.append(line)
    return kept


def _is_frame(node: LexborNode) -> bool:
    role = node.attributes.get("role")
    return role in ("navigation", "banner", "contentinfo", "complementary", "search") or "hidden" in node.attributes


def _clean(text: str) -> str:
    kept = (word for word in _CONTROL.sub("", text).split() if len(word) <= LONGEST_WORD)
    return " ".join(kept)


def _links(tree: LexborHTMLParser, base: URL, most: int) -> tuple[list[str], bool]:
    found: dict[str, None] = {}
    for reference in _references(tree):
        url = absolute(base, reference)
        if not url or url in found:
            continue
        if len(found) >= most:
            return list(found), True
        found[url] = None
    return list(found), False


def _references(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("a[href], area[href], iframe[src], link[rel=next], link[rel=canonical], link[rel=alternate]"):
        if "oembed" not in (node.attributes.get("type") or "").lower():
            yield node.attributes.get("href") or node.attributes.get("src") or ""
    refresh = _refresh_text(tree)
    if refresh:
        yield refresh[1]


def _refresh(tree: LexborHTMLParser, base: URL) -> str:
    refresh = _refresh_text(tree)
    return absolute(base, refresh[1]) if refresh and refresh[0] <= 5 else ""


def _refresh_text(tree: LexborHTMLParser) -> tuple[int, str] | None:
    for node in tree.css("meta[http-equiv]")[:20]:
        if (node.attributes.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.match(node.attributes.get("content") or "")
            if match:
                return int(match.group(1)), match.group(2)
    return None
