"""Five points of a face: MTCNN's output net (Zhang et al., 2016) on the detector's box.

It stands in for the whole MTCNN cascade: the same landmarks at a quarter of the cost.
"""

from __future__ import annotations

import cv2
import numpy as np

from efface.vision.faces.detect import turn_back
from efface.vision.models.runtime import Floats, Net, Pixels

VIEWS = ((0.83, 0.0, 0.0),)
"""The squares that the net is shown of each face, as size, shift right and shift down in sides of the square around the
detector's box; the points are averaged. That square itself is too large for it: the cascade that it was trained in cuts
closer. Measured on calibration photos, one photo against one at one false match in 10^4: 96.3 % found with the square
itself, 97.1 % with one of 0.8 to 0.85."""


class OnetLandmarks:
    """Finds the eyes, the nose and the corners of the mouth."""

    def __init__(self, net: Net) -> None:
        self._net = net

    def find(self, rgb: Pixels, boxes: Floats, turns: int = 0) -> tuple[Floats, Floats]:
        """For boxes (n, 5) in pixels: points (n, 5, 2) as x, y in pixels (left eye, right eye, nose, left and right
        corner of the mouth, as seen on the upright face), and the net's own belief that each is a face (n,), 0..1.
        ``turns`` quarter turns anticlockwise bring the faces upright."""
        size = self._net.manifest.input.width
        if not len(boxes):
            return np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
        squares = around(square(boxes))
        answer = self._net.run(np.stack([np.rot90(crop(rgb, corner, size), turns) for corner in squares]))
        places = np.stack([answer["points"][:, :5], answer["points"][:, 5:]], axis=-1)
        places = turn_back(places.reshape(-1, 2), 1.0, 1.0, turns).reshape(-1, 5, 2)
        points = squares[:, None, :2] + places * squares[:, None, 2:]
        points = points.reshape(len(boxes), len(VIEWS), 5, 2).mean(axis=1)
        return points.astype(np.float32), answer["probability"][:, 1].reshape(len(boxes), -1).max(axis=1)


def square(boxes: Floats) -> Floats:
    """Boxes (n, 4+) as x1, y1, x2, y2 -> squares (n, 3) of the longer side around the same centre: x, y, side."""
    side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    left = (boxes[:, 0] + boxes[:, 2] - side) / 2
    top = (boxes[:, 1] + boxes[:, 3] - side) / 2
    return np.stack([left, top, side], axis=1).astype(np.float32)


def around(squares: Floats) -> Floats:
    """Squares (n, 3) as x, y, side -> the ``VIEWS`` of each (n * views, 3), in whole pixels."""
    shares = np.array(VIEWS, dtype=np.float32)
    side = squares[:, None, 2] * shares[:, 0]
    middle = squares[:, None, :2] + squares[:, None, 2:] * (0.5 + shares[:, 1:])
    views = np.concatenate([middle - side[..., None] / 2, side[..., None]], axis=-1).reshape(-1, 3)
    return np.asarray(np.maximum(np.round(views), [-np.inf, -np.inf, 1]), dtype=np.float32)


def crop(rgb: Pixels, corner: Floats, size: int) -> Pixels:
    """The square (x, y, side in pixels) of the picture at ``size`` x ``size``; black where it leaves the picture."""
    left, top, side = (round(float(value)) for value in corner)
    side = max(1, side)
    height, width = rgb.shape[:2]
    view = np.zeros((side, side, 3), dtype=np.uint8)
    x1, y1, x2, y2 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x2 > x1 and y2 > y1:
        view[y1 - top : y2 - top, x1 - left : x2 - left] = rgb[y1:y2, x1:x2]
    shrink = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(view, (size, size), interpolation=shrink), dtype=np.uint8)
