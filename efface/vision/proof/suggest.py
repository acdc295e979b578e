"""What to cover on a photographed identity document, and what to leave. Errs towards covering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import numpy as np

from efface.vision.models.runtime import Floats, Pixels
from efface.vision.proof.areas import EVERYTHING, Area, Points
from efface.vision.proof.codes import codes
from efface.vision.proof.names import says
from efface.vision.proof.reading import Line, TextEngine
from efface.vision.proof.strokes import strokes

Note = Literal["no-face", "several-faces", "no-text-model", "nothing-found", "name-not-found"]
AROUND_FACE = (0.3, 0.45, 0.3, 0.25)
"""By how much of its width or height a face is shown beyond its box: left, above, right, below."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``areas`` in the order in which they are painted: what comes later lies over what came before. ``notes`` say what
    the person should know before looking."""

    areas: list[Area]
    notes: list[Note] = field(default_factory=list)


def suggest(rgb: Pixels, boxes: Sequence[Sequence[float]], text: TextEngine | None, name: str = "") -> Suggestion:
    """``boxes``: faces on the picture (x, y, width, height as shares), the widest first. ``name``: as the person typed
    it; lines that say it, and nothing else, are left. Without ``text`` everything but the face is covered."""
    faces = [_around(box) for box in boxes]
    notes: list[Note] = [] if faces else ["no-face"]
    if len(boxes) > 1 and boxes[1][2] > 0.6 * boxes[0][2]:
        notes.append("several-faces")
    face = [Area("face", faces[0])] if faces else []
    others = [Area("portrait", one) for one in faces[1:]]
    if text is None:
        return Suggestion([Area("rest", EVERYTHING), *face, *others], [*notes, "no-text-model"])
    lines = text.lines(rgb)
    mine = _names(rgb, lines, text, name)
    if name.strip() and not mine:
        notes.append("name-not-found")
    if not lines:
        notes.append("nothing-found")
    size = (rgb.shape[1], rgb.shape[0])
    # Text over the face is covered all the same, and only the name lies above everything.
    areas = [*face, *others]
    areas += [Area("text", _shares(line.corners, size)) for line in lines if not _among(line, mine)]
    drawn = [*codes(rgb), *strokes(rgb)]
    areas += [Area("code", shares) for one in drawn if not _on((shares := _shares(one, size)), boxes[:1])]
    areas += [Area("name", _shares(_shrunk(line.corners), size)) for line in mine]
    return Suggestion(areas, notes)


def _names(rgb: Pixels, lines: list[Line], text: TextEngine, name: str) -> list[Line]:
    if not name.strip() or not text.reads:
        return []
    return [line for line, said in zip(lines, text.read(rgb, lines), strict=True) if says(said, name)]


def _among(line: Line, mine: list[Line]) -> bool:
    """Whether a line found at another size is one of the name's: most of it lies there, and it is no larger."""
    return any(line is one or _inside(line, one) for one in mine)


def _inside(line: Line, other: Line) -> bool:
    area, common = cv2.contourArea(line.corners), cv2.intersectConvexConvex(line.corners, other.corners)[0]
    return common > 0.7 * area and area < 1.4 * cv2.contourArea(other.corners)


def _on(points: Points, boxes: Sequence[Sequence[float]]) -> bool:
    """Whether the middle of an area lies on a face: hair and patterned clothes have the texture of a code."""
    across, down = (sum(point[at] for point in points) / len(points) for at in (0, 1))
    return any(
        x - 0.4 * wide <= across <= x + 1.4 * wide and y - 0.5 * high <= down <= y + 1.5 * high
        for x, y, wide, high in boxes
    )


def _around(box: Sequence[float]) -> Points:
    x, y, wide, high = (float(value) for value in box)
    left, above, right, below = AROUND_FACE
    x1, y1, x2, y2 = x - left * wide, y - above * high, x + wide * (1 + right), y + high * (1 + below)
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in (x1, y1, x2, y2))
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def _shrunk(corners: Floats) -> Floats:
    centre = corners.mean(axis=0)
    return np.asarray(centre + (corners - centre) * np.float32(0.96), np.float32)


def _shares(corners: Floats, size: tuple[int, int]) -> Points:
    wide, high = size
    return tuple((round(float(x) / wide, 5), round(float(y) / high, 5)) for x, y in corners)


def to_wire(areas: Sequence[Area]) -> list[dict[str, Any]]:
    """JSON-ready."""
    return [{"kind": one.kind, "points": [list(point) for point in one.points]} for one in areas]
