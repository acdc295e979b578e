"""Where a picture has corners, and what each looks like: the raw material of local features.

FAST corners with ORB's orientation and Harris response (Rublee et al., "ORB: an efficient alternative to SIFT or SURF",
2011), spread evenly over the picture and over sizes, each described by 256 bits of BEBLID (Suarez et al., "BEBLID:
Boosted Efficient Binary Local Image Descriptor", 2020; OpenCV contrib, Apache-2.0). Nothing here was trained by us.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LOOK_SIDE = 640
LEAST_LOOK_SIDE = 256
"""Pixels of the longer side at which keypoints are looked for: longer pictures are reduced, shorter ones enlarged."""

LEVELS = 8
LEVEL_STEP = 1.2
"""Each pyramid level is this much smaller than the one before."""

CODE_BYTES = 32

_DETECTED = 4000
_EDGE = 12
"""Pixels at the rim of each level without keypoints. ORB's 31 would lose crops (recall of crop50 100 -> 95)."""
_FAST = 12
_CELLS = 6
_SCALE_5_OF_RECTANGLE = 1.0
_cv: Any = cv2  # OpenCV's stubs leave out contrib and the factories
_of_keypoint = attrgetter("response", "octave", "angle")


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """``n`` keypoints, those that matter most first.

    ``xy`` (n, 2) float32, pixels of the picture they were found in; ``angle`` (n,) float32, degrees 0..360, clockwise;
    ``level`` (n,) uint8, 0..7, size ``LEVEL_STEP ** level``; ``codes`` (n, 32) uint8, and ``mirrored``, the codes that
    the picture's mirror image has at the same places (empty where not asked for).
    """

    xy: NDArray[np.float32]
    angle: NDArray[np.float32]
    level: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.xy)


def to_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``picture`` uint8, RGB (height, width, 3) or grey (height, width), as grey. Raises ``ValueError`` for others."""
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError("a picture is uint8, RGB or grey")
    if min(picture.shape[:2]) < 1:
        raise ValueError("a picture has pixels")
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def to_look_size(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``picture`` (height, width) or (height, width, 3) uint8 as grey, its longer side between
    ``LEAST_LOOK_SIDE`` and ``LOOK_SIDE``.

    Raises ``ValueError`` for any other shape or kind of numbers."""
    grey = to_grey(picture)
    height, width = grey.shape
    longer = max(height, width)
    side = min(max(longer, LEAST_LOOK_SIDE), LOOK_SIDE)
    if longer != side:
        size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
        kind = cv2.INTER_AREA if side < longer else cv2.INTER_CUBIC
        grey = np.asarray(cv2.resize(grey, size, interpolation=kind), dtype=np.uint8)
    return np.ascontiguousarray(grey)


def keypoints(grey: NDArray[np.uint8], most: int, mirrored: bool) -> Keypoints:
    """At most ``most`` keypoints of ``grey`` (height, width) uint8, spread over the picture and over sizes: the best
    of every cell and size first, then the second best, and so on."""
    found = _detector().detect(grey, None) if min(grey.shape) > 2 * _EDGE else ()
    if not found:
        return _none()
    xy = np.asarray(_cv.KeyPoint_convert(found), dtype=np.float32).reshape(-1, 2)
    facts = np.array(list(map(_of_keypoint, found)), dtype=np.float32)
    order = _spread(xy, facts[:, 0], facts[:, 1].astype(np.int64), grey.shape, most)
    chosen = [found[index] for index in order.tolist()]
    codes = _described(grey, chosen)
    if codes is None:
        return _none()
    mirror = np.empty((0, CODE_BYTES), np.uint8)
    if mirrored:
        last = float(grey.shape[1] - 1)
        turned = [
            cv2.KeyPoint(last - x, y, point.size, (180.0 - angle) % 360.0, 0.0, point.octave)
            for (x, y), angle, point in zip(xy[order].tolist(), facts[order, 2].tolist(), chosen, strict=True)
        ]
        other = _described(np.ascontiguousarray(grey[:, ::-1]), turned)
        if other is None:
            return _none()
        mirror = other
    return Keypoints(xy[order], facts[order, 2] % 360.0, facts[order, 1].astype(np.uint8), codes, mirror)


def _spread(
    xy: NDArray[np.float32], response: NDArray[np.float32], level: NDArray[np.int64], shape: tuple[int, ...], most: int
) -> NDArray[np.int64]:
    """Indices of the chosen keypoints: round-robin over 6 x 6 cells and three groups of sizes, by response."""
    height, width = shape[:2]
    cell = np.minimum(xy * (_CELLS / np.array([width, height], np.float32)), _CELLS - 1).astype(np.int64)
    place = (cell[:, 1] * _CELLS + cell[:, 0]) * 3 + np.minimum(level // 3, 2)
    order = np.lexsort((-response, place))
    sorted_place = place[order]
    first = np.flatnonzero(np.r_[True, sorted_place[1:] != sorted_place[:-1]])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return order[np.lexsort((-response[order], rank))[:most]]


def _described(grey: NDArray[np.uint8], points: list[Any]) -> NDArray[np.uint8] | None:
    kept, codes = _descriptor().compute(grey, points)
    if codes is None or len(kept) != len(points):
        return None
    return np.asarray(codes, dtype=np.uint8)


def _none() -> Keypoints:
    codes = np.empty((0, CODE_BYTES), np.uint8)
    return Keypoints(np.empty((0, 2), np.float32), np.empty(0, np.float32), np.empty(0, np.uint8), codes, codes)


def _detector() -> Any:
    return _cv.ORB_create(_DETECTED, LEVEL_STEP, LEVELS, _EDGE, fastThreshold=_FAST)


def _descriptor() -> Any:
    return _cv.xfeatures2d.BEBLID_create(_SCALE_5_OF_RECTANGLE, _cv.xfeatures2d.BEBLID_SIZE_256_BITS)
