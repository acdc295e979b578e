"""The pictures and videos a page shows or links to, full media told from thumbnails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode
from yarl import URL

from efface.net.page import data
from efface.net.page.data import PICTURE as _PICTURE
from efface.net.page.data import VIDEO as _VIDEO
from efface.net.page.names import SMALL, is_small
from efface.net.page.urls import absolute, ends_as_picture, ends_as_video
from efface.net.protocol import MediaRef

Role = Literal["media", "thumbnail", "poster"]
_TINY = 3
_LAZY = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-full", "data-image", "data-url", "data-hi-res-src",
    "data-echo", "data-img", "data-thumb",
)  # fmt: skip
_LAZY_FULL = (
    "data-full", "data-large", "data-zoom-image", "data-highres", "data-large-src", "data-full-src", "data-orig-file",
    "data-large-file", "data-src-large", "data-zoom",
)  # fmt: skip
_LAZY_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_BACKGROUNDS = ("data-bg", "data-background", "data-background-image", "data-bg-src", "data-poster", "data-video-src",
                "data-mp4", "data-hls", "data-dash", "data-stream")  # fmt: skip
_SHOWN = frozenset({"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src",
                    "og:video", "og:video:url", "og:video:secure_url", "twitter:player:stream"})  # fmt: skip
_SELECTOR = ", ".join(
    ["a, img, picture source, video, video source, source, audio, meta, link, script, style, object[data], embed[src], "
     "input[type=image], amp-img, amp-video, [style], [background], noscript", *(f"[{name}]" for name in _BACKGROUNDS)]
)  # fmt: skip
_VECTOR = re.compile(r"\.(?:svgz?|ico|css|js|html?|php|woff2?)$", re.IGNORECASE)
_CSS_URL = re.compile(r"url\(\s*(?:\"([^\"]{1,2048})\"|'([^']{1,2048})'|([^\s\"')]{1,2048}))\s*\)", re.IGNORECASE)
_MAX_JSON = 400_000
_MAX_CSS = 200_000


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
        elif known.role != "media" and ref.of and not known.of:
            found[ref.url] = replace(known, of=ref.of)
    return list(found.values()), more


def _all(tree: LexborHTMLParser, base: URL) -> Iterator[MediaRef]:
    for node in tree.css(_SELECTOR):
        tag, given = node.tag, node.attributes
        if tag == "a":
            yield from _link(given, base)
        elif tag in ("img", "amp-img", "input"):
            yield from _img(node, given, base)
        elif tag == "source":
            yield from _source(node, given, base)
        elif tag in ("video", "amp-video"):
            yield from _video(given, base)
        elif tag == "meta":
            name = (given.get("property") or given.get("name") or given.get("itemprop") or "").lower()
            if name in _SHOWN:
                yield from _one(base, given.get("content"), "media", "meta")
        elif tag == "link":
            if (given.get("rel") or "").lower() in ("image_src", "preload") and (
                given.get("as") in ("image", "video") or given.get("rel") == "image_src"
            ):
                yield from _one(base, given.get("href"), "media", "meta")
        elif tag in ("object", "embed"):
            reference = given.get("data") if tag == "object" else given.get("src")
            if _VIDEO.search((reference or "").split("?", 1)[0]) or _PICTURE.search((reference or "").split("?", 1)[0]):
                yield from _one(base, reference, "media", "object")
        elif tag == "script":
            yield from _script(node, given, base)
        elif tag == "style":
            yield from _css(node.text(deep=True)[:_MAX_CSS], given, base)
        elif tag == "noscript":
            yield from _noscript(node, base)
        for name in _BACKGROUNDS:
            if value := given.get(name):
                role: Role = "poster" if name == "data-poster" else _role(value, given)
                yield from _one(base, _unwrapped(value), role, "css" if name.startswith("data-b") else "video")
        if given.get("background"):
            yield from _one(base, given.get("background"), "media", "css")
        if style := given.get("style"):
            yield from _css(style[:16384], given, base)


def _unwrapped(value: str) -> str:
    match = _CSS_URL.search(value[:4096])
    return (match.group(1) or match.group(2) or match.group(3)) if match else value


def _css(text: str, given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    for match in _CSS_URL.finditer(text):
        url = match.group(1) or match.group(2) or match.group(3)
        yield from _one(base, url, _role(url, given), "css")


def _noscript(node: LexborNode, base: URL) -> Iterator[MediaRef]:
    """What a page shows to those without scripts. The parser may have left it as text."""
    text = node.text(deep=True)
    if "<img" in text[:20_000]:
        inner = LexborHTMLParser(text[:20_000])
        for image in inner.css("img")[:20]:
            yield from _img(image, image.attributes, base)


def _script(node: LexborNode, given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    kind = (given.get("type") or "").lower()
    if given.get("src"):
        return
    text = node.text(deep=True)[:_MAX_JSON]
    if kind == "application/ld+json":
        yield from _refs(data.in_json(data.parse(text), base), "json-ld")
    elif kind.endswith("json") or kind == "text/x-json":
        yield from _refs(data.in_json(data.parse(text), base), "json")
    elif kind in ("", "text/javascript", "application/javascript", "module"):
        yield from _refs(data.in_script(text, base), "json")


def _refs(found: Iterator[data.Met], source: str) -> Iterator[MediaRef]:
    for met in found:
        if met.kind in ("media", "thumbnail") and not _VECTOR.search(URL(met.url).path):
            yield MediaRef(met.url, "thumbnail" if met.kind == "thumbnail" else "media", source)


def _one(
    base: URL, reference: str | None, role: Role, source: str, link: str = "", of: str = ""
) -> Iterator[MediaRef]:
    url = absolute(base, reference or "")
    if url and not _VECTOR.search(URL(url).path):
        yield MediaRef(url, role, source, link, of if of != url and role != "media" else "")


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
    largest = max(sizes, key=lambda pair: pair[1])[0] if sizes else ""
    best = absolute(base, full or "") or (link if to_picture else "") or absolute(base, largest or _beside(node))
    if plain:
        yield from _one(base, plain, own, "img", link, best)
    if (shown := given.get("src")) and shown != plain:
        # What is shown to those without scripts: the other attribute may name nothing.
        yield from _one(base, shown, "thumbnail", "img", link, best)
    for url, _ in sizes[:6]:
        yield from _one(base, url, own if url == largest else "thumbnail", "srcset", link, best)


def _beside(node: LexborNode) -> str:
    """The largest of the sources that stand beside a picture's image, for those who can show them."""
    around = node.parent
    if around is None or around.tag != "picture":
        return ""
    for source in around.css("source")[:6]:
        sizes = [pair for name in _LAZY_SETS for pair in _srcset(source.attributes.get(name) or "")]
        if sizes:
            return max(sizes, key=lambda pair: pair[1])[0]
    return ""


def _source(node: LexborNode, given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    sizes = [pair for name in _LAZY_SETS for pair in _srcset(given.get(name) or "")]
    largest = max(sizes, key=lambda pair: pair[1])[0] if sizes else ""
    best = absolute(base, largest)
    for url, _ in sizes[:6]:
        yield from _one(base, url, "media" if url == largest else "thumbnail", "srcset", of=best)
    yield from _one(base, given.get("src"), "media", "source")


def _video(given: dict[str, str | None], base: URL) -> Iterator[MediaRef]:
    yield from _one(base, given.get("poster") or given.get("data-poster"), "poster", "video")
    yield from _one(base, given.get("src") or given.get("data-src"), "media", "video")


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
    return is_small(url) or "thumb" in (given.get("class") or "").lower()


def _role(url: str, given: dict[str, str | None]) -> Role:
    return "thumbnail" if _looks_small(url, given) else "media"
