"""Counts that are added up piece by piece: how many people, and how long things stood. They name nobody. Pure.

Bounded: a group holds at most ``LAST`` days, however much was found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

LADDER = (5, 10, 25, 50, 100)
"""At most so many findings of one person are counted in a figure, the more the more people there are (``of_one``)."""
LAST = 366
"""What took or stood longer is counted at this day: nothing is told of later ones."""


def of_one(people: int) -> int:
    """How many findings of one person count at most where so many people are told of: then one person moves a figure
    by no more than its draws do, and its draws by little."""
    return max((step for step in LADDER if step * 20 <= people), default=LADDER[0])


@dataclass(slots=True)
class Group:
    """What was found and belongs together. ``gone`` and ``stood``: after so many days, so much went, and so much
    still stood when last looked at; each person weighs one, spread over what was found of her. ``found`` and ``went``:
    numbers of findings, for each step of ``LADDER`` with at most so many of one person."""

    people: int = 0
    gone: dict[int, float] = field(default_factory=dict)
    stood: dict[int, float] = field(default_factory=dict)
    found: list[int] = field(default_factory=lambda: [0] * len(LADDER))
    went: list[int] = field(default_factory=lambda: [0] * len(LADDER))

    def add(self, hers: Sequence[tuple[float, bool]]) -> None:
        """All that was found of one person in this group, as (days, went). Days count whole: gone within, stood for."""
        if not hers:
            return
        self.people += 1
        for days, went in hers:
            to, day = (self.gone, ceil(days)) if went else (self.stood, floor(days))
            day = min(max(day, 0), LAST)
            to[day] = to.get(day, 0.0) + 1 / len(hers)
        gone = sum(went for _days, went in hers)
        for place, step in enumerate(LADDER):
            self.found[place] += min(len(hers), step)
            self.went[place] += min(gone, step)

    def merge(self, other: Group) -> None:
        """People of ``other`` come to these; nobody may be in both."""
        self.people += other.people
        for mine, theirs in ((self.gone, other.gone), (self.stood, other.stood)):
            for day, weight in theirs.items():
                mine[day] = mine.get(day, 0.0) + weight
        self.found = [a + b for a, b in zip(self.found, other.found, strict=True)]
        self.went = [a + b for a, b in zip(self.went, other.went, strict=True)]

    @property
    def people_gone(self) -> float:
        """Of each person the share that went, added up."""
        return sum(self.gone.values())

    def as_json(self) -> list[Any]:
        return [self.people, sorted(self.gone.items()), sorted(self.stood.items()), self.found, self.went]

    @classmethod
    def of_json(cls, row: Sequence[Any]) -> Group:
        people, gone, stood, found, went = row
        return cls(people, {int(day): w for day, w in gone}, {int(day): w for day, w in stood}, list(found), list(went))


@dataclass(slots=True)
class Tally:
    """Plain counts of cases by name, and groups by (word, name). They leave this room protected or not at all."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    groups: dict[str, dict[str, Group]] = field(default_factory=lambda: defaultdict(dict))

    def group(self, by: str, name: str) -> Group:
        return self.groups[by].setdefault(name, Group())

    def merge(self, other: Tally) -> None:
        for table, counter in other.counts.items():
            self.counts[table].update(counter)
        for by, groups in other.groups.items():
            for name, one in groups.items():
                self.group(by, name).merge(one)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {table: dict(counter) for table, counter in self.counts.items()},
            "groups": {by: {name: one.as_json() for name, one in groups.items()} for by, groups in self.groups.items()},
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Tally:
        made = cls()
        for table, counter in stored.get("counts", {}).items():
            made.counts[table].update(counter)
        for by, groups in stored.get("groups", {}).items():
            for name, row in groups.items():
                made.groups[by][name] = Group.of_json(row)
        return made
