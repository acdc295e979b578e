"""Shares with their uncertainty: a Beta distribution with its mean and interval, and Wilson's, without a library."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, log1p, sqrt

_STEPS = 300
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Share:
    """``n`` cases of its own; ``mean`` and the interval (``low``, ``high``) also lean on what was known before."""

    n: int
    mean: float
    low: float
    high: float

    def words(self) -> str:
        return f"{self.mean:.0%} ({self.low:.0%} to {self.high:.0%}, n={self.n})"


def share(hits: int, n: int, prior: float = 0.5, strength: float = 2.0, level: float = 0.9) -> Share:
    """``hits`` of ``n``, drawn towards ``prior`` as if ``strength`` earlier cases had shown it. Raises ``ValueError``
    for counts that cannot be."""
    if not 0 <= hits <= n or not 0 <= prior <= 1 or strength <= 0 or not 0 < level < 1:
        raise ValueError("0 <= hits <= n, a prior between 0 and 1 and a positive strength are wanted")
    prior = min(max(prior, 0.01), 0.99)
    a, b = hits + strength * prior, n - hits + strength * (1 - prior)
    tail = (1 - level) / 2
    return Share(n, a / (a + b), quantile(tail, a, b), quantile(1 - tail, a, b))


Z = 1.959964
"""Standard deviations of a 95 % interval."""


def wilson(k: int, n: int, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval for ``k`` of ``n`` (E. B. Wilson, JASA 22, 1927); (0, 1) where nothing was tried."""
    if n <= 0:
        return 0.0, 1.0
    share, square = k / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return (0.0 if k == 0 else max(0.0, middle - half)), (1.0 if k == n else min(1.0, middle + half))


def quantile(p: float, a: float, b: float) -> float:
    """The x below which a Beta(a, b) lies with probability ``p``; by bisection, to 1e-6."""
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if below(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function (DLMF 8.17), by its continued fraction."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - below(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + part * d
            c = 1.0 + part / c
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1.0) < 1e-12:
            break
    return front * value
