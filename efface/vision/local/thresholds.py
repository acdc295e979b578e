"""When local features count, and the data these numbers were chosen on."""

from __future__ import annotations

LEAST_INLIERS = 6
"""Keypoints that must agree on one affine map before the tiles are asked for."""

MOST_TILE_ERROR = 0.30
"""Greatest mean share of differing tile bits at which a candidate counts."""

FEW_TILES = 6
FEW_TILES_ERROR = 0.22
LEAST_TILES = 3
"""Fewer tiles than ``FEW_TILES`` must be nearer; with fewer than ``LEAST_TILES`` nothing counts."""


def most_tile_error(tiles: int) -> float:
    """The greatest tile error at which a candidate counts, by the number of tiles compared; 0 for too few."""
    if tiles < LEAST_TILES:
        return -1.0
    return FEW_TILES_ERROR if tiles < FEW_TILES else MOST_TILE_ERROR
