"""The product's picture pipeline with all its settings, under one name, so that what is measured is what runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from efface.vision import pdq
from efface.vision.local import LocalLook, look, search, thresholds
from efface.vision.local import keypoints as local_keypoints
from efface.vision.local import looks as local_look
from efface.vision.local import prints as local_prints
from efface.vision.local.tiles import SHIFT
from efface.vision.pictures import Pixels, read_pixels

DECODE_SIDE = pdq.LONG_SIDE
"""Least longer side, pixels, at which pictures are decoded: one decode serves hash and local features."""

SETTINGS: dict[str, float | int] = {
    "decode_side": DECODE_SIDE,
    "pdq_side": pdq.LONG_SIDE,
    "pdq_match": pdq.MATCH,
    "pdq_views": len(pdq.DIHEDRAL),
    "look_side": local_keypoints.LOOK_SIDE,
    "least_look_side": local_keypoints.LEAST_LOOK_SIDE,
    "tile_shift": SHIFT,
    "whole_keypoints": local_look.WHOLE_KEYPOINTS,
    "region_keypoints": local_look.REGION_KEYPOINTS,
    "region_side": local_look.REGION_SIDE,
    "print_keypoints": local_prints.PRINT_KEYPOINTS,
    "voters": search.VOTERS,
    "region_voters": search.REGION_VOTERS,
    "all_region_voters": search.ALL_REGION_VOTERS,
    "radius": search.RADIUS,
    "probes": search.PROBES,
    "coarse_probes": search.COARSE_PROBES,
    "least_vote": search.LEAST_VOTE,
    "most_verified": search.MOST_VERIFIED,
    "verify_radius": search.VERIFY_RADIUS,
    "most_candidates": search.MOST_CANDIDATES,
    "least_inliers": thresholds.LEAST_INLIERS,
    "most_tile_error": thresholds.MOST_TILE_ERROR,
    "few_tiles_error": thresholds.FEW_TILES_ERROR,
    "least_tiles_error": thresholds.LEAST_TILES_ERROR,
}

PROFILE = "pictures-1:" + hashlib.sha256(repr(sorted(SETTINGS.items())).encode()).hexdigest()[:12]
"""Names pipeline and settings; two measurements with the same name are of the same thing."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureView:
    """What the default pipeline makes of a picture before faces: its pixels, PDQ of the eight views, PDQ quality
    (0..100), local look."""

    pixels: Pixels
    hashes: list[str]
    quality: int
    look: LocalLook


def view(data: bytes) -> PictureView:
    """Decode -> PDQ -> local look. Raises ``efface.vision.pictures.PictureError``, and ``ValueError`` for pictures too
    small for a fingerprint."""
    pixels = read_pixels(data, DECODE_SIDE)
    hashes, quality = pdq.fingerprint(pixels.rgb)
    return PictureView(pixels, hashes, quality, look(pixels.rgb))
