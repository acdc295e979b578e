"""Where in a picture something was recognised, as outlines on an empty field. Never the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

LONG_SIDE = 240
MOST = 4
_MOST_CORNERS = 12
_WIDEST = 6.0
"""Pictures longer than this in one direction are drawn as if they were only so long."""


_DRAWN = ("local", "vector", "face")


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline: ``points`` as SVG writes them, in the units of its drawing; ``kind`` "local" or "face"."""

    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture's frame, ``width`` x ``height`` units, with outlines in it; ``words`` say the same."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    words: str


def drawings(reasons: Any) -> tuple[Drawing, ...]:
    """One drawing for each picture of which a reason names a region; at most ``MOST``."""
    by_picture: dict[str, list[Mapping[str, Any]]] = {}
    for one in reasons if isinstance(reasons, list) else ():
        if isinstance(one, dict) and one.get("kind") in _DRAWN and one.get("width") and one.get("height"):
            by_picture.setdefault(str(one.get("sighting")), []).append(one)
    made = (_draw(rows) for rows in list(by_picture.values())[:MOST])
    return tuple(one for one in made if one.shapes)


def _draw(rows: list[Mapping[str, Any]]) -> Drawing:
    across, down = max(1.0, float(rows[0]["width"])), max(1.0, float(rows[0]["height"]))
    across, down = min(across, _WIDEST * down), min(down, _WIDEST * across)
    scale = LONG_SIDE / max(across, down)
    width, height = max(1, round(across * scale)), max(1, round(down * scale))
    shapes: list[Shape] = []
    words: dict[str, None] = {}
    for row in rows:
        corners = _corners(row)
        if not corners:
            continue
        places = [(round(min(1.5, max(-0.5, x)) * width), round(min(1.5, max(-0.5, y)) * height)) for x, y in corners]
        shapes.append(Shape("face" if row["kind"] == "face" else "local", " ".join(f"{x},{y}" for x, y in places)))
        words[_words(str(row["kind"]), corners)] = None
    return Drawing(width, height, tuple(shapes), "; ".join(words))


def _corners(row: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The outline's corners as shares of the picture; empty where it cannot be drawn."""
    region = row.get("region")
    if not isinstance(region, list) or not all(isinstance(one, int | float) for one in region):
        return []
    values = [float(one) for one in region[: 2 * _MOST_CORNERS]]
    if row["kind"] == "face" and len(values) == 4:
        x, y, width, height = values
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    if row["kind"] in ("local", "vector") and len(values) >= 6 and len(values) % 2 == 0:
        return list(zip(values[::2], values[1::2], strict=True))
    return []


def _words(kind: str, corners: list[tuple[float, float]]) -> str:
    name = _("face") if kind == "face" else _("her picture")
    left, right = (round(100 * min(1.0, max(0.0, pick(x for x, _y in corners)))) for pick in (min, max))
    top, bottom = (round(100 * min(1.0, max(0.0, pick(y for _x, y in corners)))) for pick in (min, max))
    return _("%(name)s from %(left)d to %(right)d %% of the width and %(top)d to %(bottom)d %% of the height") % {
        "name": name, "left": left, "right": right, "top": top, "bottom": bottom,
    }  # fmt: skip
