"""One spelling for every address, so that the same thing is recognised again."""

from __future__ import annotations

import functools
import hashlib
import re

from yarl import URL

_STILL = re.compile(r"\.(?:jpe?g|bmp)$", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp)$", re.IGNORECASE)
_VIDEO = re.compile(r"\.(?:mp4|m4v|webm|mov|mkv|ts|m3u8|mpd)$", re.IGNORECASE)

MAX_URL = 2048
_SPACE = re.compile(r"[\t\r\n]")


def absolute(base: URL, reference: str) -> str:
    """``reference`` as seen from ``base``: absolute, http(s), lower-case host in ASCII, default port and fragment
    removed, credentials dropped. Empty where it is none of that or longer than ``MAX_URL``."""
    text = _SPACE.sub("", reference.strip())
    if not text or len(text) > MAX_URL or text[:5].lower() == "data:":
        return ""
    try:
        url = base.join(URL(text)).with_fragment(None)
        if url.scheme not in ("http", "https") or not url.raw_host:
            return ""
        if url.user is not None or url.password is not None:
            url = url.with_user(None)
        if url.explicit_port is not None and url.is_default_port():
            url = url.with_port(None)
        result = str(url)
    except (ValueError, TypeError, UnicodeError):
        return ""
    return result if len(result) <= MAX_URL else ""


@functools.lru_cache(maxsize=8192)
def canonical(url: str) -> str:
    """The one spelling of an absolute address; empty where it is none."""
    try:
        return absolute(URL("http://invalid.invalid/"), url)
    except (ValueError, TypeError, UnicodeError):
        return ""


@functools.lru_cache(maxsize=8192)
def url_digest(url: str) -> str:
    """SHA-256, hexadecimal, of the canonical address: how addresses are named where they must not be written."""
    return hashlib.sha256((canonical(url) or url).encode("utf-8", "replace")).hexdigest()


def ends_as_picture(url: str) -> bool:
    """Whether the address ends as those of pictures do."""
    return bool(_PICTURE.search(_path(url)))


def ends_as_still(url: str) -> bool:
    """The same of pictures that cannot move."""
    return bool(_STILL.search(_path(url)))


def ends_as_video(url: str) -> bool:
    """Whether the address ends as those of videos, their segments and playlists do."""
    return bool(_VIDEO.search(_path(url)))


def _path(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]
