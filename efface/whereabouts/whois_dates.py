"""Dates of WHOIS answers, in the forms that registries write, as ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

_MONTHS = {
    word: number
    for number, names in enumerate(
        ("jan ene", "feb fev fév", "mar mär", "apr abr avr", "may mai", "jun juin", "jul juil", "aug ago aoû",
         "sep set", "oct okt out", "nov", "dec dez dic déc"), 1)
    for word in names.split()
}  # fmt: skip
_ZONES = {"utc": 0, "gmt": 0, "z": 0, "jst": 9, "kst": 9, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "eat": 3,
          "est": -5, "edt": -4, "pst": -8, "pdt": -7, "clt": -4, "wib": 7, "cst": 8, "hkt": 8, "sgt": 8}  # fmt: skip
_YEAR_FIRST = re.compile(r"\b(\d{4})[-./年]\s?(\d{1,2}|[A-Za-z]{3,9})[-./月]\s?(\d{1,2})(?!\d)")
_WHOLE = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:\s*(?:\d{2}:?\d{2}:?\d{2})?)(?![\d-])")
_YEAR_LAST = re.compile(r"(?<![\d:])(\d{1,2})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{4})\b")
_WORDS = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?[-./,\s]{1,3}(?:de |of )?([^\W\d_]{3,12})\.?[-./,\s]{1,3}(?:de )?(\d{4})\b"
)
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,12})\.?\s{1,3}(\d{1,2})(?:st|nd|rd|th)?,?(?:[\sA-Z\d:+]{0,24}?)\s(\d{4})\b")
_MONTH_YEAR = re.compile(r"\b([A-Za-z]{3})-(\d{4})\b")
_TIME = re.compile(
    r"(?:^|[\sT(_-])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s?(?:\(?([A-Za-z]{1,4})\b\)?|([+-]\d{2}):?(\d{2})?)?"
)


def read(value: str, month_first: bool = False) -> str:
    """A date or a moment in ISO 8601, "" where there is none. A moment carries its zone only where the answer says it.
    ``month_first``: 12/18/2001 is in December."""
    value = value[:100]
    day = _day(value, month_first)
    if day is None:
        return ""
    clock = _TIME.search(value)
    if clock is None or int(clock[1]) > 23 or int(clock[2]) > 59 or int(clock[3] or 0) > 59:
        return day.isoformat()
    moment = datetime.combine(day, time(int(clock[1]), int(clock[2]), int(clock[3] or 0)))
    shift = _shift(clock)
    if shift is None:
        return moment.isoformat()
    text = moment.replace(tzinfo=timezone(timedelta(minutes=shift))).isoformat()
    return text.replace("+00:00", "Z")


def _shift(clock: re.Match[str]) -> int | None:
    """Minutes east of UTC."""
    if clock[4]:
        hours = _ZONES.get(clock[4].lower())
        return None if hours is None else hours * 60
    if clock[5]:
        minutes = abs(int(clock[5])) * 60 + int(clock[6] or 0)
        return None if minutes >= 24 * 60 else (-minutes if clock[5].startswith("-") else minutes)
    return None


def _day(value: str, month_first: bool) -> date | None:
    return next(filter(None, _days(value, month_first)), None)


def _days(value: str, month_first: bool) -> Iterator[date | None]:
    """The readings of a date, the least ambiguous first."""
    for pattern in (_YEAR_FIRST, _WHOLE):
        if match := pattern.search(value):
            yield _date(match[1], match[2], match[3])
    if match := _YEAR_LAST.search(value):
        first, second = int(match[1]), int(match[2])
        if second > 12 or (month_first and first <= 12):
            first, second = second, first
        yield _date(match[3], str(second), str(first))
    if match := _WORDS.search(value):
        yield _date(match[3], match[2], match[1])
    if match := _MONTH_FIRST.search(value):
        yield _date(match[3], match[1], match[2])
    if match := _MONTH_YEAR.search(value):
        yield _date(match[2], match[1], "1")


def _date(year: str, month: str, day: str) -> date | None:
    number = int(month) if month.isdigit() else _MONTHS.get(month[:4].lower(), _MONTHS.get(month[:3].lower(), 0))
    try:
        found = date(int(year), number, int(day))
    except ValueError:
        return None
    return found if 1980 <= found.year <= 2200 else None
