"""How long things stood, as a curve that tells of no single one: fixed days, bold steps, round shares. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from efface.takedown import survival
from efface.takedown.figures.protect import FEWEST, rounded

GRID = (1, 3, 7, 14, 30, 60, 90, 180, 365)
MANY = 100
"""From so many on a share is told to the percent, below to five."""


def told(times: Iterable[tuple[float, bool]]) -> dict[str, Any]:
    """``n`` and ``gone``, rounded; ``curve`` as [day, share gone, low, high]; ``median`` the first day of the grid by
    which half was gone, None where more stands. A day at which fewer than ``FEWEST`` went since the last one told is
    left out."""
    rows = sorted(times)
    curve = survival.curve(rows)
    points: list[list[float]] = []
    gone_before = 0
    step = 0.01 if curve.n >= MANY else 0.05
    for day in GRID:
        if not curve.known_to(day):
            break
        gone = sum(1 for days, went in rows if went and days <= day)
        if gone - gone_before < FEWEST:
            continue
        at = curve.at(day)
        points.append([day, *(_round(share, step) for share in (1 - at.standing, 1 - at.high, 1 - at.low))])
        gone_before = gone
    return {
        "n": rounded(curve.n), "gone": rounded(curve.gone) if curve.gone >= FEWEST else None, "curve": points,
        "known_days": max((day for day in GRID if curve.known_to(day)), default=0),
        "median": next((int(one[0]) for one in points if one[1] >= 0.5), None),
    }  # fmt: skip


def _round(share: float, step: float) -> float:
    return round(round(share / step) * step, 2)
