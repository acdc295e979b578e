"""Small numbers kept back, so that no table, no two tables and no two days tell of single people. Pure.

Four guards, one on the other:

1. what stands on fewer than ``FEWEST`` people is not shown, nought neither;
2. where only one part of a sum is hidden, or the hidden ones are few people together, more are hidden with it
   (complementary suppression), and stay hidden as long as they are needed;
3. what is shown is rounded to ``BASE``, parts and sums each for themselves;
4. a figure moves only once it has moved by ``FEWEST``: until then the next report repeats what the last one said, so
   that the difference of two reports is never about fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FEWEST = 5
BASE = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: ``count`` things of ``people`` people. Where people are counted the two are the same."""

    count: int
    people: int

    @classmethod
    def of(cls, people: int) -> Counted:
        return cls(people, people)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the last report stood on for one cell, and whether it was hidden there."""

    count: int
    people: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class Table:
    """``shown`` by name: rounded, None where hidden; ``total`` likewise. ``kept`` is for the next report."""

    shown: dict[str, int | None]
    total: int | None
    kept: dict[str, Kept] = field(default_factory=dict)


TOTAL = "="
"""Name under which the sum of a table is kept."""


def rounded(count: int) -> int:
    """To the nearest ``BASE``."""
    return (count + BASE // 2) // BASE * BASE


def steady(now: Counted, before: Kept | None) -> Counted:
    """What is reported: what the last report stood on, unless it moved by ``FEWEST`` since."""
    if before is None:
        return now
    still = abs(now.people - before.people) < FEWEST and abs(now.count - before.count) < FEWEST
    return Counted(before.count, before.people) if still else now


def table(
    parts: Mapping[str, Counted], total: Counted, before: Mapping[str, Kept] | None = None, *, shut: bool = False
) -> Table:
    """Protect one list of parts and their sum. ``shut`` hides all of it: a sum it could be reckoned from is hidden."""
    before = before or {}
    steady_parts = {name: steady(one, before.get(name)) for name, one in parts.items()}
    steady_total = steady(total, before.get(TOTAL))
    hidden = set(steady_parts) if shut else _hidden(steady_parts, before)
    # A sum of nothing but hidden parts says how many they are together: shown where that is enough people.
    total_hidden = shut or steady_total.people < FEWEST
    kept = {name: Kept(one.count, one.people, name in hidden) for name, one in steady_parts.items()}
    kept[TOTAL] = Kept(steady_total.count, steady_total.people, total_hidden)
    return Table(
        {name: None if name in hidden else rounded(one.count) for name, one in steady_parts.items()},
        None if total_hidden else rounded(steady_total.count),
        kept,
    )


def _hidden(parts: Mapping[str, Counted], before: Mapping[str, Kept]) -> set[str]:
    hidden = {name for name, one in parts.items() if one.people < FEWEST}
    if not hidden:
        return hidden
    # Whoever was hidden to keep another company stays so: shown now, the last report would give the other away.
    hidden |= {name for name in parts if name in before and before[name].hidden}
    open_parts = sorted((one.people, name) for name, one in parts.items() if name not in hidden)
    while open_parts and (len(hidden) < 2 or sum(parts[name].people for name in hidden) < FEWEST):
        hidden.add(open_parts.pop(0)[1])
    return hidden
