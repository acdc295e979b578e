"""How long things stood, as a curve that tells of no single one: fixed days, drawn, round. Pure but for chance.

The product-limit estimate over those days (a life table: S. J. Cutler, F. Ederer, J. Chronic Diseases 8, 1958), of
people: each weighs one, however much was found of her. Each person stands in one number of the table, and each number
carries a draw (``protect``); the curve is reckoned from the drawn numbers, so it tells no more than they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from efface.takedown.figures import protect
from efface.takedown.figures.protect import SHOWN_FROM, Draw, rounded
from efface.takedown.figures.tally import LADDER, Group, of_one
from efface.whereabouts.beta import wilson

GRID = (1, 3, 7, 14, 30, 60, 90, 180, 365)
COARSE = (7, 30, 90, 365)
MANY = 100
"""From so many people on a share is told at each day of ``GRID`` and to the percent; below at few days and to five."""


@dataclass(frozen=True, slots=True)
class Span:
    """Until ``day`` since the day before it: so many ``gone``, so many ``lost`` (they stood when last looked at)."""

    day: int
    gone: int
    lost: int


@dataclass(frozen=True, slots=True)
class Share:
    """The share gone by ``day``; ``people`` it rests on: all but those lost from sight."""

    day: int
    gone: float
    people: int


def spans(group: Group, grid: tuple[int, ...], draw: Draw) -> list[Span]:
    """The table, drawn. What went on the last day of a span went in it; what was last looked at then is lost in the
    next."""
    return [
        Span(day, _drawn(_within(group.gone, last, day), draw), _drawn(_within(group.stood, last - 1, day - 1), draw))
        for last, day in pairwise((0, *grid))
    ]


def _within(weights: Mapping[int, float], above: int, until: int) -> float:
    # The first span has also what went at once.
    least = above if above > 0 else -1
    return sum(weight for day, weight in weights.items() if least < day <= until)


def _drawn(weight: float, draw: Draw) -> int:
    return max(0, round(weight) + draw())


def life_table(rows: list[Span], people: int) -> list[Share]:
    """As long as it says something: while enough people are looked at, or few were lost from sight at all."""
    found: list[Share] = []
    standing, risk, lost = 1.0, people, 0
    for row in rows:
        lost += row.lost
        left = risk - row.gone - row.lost
        if min(left, risk) < SHOWN_FROM <= lost:
            break
        at = max(risk - row.lost / 2, row.gone, 1)
        standing *= 1 - row.gone / at
        risk = max(left, 0)
        found.append(Share(row.day, 1 - standing, max(people - lost, 1)))
    return found


def told(group: Group, people: int, draw: Draw | None = None) -> dict[str, Any]:
    """``people``, as drawn, rounded; ``curve`` as [day, share gone, low, high] with Wilson's bounds; ``median`` the
    first day told by which half was gone, None where more stands. All that is decided here follows from ``people`` and
    from draws."""
    draw = draw or protect.drawn
    many = people >= MANY
    shares = life_table(spans(group, GRID if many else COARSE, draw), people)
    step = 0.01 if many else 0.05
    points = []
    for one in shares:
        low, high = wilson(round(one.gone * one.people), one.people)
        points.append([one.day, *(_round(part, step) for part in (one.gone, min(low, one.gone), max(high, one.gone)))])
    return {
        "people": rounded(people), "curve": points, "known_days": shares[-1].day if shares else 0,
        "median": next((int(one[0]) for one in points if one[1] >= 0.5), None),
    }  # fmt: skip


def findings(group: Group, people: int, draw: Draw | None = None) -> dict[str, int]:
    """``n`` and ``gone``: how much was found, at most ``of_one`` of a person, drawn and rounded."""
    draw = draw or protect.drawn
    cap = of_one(people)
    place = LADDER.index(cap)
    n, gone = (max(rounded(count + draw() * cap, cap), 0) for count in (group.found[place], group.went[place]))
    return {"n": n, "gone": min(gone, n), "of_one": cap}


def _round(share: float, step: float) -> float:
    return round(round(share / step) * step, 2)
