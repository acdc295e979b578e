"""Days and moments in words, as the reader's language writes them ("2 March 2026", "2. März 2026")."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.translation import get_language

YEARS = range(1950, 2200)
_ENGLISH = "j F Y"
"""The day before the month, as most who read it in English here write it; Django's own is the American way."""


def day(value: date) -> str:
    """A day; of a moment the day in the installation's time zone."""
    there = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return _words(there, get_language() or "en")


@lru_cache(maxsize=4096)
def _words(value: date, _language: str) -> str:
    """In the language that is active, which is named for the memory's sake: a page says the same days many times."""
    return formats.date_format(value, _ENGLISH if _is_english() else "DATE_FORMAT")


def day_of(text: str) -> date:
    """A day that somebody typed, as 2026-03-02. Raises ``ValueError``, also outside ``YEARS``: what is reckoned with it
    must not leave the calendar."""
    found = date.fromisoformat(text.strip())
    if found.year not in YEARS:
        raise ValueError("no day of these years")
    return found


def minute(value: datetime, zone: bool = True) -> str:
    """A moment to the minute in the installation's time zone, which is named where ``zone``."""
    there = timezone.localtime(value)
    return f"{day(there)}{comma()}{there:%H:%M}" + (f" {there.tzname()}" if zone else "")


def comma() -> str:
    """What parts two things in a row, in the reader's script."""
    return "، " if (get_language() or "").split("-")[0] in ("ar", "fa", "ur") else ", "


def _is_english() -> bool:
    return (get_language() or "en").partition("-")[0] == "en"
