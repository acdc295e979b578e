"""Which days are working days in a country. Rules, not lists, so a year far ahead is counted like this one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from efface.law.base import Confidence

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Holiday:
    """One of: ``month`` and ``day``; ``month``, ``weekday`` and ``nth`` (-1: the last); ``easter``, days after Easter
    Sunday of the western churches; ``on``, once. ``sunday_moves``: days it moves where it falls on a Sunday."""

    name: str
    month: int | None = None
    day: int | None = None
    weekday: Weekday | None = None
    nth: int | None = None
    easter: int | None = None
    on: date | None = None
    since: int = 0
    until: int = 9999
    except_years: tuple[int, ...] = ()
    sunday_moves: int = 0

    def fits(self) -> bool:
        """Whether exactly one way to find the day is given, and is possible."""
        given = {
            name for name in ("month", "day", "weekday", "nth", "easter", "on") if getattr(self, name) is not None
        }  # fmt: skip
        if given not in ({"month", "day"}, {"month", "weekday", "nth"}, {"easter"}, {"on"}):
            return False
        possible = 1 <= (self.month or 1) <= 12 and 1 <= (self.day or 1) <= 31
        return possible and (self.nth is None or self.nth in (-1, 1, 2, 3, 4))

    def in_year(self, year: int) -> date | None:
        """The day in ``year``, None where there is none."""
        if self.on is not None:
            return self.on if self.on.year == year else None
        if not self.since <= year <= self.until or year in self.except_years:
            return None
        found = self._found(year)
        if found is not None and self.sunday_moves and found.weekday() == 6:
            found += timedelta(days=self.sunday_moves)
        return found

    def _found(self, year: int) -> date | None:
        if self.easter is not None:
            return easter(year) + timedelta(days=self.easter)
        if self.month is None:
            return None
        if self.weekday is None or self.nth is None:
            try:
                return date(year, self.month, self.day or 1)
            except ValueError:
                return None
        wanted = WEEKDAYS.index(self.weekday)
        if self.nth < 0:
            last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
            return last - timedelta(days=(last.weekday() - wanted) % 7)
        first = date(year, self.month, 1)
        return first + timedelta(days=(wanted - first.weekday()) % 7 + 7 * (self.nth - 1))


@dataclass(frozen=True, eq=False)
class Calendar:
    """Compared by identity, so that a year is worked out once. ``observed``: what happens where a holiday falls on a
    rest day. "nearest": the Friday before a Saturday, the Monday after a Sunday; "next": the next working day is free
    instead; "none": nothing."""

    id: str
    name: str
    as_of: date
    rest_days: tuple[Weekday, ...]
    observed: Literal["none", "nearest", "next"]
    days: tuple[Holiday, ...]
    confidence: Confidence
    sources: tuple[str, ...]
    note: str = ""
    review_days: int = 400

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day here."""
        return WEEKDAYS[day.weekday()] not in self.rest_days and day not in _free(self, day.year)

    def next_working(self, day: date) -> date:
        """``day`` itself, or the first working day after it."""
        while not self.works(day):
            day += timedelta(days=1)
        return day


@lru_cache(maxsize=512)
def _free(calendar: Calendar, year: int) -> frozenset[date]:
    """Every free day of ``year``, with those that stand in for a holiday on a rest day, also of a neighbouring year."""
    days = sorted(
        {found for near in (year - 1, year, year + 1) for one in calendar.days if (found := one.in_year(near))}
    )
    free = set(days)
    if calendar.observed != "none":
        for day in days:
            if WEEKDAYS[day.weekday()] in calendar.rest_days:
                free.add(_instead(calendar, day, free))
    return frozenset(day for day in free if day.year == year)


def _instead(calendar: Calendar, day: date, free: set[date]) -> date:
    if calendar.observed == "nearest" and day.weekday() == 5:
        return day - timedelta(days=1)
    while WEEKDAYS[day.weekday()] in calendar.rest_days or day in free:
        day += timedelta(days=1)
    return day


def easter(year: int) -> date:
    """Easter Sunday of the western churches, by the tabular computus of the Gregorian calendar."""
    golden = year % 19
    century = year // 100
    skipped = century - century // 4
    moon = (skipped - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (29 // (moon + 1)) * ((21 - golden) // 11))
    sunday = (year + year // 4 + moon + 2 - skipped) % 7
    after = moon - sunday
    month = 3 + (after + 40) // 44
    return date(year, month, after + 28 - 31 * (month // 4))


PLAIN = Calendar("", "rest days only", date.min, ("sat", "sun"), "none", (), "low", ())
"""Where no calendar is known: holidays are missing, so a date counted with it may be too early."""
