"""What was done under a consent, day by day: she can read it in the portal. No comparison writes a row: rooms
tell, when asked, what their own rows show, and note by day what has no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from efface.cases.models import Case, CaseEvent, Consent, ConsentUse, Purpose

Span = tuple[datetime, datetime]
SHOWN_DAYS = 90
WHAT = ("compared", "looked-back", "asked", "written", "guarded", "passed-on", "by-her")


@dataclass(frozen=True, slots=True)
class Use:
    """One line of the history. ``what`` is of ``WHAT``; ``by`` who did it or got it, "" for our own machine; ``times``
    how much or how often, ``found`` what it led to (None where nothing could be found)."""

    day: date
    what: str
    by: str = ""
    times: int = 1
    found: int | None = None


Teller = Callable[[Case, str, date, datetime], Iterable[Use]]
_tellers: list[Teller] = []


def tells(function: Teller) -> Teller:
    """Register a room's function: case, purpose, first day, now -> uses."""
    if function not in _tellers:
        _tellers.append(function)
    return function


def note(case: Case, purpose: str, what: str, now: datetime, *, by: str = "", times: int = 1, found: int = 0) -> None:
    """Add to the day's line of a use that leaves no other row."""
    if what not in WHAT or purpose not in Purpose.values:
        raise ValueError("what must be of WHAT, and purpose a Purpose")
    row, _made = ConsentUse.objects.get_or_create(
        organisation_id=case.organisation_id, case_id=case.pk, purpose=purpose, day=_day(now), what=what, by=by[:80]
    )
    ConsentUse.objects.filter(pk=row.pk).update(times=F("times") + times, found=F("found") + found)


def history(case: Case, purpose: str, now: datetime, days: int = SHOWN_DAYS) -> list[Use]:
    """Newest first."""
    since = _day(now) - timedelta(days=days)
    rows = ConsentUse.objects.filter(case=case, purpose=purpose, day__gte=since)
    found = [Use(row.day, row.what, row.by, row.times, row.found) for row in rows]
    for tell in _tellers:
        found += tell(case, purpose, since, now)
    return sorted(found, key=lambda one: (one.day, one.what, one.by), reverse=True)


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def without(spans: Sequence[Span], off: Sequence[Span]) -> list[Span]:
    """Those spans of time with others taken out. Pure; spans that are empty are left out."""
    left = [one for one in spans if one[0] < one[1]]
    for begin, end in off:
        left = [
            piece for start, stop in left for piece in ((start, min(stop, begin)), (max(start, end), stop))
            if piece[0] < piece[1]
        ]  # fmt: skip
    return left


def in_force(case: Case, purpose: str, now: datetime, *, attested: bool) -> list[Span]:
    """When this consent could be used: given, not paused, and attested where that is needed. By her own events."""
    given = [
        (row.given_at, min(row.expires_at, row.withdrawn_at or row.expires_at, now))
        for row in Consent.objects.filter(case=case, purpose=purpose)
    ]
    begins, ends = ("case.paused", "case.closed", "case.erased"), ("case.resumed",)
    off = _spans(case, begins, ends, now)
    if attested:
        on = _spans(case, ("case.attested",), ("attestation.stopped", "face.alarm_decided"), now)
        off += without([(case.opened_at, now)], on)
    return without(given, off)


def days_of(spans: Iterable[Span]) -> set[date]:
    """Every day that one of these spans touches."""
    return {
        _day(start) + timedelta(days=number)
        for start, end in spans for number in range((_day(end) - _day(start)).days + 1)
    }  # fmt: skip


def _spans(case: Case, begins: Sequence[str], ends: Sequence[str], now: datetime) -> list[Span]:
    rows = CaseEvent.objects.filter(case=case, kind__in=(*begins, *ends)).order_by("at", "id").values_list("kind", "at")
    spans: list[Span] = []
    since: datetime | None = None
    for kind, at in rows:
        if kind in begins and since is None:
            since = at
        elif kind in ends and since is not None:
            spans.append((since, at))
            since = None
    return [*spans, (since, now)] if since is not None else spans


def sent(uses: Iterable[Use]) -> list[Use]:
    """What left the house and cannot be called back."""
    return [one for one in uses if one.what in ("written", "passed-on")]
