"""Playlists as plain data. Every address is absolute http(s), every number bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["not-a-playlist", "no-video", "encrypted", "live", "loop", "too-large", "unreachable"]
WORDS: dict[Reason, str] = {
    "not-a-playlist": "The list of the video's pieces cannot be read.",
    "no-video": "The list names no piece with a picture.",
    "encrypted": "The pieces of the video are encrypted.",
    "live": "The video is a live broadcast that names no finished piece.",
    "loop": "The lists of the video name each other without end.",
    "too-large": "The list is longer than what is read.",
    "unreachable": "None of the video's pieces could be fetched.",
}
"""What to tell a person for each reason."""

MOST_PIECES = 10_000
MOST_VARIANTS = 200
MOST_SECONDS = 86_400.0


class PlaylistError(ValueError):
    """There is nothing to fetch. ``reason`` is a key of ``WORDS``."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    @property
    def words(self) -> str:
        """A sentence for a person."""
        return WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of fetching one video by its list: bytes and seconds in all, requests for pieces, lists followed."""

    total_bytes: int = 40_000_000
    total_s: float = 45.0
    pieces: int = 40
    lists: int = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """One quality of an HLS master playlist: the address of its own list. ``bandwidth`` in bits a second; ``width`` and
    ``height`` in pixels; 0 where unknown."""

    url: str
    bandwidth: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment: ``start`` and ``seconds`` of the video, the bytes from ``first`` to ``last`` of ``url`` (-1: all).
    ``init`` is the piece that must stand before it (fMP4), if any."""

    url: str
    start: float = 0.0
    seconds: float = 0.0
    first: int = -1
    last: int = -1
    init: Piece | None = None

    @property
    def size(self) -> int:
        """Bytes, 0 where unknown."""
        return self.last - self.first + 1 if self.first >= 0 else 0


@dataclass(frozen=True, slots=True)
class Track:
    """One quality with its pieces in order. ``index`` is where the pieces are listed instead (a segment index box,
    ISO/IEC 14496-12), its ``init`` as for a piece. ``live``: the list grows."""

    pieces: tuple[Piece, ...] = ()
    bandwidth: int = 0
    width: int = 0
    height: int = 0
    live: bool = False
    index: Piece | None = None

    @property
    def seconds(self) -> float:
        return sum(piece.seconds for piece in self.pieces)
