"""Clocks held against a second reckoning (``clock_reference``): none missed, none early, none acted on twice.

Four of five cases are one period with its holds; of these the moment is compared. Each fifth is a notice to which
things happen one after the other, written down late and out of order, while a scheduler looks again and again: what
the rules of the deadline table let it do is compared with what the reference says has ended by what is known then.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bench import clock_reference as reference
from efface.law import Hold, Period, load
from efface.law.calendars import PLAIN
from efface.law.clocks import end
from efface.takedown import clocks
from efface.takedown.clocks import Known

FIRST, LAST = 1_577_836_800, 2_051_222_400  # 2020 to 2034
ODD = ("Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/Santiago", "Asia/Beirut", "Asia/Gaza",
       "Asia/Kathmandu", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
       "Pacific/Easter", "Pacific/Kiritimati", "UTC")  # fmt: skip
PLACES = (
    "", "AR", "AT", "AU", "BR", "CA-BC", "DE", "ES", "FR", "GB", "GB-SCT", "IE", "IN", "IT", "JP", "KR", "NG", "NL",
    "NZ", "PL", "PT", "RU", "SE", "US", "US-CA", "XX",
)  # fmt: skip
KINDS = (*clocks.EVENTS, clocks.ASKED, clocks.GIVEN, clocks.EXTENDED)
DAY = 86_400


@dataclass(slots=True)
class Found:
    cases: int = 0
    missed: int = 0
    early: int = 0
    double: int = 0

    def __iadd__(self, other: Found) -> Found:
        self.cases, self.missed = self.cases + other.cases, self.missed + other.missed
        self.early, self.double = self.early + other.early, self.double + other.double
        return self


def zones() -> tuple[str, ...]:
    return tuple(sorted({*ODD, *(one for found in load().zones.values() for one in found)}))


def changes(zone: str) -> list[int]:
    """When clocks are changed there."""
    place, found = ZoneInfo(zone), []

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, UTC).astimezone(place).utcoffset()

    for second in range(FIRST, LAST, 4 * DAY):
        if offset(second) != offset(second + 4 * DAY):
            low, high = second, second + 4 * DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high)
    return found


class Maker:
    """Cases by seed: starts around clock changes, leap days, holidays and midnights, and anywhere."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.zones = zones()
        self.changes = {zone: changes(zone) for zone in self.zones}
        self.countries = ("", *reference.calendars())
        self.holidays = {one: sorted(reference.free_days(one)[1]) for one in self.countries}

    def start(self, zone: str, country: str) -> int:
        some, kind = self.random, self.random.randrange(5)
        if kind == 0 and self.changes[zone]:
            return some.choice(self.changes[zone]) + some.choice((-1, 0, 1, some.randint(-2 * DAY, 2 * DAY)))
        if kind == 1:
            year = some.choice((2020, 2023, 2024, 2027, 2028, 2032))
            return int(datetime(year, 2, some.randint(26, 28), tzinfo=UTC).timestamp()) + some.randint(0, 4 * DAY)
        if kind == 2 and self.holidays[country]:
            number = some.choice([one for one in self.holidays[country] if FIRST < (one - 719_163) * DAY < LAST])
            return (number - 719_163) * DAY + some.randint(-4 * DAY, 2 * DAY)
        if kind == 3:
            number = reference.day_of(some.randint(FIRST, LAST), zone)
            return reference.end_of(number, zone) + some.randint(-2, 2)
        return some.randint(FIRST, LAST)

    def length(self) -> tuple[str, int]:
        unit = self.random.choice(("hours", "days", "months", "business_days"))
        most = {"hours": 720, "days": 120, "months": 13, "business_days": 40}[unit]
        return unit, self.random.choice((1, 2, self.random.randint(1, most)))

    def stops(self, start: int) -> reference.Spans:
        made: reference.Spans = []
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 4))):
            since = start + self.random.randint(-5 * DAY, 40 * DAY)
            lasts = self.random.choice((0, 1, 3600, DAY, self.random.randint(0, 40 * DAY)))
            made.append((since, None if self.random.random() < 0.1 else since + lasts))
        return made


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def period(make: Maker) -> Found:
    """One period with its holds: the end, to the second."""
    zone, country = make.random.choice(make.zones), make.random.choice(make.countries)
    start, (unit, count), rolls = make.start(zone, country), make.length(), make.random.random() < 0.5
    stops = make.stops(start)
    calendar = load().calendars.get(country, PLAIN)
    holds = [Hold(moment(since), None if until is None else moment(until)) for since, until in stops]
    due = end(Period(**{unit: count}), moment(start), zone, calendar, rolls, holds)
    want = reference.end(unit, count, start, zone, country, rolls, stops)
    if due is None or want is None:
        return Found(1, missed=due is None and want is not None, early=due is not None and want is None)
    return Found(1, missed=due.timestamp() > want, early=due.timestamp() < want)


class Table:
    """The deadlines of one notice under the rules of the real table: set and moved by ``clocks.moves``, taken when due,
    and acted on only after the clock was counted again."""

    def __init__(self, notice_type: str, place: str) -> None:
        self.notice_type, self.place = notice_type, place
        self.known: list[Known] = []
        self.waiting: dict[str, datetime] = {}
        self.fired: dict[str, datetime] = {}

    def counted(self) -> dict[str, datetime]:
        found = clocks.count(self.notice_type, self.known, self.place)
        return {one.key: one.due for one in found if one.due is not None}

    def note(self, kind: str, at: int) -> None:
        self.known.append(Known(kind, moment(at)))
        put, gone = clocks.moves(self.counted(), self.waiting, self.fired)
        self.waiting |= put
        # One row a clock: what is set anew is not remembered as done.
        self.fired = {key: due for key, due in self.fired.items() if key not in put}
        for key in gone:
            del self.waiting[key]

    def fire(self, now: int) -> list[tuple[str, datetime]]:
        acted = []
        for key in [key for key, due in self.waiting.items() if due <= moment(now)]:
            due = self.counted().get(key)
            self.fired[key] = self.waiting.pop(key)
            if due is not None and due > moment(now):
                self.waiting[key] = due
            elif due is not None:
                acted.append((key, due))
        return acted


def history(make: Maker, types: list[str]) -> Found:
    """A notice and what happens to it."""
    some = make.random
    notice_type, place = some.choice(types), some.choice(PLACES)
    start = make.start(some.choice(make.zones), some.choice(make.countries))
    rule = reference.notice_types()[notice_type]["clock"]
    likely = [rule["starts"], *(one["starts"] for one in rule.get("stages", ())), "receipt", "counter_notice"]
    if "pauses" in rule:
        likely += [clocks.ASKED, clocks.GIVEN, clocks.EXTENDED]
    facts = []
    for _ in range(some.randint(1, 5)):
        at = start + some.choice((0, some.randint(0, 3 * DAY), some.randint(0, 60 * DAY)))
        kind = some.choice((*likely, *KINDS))
        facts.append((at + some.choice((0, 60, some.randint(0, 5 * DAY))), kind, at))
    facts.sort()
    looks = {noted + some.randint(0, 90) for noted, _, _ in facts}
    for number in range(len(facts)):
        for due in reference.dues(notice_type, place, [(kind, at) for _, kind, at in facts[: number + 1]]).values():
            if due is not None:
                looks |= {due - 1, due + some.randint(0, 90), due + DAY}
    return _lived(Table(notice_type, place), facts, sorted(looks))


def _lived(table: Table, facts: list[tuple[int, str, int]], looks: Iterable[int]) -> Found:
    found = Found(1)
    told: dict[str, int] = {}
    left = list(facts)
    known: list[tuple[str, int]] = []
    for now in looks:
        while left and left[0][0] <= now:
            _, kind, at = left.pop(0)
            table.note(kind, at)
            known.append((kind, at))
        over = {key: due for key, due in reference.dues(table.notice_type, table.place, known).items()
                if due is not None and due <= now}  # fmt: skip
        # Who has more time by what is known now was not late after all, and may be late again.
        told = {key: due for key, due in told.items() if key in over}
        wanted = {key for key, due in over.items() if key not in told or told[key] < due}
        done = table.fire(now)
        found.missed += len(wanted - {key for key, _ in done})
        found.early += sum(key not in over for key, _ in done)
        found.double += sum(key not in wanted for key, _ in done if key in over)
        told |= {key: over[key] for key in wanted}
    return found


def _part(given: tuple[int, int]) -> Found:
    seed, number = given
    make, found = Maker(seed), Found()
    types = sorted(load().notices) + 4 * sorted(set(load().notices) - set(load().no_clock) | {"us_dmca_512c"})
    for turn in range(number):
        found += history(make, types) if turn % 5 == 4 else period(make)
    return found


def compare(cases: int, seed: int, processes: int = 2) -> Found:
    """``cases`` cases of this seed in a few processes. The same seed makes the same cases."""
    parts = [(seed * 1000 + number, cases // 20 + (number < cases % 20)) for number in range(20)]
    total = Found()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for found in pool.imap_unordered(_part, parts):
            total += found
    return total


def run(cases: int, notices: int, sample: int, seed: int, crash: bool) -> dict[str, Any]:
    """All of it. ``notices`` are open at once; ``sample`` of them are run as jobs too."""
    from bench import deadline_steps
    from bench.installed import installation

    found = compare(cases, seed)
    with installation() as place:
        steps = deadline_steps.measure(place, notices, sample)
        killed = deadline_steps.crash(place, 8000, seed) if crash else None
    return {
        "cases": found.cases, "missed": found.missed, "early": found.early, "double": found.double,
        "steps_vs_jobs": steps["steps_vs_jobs"], "flat_ratio": steps["flat_ratio"], "steps": steps["steps"],
        "crash": killed, "seed": seed,
    }  # fmt: skip
