"""Where faces are: the RFB-320 detector (Ultra-Light-Fast-Generic-Face-Detector, 320 x 240 input).

The whole picture is looked at once. A large one is looked at again in overlapping tiles, because a face that is
30 px wide in a picture of 2,000 px would be 5 px wide in the detector's view; and in finer ones where the first look
hints at faces that it could not tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from efface.vision.models.runtime import Floats, Net, Pixels

MIN_SCORE = 0.7
"""Least score of the net for a box to be taken."""
HINT = 0.4
"""Score from which a box narrower than ``HINT_WIDTH`` pixels of the net's view hints at faces too small for it: then
the picture is looked at again in finer tiles. So it is for 4 to 11 in 100 everyday photos. Of 24 faces of 24 to 37
pixels in made-up group pictures of 1280 to 3000 pixels, the whole view showed 0 to 10, the tiles all."""
HINT_WIDTH = 22
_OVERLAP_IOU = 0.4
_TILE_WIDTH, _TILE_HEIGHT = 1600, 1200
_MAX_TILES_A_SIDE = 3
_FINE_TILE, _FINE_TILES_A_SIDE = 450, 4
_TILE_OVERLAP = 0.2


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the net's canvas, in its pixels, that shows a picture turned anticlockwise by quarter ``turns``."""

    x: int
    y: int
    width: int
    height: int
    turns: int

    def scale(self, width: int, height: int) -> float:
        """By how much a picture of this size is shrunk (or enlarged) to fit."""
        across, down = (height, width) if self.turns % 2 else (width, height)
        return min(self.width / across, self.height / down)


class RfbDetector:
    """Finds boxes. Not thread-safe beyond what onnxruntime sessions are (they are)."""

    def __init__(self, net: Net) -> None:
        self._net = net

    def detect(self, rgb: Pixels) -> Floats:
        """Boxes (n, 5) of upright faces: x1, y1, x2, y2 in pixels, score; without repeats."""
        height, width = rgb.shape[:2]
        spec = self._net.manifest.input
        cells = [Cell(0, 0, spec.width, spec.height, 0)]
        (whole,), crowd = self._look(rgb, cells)
        found = [whole]
        for x, y, across, down in fine_windows(width, height) if crowd else windows(width, height)[1:]:
            (boxes,), _ = self._look(rgb[y : y + down, x : x + across], cells)
            boxes[:, :4] += np.array([x, y, x, y], dtype=np.float32)
            found.append(boxes)
        together = np.concatenate(found)
        return together[suppress(together)]

    def detect_turned(self, rgb: Pixels) -> list[tuple[int, Floats]]:
        """The same, in the picture's own pixels, for faces that do not stand upright: pairs of the number of quarter
        turns anticlockwise that bring them upright (1, 2, 3) and their boxes. One look at all three, side by side and
        smaller, so that the many pictures without a face stay cheap."""
        spec = self._net.manifest.input
        cells = arrange(rgb.shape[1], rgb.shape[0], spec.width, spec.height)
        looks, _ = self._look(rgb, cells)
        return [(cell.turns, boxes[suppress(boxes)]) for cell, boxes in zip(cells, looks, strict=True)]

    def _look(self, rgb: Pixels, cells: list[Cell]) -> tuple[list[Floats], bool]:
        """One run of the net over a canvas that shows ``rgb`` once in each cell: the boxes of each, in ``rgb``, and
        whether there seem to be faces too small for this view."""
        spec = self._net.manifest.input
        height, width = rgb.shape[:2]
        canvas = np.full((1, spec.height, spec.width, 3), round(float(np.mean(spec.mean))), dtype=np.uint8)
        made: dict[tuple[int, int], Pixels] = {}
        for cell in cells:
            scale = cell.scale(width, height)
            size = max(1, int(width * scale)), max(1, int(height * scale))
            if size not in made:
                made[size] = shrink(rgb, size)
            view = np.rot90(made[size], cell.turns)
            canvas[0, cell.y : cell.y + view.shape[0], cell.x : cell.x + view.shape[1]] = view
        answer = self._net.run(canvas)
        scores = answer["scores"][0, :, 1]
        sure = scores >= MIN_SCORE
        boxes = answer["boxes"][0, sure] * np.array([spec.width, spec.height] * 2, dtype=np.float32)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        wide = answer["boxes"][0, :, 2] - answer["boxes"][0, :, 0]
        crowd = bool(((scores >= HINT) & (wide * spec.width < HINT_WIDTH)).any())
        return [self._own(cell, boxes, scores[sure], middles, width, height) for cell in cells], crowd

    @staticmethod
    def _own(cell: Cell, boxes: Floats, scores: Floats, middles: Floats, width: int, height: int) -> Floats:
        """The boxes whose middle lies in ``cell``, in pixels of the picture that the cell shows."""
        low, high = np.array([cell.x, cell.y]), np.array([cell.x + cell.width, cell.y + cell.height])
        inside = ((middles >= low) & (middles < high)).all(axis=1)
        corners = (boxes[inside].reshape(-1, 2) - low) / cell.scale(width, height)
        across, down = (height, width) if cell.turns % 2 else (width, height)
        corners = turn_back(corners, across, down, cell.turns).reshape(-1, 2, 2)
        least = np.clip(corners.min(axis=1), 0, [width, height])
        most = np.clip(corners.max(axis=1), 0, [width, height])
        found = np.column_stack([least, most, scores[inside]]).astype(np.float32)
        large: Floats = found[((most - least) >= 2).all(axis=1)]
        return large


def arrange(width: int, height: int, across: int, down: int) -> list[Cell]:
    """Three cells of a canvas of ``across`` x ``down`` for a picture turned by 1, 2 and 3 quarter turns: beside each
    other, below each other or two and one, whichever shows the smallest of them largest."""
    layouts = []
    for columns, rows in ((3, 1), (1, 3), (2, 2)):
        size = across // columns, down // rows
        layouts.append([Cell(i % columns * size[0], i // columns * size[1], size[0], size[1], i + 1) for i in range(3)])
    return max(layouts, key=lambda cells: min(cell.scale(width, height) for cell in cells))


def shrink(rgb: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at ``size`` (width, height): whole-numbered area averaging first, which OpenCV does ten times faster
    than fractional, then bilinear for the rest."""
    factor = min(rgb.shape[1] // size[0], rgb.shape[0] // size[1])
    if factor >= 2:
        width, height = rgb.shape[1] // factor, rgb.shape[0] // factor
        rgb = np.asarray(
            cv2.resize(rgb[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA),
            dtype=np.uint8,
        )
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def turn_back(points: npt.NDArray[Any], across: float, down: float, turns: int) -> npt.NDArray[Any]:
    """Points (n, 2) in a view of ``across`` x ``down`` that was turned anticlockwise by ``turns`` quarter turns ->
    the same points before the turning."""
    x, y = points[:, 0], points[:, 1]
    places = {0: (x, y), 1: (down - y, x), 2: (across - x, down - y), 3: (y, across - x)}
    turned: npt.NDArray[Any] = np.stack(places[turns % 4], axis=1)
    return turned


def windows(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """The parts of a picture that are looked at, as x, y, width, height: all of it, then tiles if it is large."""
    parts = [(0, 0, width, height)]
    across = min(_MAX_TILES_A_SIDE, math.ceil(width / _TILE_WIDTH))
    down = min(_MAX_TILES_A_SIDE, math.ceil(height / _TILE_HEIGHT))
    if across * down == 1:
        return parts
    columns, rows = _spans(width, across), _spans(height, down)
    return parts + [(x, y, tile_width, tile_height) for y, tile_height in rows for x, tile_width in columns]


def fine_windows(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """The tiles in which a picture with small faces is looked at, as x, y, width, height; none for a small picture,
    which the net sees enlarged anyway."""
    across, down = (min(_FINE_TILES_A_SIDE, math.ceil(side / _FINE_TILE)) for side in (width, height))
    if across * down == 1:
        return []
    return [(x, y, wide, high) for y, high in _spans(height, down) for x, wide in _spans(width, across)]


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    """``count`` equal spans (start, length) that cover ``length`` and overlap their neighbours."""
    size = min(length, math.ceil(length / count * (1 + _TILE_OVERLAP)))
    if count == 1:
        return [(0, length)]
    return [(round(i * (length - size) / (count - 1)), size) for i in range(count)]


def suppress(boxes: Floats) -> npt.NDArray[np.intp]:
    """Indices of the boxes to keep: of those that overlap, the surest. A box that lies mostly inside a surer one
    (a face cut by a tile's edge) goes too."""
    order = np.argsort(-boxes[:, 4], kind="stable")
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[order, :2], boxes[best, :2])
        high = np.minimum(boxes[order, 2:4], boxes[best, 2:4])
        shared = np.prod(np.clip(high - low, 0, None), axis=1)
        union = area[order] + area[best] - shared
        inside = shared / np.minimum(area[order], area[best])
        order = order[(shared / union <= _OVERLAP_IOU) & (inside <= 0.8)]
    return np.array(kept, dtype=np.intp)
