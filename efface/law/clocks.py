"""When somebody must have acted: the clocks of a notice, counted as the law counts them. Pure; no time is read here.

Times in are aware; times out are UTC. Hours are elapsed hours, so a change of summer time neither adds nor takes one.
Days, months and business days are counted in the calendar of the place: the day of the event does not count, and the
period ends with the last moment of its last day there (Regulation (EEC, Euratom) 1182/71, Article 3, and its like).
A clock is never early: where an event was not seen, its clock has not started.
"""

from __future__ import annotations

import calendar as months_of
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from efface.law.base import Period
from efface.law.calendars import PLAIN, Calendar
from efface.law.model import Law
from efface.law.notices import ClockRule, CounterNotice, Event, NoticeType, Stage

Part = Literal["main", "stage", "restore_from", "restore_until"]
State = Literal["waiting", "running", "standing", "met", "met_late", "overdue"]
Fact = ClockRule | Stage | CounterNotice
FARTHEST = timedelta(days=36_600)
ANYWHERE = tuple(f"Etc/GMT{-offset:+d}" for offset in range(-12, 15))
"""Every full hour there is on earth, for a place nobody knows the zone of."""


class ClockError(ValueError):
    """A clock cannot be counted. The message says what to mend."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The clock stands from ``since`` until ``until``; None: it still stands. ``by`` names what stops it
    (``Pause.by``): it counts only where the law says so, and for the recipient's own clock. "": the caller has seen to
    that."""

    since: datetime
    until: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a notice. ``started`` None: its event was not seen. ``due`` None: not started, or standing with no
    end in sight. ``sure`` False: holidays or zone of the place are not known, so ``due`` may be some days too early,
    and a person looks before anybody is called late. ``verify``: nobody has read the provision itself yet. ``number``
    counts the stages; ``then`` is what we do when it ends."""

    notice_type: str
    part: Part
    who: str
    starts: Event
    within: Period
    started: datetime | None
    due: datetime | None
    zone: str
    sure: bool
    text: str
    citation: str
    verify: bool = False
    number: int = 0
    then: str = ""

    @property
    def key(self) -> str:
        """Names it among the clocks of its notice."""
        return f"{self.part}.{self.number}" if self.part == "stage" else self.part

    def state(self, now: datetime, met: datetime | None = None) -> State:
        """How it stands at ``now``; ``met``: when what was asked for happened. A moment is not late at ``due``
        itself, only after it. An event in the future has not started anything."""
        moment = _utc(now)
        if self.started is None or self.started > moment:
            return "waiting"
        if met is not None and _utc(met) <= moment:
            return "met" if self.due is None or _utc(met) <= self.due else "met_late"
        if self.due is None:
            return "standing"
        return "overdue" if moment > self.due else "running"


def end(
    within: Period, started: datetime, zone: str = "UTC", calendar: Calendar = PLAIN, rolls: bool = False,
    holds: Sequence[Hold] = (),
) -> datetime | None:  # fmt: skip
    """The last moment of a period that ``started`` begins, None while a hold keeps it standing. Raises ``ClockError``.

    In hours a hold takes exactly its own length. In days, months and business days no day on which the clock stood,
    even in part, counts, after the day of the event."""
    given = within.given()
    if len(given) != 1 or given[0][1] <= 0:
        raise ClockError("a period has exactly one of hours, days, months and business days, and more than nothing")
    unit, number = given[0]
    pauses = _pauses(holds)
    start = _utc(started)
    try:
        if unit == "hours":
            return _hours(start, timedelta(hours=number), pauses)
        return _days(start, unit, number, _zone(zone), calendar, rolls, pauses)
    except OverflowError as error:
        raise ClockError("this period ends after the end of the calendar") from error


def _hours(start: datetime, length: timedelta, pauses: list[Hold]) -> datetime | None:
    due = start + length
    for pause in pauses:
        if pause.until is not None and pause.until <= start:
            continue
        if pause.since >= due:
            break
        if pause.until is None:
            return None
        due += pause.until - max(pause.since, start)
    return due


def _days(
    start: datetime, unit: str, number: int, zone: ZoneInfo, calendar: Calendar, rolls: bool, pauses: list[Hold]
) -> datetime | None:
    first = start.astimezone(zone).date()
    stood = [(pause.since.astimezone(zone).date(), _last(pause, zone)) for pause in pauses if _after(pause, start)]
    counted = (_months(first, number) - first).days if unit == "months" else number
    day = first
    while counted:
        day += timedelta(days=1)
        if day - first > FARTHEST:
            raise ClockError("this period is longer than a hundred years")
        if any(since <= day and until is None for since, until in stood):
            return None
        if any(since <= day and until is not None and day <= until for since, until in stood):
            continue
        if unit != "business_days" or calendar.works(day):
            counted -= 1
    if rolls or unit == "business_days":
        day = calendar.next_working(day)
    # The first moment of the next day there; where a clock change swallows midnight this is the change itself.
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _after(pause: Hold, start: datetime) -> bool:
    return pause.until is None or pause.until > start


def _last(pause: Hold, zone: ZoneInfo) -> date | None:
    """The last day on which it stood: the day before, where a hold ends exactly at midnight."""
    if pause.until is None:
        return None
    return (pause.until - timedelta(microseconds=1)).astimezone(zone).date()


def _months(day: date, number: int) -> date:
    """The same day ``number`` months later, or the last of that month where it has no such day."""
    whole = day.year * 12 + day.month - 1 + number
    year, month = divmod(whole, 12)
    if year > 9999:
        raise OverflowError
    return date(year, month + 1, min(day.day, months_of.monthrange(year, month + 1)[1]))


def _pauses(holds: Sequence[Hold]) -> list[Hold]:
    """In order, those that touch joined into one."""
    joined: list[Hold] = []
    for hold in sorted((Hold(_utc(one.since), _utc(one.until) if one.until else None) for one in holds), key=_since):
        if hold.until is not None and hold.until < hold.since:
            raise ClockError("a hold ends before it begins")
        last = joined[-1] if joined else None
        if last is None or (last.until is not None and hold.since > last.until):
            joined.append(hold)
        elif last.until is not None and (hold.until is None or hold.until > last.until):
            joined[-1] = replace(last, until=hold.until)
    return [hold for hold in joined if hold.until is None or hold.until > hold.since]


def _since(hold: Hold) -> datetime:
    return hold.since


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ClockError("a clock needs a time with a zone")
    return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ClockError(f"no time zone {name!r}") from error


def begun(starts: Event, events: Mapping[Event, datetime]) -> datetime | None:
    """When the clock began. Whoever acknowledged has received, so the earlier of the two counts; nothing else is taken
    for what was not seen."""
    proofs: tuple[Event, ...] = (starts, "acknowledgement") if starts in ("receipt", "filing") else (starts,)
    return min((_utc(events[one]) for one in proofs if one in events), default=None)


def clocks_of(
    law: Law, notice_type: str, events: Mapping[Event, datetime], *, place: str = "", zone: str = "",
    holds: Sequence[Hold] = (), extended: bool = False,
) -> tuple[Clock, ...]:  # fmt: skip
    """Every clock of a notice, the recipient's own first; none where the law names no number. Raises ``ClockError``.

    ``place`` is the recipient's jurisdiction (its holidays, and its own clock where it has one), ``zone`` its IANA
    zone: without, the country's own, and of several the one in which the period ends last; for what may come back the
    one in which it ends first.
    ``extended``: the recipient said in time that it needs the longer period."""
    notice = law.notices.get(notice_type)
    if notice is None:
        raise ClockError(f"no notice type {notice_type!r}")
    rule = notice.clock_in(*law.places(place))
    known = (rule.zone or zone,) if rule.zone or zone else law.zones_of(rule.calendar or place)
    zones = known or ANYWHERE
    calendar = law.calendar(rule.calendar or place)
    stops = {one.by for one in rule.pauses}

    def clock(part: Part, who: str, starts: Event, within: Period, fact: Fact, number: int = 0) -> Clock:
        started = begun(starts, events)
        more = rule.extension.by if part == "main" and extended and rule.extension is not None else None
        length = within if more is None else _longer(within, more)
        standing = [one for one in holds if not one.by or (one.by in stops and part == "main")]
        there, due = _ends(length, started, zones, calendar, rule.rolls, standing, part == "restore_from")
        sure = bool(calendar.id) or (not within.business_days and not rule.rolls)
        return Clock(
            notice.id, part, who, starts, within, started, due, there, sure and (bool(known) or bool(within.hours)),
            fact.text, fact.citation, law.to_verify(fact), number, getattr(fact, "then", ""),
        )  # fmt: skip

    made = []
    if rule.period is not None:
        made.append(clock("main", "recipient", rule.starts, rule.period, rule))
    for number, stage in enumerate(rule.stages):
        made.append(clock("stage", stage.who, stage.starts, stage.within, stage, number))
    counter = rule.counter_notice
    if counter is not None:
        windows: tuple[tuple[Part, Period | None], ...] = (
            ("restore_from", counter.not_before), ("restore_until", counter.not_after),
        )  # fmt: skip
        for part, within in windows:
            if within is not None:
                made.append(clock(part, "recipient", "counter_notice", within, counter))
    return tuple(made)


def _ends(
    within: Period, started: datetime | None, zones: Sequence[str], calendar: Calendar, rolls: bool,
    holds: Sequence[Hold], earliest: bool,
) -> tuple[str, datetime | None]:  # fmt: skip
    """The zone in which the period ends last (or first), and when."""
    if started is None:
        return zones[0], None
    # Hours are the same everywhere.
    ends = [(end(within, started, one, calendar, rolls, holds), one) for one in (zones[:1] if within.hours else zones)]
    found = [(due, zone) for due, zone in ends if due is not None]
    if len(found) < len(ends):
        return zones[0], None
    due, zone = (min if earliest else max)(found)
    return zone, due


def _longer(within: Period, more: Period) -> Period:
    """The period with its extension counted as one, as for a month and two further months."""
    (unit, number), (by, further) = within.given()[0], more.given()[0]
    if unit != by:
        raise ClockError("an extension is counted in the unit of its clock")
    return Period(**{unit: number + further})


def quickest(notice: NoticeType, places: Sequence[str] = ()) -> float:
    """Hours until the recipient's clock ends, roughly, for putting routes in order; infinite where there is none."""
    period = notice.clock_in(*places).period
    if period is None:
        return float("inf")
    unit, number = period.given()[0]
    return number * {"hours": 1, "days": 24, "business_days": 24 * 7 / 5, "months": 24 * 30}[unit]
