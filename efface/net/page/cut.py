"""Media cut out of HTML, so that what is kept as evidence shows that a picture stood there and not the picture.

Cut: data: addresses of media in attributes, style sheets and scripts, however they are split over lines; drawings
(inline SVG); canvas pixels and blobs written into scripts as base64, hexadecimal, escaped bytes or lists of numbers;
and runs of bytes that are no text at all. What was cut is named by its length and the SHA-256 of what stood there.
"""

from __future__ import annotations

import hashlib
import re

_DATA = re.compile(
    r"""(?ix) d\s*a\s*t\s*a\s*(?::|&colon;?|&\#0*58;?|&\#x0*3a;?|\\3a\s?|%3a)\s*
    (?:image|video|audio|font|application|text|model|;base64|,)
    (?: (?<=\")[^\"]* | [^\s"'<>)\\]* (?:\s+(?=[A-Za-z0-9+/]{20,})[A-Za-z0-9+/=]+)* )""",
)
_QUOTED_DATA = re.compile(
    r"""(?is)(["'(=])(\s*d\s*a\s*t\s*a\s*(?::|&colon;?|&\#0*58;?|&\#x0*3a;?|\\3a\s?|%3a)[^"'<>)]{0,8000000})"""
)
_SVG = re.compile(r"(?is)<svg\b.*?(?:</svg\s*>|\Z)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{240,}={0,2}")
_BASE64_LINES = re.compile(r"(?:[A-Za-z0-9+/]{40,}(?:\\n|\\r|[\"'+\s\\]|&\#1[03];){1,8}){2,}[A-Za-z0-9+/]{0,100}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x|%|\\u00)?[0-9a-fA-F]{2}[\s,;:'\"+]{0,4}){160,}")
_NUMBERS = re.compile(r"(?:-?\d{1,5}(?:\.\d+)?\s*,\s*){120,}-?\d{1,5}")
_BINARY = re.compile("(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd][^<>\\s]{0,6}){8,}")
_PATHS = re.compile(r"(?is)(\bd\s*=\s*[\"'])([^\"']{2000,})")


def cut_media(html: str) -> tuple[str, int]:
    """``html`` without media, and how many were cut."""
    count = 0

    def mark(text: str) -> str:
        nonlocal count
        count += 1
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        return f"[cut {len(text)} characters sha256 {digest}]"

    html = _SVG.sub(lambda m: f"<!--{mark(m.group(0))}-->", html)
    html = _QUOTED_DATA.sub(lambda m: m.group(1) + mark(m.group(2)), html)
    html = _DATA.sub(lambda m: mark(m.group(0)), html)
    html = _PATHS.sub(lambda m: m.group(1) + mark(m.group(2)), html)
    for pattern in (_BASE64_LINES, _BASE64, _HEX, _NUMBERS, _BINARY):
        html = pattern.sub(lambda m: mark(m.group(0)), html)
    return html, count
