"""A second reckoning of the law's clocks, written apart from ``efface.law.clocks`` and on purpose in another way.

It reads the YAML files itself, walks through days one by one and through hours from mark to mark, expands holidays with
dateutil, and finds the end of a day by halving the time in UTC until the local date changes. Only the time-zone
database is shared. Times are whole seconds since 1970 here.
"""

from __future__ import annotations

import bisect
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from dateutil import rrule
from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from efface import law

DATA = Path(law.__file__).parent / "data"
YEARS = range(2018, 2052)
DAYS = {"mon": rrule.MO, "tue": rrule.TU, "wed": rrule.WE, "thu": rrule.TH, "fri": rrule.FR, "sat": rrule.SA,
        "sun": rrule.SU}  # fmt: skip
Spans = list[tuple[int, int | None]]
"""Begin and end of what stops a clock; None: it has no end yet."""


@cache
def _yaml(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


@cache
def notice_types() -> dict[str, Any]:
    return {path.stem: _yaml(f"notices/{path.name}") for path in (DATA / "notices").glob("*.yaml")}


@cache
def zones() -> dict[str, list[str]]:
    return dict(_yaml("zones.yaml"))


@cache
def calendars() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (DATA / "holidays").glob("*.yaml")))


def _when(day: dict[str, Any], year: int) -> date | None:
    if "on" in day:
        return day["on"] if day["on"].year == year else None
    if year < day.get("since", 0) or year > day.get("until", 9999) or year in day.get("except_years", ()):
        return None
    if "easter" in day:
        found = easter(year) + timedelta(days=day["easter"])
    elif "weekday" in day:
        rule = rrule.rrule(rrule.MONTHLY, dtstart=datetime(year, day["month"], 1, tzinfo=UTC), count=1,
                           byweekday=DAYS[day["weekday"]](day["nth"]))  # fmt: skip
        found = rule[0].date()
    else:
        try:
            found = date(year, day["month"], day["day"])
        except ValueError:
            return None
    moves = day.get("sunday_moves", 0)
    return found + timedelta(days=moves) if moves and found.isoweekday() == 7 else found


@cache
def free_days(country: str) -> tuple[frozenset[int], frozenset[int]]:
    """Rest days of the week (0 is Monday), and every free day as a number of days; weekends only for ""."""
    if country not in calendars():
        return frozenset({5, 6}), frozenset()
    told = _yaml(f"holidays/{country}.yaml")
    resting = frozenset(list(DAYS).index(one) for one in told["rest_days"])
    days = sorted({when for year in YEARS for day in told["days"] if (when := _when(day, year))})
    free = {when.toordinal() for when in days}
    for when in days:
        number = when.toordinal()
        if told["observed"] == "none" or when.weekday() not in resting:
            continue
        if told["observed"] == "nearest" and when.isoweekday() == 6:
            free.add(number - 1)
            continue
        while number in free or date.fromordinal(number).weekday() in resting:
            number += 1
        free.add(number)
    return resting, frozenset(free)


def works(country: str, number: int) -> bool:
    resting, free = free_days(country)
    return (number + 6) % 7 not in resting and number not in free


def day_of(second: int, zone: str) -> int:
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).toordinal()


def end_of(number: int, zone: str) -> int:
    """The first second that is not on this day any more."""
    middle = (number - 719_163) * 86_400
    span = range(middle - 16 * 3600, middle + 42 * 3600)
    return span[bisect.bisect_right(span, number, key=lambda second: day_of(second, zone))]


def hours_after(start: int, hours: int, stops: Spans) -> int | None:
    """From mark to mark: only time that nothing stops is used up."""
    left, at = hours * 3600, start
    marks = sorted({edge for span in stops for edge in span if edge is not None and edge > start})
    for mark in [*marks, None]:
        stopped = any(since <= at and (until is None or at < until) for since, until in stops)
        if not stopped:
            if mark is None or left <= mark - at:
                # What is used up exactly when something stops it has been used up.
                return at + left
            left -= mark - at
        elif mark is None:
            return None
        at = mark if mark is not None else at
    return None


def days_after(start: int, unit: str, count: int, zone: str, country: str, rolls: bool, stops: Spans) -> int | None:
    """Day by day: one on which it stood, even for a second, does not count."""
    first = day_of(start, zone)
    stood: set[int] = set()
    for_ever = None
    for since, until in stops:
        if until is None:
            for_ever = min(for_ever or 10**9, day_of(since, zone))
        elif until > since and until > start:
            stood.update(range(day_of(since, zone), day_of(until - 1, zone) + 1))
    if unit == "months":
        begun = date.fromordinal(first)
        count = (begun + relativedelta(months=count) - begun).days
    number = first
    while count > 0:
        number += 1
        if for_ever is not None and number >= for_ever:
            return None
        if number not in stood and (unit != "business_days" or works(country, number)):
            count -= 1
    if rolls or unit == "business_days":
        while not works(country, number):
            number += 1
    return end_of(number, zone)


def end(
    unit: str, count: int, start: int, zone: str, country: str, rolls: bool, stops: Spans
) -> int | None:  # fmt: skip
    if unit == "hours":
        return hours_after(start, count, [span for span in stops if span[1] is None or span[1] > span[0]])
    return days_after(start, unit, count, zone, country, rolls, stops)


def _length(told: dict[str, Any]) -> tuple[str, int] | None:
    return next(
        ((unit, told[unit]) for unit in ("hours", "days", "months", "business_days") if told.get(unit) is not None),
        None,
    )


def _wide(place: str) -> list[str]:
    """The place, its country, and the Union where it is in it."""
    found = [place, place.split("-")[0]] if place else []
    return [*found, "EU"] if any(one in _yaml("frame.yaml")["groups"]["eu"] for one in found) else found


def dues(notice_type: str, place: str, known: list[tuple[str, int]]) -> dict[str, int | None]:
    """When each clock of a notice ends, by the name its deadline has; None: not begun, or stopped without an end."""
    told = notice_types()[notice_type]
    rule = next(
        (told["local_clocks"][one] for one in _wide(place) if one in told.get("local_clocks", {})), told["clock"]
    )
    seen: dict[str, int] = {}
    for kind, at in known:
        seen[kind] = min(at, seen.get(kind, at))
    for kind in ("receipt", "filing"):
        if "acknowledgement" in seen:
            seen[kind] = min(seen["acknowledgement"], seen.get(kind, seen["acknowledgement"]))
    asked: Spans = []
    if any(one["by"] == "identity_asked" for one in rule.get("pauses", ())):
        questions = sorted(at for kind, at in known if kind == "identity_asked")
        answers = sorted(at for kind, at in known if kind == "identity_given")
        while questions:
            since = questions[0]
            until = next((at for at in answers if at >= since), None)
            asked.append((since, until))
            questions = [at for at in questions if until is not None and at > until]
    country = rule.get("calendar") or place
    home = next((one for one in _wide(country) if one in calendars()), "")
    there = [rule["zone"]] if rule.get("zone") else next((zones()[one] for one in _wide(country) if one in zones()), [])
    there = there or [f"Etc/GMT{offset:+d}" for offset in range(-14, 13)]

    def last(length: tuple[str, int] | None, starts: str, stops: Spans, first: bool = False) -> int | None:
        if length is None or starts not in seen:
            return None
        ends = [end(*length, seen[starts], zone, home, rule.get("rolls", False), stops) for zone in there]
        known_ends = [one for one in ends if one is not None]
        return None if len(known_ends) < len(ends) else (min if first else max)(known_ends)

    found: dict[str, int | None] = {}
    length = _length(rule)
    if length is not None:
        if "extended" in seen and "extension" in rule:
            length = (length[0], length[1] + rule["extension"]["by"][length[0]])
        found["main"] = last(length, rule["starts"], asked)
    for number, stage in enumerate(rule.get("stages", ())):
        found[f"stage.{number}"] = last(_length(stage["within"]), stage["starts"], [])
    counter = rule.get("counter_notice") or {}
    if "not_before" in counter:
        found["restore_from"] = last(_length(counter["not_before"]), "counter_notice", [], first=True)
    if "not_after" in counter:
        found["restore_until"] = last(_length(counter["not_after"]), "counter_notice", [])
    return found
