"""Leaving: she asks for everything to be erased, after a wait that she can undo, or at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from efface.cases import consents, erasing, events
from efface.cases.models import Case
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline

DUE = "case.erase"
WAIT = timedelta(days=7)
LIVING = (Case.State.OPEN, Case.State.PAUSED, Case.State.CLOSED)


def ask(case: Case, actor: str, now: datetime) -> datetime:
    """Erase in seven days; until then everything is paused, and she can take it back. Asking twice changes nothing.
    Returns the moment."""
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if row.erase_at is not None:
        return row.erase_at
    if row.state == Case.State.OPEN:
        consents.stop(row, actor, now)
    Case.objects.filter(pk=case.pk).update(erase_at=now + WAIT)
    deadlines.set_deadline(DUE, case.pk, now + WAIT, organisation=case.organisation_id, case=case.pk)
    events.record(case, "erase.asked", actor, now=now)
    return now + WAIT


def undo(case: Case, actor: str, now: datetime) -> bool:
    """Keep everything. The case stays paused until she presses Continue. False where nothing was asked."""
    if not Case.objects.filter(pk=case.pk, erase_at__isnull=False).update(erase_at=None):
        return False
    deadlines.cancel(subject=case.pk, kind=DUE)
    events.record(case, "erase.undone", actor, now=now)
    return True


@deadlines.handler(DUE)
def is_due(deadline: Deadline, now: datetime) -> None:
    case = Case.objects.select_for_update(of=("self",)).filter(pk=deadline.subject, erase_at__lte=now).first()
    if case is not None and case.state in LIVING:
        erasing.erase(case, "survivor", now)
