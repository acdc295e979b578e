"""Pictures within a picture: what stands in a screenshot's frame, between caption bars, in the cells of a collage.

The picture is cut along straight flat bands and along straight seams, again and again (the XY-cut of page layout
analysis: Nagy and Seth, 1984); a piece that has straight sides and something in it is a picture. Frames that melt into
the picture are not seen; then the whole picture's features have to do.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0..1) of the picture."""

LEAST_PIXELS = 40
"""Parts with a side shorter than this are not looked at."""
LEAST_AREA = 0.035
MOST_AREA = 0.6
"""Of the picture."""
MOST_BOXES = 8

_STEP = 10
"""Grey levels between neighbours that make an edge."""
_BUSY = 0.006
"""Share of edges up to which a row or column is flat."""
_SEAM = 0.75
"""Share of edges from which a row or column may be a seam."""
_STANDS_OUT = 2.2
"""How many times stronger a seam or side is than what lies beside it."""
_STRAIGHT = 0.4
"""Mean share of edges along a picture's own sides."""
_LEAST_DENSITY = 0.03
_ALIKE = 0.12
_ACROSS = 0.02
_DEEPEST = 5
_PIECES = 100
_SEAMS = 64

_Edges = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """Of a picture (height, width): grey levels between a pixel and the one to its ``right``, the one ``below`` it
    (uint8), and where either is an edge (0 or 1)."""

    right: _Edges
    below: _Edges
    edges: _Edges


def find(grey: NDArray[np.uint8]) -> list[Box]:
    """Boxes of pictures within ``grey`` (height, width) uint8, largest first, at most ``MOST_BOXES``; empty where no
    frame, bar or gutter is seen, as in most pictures."""
    height, width = grey.shape
    if min(height, width) < LEAST_PIXELS:
        return []
    right, below = np.zeros_like(grey), np.zeros_like(grey)
    right[:, :-1] = cv2.absdiff(grey[:, 1:], grey[:, :-1])
    below[:-1] = cv2.absdiff(grey[1:], grey[:-1])
    edges = cv2.threshold(cv2.max(right, below), _STEP, 1, cv2.THRESH_BINARY)[1]
    sheet = _Sheet(right, below, np.asarray(edges, dtype=np.uint8))
    found: list[tuple[int, int, int, int]] = []
    pending = [(0, 0, width, height, 0)]
    done = 0
    while pending and done < _PIECES:
        left, top, end, bottom, depth = pending.pop()
        done += 1
        pieces = _cut(sheet, left, top, end, bottom) if depth < _DEEPEST else []
        if pieces:
            pending += [(*piece, depth + 1) for piece in pieces]
        elif _is_picture(sheet, left, top, end, bottom):
            found.append((left, top, end, bottom))
    found.sort(key=lambda box: (-(box[2] - box[0]) * (box[3] - box[1]), box))
    return [(left / width, top / height, end / width, low / height) for left, top, end, low in found[:MOST_BOXES]]


def cells(boxes: list[Box]) -> list[Box]:
    """All cells of a collage of which ``boxes`` are some: two of about one size, the places that complete their rows
    and columns, and those opposite. Where flat parts hide what is alike but the middle lines part all ``boxes``, the
    four quarters. Empty where neither holds."""
    for one in boxes:
        alike = [box for box in boxes if is_alike(one, box)]
        if len(alike) < 2:
            continue
        columns = _distinct([(box[0], box[2]) for box in alike])
        rows = _distinct([(box[1], box[3]) for box in alike])
        return [(left, top, right, bottom) for top, bottom in rows for left, right in columns][:MOST_BOXES]
    quarters = {_QUARTERS.get((_half(box[0], box[2]), _half(box[1], box[3]))) for box in boxes}
    return list(_QUARTERS.values()) if len(quarters) >= 2 and None not in quarters else []


_QUARTERS: dict[tuple[int, int], Box] = {
    (column, row): (column / 2, row / 2, (column + 1) / 2, (row + 1) / 2) for row in range(2) for column in range(2)
}


def _half(start: float, end: float) -> int:
    """0 or 1 for a span in the first or second half, -1 for one across the middle."""
    if end <= 0.5 + _ACROSS:
        return 0
    return 1 if start >= 0.5 - _ACROSS else -1


def is_alike(one: Box, other: Box) -> bool:
    """Whether two boxes are of about the same size."""
    wide, tall = one[2] - one[0], one[3] - one[1]
    return abs(other[2] - other[0] - wide) <= _ALIKE * wide and abs(other[3] - other[1] - tall) <= _ALIKE * tall


def _distinct(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that do not overlap: those given, then their mirror images in the picture."""
    kept: list[tuple[float, float]] = []
    for start, end in [*sorted(spans), *sorted((1 - end, 1 - start) for start, end in spans)]:
        if all(start >= other_end - _ALIKE * (end - start) or end <= other + _ALIKE * (end - start)
               for other, other_end in kept):  # fmt: skip
            kept.append((max(0.0, start), min(1.0, end)))
    return kept


def _cut(sheet: _Sheet, left: int, top: int, right: int, bottom: int) -> list[tuple[int, int, int, int]]:
    """The pieces of a block that are large enough; empty where it cannot be cut."""
    edges = sheet.edges[top:bottom, left:right]
    down = _pieces(_means(edges, 1), sheet.below[top:bottom, left:right], 1)
    if down != [(0, bottom - top)]:
        return [(left, top + a, right, top + b) for a, b in down]
    across = _pieces(_means(edges, 0), sheet.right[top:bottom, left:right], 0)
    if across != [(0, right - left)]:
        return [(left + a, top, left + b, bottom) for a, b in across]
    return []


def _means(block: NDArray[np.uint8], axis: int) -> NDArray[np.float32]:
    """Of each column (``axis`` 0) or row (1)."""
    return np.asarray(cv2.reduce(block, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F), dtype=np.float32).ravel()


def _pieces(busy: NDArray[np.float32], steps: NDArray[np.uint8], axis: int) -> list[tuple[int, int]]:
    """Start and end of the stretches between flat bands and seams that are at least ``LEAST_PIXELS`` long. ``busy``
    (n,) is the share of edges in each line, ``steps`` the grey levels from each line to the next; the lines are columns
    (``axis`` 0) or rows (1)."""
    n = len(busy)
    flat = busy <= _BUSY
    strength = _means(steps, axis)
    seam = np.zeros(n, bool)
    strong = strength > _STEP
    if strong.any():
        strong &= _stands_out(strength)
    for place in np.flatnonzero(strong)[:_SEAMS].tolist():
        line = steps[place] if axis else steps[:, place]
        seam[place] = np.count_nonzero(line > _STEP) >= _SEAM * line.size
    starts = np.zeros(n, bool)
    starts[0] = True
    starts[1:] = seam[: n - 1] | (flat[1:] != flat[:-1])
    bounds = [*np.flatnonzero(starts).tolist(), n]
    return [(a, b) for a, b in itertools.pairwise(bounds) if b - a >= LEAST_PIXELS and not flat[a]]


def _stands_out(strength: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which lines are much stronger than the six on either side, the nearest (a blurred edge) left out."""
    n = len(strength)
    total = np.zeros(n + 1, np.float32)
    np.cumsum(strength, out=total[1:])
    (low, high, before), (start, end, after) = _beside(n)
    around = np.maximum((total[high] - total[low]) / before, (total[end] - total[start]) / after)
    return strength >= _STANDS_OUT * np.maximum(np.float32(0), around)


@functools.lru_cache(maxsize=256)
def _beside(n: int) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], ...]:
    """Of each of ``n`` lines the six before it and the six after it, the nearest left out: where they begin, where they
    end, how many there are (1 for none)."""
    at = np.arange(n)
    sides = ((np.clip(at + a, 0, n), np.clip(at + b, 0, n)) for a, b in ((-7, -1), (2, 8)))
    return tuple((low, high, np.maximum(high - low, 1)) for low, high in sides)


def _is_picture(sheet: _Sheet, left: int, top: int, right: int, bottom: int) -> bool:
    height, width = sheet.edges.shape
    area = (right - left) * (bottom - top) / (width * height)
    if not LEAST_AREA <= area <= MOST_AREA or min(right - left, bottom - top) < LEAST_PIXELS:
        return False
    if cv2.countNonZero(sheet.edges[top:bottom, left:right]) < _LEAST_DENSITY * (right - left) * (bottom - top):
        return False
    sides: list[float] = []
    for axis, place, limit in ((1, top, height), (1, bottom, height), (0, left, width), (0, right, width)):
        if 3 <= place <= limit - 3:
            start, end = max(0, place - 9), place + 9
            near = sheet.below[start:end, left:right] if axis else sheet.right[top:bottom, start:end]
            strength = _means(near, axis)
            at = place - start - 3
            line = at + int(np.argmax(strength[at : at + 5]))
            steps = near[line] if axis else near[:, line]
            straight = np.count_nonzero(steps > _STEP) / steps.size
            sides.append(straight if _stands_out(strength)[line] else 0.0)
    return bool(sides) and sum(sides) / len(sides) >= _STRAIGHT
