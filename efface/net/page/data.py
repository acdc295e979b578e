"""Addresses in data: JSON that a page carries or an endpoint answers with, and the scripts around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yarl import URL

from efface.net.page.urls import absolute

MOST_VALUES = 20_000
MOST_TEXT = 400_000
"""Characters of one script or document that are looked at."""
PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp)$", re.IGNORECASE)
VIDEO = re.compile(r"\.(?:mp4|m4v|webm|mov|mkv|m3u8|mpd)$", re.IGNORECASE)
_SMALL = re.compile(r"thumb|small|preview|icon|avatar|tiny", re.IGNORECASE)
_PICTURES = frozenset(
    {"image", "images", "contenturl", "thumbnailurl", "thumbnail", "thumb", "src", "full", "fullsrc", "original",
     "large", "photo", "photos", "picture", "pictures", "poster", "file", "media", "hls", "dash", "video",
     "thumbnail_url", "image_url", "media_url", "display_url", "banner_image"}
)  # fmt: skip
_FURTHER = frozenset(
    {"next", "nextpage", "next_page", "nexturl", "next_url", "loadmore", "load_more", "loadmoreurl", "moreurl",
     "more_url", "nexthref", "next_page_url"}
)  # fmt: skip
_LOOSE = re.compile(
    r"(?:https?:)?//[^\s\"'<>\\()]{3,1500}?\.(?:jpe?g|png|webp|gif|avif|mp4|m4v|webm|mov|m3u8|mpd)(?:\?[^\s\"'<>\\()]{0,500})?"
    r"(?=[\s\"'<>\\()]|$)",
    re.IGNORECASE,
)
_START = re.compile(r"(?:=|\()\s*([\[{])")


@dataclass(frozen=True, slots=True)
class Met:
    """An address in data. ``kind``: "media", "thumbnail", "further" (more of the same list), "page", or "html" (a piece
    of a page, in ``url``)."""

    kind: str
    url: str


def parse(text: str) -> Any:
    """JSON, or None. Nothing is raised for what is in it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def in_json(data: Any, base: URL) -> Iterator[Met]:
    """Addresses in parsed JSON, each told by its key and its ending."""
    waiting: list[tuple[str, Any]] = [("", data)]
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        key, value = waiting.pop()
        if isinstance(value, dict):
            picture = str(value.get("@type", "")) in ("ImageObject", "VideoObject")
            waiting.extend(
                ("image" if picture and name in ("url", "embedUrl") else str(name), item)
                for name, item in reversed(value.items())
            )
        elif isinstance(value, list):
            waiting.extend((key, item) for item in reversed(value))
        elif isinstance(value, str) and value:
            yield from _one(key.lower(), value, base)


def _one(key: str, value: str, base: URL) -> Iterator[Met]:
    if len(value) > 2048 or value.lstrip()[:1] == "<":
        if "<a " in value[:200_000] or "<img" in value[:200_000] or "<iframe" in value[:200_000]:
            yield Met("html", value[:200_000])
        return
    plain = value.split("?", 1)[0]
    looks = "/" in value and " " not in value.strip()
    url = absolute(base, value) if looks else ""
    if not url:
        return
    if PICTURE.search(plain) or VIDEO.search(plain):
        yield Met("thumbnail" if _SMALL.search(key) else "media", url)
    elif key in _FURTHER:
        yield Met("further", url)
    elif key in _PICTURES and not re.search(r"\.(?:html?|php|js|css|svg)$", plain, re.IGNORECASE):
        yield Met("thumbnail" if _SMALL.search(key) else "media", url)
    elif key in ("url", "href", "link", "permalink", "external_url", "@id"):
        yield Met("page", url)


def in_script(text: str, base: URL) -> Iterator[Met]:
    """Addresses in a script: of the data that is assigned in it, else of whatever ends like a medium."""
    text = text[:MOST_TEXT]
    found = False
    for match in list(_START.finditer(text))[:20]:
        data = _balanced(text, match.start(1))
        if data is not None:
            found = True
            yield from in_json(data, base)
    loose = text.replace("\\/", "/").replace("\\u002F", "/").replace("\\u002f", "/")
    for number, match in enumerate(_LOOSE.finditer(loose)):
        if number >= 300:
            return
        url = absolute(base, match.group(0))
        if url and not found:
            yield Met("thumbnail" if _SMALL.search(url) else "media", url)
        elif url and VIDEO.search(url.split("?", 1)[0]):
            yield Met("media", url)


def _balanced(text: str, start: int) -> Any:
    """The JSON that begins at ``start``, where it is JSON."""
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None
