"""PDQ fingerprints: the same picture recompressed, resized, mirrored or turned by a quarter.

PDQ is Meta's perceptual hash of 256 bits ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm",
2019). Alone it does not survive mirroring or turning, so all eight dihedral views are kept: whichever way round a
copy stands, one of them is near.

Size rule, the same on both sides of a comparison: the picture is brought to ``LONG_SIDE`` pixels on its longer side
before it is hashed (smaller ones are enlarged). Mixing sizes costs up to 16 of the 31 bits of the threshold.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH, distance, least_distance

LONG_SIDE = 512
"""Pixels of the longer side when hashed."""

LEAST_SIDE = 16
"""Pictures with a side shorter than this (pixels, as published) have no fingerprint: spacers and rules."""


def to_hash_size(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``rgb`` (height, width, 3), uint8, resampled (triangle filter) so that its longer side is ``LONG_SIDE``."""
    height, width = rgb.shape[:2]
    longer = max(height, width)
    if longer == LONG_SIDE:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(width * LONG_SIDE / longer)), max(1, round(height * LONG_SIDE / longer)))
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR), dtype=np.uint8)


def fingerprint(picture: NDArray[np.uint8]) -> tuple[list[str], int]:
    """Eight hashes of 64 hexadecimal digits in the order of ``DIHEDRAL``, and the PDQ quality, 0..100.

    ``picture`` is uint8, RGB (height, width, 3) or grey (height, width), any size. Raises ``ValueError`` for any
    other shape and for a picture with a side under ``LEAST_SIDE`` pixels.
    """
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError("a picture is uint8, RGB or grey")
    if min(picture.shape[:2]) < LEAST_SIDE:
        raise ValueError("picture too small for a fingerprint")
    small = to_hash_size(picture)
    if min(small.shape[:2]) < 2:
        raise ValueError("too narrow for a fingerprint")
    bits, quality = pdqhash.compute_dihedral(small)
    return [np.packbits(np.asarray(row, dtype=np.uint8)).tobytes().hex() for row in bits], int(quality)


def sha256(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    """MD5, hexadecimal: only because some hash lists are exchanged in it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


__all__ = [
    "DIHEDRAL",
    "LEAST_SIDE",
    "LONG_SIDE",
    "LOW_QUALITY",
    "MATCH",
    "distance",
    "fingerprint",
    "least_distance",
    "md5",
    "sha256",
    "to_hash_size",
]
