"""Which quality, and which of its pieces: enough to recognise the video, spread over its whole length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from efface.net.playlists.model import Budget, Piece, Track, Variant

ENOUGH_PIXELS = 200_000
"""Pixels of a frame from which more adds nothing to a fingerprint, and little to a face: about 640x360."""
ENOUGH_BANDWIDTH = 500_000
_GUESSED_BANDWIDTH = 1_500_000
_SHORTEST = 0.05

Quality = TypeVar("Quality", Track, Variant)


def choose(qualities: Sequence[Quality]) -> list[Quality]:
    """The qualities in the order to try them: the smallest that is large enough, then larger ones, then smaller."""

    def size(item: Quality) -> int:
        return item.width * item.height

    if all(size(item) for item in qualities):
        ranked = sorted(qualities, key=lambda item: (size(item), item.bandwidth))
        enough = [item for item in ranked if size(item) >= ENOUGH_PIXELS]
    else:
        ranked = sorted(qualities, key=lambda item: item.bandwidth)
        enough = [item for item in ranked if item.bandwidth >= ENOUGH_BANDWIDTH]
    return enough + [item for item in reversed(ranked) if item not in enough]


def pick(track: Track, budget: Budget) -> list[Piece]:
    """The pieces to fetch, in the order to fetch them: whenever one stops, what is there is spread over the whole. All
    have the same initialisation: that of the longest part, so that advertisements between the parts are left out."""
    spans: Counter[Piece | None] = Counter()
    for piece in track.pieces:
        spans[piece.init] += max(1, round(1000 * piece.seconds))
    main = spans.most_common(1)[0][0] if spans else None
    pieces = [piece for piece in track.pieces if piece.init == main]
    if not pieces:
        return []
    mean = sum(_expected(piece, track.bandwidth) for piece in pieces) / len(pieces)
    count = int(max(2, min(budget.pieces, budget.total_bytes / max(mean, 1.0))))
    if len(pieces) > count:
        step = (len(pieces) - 1) / (count - 1)
        pieces = [pieces[round(number * step)] for number in range(count)]
    return [pieces[place] for place in spread(len(pieces))]


def spread(count: int) -> list[int]:
    """The numbers below ``count`` so that every beginning of the list is spread over the whole range."""
    bits = max(1, (count - 1).bit_length())
    turned = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [number for number in turned if number < count]


def _expected(piece: Piece, bandwidth: int) -> float:
    """Bytes a piece may have."""
    return piece.size or max(piece.seconds, _SHORTEST) * (bandwidth or _GUESSED_BANDWIDTH) / 8
