"""Signatures: long, thin, connected strokes of a pen, where printed letters stand apart. No model.

A signature names her and can be copied, so it is covered unless it is uncovered by hand. What else is drawn in thin
connected lines (a coat of arms, a pattern) may be covered too."""

from __future__ import annotations

import cv2
import numpy as np

from efface.vision.models.runtime import Floats, Pixels

WORK_SIDE = 1000
"""Longer side, pixels, at which strokes are looked at."""
PEN = 15
"""Pixels that a stroke is thinner than."""
INK = 28
"""By how much a stroke is darker than what is around it, at least (of 255)."""
LONG = (60, 450)
"""Pixels that one stroke spans: longer than a letter, shorter than the edge of a card."""
HIGH = 10
"""Pixels that it goes up and down at least: a rule or the edge of a field does not."""
FULL = 0.6
"""Share of its own box that ink fills, at most: shades and stamps fill more."""


def strokes(rgb: Pixels) -> list[Floats]:
    """Corners (4, 2) in pixels of what is written by a pen."""
    height, width = rgb.shape[:2]
    scale = min(1.0, WORK_SIDE / max(height, width))
    wide, high = max(8, round(width * scale)), max(8, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(rgb, (wide, high), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    ink = _ink(grey)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    back = np.array([width / wide, height / high], np.float32)
    found = []
    for label in range(1, count):
        left, top, across, down, _area = (int(value) for value in stats[label])
        if not LONG[0] <= max(across, down) <= LONG[1]:
            continue
        own = (labels[top : top + down, left : left + across] == label).astype(np.uint8)
        corners = _written(own)
        if corners is not None:
            found.append((corners + np.array([left, top], np.float32)) * back)
    return found


def _ink(grey: np.ndarray) -> np.ndarray:
    """Thin strokes darker than what is around them, small gaps closed."""
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (PEN, PEN))
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, around)
    return cv2.dilate((dark > INK).astype(np.uint8), np.ones((3, 3), np.uint8))


def _written(own: np.ndarray) -> Floats | None:
    """The corners around one connected stroke; None for a straight line, a shade, or a frame."""
    points = cv2.findNonZero(own)
    centre, (across, down), angle = cv2.minAreaRect(points)
    if min(across, down) < HIGH or max(across, down) < LONG[0]:
        return None
    if float(own.sum()) > FULL * across * down:
        return None
    middle = own[own.shape[0] // 4 : -own.shape[0] // 4 or None, own.shape[1] // 4 : -own.shape[1] // 4 or None]
    if not middle.any():
        return None
    return np.asarray(cv2.boxPoints((centre, (across + 12, down + 12), angle)), np.float32)
