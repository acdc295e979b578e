"""Bar codes, matrix codes and small print by their texture: dense dark-light changes. No model."""

from __future__ import annotations

import cv2
import numpy as np

from efface.vision.models.runtime import Floats, Pixels

WORK_SIDE = 1000
"""Longer side, pixels, at which texture is looked at."""
STRONG = 110.0
"""Mean change (Sobel, both directions together) of a code of small squares; hair and cloth stay below."""
THICK = 27
"""Pixels that a code is thick at least; a line of text is thinner."""


def codes(rgb: Pixels) -> list[Floats]:
    """Corners (4, 2) in pixels of what has the texture of a code."""
    height, width = rgb.shape[:2]
    scale = min(1.0, WORK_SIDE / max(height, width))
    wide, high = max(8, round(width * scale)), max(8, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(rgb, (wide, high), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    found: list[Floats] = []
    back = np.array([width / wide, height / high], np.float32)
    for across in (True, False):
        found += [corners * back for corners in _dense(grey, across)]
    found += [corners * back for corners in _matrices(grey)]
    return [*found, *_squares(rgb)]


def _dense(grey: np.ndarray, across: bool) -> list[Floats]:
    """Where changes along one direction outweigh those along the other, closely packed: bars."""
    along, beside = ((1, 0), (0, 1)) if across else ((0, 1), (1, 0))
    change = cv2.subtract(
        cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_32F, *along)),
        cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_32F, *beside)),
    )
    smooth = cv2.blur(change, (9, 9))
    _, marked = cv2.threshold(smooth, 60, 255, cv2.THRESH_BINARY)
    shape = (21, 7) if across else (7, 21)
    closed = cv2.morphologyEx(marked, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (11, 11)))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        centre, (wide, high), angle = cv2.minAreaRect(outline)
        if wide * high >= 600:
            boxes.append(cv2.boxPoints((centre, (wide + 14, high + 14), angle)).astype(np.float32))
    return boxes


def _matrices(grey: np.ndarray) -> list[Floats]:
    """Blobs of strong changes in all directions, thicker than a line of text: codes of small squares."""
    change = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    marked = (cv2.blur(change, (17, 17)) > STRONG).astype(np.uint8)
    closed = cv2.morphologyEx(marked, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        centre, (wide, high), angle = cv2.minAreaRect(outline)
        boxes.append(cv2.boxPoints((centre, (wide + 16, high + 16), angle)).astype(np.float32))
    return boxes


def _squares(rgb: Pixels) -> list[Floats]:
    """QR codes, whether or not they can be read."""
    try:
        _, points = cv2.QRCodeDetector().detectMulti(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    except cv2.error:
        return []
    return [] if points is None else [_grown(one.astype(np.float32), 1.2) for one in points.reshape(-1, 4, 2)]


def _grown(corners: Floats, by: float) -> Floats:
    centre = corners.mean(axis=0)
    return np.asarray(centre + (corners - centre) * by, np.float32)
