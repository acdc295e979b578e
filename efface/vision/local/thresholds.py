"""When local features count, and the data these numbers were chosen on.

Chosen on the first 120 of 240 everyday photos (nineteen edits each, 420 pictures enrolled, 300 of them screenshots,
captions and watermarks with the same furniture as the edits); the other 120 were kept for the report
(``efface bench copies``). Tile errors of true matches: 95 of 100 under .21; of strangers' pictures with shared
furniture and six tiles or more: .255 at least.
"""

from __future__ import annotations

LEAST_INLIERS = 6
"""Keypoints that must agree on one affine map before the tiles are asked for."""

MOST_TILE_ERROR = 0.25
"""Greatest mean share of differing tile bits at which a candidate counts, with ``ENOUGH_TILES`` or more compared."""

ENOUGH_TILES = 6
FEW_TILES, FEW_TILES_ERROR = 3, 0.22
LEAST_TILES, LEAST_TILES_ERROR = 2, 0.08
"""The fewer tiles there are to compare, the nearer they must be; one tile proves nothing."""


def most_tile_error(tiles: int) -> float:
    """The greatest tile error at which a candidate counts, by the number of tiles compared; -1 for too few."""
    if tiles >= ENOUGH_TILES:
        return MOST_TILE_ERROR
    if tiles >= FEW_TILES:
        return FEW_TILES_ERROR
    return LEAST_TILES_ERROR if tiles >= LEAST_TILES else -1.0
