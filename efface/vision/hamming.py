"""How near two PDQ hashes are. Standard library only: for processes that compare and never decode."""

from __future__ import annotations

from collections.abc import Iterable

MATCH = 31
"""Greatest distance, in bits, at which two hashes count as the same picture. Source: Meta's PDQ paper and the
ThreatExchange default; on 1.7 million unrelated pairs of everyday photos the least distance seen was 86."""

LOW_QUALITY = 50
"""PDQ quality (0..100) below which a hash says little: flat pictures. Source: ThreatExchange's recommendation."""

DIHEDRAL = (
    "original",
    "rotate-90-left",
    "rotate-180",
    "rotate-90-right",
    "flip-vertical",
    "flip-horizontal",
    "transpose",
    "transverse",
)
"""What was done to the picture for each of the eight hashes of a fingerprint, in their order."""


def distance(a: str, b: str) -> int:
    """Number of differing bits, 0..256, of two hashes in hexadecimal. Raises ``ValueError`` if one is malformed."""
    if len(a) != 64 or len(b) != 64:
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    return (int(a, 16) ^ int(b, 16)).bit_count()


def least_distance(ours: Iterable[str], theirs: Iterable[str]) -> int:
    """The least distance between any hash of one side and any of the other; 256 where a side is empty."""
    right = [int(value, 16) for value in theirs]
    return min(((int(value, 16) ^ other).bit_count() for value in ours for other in right), default=256)
