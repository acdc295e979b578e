"""How long something stands after a notice, where much of it stands still: the product-limit estimate. Pure.

E. L. Kaplan, P. Meier, JASA 53 (1958); variance after Greenwood, bounds on the log-minus-log scale (J. D. Kalbfleisch,
R. L. Prentice, 1980), so that they stay between nothing and all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt

Z = 1.959964
"""Standard deviations of a 95 % interval."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """After ``days``, the share that still stands, with its bounds; ``at_risk`` were looked at until then."""

    days: float
    standing: float
    low: float
    high: float
    at_risk: float
    gone: float


@dataclass(frozen=True, slots=True)
class Curve:
    """``points`` where something went, in order; ``n`` in all, of which ``gone`` went. The others stood when last
    looked at: that is known of them, and nothing more."""

    points: tuple[Point, ...]
    n: float
    gone: float
    longest: float

    def at(self, days: float) -> Point:
        """What is known at a day; before the first removal all of it stands."""
        found = Point(0.0, 1.0, 1.0, 1.0, self.n, 0)
        for point in self.points:
            if point.days > days:
                break
            found = point
        return found

    def known_to(self, days: float) -> bool:
        """Whether anything was looked at for so long: beyond, the curve says nothing."""
        return self.longest >= days or (bool(self.points) and self.points[-1].standing == 0.0)

    @property
    def median(self) -> float | None:
        """The first day at which no more than half stands, None while more does."""
        return next((point.days for point in self.points if point.standing <= 0.5 + 1e-12), None)


def curve(times: Iterable[tuple[float, bool]]) -> Curve:
    """``times`` are (days, went): True where it was gone after so many days, False where it stood still then. What was
    lost from sight at a moment still counts at that moment."""
    bins: dict[float, list[int]] = {}
    for days, went in times:
        bins.setdefault(max(0.0, days), [0, 0])[not went] += 1
    return weighted((days, went, stood) for days, (went, stood) in bins.items())


def weighted(bins: Iterable[tuple[float, float, float]]) -> Curve:
    """``bins`` are (days, went, stood), each day once: so much was gone after so many days, so much stood still then. A
    weight of one is one finding, or one person."""
    rows = sorted(bins)
    points: list[Point] = []
    standing, variance = 1.0, 0.0
    n, gone_in_all = sum(went + stood for _days, went, stood in rows), sum(went for _days, went, _stood in rows)
    left = n
    for days, went, stood in rows:
        if went:
            # Weights of parts add up to a whole with an error of the last digit.
            rest = left - went if left - went > _NOTHING else 0
            standing *= rest / left
            variance += went / (left * rest) if rest else 0.0
            low, high = _bounds(standing, variance)
            points.append(Point(days, standing, low, high, left, went))
        left -= went + stood
    return Curve(tuple(points), n, gone_in_all, rows[-1][0] if rows else 0.0)


def _bounds(standing: float, variance: float) -> tuple[float, float]:
    if standing <= 0.0:
        return 0.0, 0.0
    if standing >= 1.0 or variance <= 0.0:
        return standing, standing
    spread = Z * sqrt(variance) / abs(log(standing))
    return standing ** exp(spread), standing ** exp(-spread)
