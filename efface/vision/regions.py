"""Pictures within a picture: what stands in a screenshot's frame, between caption bars, in the cells of a collage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0..1) of the picture."""

LEAST_PIXELS = 48
"""Parts with a side shorter than this are not looked at."""


def find(grey: NDArray[np.uint8]) -> list[Box]:
    """Boxes of pictures within ``grey`` (height, width) uint8, largest first; empty where no frame is seen."""
    return []
