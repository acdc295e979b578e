"""A notice's clocks: what is known of it, counted as its law counts. Pure; times in are aware, times out are UTC.

A clock that runs from receipt never starts on sending: receipt is proven by what came back or by what a person saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from efface.law import Clock, ClockError, Hold, Law, clocks_of, load
from efface.law.notices import Event

EVENTS: tuple[Event, ...] = get_args(Event)
ASKED, GIVEN, EXTENDED = "identity_asked", "identity_given", "extended"
OURS_TO_CHASE = frozenset({"recipient", "platform", "merchant"})
"""Whose silence a reminder answers. An authority's, an author's or a sender's time tells a person what may be done."""
WINDOW = frozenset({"restore_from", "restore_until"})
"""When it may come back after a counter-notice: nobody is late then; it is for us to be ready."""


@dataclass(frozen=True, slots=True)
class Known:
    """One thing known of a notice: an ``Event`` of the law, or what stops or lengthens its clock."""

    kind: str
    at: datetime


def seen_at(at: datetime, now: datetime) -> datetime:
    """``at`` in UTC, where a clock can start there. Raises ``ClockError``: no zone, or it lies ahead."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ClockError("This time has no zone, so nobody can say when the clock began. Give the zone too.")
    moment = at.astimezone(UTC)
    if moment > now:
        raise ClockError("This time lies ahead. A clock begins with what has happened: write it down when it has.")
    return moment


def events(known: Iterable[Known]) -> dict[Event, datetime]:
    """The first time of each event. A second receipt does not start the clock anew."""
    found: dict[Event, datetime] = {}
    for one in known:
        for event in EVENTS:
            if event == one.kind and (event not in found or one.at < found[event]):
                found[event] = one.at
    return found


def holds(known: Iterable[Known]) -> list[Hold]:
    """From each question to the first answer at or after it, in whatever order they were written down; two questions
    in a row are one."""
    made: list[Hold] = []
    since: datetime | None = None
    for one in sorted(known, key=lambda item: (item.at, item.kind != ASKED)):
        if one.kind == ASKED and since is None:
            since = one.at
        elif one.kind == GIVEN and since is not None:
            made.append(Hold(since, one.at, ASKED))
            since = None
    return [*made, Hold(since, None, ASKED)] if since is not None else made


def count(notice_type: str, known: Sequence[Known], place: str = "", law: Law | None = None) -> tuple[Clock, ...]:
    """Every clock of a notice to a recipient in ``place``. Raises ``ClockError``."""
    lengthened = any(one.kind == EXTENDED for one in known)
    return clocks_of(
        law or load(), notice_type, events(known), place=place, holds=holds(known), extended=lengthened
    )  # fmt: skip


def theirs(clocks: Iterable[Clock]) -> Clock | None:
    """The clock that the recipient itself has to keep: what a reminder may quote, and what she is told."""
    running = [one for one in clocks if one.due is not None and one.part not in WINDOW and one.who in OURS_TO_CHASE]
    return min(running, key=lambda one: (one.due or one.started, one.part != "main"), default=None)


def moves(
    wanted: Mapping[str, datetime], waiting: Mapping[str, datetime], fired: Mapping[str, datetime]
) -> tuple[dict[str, datetime], list[str]]:
    """What to set and what to take away so that the table holds what the clocks say. What was acted on for this moment
    or a later one is not set again."""
    put = {
        key: due
        for key, due in wanted.items()
        if waiting.get(key) != due and (key in waiting or key not in fired or fired[key] < due)
    }
    return put, [key for key in waiting if key not in wanted]
