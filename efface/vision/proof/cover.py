"""Covering: pixels are replaced by one colour and the picture is written anew from pixels, so that nothing of what was
there is left, neither beneath nor in metadata."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from efface.vision.models.runtime import Pixels
from efface.vision.proof.areas import SHOWS, Area

COVER = (24, 24, 27)
"""The one colour of what is covered, RGB."""


def covered(shape: tuple[int, int], areas: Iterable[Area]) -> npt.NDArray[np.bool_]:
    """What of a picture (height, width) is covered when ``areas`` are painted one after the other. Covers reach a pixel
    further than their outline, what is shown does not."""
    height, width = shape
    drawn = np.zeros((height, width), np.uint8)
    for area in areas:
        points = np.round(np.array(area.points, np.float64) * [width, height]).astype(np.int32)
        shows = area.kind in SHOWS
        cv2.fillPoly(drawn, [points], 0 if shows else 1)
        if not shows:
            cv2.polylines(drawn, [points], True, 1, 2)
    return drawn > 0


def cover(rgb: Pixels, areas: Iterable[Area]) -> Pixels:
    """A copy of the picture with the areas covered in the one colour."""
    made = rgb.copy()
    made[covered((rgb.shape[0], rgb.shape[1]), areas)] = COVER
    return made


def encode(rgb: Pixels) -> bytes:
    """A PNG of the pixels and nothing else: no colour profile, no text, no time. Lossless, so a covered pixel has
    exactly the one colour, and its neighbours keep nothing of it."""
    height, width = rgb.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), rgb.reshape(height, width * 3)], axis=1)
    # Differences to the pixel to the left (filter 1) pack much better than the pixels themselves.
    rows[:, 0] = 1
    rows[:, 4:] = rgb.reshape(height, width * 3)[:, 3:] - rgb.reshape(height, width * 3)[:, :-3]
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 4)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body)) for name, body in parts
    )


def constant(rgb: Pixels, areas: Iterable[Area]) -> bool:
    """Whether all that should be covered has exactly the one colour."""
    hidden = covered((rgb.shape[0], rgb.shape[1]), areas)
    return bool((rgb[hidden] == np.array(COVER, np.uint8)).all())
