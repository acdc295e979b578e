"""How long a closed case is kept (DESIGN section 7): 90 days, or longer while a hold stands or a room above has
promised to keep it. Then it is erased, like any other.

Her own word comes first: whoever erases because she asked does not ask here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from efface.cases import erasing, events, messages
from efface.cases.models import Case, CaseEvent, Hold
from efface.engine.base import deadlines, moments
from efface.engine.base.models import Deadline

DUE, REMINDS = "case.retention", "case.retention.reminds"
KEEP_CLOSED = timedelta(days=90)
REMIND_BEFORE = timedelta(days=14)
ENGINE = "engine:retention"
Promise = Callable[[uuid.UUID, datetime], datetime | None]
_promises: list[Promise] = []


def promise(until: Promise) -> Promise:
    """Register a room that promised to keep what some cases hold: until when, by case and moment; None where it did
    not."""
    if until not in _promises:
        _promises.append(until)
    return until


def kept_until(case_id: uuid.UUID, now: datetime) -> datetime | None:
    """Until when nothing of the case may be deleted by age; None where nothing keeps it. Whoever deletes by age asks
    this first, and again at that moment."""
    holds = Hold.objects.filter(case_id=case_id, lifted_at=None, begins__lte=now, ends__gt=now)
    found = [*holds.values_list("ends", flat=True), *(ask(case_id, now) for ask in _promises)]
    return max((one for one in found if one is not None and one > now), default=None)


def over(case: Case) -> datetime | None:
    """When a closed case has been kept long enough; None for one that is not closed."""
    closed = case.state == Case.State.CLOSED and case.closed_at is not None
    return case.closed_at + KEEP_CLOSED if closed and case.closed_at else None


def released(case_id: uuid.UUID, now: datetime) -> None:
    """A hold or a promise ended before its time: what only that had kept is looked at at once."""
    case = Case.objects.filter(pk=case_id).first()
    due = over(case) if case else None
    if case is not None and due is not None and due <= now:
        deadlines.set_deadline(DUE, case.pk, now, organisation=case.organisation_id, case=case.pk)


@events.on("case.closed")
def _closed(event: CaseEvent) -> None:
    due = event.at + KEEP_CLOSED
    for kind, moment in ((DUE, due), (REMINDS, due - REMIND_BEFORE)):
        deadlines.set_deadline(kind, event.case_id, moment, organisation=event.organisation_id, case=event.case_id)
    _write(event.case, due, event.at)


@events.on("case.resumed")
def _opened_again(event: CaseEvent) -> None:
    for kind in (DUE, REMINDS):
        deadlines.cancel(subject=event.case_id, kind=kind)


@events.on("hold.lifted", "hold.ended")
def _hold_over(event: CaseEvent) -> None:
    released(event.case_id, event.at)


@deadlines.handler(REMINDS)
def reminds(deadline: Deadline, now: datetime) -> None:
    case = Case.objects.filter(pk=deadline.subject, state=Case.State.CLOSED).first()
    due = over(case) if case else None
    if case is not None and due is not None and due > now:
        _write(case, due, now)


@deadlines.handler(DUE)
def is_due(deadline: Deadline, now: datetime) -> None:
    case = Case.objects.select_for_update(of=("self",)).filter(pk=deadline.subject).first()
    due = over(case) if case else None
    if case is None or due is None:
        return
    later = due if due > now else kept_until(case.pk, now)
    if later is None:
        erasing.erase(case, ENGINE, now)
    else:
        deadlines.set_deadline(DUE, case.pk, later, organisation=case.organisation_id, case=case.pk)


def _write(case: Case, due: datetime, now: datetime) -> None:
    with override(case.language):
        text = _("Your case is closed. What we keep of it is deleted on %(day)s. Until then you can take everything "
                 "along. If you want it kept for longer, tell your caseworker before that day.")  # fmt: skip
        messages.write(
            case, from_survivor=False, author="engine", text=text % {"day": moments.day(due)}, now=now
        )  # fmt: skip
