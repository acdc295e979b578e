"""The pictures and videos a page shows or links to, full media told from thumbnails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page.urls import absolute, ends_as_picture, ends_as_video
from efface.net.protocol import MediaRef

Role = Literal["media", "thumbnail", "poster"]
SMALL = 260
"""A picture shown with both sides at most this many pixels is a thumbnail."""
_TINY = 3
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-full", "data-image", "data-url")
_LAZY_FULL = ("data-full", "data-large", "data-zoom-image", "data-highres")
_LAZY_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_VECTOR = re.compile(r"\.(?:svgz?|ico|css|js|html?|php|woff2?)$", re.IGNORECASE)
_THUMB = re.compile(
    r"(?:^|[/_.\-=])(?:thumb(?:s|nail|nails)?|tn|small|preview|mini|icon)(?:[/_.\-=]|\d|$)", re.IGNORECASE
)
_SIZED = re.compile(r"[-_/](\d{2,3})x(\d{2,3})(?=[._/-]|$)")
_CSS_URL = re.compile(r"url\(\s*(?:\"([^\"]{1,2048})\"|'([^']{1,2048})'|([^\s\"')]{1,2048}))\s*\)", re.IGNORECASE)
_MAX_JSON = 200_000


def is_video(ref: MediaRef) -> bool:
    """By its place and address: what it is indeed is known when it was fetched."""
    shown = ref.role == "media" and ref.source in ("video", "source")
    return shown or ends_as_video(ref.url)


def media_refs(tree: LexborHTMLParser, base: URL, most: int) -> tuple[list[MediaRef], bool]:
    """References in page order, every address once, at most ``most``; and whether there were more. The same address
    met as a thumbnail and as full media counts as full media."""
    found: dict[str, MediaRef] = {}
    more, overflow = False, 0
    for ref in _all(tree, base):
        known = found.get(ref.url)
        if known is None:
            if len(found) >= most:
                more = True
                if len(found) + (overflow := overflow + 1) > 3 * most:
                    break
                continue
            found[ref.url] = ref
        elif known.role != "media" and ref.role == "media" and ref.source in ("a", "meta", "json-ld"):
            found[ref.url] = MediaRef(ref.url, "media", known.source, known.link or ref.link)
    return list(found.values()), more


def _all(tree: LexborHTMLParser, base: URL) -> Iterator[MediaRef]:
    for node in tree.css("a, img, picture source, video, video source, source, meta, link, script, [style]"):
        tag, given = node.tag, node.attributes
        if tag == "a":
            yield from _link(given, base)
        elif tag == "img":
            yield from _img(node, given, base)
        elif tag == "source":
            yield from _source(node, given, base)
        elif tag == "video":
            yield from _video(given, base)
        elif tag == "meta":
            name = (given.get("property") or given.get("name") or "").lower()
            if name in ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"):
                yield from _one(base, given.get("content"), "media", "meta")
        elif tag == "link":
            if (given.get("rel") or "").lower() in ("image_src", "preload") and (
                given.get("as") == "image" or given.get("rel") == "image_src"
            ):
                yield from _one(base, given.get("href"), "media", "meta")
        elif tag == "script" and (given.get("type") or "").lower() == "application/ld+json":
            yield from _json_ld(node.text(deep=True)[:_MAX_JSON], base)
        style = given.get("style")
        if style:
            for match in _CSS_URL.finditer(style[:16384]):
                url = match.group(1) or match.group(2) or match.group(3)
                yield from _one(base, url, _role(url, given), "css")


def _one(base: URL, reference: str | None, role: Role, source: str, link: str = "") -> Iterator[MediaRef]:
    url = absolute(base, reference or "")
    if url and not _VECTOR.search(URL(url).path):
        yield MediaRef(url, role, source, link)


def _link(given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    url = absolute(base, given.get("href") or "")
    if url and (ends_as_picture(url) or ends_as_video(url)):
        yield MediaRef(url, "media", "a")


def _img(node: LexborNode, given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    if _is_tiny(given):
        return
    link = _around(node, base)
    to_picture = bool(link) and ends_as_picture(link)
    full = next((given[name] for name in _LAZY_FULL if given.get(name)), None)
    if full:
        yield from _one(base, full, "media", "img")
    plain = next((given[name] for name in (*_LAZY, "src") if given.get(name)), None)
    sizes = [pair for name in _LAZY_SETS for pair in _srcset(given.get(name) or "")]
    own: Role = "thumbnail" if full or (link and absolute(base, plain or "") != link) else _role(plain or "", given)
    if link and not to_picture and not _looks_small(plain or "", given) and not _is_thumb_link(node):
        own = "media"
    if plain:
        yield from _one(base, plain, own, "img", link)
    if sizes:
        largest = max(sizes, key=lambda pair: pair[1])[0]
        for url, _ in sizes[:6]:
            yield from _one(base, url, own if url == largest else "thumbnail", "srcset", link)


def _source(node: LexborNode, given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    sizes = [pair for name in _LAZY_SETS for pair in _srcset(given.get(name) or "")]
    largest = max(sizes, key=lambda pair: pair[1])[0] if sizes else ""
    for url, _ in sizes[:6]:
        yield from _one(base, url, "media" if url == largest else "thumbnail", "srcset")
    yield from _one(base, given.get("src"), "media", "source")


def _video(given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    yield from _one(base, given.get("poster") or given.get("data-poster"), "poster", "video")
    yield from _one(base, given.get("src") or given.get("data-src"), "media", "video")


def _json_ld(text: str, base: URL) -> Iterator[MediaRef]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting: list[tuple[str, Any]] = [("", data)]
    for _ in range(5000):
        if not waiting:
            return
        key, value = waiting.pop(0)
        if isinstance(value, dict):
            inside = str(value.get("@type", "")) == "ImageObject"
            for name, item in value.items():
                waiting.append(("image" if inside and name in ("url", "contentUrl") else str(name), item))
        elif isinstance(value, list):
            waiting.extend((key, item) for item in value)
        elif isinstance(value, str) and key in ("image", "contentUrl", "thumbnailUrl", "thumbnail"):
            yield from _one(base, value, "thumbnail" if key.startswith("thumb") else "media", "json-ld")


def _around(node: LexborNode, base: URL) -> str:
    """The address of the link around ``node``, at most four steps up."""
    step: LexborNode | None = node.parent
    for _ in range(4):
        if step is None:
            return ""
        if step.tag == "a":
            return absolute(base, step.attributes.get("href") or "")
        step = step.parent
    return ""


def _is_thumb_link(node: LexborNode) -> bool:
    """Whether the link around ``node`` holds nothing but it, as in a gallery."""
    step: LexborNode | None = node.parent
    for _ in range(4):
        if step is None:
            return False
        if step.tag == "a":
            return len(step.text(deep=True, strip=True)) < 120
        step = step.parent
    return False


def _srcset(text: str) -> list[tuple[str, float]]:
    """Addresses of a srcset with their width or density (HTML, "srcset attributes")."""
    pairs: list[tuple[str, float]] = []
    for part in re.split(r",\s+|,(?=https?:|/)", text[:16384]):
        words = part.split()
        if not words or words[0][:5].lower() == "data:":
            continue
        size = 1.0
        if len(words) > 1 and re.fullmatch(r"\d{1,6}(?:\.\d{1,4})?[wxh]", words[1]):
            size = float(words[1][:-1])
        pairs.append((words[0].rstrip(","), size))
    return pairs


def _number(text: str | None) -> int:
    match = re.match(r"\s*(\d{1,5})", text or "")
    return int(match.group(1)) if match else 0


def _is_tiny(given: dict[str, str | None]) -> bool:
    width, height = given.get("width"), given.get("height")
    return width is not None and height is not None and _number(width) < _TINY and _number(height) < _TINY


def _looks_small(url: str, given: dict[str, str | None]) -> bool:
    width, height = _number(given.get("width")), _number(given.get("height"))
    if width and height:
        return width <= SMALL and height <= SMALL
    path = url.split("?", 1)[0]
    sized = _SIZED.search(path)
    if sized and int(sized.group(1)) <= SMALL and int(sized.group(2)) <= SMALL:
        return True
    return bool(_THUMB.search(path)) or "thumb" in (given.get("class") or "").lower()


def _role(url: str, given: dict[str, str | None]) -> Role:
    return "thumbnail" if _looks_small(url, given) else "media"
