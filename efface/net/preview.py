"""The one way in which anybody here sees a picture that was found: on demand, tiny, grey and blurred.

Who asks says what is known of it (``Grounds``) and counts the look; nothing is fetched before both allow it. The
picture is fetched by the fetcher and shaded in the decoder's sandbox. What comes out is a handful of shades of grey, of
which a fresh PNG is written in memory, for one answer that no browser keeps. No file, row or log has it.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from efface.net.client import FetcherRefused
from efface.net.protocol import Picture, Preview, PreviewRequest

Reason = Literal[
    "suspected",  # of child material: the picture, its page or its site
    "minor",  # she was under 18 in it, or the case is one of a minor
    "age",  # nobody has said yet that she was an adult in it
    "confirmed",  # it was confirmed: nobody has to see it again
    "decided",  # it was decided otherwise, or may not be used any more
    "budget",  # the worker has looked at as many as is good for a shift
    "unchecked",  # the list of known child material cannot be asked now
    "gone", "changed", "video", "unreadable",
]  # fmt: skip

HEADERS = {
    "Content-Type": "image/png", "Cache-Control": "no-store, private, max-age=0", "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": "inline", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, noimageindex",
}  # fmt: skip
"""Of the answer that carries it."""


class PreviewRefused(Exception):
    """It is not shown; ``reason`` is one word for why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is known of the picture by who asks. ``case_age`` and ``picture_age``: "adult", "minor" or "unknown"."""

    case_age: str
    picture_age: str
    suspected: bool
    confirmed: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """``png``: the bytes of the answer, kept nowhere else. They are in no text of this object."""

    png: bytes = field(repr=False)
    width: int
    height: int

    @property
    def headers(self) -> dict[str, str]:
        return dict(HEADERS)


class Source(Protocol):
    """What is asked of ``efface.net.client.Fetcher``."""

    def preview(self, request: PreviewRequest) -> Preview: ...


def refusal(grounds: Grounds) -> Reason | None:
    """Why a picture is not shown to anybody, the gravest first; None where it may be. Pure."""
    if grounds.suspected:
        return "suspected"
    if "minor" in (grounds.case_age, grounds.picture_age):
        return "minor"
    if grounds.case_age != "adult" or grounds.picture_age != "adult":
        return "age"
    if grounds.confirmed:
        return "confirmed"
    return None if grounds.open else "decided"


def preview(
    source: Source,
    request: PreviewRequest,
    *,
    grounds: Callable[[], Grounds],
    count: Callable[[], bool],
    suspects: Callable[[Picture], bool],
) -> Shown:
    """The picture, tiny, grey and blurred.

    ``grounds`` is asked before it is fetched and again before it is shown: what is said in between counts. ``count``
    counts one look of this worker, before anything is fetched, and says False where there are none left; what it raises
    ends this too. ``suspects`` holds what was served against known child material. Raises ``PreviewRefused`` and
    ``FetcherUnavailable``."""
    _refuse(refusal(grounds()))
    if not count():
        raise PreviewRefused("budget")
    try:
        answer = source.preview(request)
    except FetcherRefused as error:
        raise PreviewRefused("suspected" if error.error == "stopped" else "unreadable") from None
    _refuse("suspected" if suspects(answer.picture) else refusal(grounds()))
    if answer.error:
        raise PreviewRefused(_word(answer.error))
    return Shown(_png(answer.width, answer.height, b64decode(answer.grey)), answer.width, answer.height)


def _refuse(reason: Reason | None) -> None:
    if reason is not None:
        raise PreviewRefused(reason)


def _word(error: str) -> Reason:
    words: dict[str, Reason] = {"gone": "gone", "changed": "changed", "video": "video"}
    return words.get(error, "unreadable")


def _png(width: int, height: int, grey: bytes) -> bytes:
    """Shades of grey, row by row, as a PNG of no more than the chunks it needs (PNG, third edition, 11.2)."""
    rows = b"".join(b"\0" + grey[start : start + width] for start in range(0, width * height, width))
    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
