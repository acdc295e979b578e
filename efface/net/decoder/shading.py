"""Pixels to what a worker may see of them on demand: tiny, grey, blurred. Inside the sandbox; the sharp picture never
leaves it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from efface.net.decoded import PREVIEW_SIDE

BLUR = 1.6
"""Standard deviation of the blur, pixels of the tiny picture: shapes remain, faces and words do not."""


def shade(rgb: NDArray[np.uint8]) -> tuple[int, int, bytes]:
    """Width, height (pixels, at most ``PREVIEW_SIDE``) and one byte of grey for each pixel, row by row."""
    picture = Image.fromarray(rgb).convert("L")
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    blurred = picture.filter(ImageFilter.GaussianBlur(BLUR))
    return blurred.width, blurred.height, blurred.tobytes()
