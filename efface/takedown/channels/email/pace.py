"""When a mail that may leave should leave: not faster than the recipient takes it, not in its night unless urgent.
Pure: facts in, a moment out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
MOST_AN_HOUR, MOST_A_DAY = 20, 120
"""Mails to one address. A desk that gets more than that from one reporter stops reading them."""
SENDER_PAUSE = timedelta(hours=24)
"""After a domain said that it takes no mail from us. Going on makes it worse, and a person has to mend it first."""
FAST_HOURS = 72
"""A law's clock up to this long makes its first notice urgent."""
FRESH = timedelta(hours=72)
"""So long after a finding was confirmed its first notices are urgent: it spreads fastest then."""


class QuietHoursError(ValueError):
    """The setting ``quiet_hours`` cannot be read; it is two hours with a dash, such as 22-7, or empty."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What is known of mail to the recipient. ``sent``: when mails left to this very address in the last day.
    ``slower_until``: until when its domain asked us to wait. ``shut_at``: when it last said that it takes nothing from
    us, None where it never did or took something since."""

    sent: Sequence[datetime] = ()
    slower_until: datetime | None = None
    shut_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    why: str


def quiet_hours(text: str) -> tuple[int, int] | None:
    """ "22-7" -> (22, 7); "" -> None: there are none. Raises ``QuietHoursError``."""
    if not text.strip():
        return None
    try:
        begin, end = (int(part) for part in text.split("-"))
    except ValueError:
        raise QuietHoursError(f"quiet_hours: {text!r} is not two hours such as 22-7") from None
    if not (0 <= begin <= 23 and 0 <= end <= 23) or begin == end:
        raise QuietHoursError(f"quiet_hours: {text!r} is not two different hours of a day")
    return begin, end


def urgent(*, danger: bool, step: int, episode: int, clock_hours: float | None, fresh: bool) -> bool:
    """What does not wait for the morning: somebody in danger; a return; the first notice about what is ``fresh``, and
    where the law gives the recipient hours from its receipt: her clock begins in the night too. Reminders and later
    rungs of the ladder wait."""
    if danger or episode > 1:
        return True
    return step == 1 and (fresh or (clock_hours is not None and clock_hours <= FAST_HOURS))


def wait(
    now: datetime, recent: Recent, *, zones: Sequence[str], quiet: tuple[int, int] | None, urgent: bool
) -> Wait | None:
    """Until when this mail waits, None where it may leave now. ``zones`` are the time zones of the recipient's country:
    it is night there only where it is night in all of them. Not knowing them is no night."""
    if recent.shut_at is not None and now < recent.shut_at + SENDER_PAUSE:
        return Wait(recent.shut_at + SENDER_PAUSE, "their server takes no mail from us: the mail set-up needs a look")
    if recent.slower_until is not None and now < recent.slower_until:
        return Wait(recent.slower_until, "their server asked us to write more slowly")
    for span, most in ((HOUR, MOST_AN_HOUR), (DAY, MOST_A_DAY)):
        within = sorted(one for one in recent.sent if now - span < one <= now)
        if len(within) >= most:
            return Wait(within[-most] + span, "enough was written to this desk for now")
    morning = None if urgent or quiet is None else _morning(now, zones, quiet)
    return Wait(morning, "it is night at the recipient's") if morning is not None else None


def _morning(now: datetime, zones: Sequence[str], quiet: tuple[int, int]) -> datetime | None:
    """When the night ends in the first of the zones; None where it is day in one."""
    ends = []
    for name in zones:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        there = now.astimezone(zone)
        if not _night(there.hour, quiet):
            return None
        day = there.date() if there.hour < quiet[1] else there.date() + timedelta(days=1)
        ends.append(datetime.combine(day, time(quiet[1]), zone).astimezone(UTC))
    return min(ends) if ends else None


def _night(hour: int, quiet: tuple[int, int]) -> bool:
    begin, end = quiet
    return begin <= hour < end if begin < end else hour >= begin or hour < end
