"""Media cut out of HTML, so that what is kept as evidence shows that a picture stood there and not the picture.

Cut: data: addresses, however they are written; drawings (inline SVG); long scripts, comments and attributes; and
pixels and blobs anywhere as base64, hexadecimal, escaped bytes, lists of numbers, or bytes that are no text at all.
What was cut is named by its length and the SHA-256 of what stood there.

Every pattern takes time in proportion to the page: repetitions are possessive and start at the edge of a run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

LONGEST_SCRIPT = 2000
LONGEST_VALUE = 1500
LONGEST_WORD = 240
_SEPARATOR = r"(?:\\[nr]|[\"'+,\s\\]|&\#1[03];)"
_COLON = r"(?::|&colon;?|&\#0{0,5}58;?|&\#x0{0,5}3a;?|\\0{0,4}3a\s?|%3a)"
_D = r"(?:d|\\0{0,4}64\s?)"

_SVG = re.compile(r"<svg\b.*?(?:</svg\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(r"(<script\b[^>]*>)(.*?)(?=</script|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_DATA_QUOTED = re.compile(
    rf"([\"'(=])(\s*+{_D}\s*+a\s*+t\s*+a\s*+{_COLON}[^\"'<>)]*+)", re.IGNORECASE
)  # fmt: skip
_DATA_BARE = re.compile(rf"(?<![a-z]){_D}ata{_COLON}[a-z0-9/+.;=-]{{0,100}}+,[^\s\"'<>)]*+", re.IGNORECASE)
_VALUE = re.compile(r"(=\s{0,4}+)(\"[^\"<>]*+\"|'[^'<>]*+')")
_WORD = re.compile(r"[^\s<>\"'()&\[\]{}]{240,}+")
_BASE64_LINES = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{{24,}}+={{0,2}}{_SEPARATOR}{{1,8}}+){{3,}}+[\w+/=-]*+"
)
_HEX = re.compile(r"(?:(?:0x|\\x|%|\\u00)?+[0-9a-fA-F]{2}[\s,;:'\"+]{0,4}+){8,}+")
_NUMBERS = re.compile(r"(?:-?\d{1,5}(?:\.\d{1,6})?+\s{0,4}+,\s{0,4}+){8,}+\d{0,5}+")
_NOT_TEXT = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd"
_BINARY = re.compile(f"(?:[{_NOT_TEXT}][^{_NOT_TEXT}]{{0,16}}+){{4,}}+")


def cut_media(html: str) -> tuple[str, int]:
    """``html`` without media, and how many were cut."""
    count = 0

    def mark(text: str) -> str:
        nonlocal count
        count += 1
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        return f"[cut {len(text)} characters sha256 {digest[:32]} {digest[32:]}]"

    def when(enough: Callable[[str], bool], group: int = 0) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            whole, part = match.group(0), match.group(group)
            if not enough(part):
                return whole
            start = match.start(group) - match.start(0)
            return whole[:start] + mark(part) + whole[start + len(part) :]

        return replace

    html = _SVG.sub(lambda match: f"<!--{mark(match.group(0))}-->", html)
    html = _BINARY.sub(when(lambda text: True), html)
    html = _SCRIPT.sub(when(lambda text: len(text) > LONGEST_SCRIPT, 2), html)
    html = _COMMENT.sub(when(lambda text: len(text) > LONGEST_SCRIPT, 1), html)
    html = _DATA_QUOTED.sub(when(lambda text: len(text) > 24, 2), html)
    html = _DATA_BARE.sub(when(lambda text: len(text) > 24), html)
    html = _VALUE.sub(when(lambda text: len(text) > LONGEST_VALUE, 2), html)
    html = _BASE64_LINES.sub(when(lambda text: len(text) >= 200), html)
    html = _HEX.sub(when(lambda text: _digits(text) >= 320), html)
    html = _NUMBERS.sub(when(lambda text: text.count(",") >= 100), html)
    html = _WORD.sub(when(lambda text: len(text) >= LONGEST_WORD), html)
    return html, count


def _digits(text: str) -> int:
    return sum(1 for letter in text if letter in "0123456789abcdefABCDEF")
