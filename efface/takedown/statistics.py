"""What came of notices, by site, host, kind of notice and language: shares with n and bounds, and how long it took.

Groups of which little is known are not shown one by one: what happened to one or two people is theirs. They are counted
together, and where that is little too, not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from efface.sites.models import Asked
from efface.takedown import survival
from efface.takedown.survival import Curve
from efface.whereabouts.beta import wilson

BY = {"site": "site", "host": "host", "route": "notice_type", "language": "language", "role": "role"}
FEWEST = 5
"""Fewer than these are not shown as a group of their own."""
MOST = 50_000
WEEK, MONTH = 7.0, 30.0


@dataclass(frozen=True, slots=True)
class Span:
    """The share gone within a time, by the curve, with its bounds. None where nothing was looked at for so long."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """``removed`` of ``n`` so far, with Wilson's bounds; ``open`` still stand or were lost from sight. ``rest``: small
    groups taken together, ``groups`` of them."""

    name: str
    n: int
    removed: int
    low: float
    high: float
    open: int
    week: Span | None
    month: Span | None
    median: float | None
    curve: Curve
    rest: bool = False
    groups: int = 1


def groups(by: str, now: datetime) -> list[Group]:
    """All groups along one word of ``BY``, the largest first, those too small taken together at the end. Raises
    ``KeyError`` for another word."""
    rows = Asked.objects.filter(delivered=True).order_by("-sent_on", "-pk")
    columns = (BY[by], "sent_on", "removed_days", "ended_days")
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for name, sent_on, removed, ended in rows.values_list(*columns)[:MOST]:
        stood = float(max(0, (now.date() - sent_on).days))
        found[name or ""].append((removed, True) if removed is not None else (stood if ended is None else ended, False))
    return grouped(found)


def grouped(found: dict[str, list[tuple[float, bool]]]) -> list[Group]:
    """Pure: (days, went) by name."""
    large = [_group(name, times) for name, times in found.items() if len(times) >= FEWEST and name]
    small = [times for name, times in found.items() if len(times) < FEWEST or not name]
    together = [one for times in small for one in times]
    shown = sorted(large, key=lambda one: (-one.n, one.name))
    if len(together) >= FEWEST:
        rest = _group("", together)
        shown.append(Group(**{**_plain(rest), "rest": True, "groups": len(small)}))
    return shown


def _plain(one: Group) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Group.__slots__}


def _group(name: str, times: Iterable[tuple[float, bool]]) -> Group:
    curve = survival.curve(times)
    n, gone = int(curve.n), int(curve.gone)  # findings, each of weight one
    low, high = wilson(gone, n)
    return Group(
        name, n, gone, low, high, n - gone, _span(curve, WEEK), _span(curve, MONTH),
        curve.median, curve,
    )  # fmt: skip


def _span(curve: Curve, days: float) -> Span | None:
    if not curve.known_to(days):
        return None
    point = curve.at(days)
    return Span(1 - point.standing, 1 - point.high, 1 - point.low)


def as_json(by: str, now: datetime) -> list[dict[str, Any]]:
    """For the command: everything but names of nobody."""
    return [
        {
            "name": one.name or None, "rest": one.rest, "groups": one.groups, "n": one.n, "removed": one.removed,
            "interval": [round(one.low, 4), round(one.high, 4)], "open": one.open, "median_days": one.median,
            "week": _of(one.week), "month": _of(one.month),
            "curve": [[p.days, round(p.standing, 4), round(p.low, 4), round(p.high, 4), p.at_risk]
                      for p in one.curve.points],
        }
        for one in groups(by, now)
    ]  # fmt: skip


def _of(span: Span | None) -> list[float] | None:
    return None if span is None else [round(span.share, 4), round(span.low, 4), round(span.high, 4)]


def polyline(curve: Curve, width: float = 200, height: float = 60, days: float = 60) -> str:
    """The curve as steps for a drawing: the share gone grows upward."""
    x, y = 0.0, height
    points = [f"{x:.1f},{y:.1f}"]
    for point in curve.points:
        if point.days > days:
            break
        at, up = point.days / days * width, height * point.standing
        points += [f"{at:.1f},{y:.1f}", f"{at:.1f},{up:.1f}"]
        y = up
    end = min(curve.longest, days) / days * width
    return " ".join([*points, f"{end:.1f},{y:.1f}"])
