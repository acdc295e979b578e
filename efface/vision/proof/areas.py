"""Areas of a picture and what becomes of them; reading them from a form that may say anything. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["text", "code", "portrait", "rest", "drawn", "name", "face", "shown"]
Points = tuple[tuple[float, float], ...]
SHOWS: frozenset[Kind] = frozenset({"name", "face", "shown"})
"""Kinds that uncover what lies below them; all others cover."""
EVERYTHING: Points = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
MOST = 2000
MOST_CORNERS = 64


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon on the picture: corners as shares of its width and height."""

    kind: Kind
    points: Points


def rectangle(kind: Kind, left: float, top: float, width: float, height: float) -> Area:
    """Shares of the picture; what lies outside it is cut off."""
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in (left, top, left + width, top + height))
    return Area(kind, ((x1, y1), (x2, y1), (x2, y2), (x1, y2)))


def from_wire(given: Any) -> list[Area]:
    """The inverse of ``suggest.to_wire``. Raises ``ValueError`` for what is no list of areas."""
    if not isinstance(given, list) or len(given) > MOST:
        raise ValueError("not a list of areas")
    return [_area(one) for one in given]


def _area(one: Any) -> Area:
    if not isinstance(one, dict) or one.get("kind") not in get_args(Kind):
        raise ValueError("not an area")
    points = one.get("points")
    if not isinstance(points, list) or not 3 <= len(points) <= MOST_CORNERS:
        raise ValueError("not a polygon")
    return Area(one["kind"], tuple(_point(point) for point in points))


def _point(given: Any) -> tuple[float, float]:
    if not isinstance(given, list) or len(given) != 2 or not all(isinstance(one, int | float) for one in given):
        raise ValueError("not a point")
    x, y = float(given[0]), float(given[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("not a point")
    return min(2.0, max(-1.0, x)), min(2.0, max(-1.0, y))
