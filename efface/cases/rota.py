"""When a person is at the desk, and until when an answer can be expected. Pure but for the two settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from efface.engine.base import settings

STEP = timedelta(minutes=15)
LONGEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Desk:
    """Weekdays ``first`` to ``last`` (1 Monday to 7 Sunday), hours ``begin`` to ``end`` (0 to 24), in ``zone``;
    ``answer_h``: open hours within which messages are answered as a rule."""

    first: int
    last: int
    begin: int
    end: int
    zone: str
    answer_h: int

    def is_open(self, moment: datetime) -> bool:
        there = moment.astimezone(ZoneInfo(self.zone))
        return self.first <= there.isoweekday() <= self.last and self.begin <= there.hour < self.end


class NoDesk(ValueError):
    """The setting of the desk's hours cannot be read; the message shows one that can."""


def parse(text: str, zone: str, answer_h: int) -> Desk | None:
    """ "1-5 9-17": Monday to Friday, nine to five. None for "": nothing is said of when. Raises ``NoDesk``."""
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*([1-7])-([1-7])\s+(\d{1,2})-(\d{1,2})\s*", text)
    numbers = [int(one) for one in found.groups()] if found else []
    if not numbers or numbers[0] > numbers[1] or not numbers[2] < numbers[3] <= 24:
        raise NoDesk('EFFACE_DESK_HOURS is days and hours, for example "1-5 9-17" (Monday to Friday, nine to five)')
    first, last, begin, end = numbers
    return Desk(first, last, begin, end, zone, answer_h)


def desk() -> Desk | None:
    """This installation's, or None where it says nothing, or what it says cannot be read."""
    try:
        return parse(settings.get("desk_hours"), settings.get("time_zone"), settings.get("answer_hours"))
    except NoDesk:
        return None


def expected(one: Desk, at: datetime) -> datetime:
    """Until when a message written ``at`` is answered as a rule: after ``answer_h`` hours with somebody at the desk."""
    left, moment = timedelta(hours=one.answer_h), at
    while left > timedelta(0) and moment < at + LONGEST:
        if one.is_open(moment):
            left -= STEP
        moment += STEP
    return moment
