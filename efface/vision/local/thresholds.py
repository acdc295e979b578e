"""When local features count, and the data these numbers were chosen on."""

from __future__ import annotations

LEAST_INLIERS = 6
"""Keypoints that must agree on one affine map before the tiles are asked for."""

MOST_TILE_ERROR = 0.30
"""Greatest mean share of differing tile bits at which a candidate counts."""

LEAST_TILES = 4
"""Tiles that must lie wholly inside the query."""
