"""Calendars as RFC 5545 wants them, and neutral words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from efface.takedown import ical
from efface.takedown.ical import Entry

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
NEEDED = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS"}


def read(data: bytes) -> list[dict[str, str]]:
    """A strict reader of our own: what the standard asks for, or red."""
    assert data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    for line in data.split(b"\r\n"):
        line.decode()  # no character is torn apart
    lines = data.decode().replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR" and "VERSION:2.0" in lines
    assert sum(line.startswith("PRODID:") for line in lines) == 1
    events: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            assert not inside
            inside, event = True, {}
        elif line == "END:VEVENT":
            assert inside and set(event) >= NEEDED
            inside = False
            events.append(event)
        elif inside:
            assert name not in event, "each of ours may stand once"
            event[name] = re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], value)
    assert not inside
    return events


def entry(**more: object) -> Entry:
    given = {"uid": "a@efface", "at": AT, "changed": AT - timedelta(days=2), "sequence": 1, "summary": "Efface"} | more
    return Entry(**given)  # type: ignore[arg-type]


def test_a_moment_is_told_in_utc_whatever_zone_it_came_in() -> None:
    [event] = read(ical.calendar("Efface", [entry(at=AT.astimezone(ZoneInfo("America/St_Johns")))]))
    assert event["DTSTART"] == "20260304T120000Z" and event["DTEND"] == "20260304T121500Z"
    assert event["DTSTAMP"] == "20260302T120000Z" and event["STATUS"] == "CONFIRMED"


def test_what_was_taken_away_is_told_as_cancelled_under_the_same_name() -> None:
    [event] = read(ical.calendar("Efface", [entry(cancelled=True, sequence=2)]))
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == ("a@efface", "CANCELLED", "2")


def test_an_empty_calendar_is_a_calendar() -> None:
    assert read(ical.calendar("Efface", [])) == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_come_back_as_they_were_and_no_line_is_too_long(summary: str, description: str) -> None:
    data = ical.calendar("Efface", [entry(summary=summary, description="." + description)])
    [event] = read(data)
    for name, value in (("SUMMARY", summary), ("DESCRIPTION", "." + description)):
        assert event[name] == "".join(one for one in value if one in "\n\t" or one.isprintable())


@given(st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), max_size=5))
def test_the_same_entries_make_the_same_bytes_in_any_order(given_entries: list[tuple[int, bool]]) -> None:
    made = [
        entry(uid=f"{number}@efface", at=AT + timedelta(minutes=minutes), cancelled=cancelled)
        for number, (minutes, cancelled) in enumerate(given_entries)
    ]
    assert ical.calendar("Efface", made) == ical.calendar("Efface", list(reversed(made)))
    assert len(read(ical.calendar("Efface", made))) == len(made)
