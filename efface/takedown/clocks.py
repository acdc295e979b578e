"""When a recipient has to have acted, and when we ask again. Times in are aware datetimes; times out are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from efface.law import Law, load


class ClockError(ValueError):
    """A clock cannot be started: the time has no zone, or notice type or zone are not known."""


@dataclass(frozen=True, slots=True)
class Clock:
    """``kind`` "statutory": set by ``law``, and may be quoted. "internal": our own reminder, which no notice may
    mention as a deadline. ``calendar`` is how the time is counted; ``zone`` the IANA zone it is shown in."""

    notice_type: str
    kind: Literal["statutory", "internal"]
    started: datetime
    due: datetime
    law: str
    calendar: Literal["elapsed-hours"]
    zone: str
    text: str

    def due_there(self) -> datetime:
        """``due`` in the clock's own zone, for people."""
        return self.due.astimezone(ZoneInfo(self.zone))


def deadline(notice_type: str, started: datetime, zone: str = "UTC", law: Law | None = None) -> Clock | None:
    """The statute's clock for a notice received at ``started``, None where the statute names no number.

    Hours are elapsed hours: a change to or from summer time neither adds nor takes one."""
    law = law or load()
    notice = law.notices.get(notice_type)
    if notice is None:
        raise ClockError(f"no notice type {notice_type!r}")
    rule = notice.clock
    if rule.hours is None:
        return None
    return _clock(notice_type, "statutory", started, rule.hours, rule.citation, zone, rule.text)


def chasers(notice_type: str, started: datetime, zone: str = "UTC", law: Law | None = None) -> tuple[Clock, ...]:
    """Our own reminders (a day, three days, a week after sending). Never a deadline of the recipient's."""
    law = law or load()
    if notice_type not in law.notices:
        raise ClockError(f"no notice type {notice_type!r}")
    return tuple(
        _clock(notice_type, "internal", started, hours, "", zone, "our own reminder; no law sets it")
        for hours in law.chasers_hours
    )


def _clock(
    notice_type: str,
    kind: Literal["statutory", "internal"],
    started: datetime,
    hours: int,
    law: str,
    zone: str,
    text: str,
) -> Clock:
    if started.tzinfo is None:
        raise ClockError("a clock cannot start at a time without a zone")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ClockError(f"no time zone {zone!r}") from error
    start = started.astimezone(UTC)
    return Clock(notice_type, kind, start, start + timedelta(hours=hours), law, "elapsed-hours", zone, text)
