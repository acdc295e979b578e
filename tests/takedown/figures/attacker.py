"""Somebody who knows every rule, every figure that was let out and every case but one: is she counted, or not?

For each figure they reckon how likely it is in either world, from the rules and from how draws fall, and add up what
all of them say together (log-odds). What they are never told are the draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import inf, log

from efface.takedown.figures import protect
from efface.takedown.figures.protect import DRAWS, SHOWN_FROM, WEIGHTS, Table

SURE = 20.0
"""Log-odds that stand for certainty."""


@cache
def likely(count: int, shown: int | None, base: int = 1) -> float:
    """How likely a count is told so. Kept back: it may also be company of others, which tells no more than that."""
    if shown is None:
        return sum(w for d, w in zip(DRAWS, WEIGHTS, strict=True) if count + d < SHOWN_FROM) / sum(WEIGHTS)
    told = (count + d for d in DRAWS)
    fits = (one >= SHOWN_FROM and protect.rounded(one) == shown for one in told)
    return sum(w for fit, w in zip(fits, WEIGHTS, strict=True) if fit) / sum(WEIGHTS)


def odds(pairs: Iterable[tuple[int | None, int, int]]) -> float:
    """For (shown, count with her, count without): the log-odds that she is there, ``SURE`` where no doubt is left."""
    sum_ = 0.0
    for shown, with_her, without in pairs:
        a, b = likely(with_her, shown), likely(without, shown)
        if a == b:
            continue
        sum_ += inf if b == 0 else -inf if a == 0 else log(a / b)
    return max(-SURE, min(SURE, sum_))


def of_table(table: Table, with_her: Mapping[str, int], without: Mapping[str, int]) -> float:
    """What one table says: its parts, and its sum. Parts that only keep others company are passed over."""
    pairs = [
        (shown, with_her[name], without[name]) for name, shown in table.shown.items()
        if shown is not None or table.kept[name].few
    ]  # fmt: skip
    return odds([*pairs, (table.total, sum(with_her.values()), sum(without.values()))])
