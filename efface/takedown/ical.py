"""iCalendar text (RFC 5545) of moments with neutral words. Pure; the same entries give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PRODUCT = "-//Efface//Clocks//EN"
OCTETS = 75
"""Longest line without its end, RFC 5545 section 3.1."""
LASTS = timedelta(minutes=15)
ASK_AGAIN = "PT1H"


@dataclass(frozen=True, slots=True)
class Entry:
    """``uid`` stays the same for the same clock; ``sequence`` grows with each change of it, ``changed`` is when that
    was (aware). A ``cancelled`` entry is told so that calendars take it out. It ``lasts`` some minutes, unless it is a
    time in which whoever reads it is ``busy``."""

    uid: str
    at: datetime
    changed: datetime
    sequence: int
    summary: str
    description: str = ""
    cancelled: bool = False
    lasts: timedelta = LASTS
    busy: bool = False


def calendar(name: str, entries: Iterable[Entry]) -> bytes:
    """A whole calendar in UTF-8 with CRLF line ends."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{text(name)}", f"X-WR-CALNAME:{text(name)}", f"REFRESH-INTERVAL;VALUE=DURATION:{ASK_AGAIN}",
    ]  # fmt: skip
    for one in sorted(entries, key=lambda entry: (entry.at, entry.uid)):
        lines += _event(one)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def _event(one: Entry) -> list[str]:
    made = [
        "BEGIN:VEVENT", f"UID:{text(one.uid)}", f"DTSTAMP:{moment(one.changed)}",
        f"LAST-MODIFIED:{moment(one.changed)}", f"SEQUENCE:{one.sequence}", f"DTSTART:{moment(one.at)}",
        f"DTEND:{moment(one.at + one.lasts)}", f"SUMMARY:{text(one.summary)}",
    ]  # fmt: skip
    if one.description:
        made.append(f"DESCRIPTION:{text(one.description)}")
    made += [
        "CLASS:PRIVATE", f"TRANSP:{'OPAQUE' if one.busy else 'TRANSPARENT'}",
        f"STATUS:{'CANCELLED' if one.cancelled else 'CONFIRMED'}",
    ]  # fmt: skip
    return [*made, "END:VEVENT"]


def moment(at: datetime) -> str:
    """DATE-TIME in UTC (form 2 of section 3.3.5), to the second."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: str) -> str:
    """A TEXT value (section 3.3.11); control characters, which it may not hold, are left out."""
    clean = "".join(one for one in value if one in "\n\t" or one.isprintable())
    for raw, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        clean = clean.replace(raw, escaped)
    return clean


def folded(line: str) -> bytes:
    """The line in UTF-8, folded so that no character is torn apart and none is longer than ``OCTETS``."""
    made, room = bytearray(), OCTETS
    for character in line:
        data = character.encode()
        if len(data) > room:
            made += b"\r\n "
            room = OCTETS - 1
        made += data
        room -= len(data)
    return bytes(made + b"\r\n")
