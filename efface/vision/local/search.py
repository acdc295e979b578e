"""How the index looks: what it asks with, how far, how much it checks. Numbers only, for whoever names the settings."""

from __future__ import annotations

VOTERS = 400
"""Keypoints of the whole picture that are looked up; all of them take part in the affine check."""
REGION_VOTERS = 400
LEAST_REGION_VOTERS = 150
ALL_REGION_VOTERS = 1600
"""Keypoints of each picture within the picture that are looked up: fewer where there are many of them."""
RADIUS = 56
"""Bits, of 256, within which a stored code is a hit."""
PROBES = 5
COARSE_PROBES = 6
MOST_HITS = 400
"""Hits of one keypoint that are followed: a code that is everywhere says nothing."""
LEAST_VOTE = 0.7
MOST_VERIFIED = 32
VERIFY_RADIUS = 64
MOST_CANDIDATES = 16


def region_voters(regions: int) -> int:
    """Keypoints looked up of each of so many pictures within a picture."""
    return min(REGION_VOTERS, max(LEAST_REGION_VOTERS, ALL_REGION_VOTERS // max(1, regions)))
