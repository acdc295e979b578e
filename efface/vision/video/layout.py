"""What somebody put around and over a whole video: bars and a logo. They stand still while the rest moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

LEAST_FRAMES = 3
"""Frames needed before anything is said of bars."""
LOGO_FRAMES = 6
"""Frames needed before anything is said of a logo."""
_MOST_FRAMES = 24
_SAME = 12
_BAR_SHARE = 0.88
_FRAMES_SHARE = 0.9
_LEAST_BAR = 0.02
_MOST_BAR = 0.45
_LIVELY = 7.0
_EDGE = 10.0
_MOST_LOGO = 0.15
_LEAST_LOGO = 0.0006

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """``picture`` is the part inside the bars and ``logos`` the boxes that stand still over it, all as left, top,
    right, bottom shares (0..1) of the whole frame."""

    picture: Box = (0.0, 0.0, 1.0, 1.0)
    logos: tuple[Box, ...] = ()

    @property
    def is_plain(self) -> bool:
        return self == Layout()


def find(frames: Sequence[Grey]) -> Layout:
    """The layout of a video from some of its frames, grey (height, width) uint8, all of one size."""
    if len(frames) < LEAST_FRAMES or len({frame.shape for frame in frames}) != 1:
        return Layout()
    picked = frames[:: 1 + (len(frames) - 1) // _MOST_FRAMES]
    height, width = (max(1, side // 2) for side in picked[0].shape)
    halves = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in picked]
    stack = np.stack(halves).astype(np.float32)
    stack = stack[stack.std(axis=(1, 2)) > _LIVELY]
    if len(stack) < LEAST_FRAMES:
        return Layout()
    top, bottom = _bars(stack)
    left, right = _bars(stack.transpose(0, 2, 1))
    if (bottom - top) < 16 or (right - left) < 16:
        return Layout()
    inside = stack[:, top:bottom, left:right]
    boxes = _logos(inside) if len(stack) >= LOGO_FRAMES else []
    return Layout(
        (left / width, top / height, right / width, bottom / height),
        tuple(
            ((x + left) / width, (y + top) / height, (x + w + left) / width, (y + h + top) / height)
            for x, y, w, h in boxes
        ),
    )


def clean(frame: Grey, layout: Layout) -> Grey:
    """``frame`` (height, width) with its logos filled in from around them, cut to the picture inside the bars."""
    height, width = frame.shape
    left, top, right, bottom = _pixels(layout.picture, width, height)
    if layout.logos:
        frame = frame.copy()
        for box in layout.logos:
            x0, y0, x1, y1 = _pixels(box, width, height)
            _fill(frame, max(x0, left), max(y0, top), min(x1, right), min(y1, bottom), (left, top, right, bottom))
    return np.ascontiguousarray(frame[top:bottom, left:right])


def _bars(stack: NDArray[np.float32]) -> tuple[int, int]:
    """First and last-but-one row of the picture between an upper and a lower bar, of (frames, height, width)."""
    height = stack.shape[1]
    level = np.median(stack, axis=(0, 2))  # one grey level a row
    same = (np.abs(stack - level[None, :, None]) <= _SAME).mean(axis=2)
    is_bar = (same >= _BAR_SHARE).mean(axis=0) >= _FRAMES_SHARE
    most = int(height * _MOST_BAR)
    upper, lower = _run(is_bar, level, most), _run(is_bar[::-1], level[::-1], most)
    least = max(1, round(height * _LEAST_BAR))
    # The row at the seam is blended of both by resampling.
    return (upper + 1 if upper >= least else 0), (height - lower - 1 if lower >= least else height)


def _run(is_bar: NDArray[np.bool_], level: NDArray[np.float32], most: int) -> int:
    """Rows of the bar that begins at row 0; a caption inside the bar may interrupt it."""
    end = gap = 0
    for row in range(most):
        if is_bar[row] and abs(float(level[row]) - float(level[0])) <= _SAME:
            end, gap = row + 1, 0
        else:
            gap += 1
            if row == 0 or gap > max(2, end):
                break
    return end


def _logos(stack: NDArray[np.float32]) -> list[tuple[int, int, int, int]]:
    """Boxes (x, y, width, height) whose edges are in every frame while the picture around them changes."""
    if float(np.median(stack.std(axis=0))) < _LIVELY:
        return []
    across = np.median(np.diff(stack, axis=2)[:, :-1, :], axis=0)
    down = np.median(np.diff(stack, axis=1)[:, :, :-1], axis=0)
    edges = (np.hypot(across, down) > _EDGE).astype(np.uint8)
    height, width = edges.shape
    reach = max(3, width // 40) | 1
    grown = cv2.dilate(edges, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    boxes: list[tuple[int, int, int, int]] = []
    area = 0
    for x, y, w, h, _ in stats[1:count].tolist():
        share = w * h / (width * height)
        strong = int(edges[y : y + h, x : x + w].sum())
        if share < _LEAST_LOGO or strong < 12:
            continue
        area += w * h
        boxes.append((x, y, w, h))
    return boxes if len(boxes) <= 8 and area <= _MOST_LOGO * width * height else []


def _fill(frame: Grey, x0: int, y0: int, x1: int, y1: int, inside: tuple[int, int, int, int]) -> None:
    """Paint a box with what surrounds it: the mean of blending left to right and top to bottom."""
    left, top, right, bottom = inside
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    sides: list[NDArray[np.float32]] = []
    before = frame[y0:y1, x0 - 3 : x0].mean(axis=1) if x0 - 3 >= left else None
    after = frame[y0:y1, x1 : x1 + 3].mean(axis=1) if x1 + 3 <= right else None
    if before is not None or after is not None:
        first, last = (before if before is not None else after), (after if after is not None else before)
        share = np.linspace(0, 1, x1 - x0, dtype=np.float32)[None, :]
        sides.append(first[:, None] * (1 - share) + last[:, None] * share)  # type: ignore[index]
    above = frame[y0 - 3 : y0, x0:x1].mean(axis=0) if y0 - 3 >= top else None
    below = frame[y1 : y1 + 3, x0:x1].mean(axis=0) if y1 + 3 <= bottom else None
    if above is not None or below is not None:
        first, last = (above if above is not None else below), (below if below is not None else above)
        share = np.linspace(0, 1, y1 - y0, dtype=np.float32)[:, None]
        sides.append(first[None, :] * (1 - share) + last[None, :] * share)  # type: ignore[index]
    if sides:
        frame[y0:y1, x0:x1] = np.clip(np.mean(sides, axis=0), 0, 255).astype(np.uint8)


def _pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    return (
        round(box[0] * width),
        round(box[1] * height),
        round(box[2] * width),
        round(box[3] * height),
    )
