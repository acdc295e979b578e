"""Shingles: short overlapping pieces hashed to 32 bits, to say how alike two texts or two page frames are.

A. Broder, "On the resemblance and containment of documents", 1997. A sketch keeps the ``KEEP`` least hashes
(bottom-k), from which the resemblance of two documents is estimated without keeping either.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence

KEEP = 256
WORDS = 3
_WORD = re.compile(r"\w+", re.UNICODE)


def words(text: str) -> list[str]:
    """Lower-case words; every run of digits becomes "0", so that counters and dates do not matter."""
    return [re.sub(r"\d+", "0", word) for word in _WORD.findall(text.lower())]


def shingle(pieces: Sequence[str], size: int = WORDS) -> set[int]:
    """Hashes of every ``size`` neighbouring pieces (of all together, where there are fewer); empty for none."""
    if not pieces:
        return set()
    size = min(size, len(pieces))
    joined = ("\x1f".join(pieces[i : i + size]) for i in range(len(pieces) - size + 1))
    return {zlib.crc32(piece.encode("utf-8", "replace")) for piece in joined}


def sketch(hashes: Iterable[int]) -> list[int]:
    """The ``KEEP`` least hashes, ascending. CRC-32 is spread by a multiplication first, so that "least" is fair."""
    return sorted({(value * 2654435761) & 0xFFFFFFFF for value in hashes})[:KEEP]


def jaccard(a: set[int], b: set[int]) -> float:
    """Resemblance 0..1 of two whole sets; two empty ones are alike."""
    if not a and not b:
        return 1.0
    return len(a & b) / len(a | b)


def estimate(a: Sequence[int], b: Sequence[int]) -> float:
    """Resemblance 0..1 estimated from two sketches; -1 where one of them is empty and the other not comparable."""
    if not a or not b:
        return -1.0
    left, right = set(a), set(b)
    least = sorted(left | right)[:KEEP]
    return sum(1 for value in least if value in left and value in right) / len(least)
