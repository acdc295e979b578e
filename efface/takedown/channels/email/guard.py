"""Nothing that leaves here carries imagery: each part is looked at, by an allow-list and by its first bytes. Pure.

A mail consists of plain text and JSON. Whatever else it holds is refused, whatever it calls itself: a picture is a
picture also in base64 inside a text, in a JSON string, or named report.txt.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import json
import re
from collections.abc import Iterator
from typing import Any

ALLOWED = frozenset({"text/plain", "application/json"})
MOST_PARTS = 51
"""The text, and a report for each of the findings of a mail."""
MOST_DEPTH = 12
LONG = 200
"""Letters of base64 from which on a run is opened: a thumbnail of 12 by 12 pixels is longer."""
_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{LONG},}}={{0,2}}")
_FOLDED = re.compile(r"(?:[A-Za-z0-9+/]{40,80}[ \t\r]*\n[ \t>]*)+[A-Za-z0-9+/]{1,80}={0,2}")
_DATA = re.compile(r"data:\s*(image|video|audio)/", re.IGNORECASE)
_MAGIC: tuple[tuple[int, bytes], ...] = (
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF87a"), (0, b"GIF89a"), (0, b"BM"), (0, b"II*\x00"),
    (0, b"MM\x00*"), (0, b"\x1aE\xdf\xa3"), (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), (0, b"FLV\x01"),
    (0, b"OggS"), (0, b"8BPS"), (0, b"\x00\x00\x01\x00"), (0, b"\x00\x00\x00\x0cJXL "),
    (0, b"\x00\x00\x00\x0cjP  "), (0, b"0&\xb2u\x8ef\xcf\x11"), (4, b"ftyp"), (8, b"WEBP"), (8, b"AVI "),
    (0, b"PK\x03\x04"), (0, b"\x1f\x8b\x08"), (0, b"7z\xbc\xaf'\x1c"), (0, b"Rar!\x1a\x07"), (0, b"%PDF-"),
)  # fmt: skip
"""First bytes of pictures and videos, and of what could hold one: archives, PDF, SVG. "BM" counts only with a size."""


class ImageryRefused(ValueError):
    """The message holds something that is, or could hold, a picture or a video. It says which part."""


def check(message: bytes) -> None:
    """Raises ``ImageryRefused``. What cannot be read as a mail is refused too."""
    mail = email.message_from_bytes(message, policy=email.policy.default)
    if any(part.defects for part in mail.walk()):
        raise ImageryRefused("the message is not well formed: nothing is sent that could not be looked into")
    holders = {part.get_content_type() for part in mail.walk() if part.is_multipart()}
    if not holders <= {"multipart/mixed"}:
        raise ImageryRefused("the message holds another message, or parts that stand for each other")
    parts = [part for part in mail.walk() if not part.is_multipart()]
    if len(parts) > MOST_PARTS:
        raise ImageryRefused(f"the message has more than {MOST_PARTS} parts")
    for number, part in enumerate(parts, 1):
        kind = part.get_content_type()
        if kind not in ALLOWED:
            raise ImageryRefused(f"part {number} is {kind}; only plain text and JSON are sent")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            raise ImageryRefused(f"part {number} cannot be read")
        why = "; ".join(_json(content) if kind == "application/json" else _bytes(content))
        if why:
            raise ImageryRefused(f"part {number} {why}")


def check_json(data: bytes) -> None:
    """The same for JSON that goes another way than by mail. Raises ``ImageryRefused``."""
    why = "; ".join(_json(data))
    if why:
        raise ImageryRefused(f"the report {why}")


def is_imagery(data: bytes) -> bool:
    """Whether these bytes begin like a picture, a video, or a container that could hold one."""
    for at, magic in _MAGIC:
        if data[at : at + len(magic)] == magic:
            if magic == b"BM":
                return len(data) > 14 and int.from_bytes(data[2:6], "little") >= 26 and data[6:10] == bytes(4)
            return True
    return data.lstrip()[:64].lower().startswith((b"<svg", b"<?xml")) and b"<svg" in data[:2_000].lower()


def _bytes(data: bytes) -> Iterator[str]:
    if is_imagery(data):
        yield "is imagery, or something that could hold it"
        return
    yield from _text(data.decode("utf-8", "replace"))


def _text(text: str) -> Iterator[str]:
    if _DATA.search(text):
        yield "holds a picture as a data address"
        return
    runs = [*_RUN.findall(text), *(re.sub(r"[\s>]+", "", one) for one in _FOLDED.findall(text))]
    if any(is_imagery(_opened(run)) for run in runs):
        yield "holds a picture in base64"


def _opened(run: str) -> bytes:
    head = run.rstrip("=")[:4_000].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(head[: len(head) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def _json(data: bytes) -> Iterator[str]:
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        yield "calls itself JSON and is none"
        return
    yield from _values(given, 0)


def _values(given: Any, depth: int) -> Iterator[str]:
    if depth > MOST_DEPTH:
        yield "is nested too deeply to be looked into"
    elif isinstance(given, str):
        yield from _text(given)
        # A report's evidence is base64 of any length.
        if len(given) < LONG and is_imagery(_opened(given)):
            yield "holds a picture in base64"
    elif isinstance(given, dict):
        for name, one in given.items():
            if name in ("content_type", "mime_type") and str(one).split("/")[0] in ("image", "video", "audio"):
                yield f"names a {one}"
            yield from _values(one, depth + 1)
    elif isinstance(given, list):
        for one in given:
            yield from _values(one, depth + 1)
