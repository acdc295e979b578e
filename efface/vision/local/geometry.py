"""Where one picture lies in another, in shares (0..1) of their sides. Plain Python."""

from __future__ import annotations

from efface.vision.local.tiles import Affine

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) in shares of a picture's width and height, in order round it."""

_SQUARE: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def region_of(affine: Affine) -> Polygon:
    """The part of the query in which the enrolled picture is seen."""
    return clipped(tuple(moved(affine, point) for point in _SQUARE))


def part_of(affine: Affine) -> Polygon:
    """The part of the enrolled picture that is seen in the query."""
    back = inverse(affine)
    return clipped(tuple(moved(back, point) for point in _SQUARE))


def moved(affine: Affine, point: tuple[float, float]) -> tuple[float, float]:
    a, b, c, d, e, f = affine
    x, y = point
    return a * x + b * y + c, d * x + e * y + f


def inverse(affine: Affine) -> Affine:
    """The way back. Raises ``ValueError`` where there is none."""
    a, b, c, d, e, f = affine
    area = a * e - b * d
    if abs(area) < 1e-9:
        raise ValueError("a transform can be turned round")
    p, q, r, s = e / area, -b / area, -d / area, a / area
    return p, q, -(p * c + q * f), r, s, -(r * c + s * f)


def clipped(polygon: Polygon) -> Polygon:
    """What of a convex ``polygon`` lies within the picture (Sutherland and Hodgman, 1974), to four digits."""
    corners = list(polygon)
    for axis, limit, sign in ((0, 0.0, 1), (0, 1.0, -1), (1, 0.0, 1), (1, 1.0, -1)):
        kept: list[tuple[float, float]] = []
        for (one, other) in zip(corners, corners[1:] + corners[:1], strict=True):
            depth, next_depth = (one[axis] - limit) * sign, (other[axis] - limit) * sign
            if depth >= 0:
                kept.append(one)
            if (depth < 0) != (next_depth < 0):
                share = depth / (depth - next_depth)
                kept.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
        corners = kept
    return tuple((round(x, 4), round(y, 4)) for x, y in corners)
