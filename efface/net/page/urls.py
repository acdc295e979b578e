"""One spelling for every address, so that the same thing is recognised again."""

from __future__ import annotations

import hashlib
import re

from yarl import URL

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


def canonical(url: str) -> str:
    """The one spelling of an absolute address; empty where it is none."""
    try:
        return absolute(URL("http://invalid.invalid/"), url)
    except (ValueError, TypeError, UnicodeError):
        return ""


def url_digest(url: str) -> str:
    """SHA-256, hexadecimal, of the canonical address: how addresses are named where they must not be written."""
    return hashlib.sha256((canonical(url) or url).encode("utf-8", "replace")).hexdigest()
