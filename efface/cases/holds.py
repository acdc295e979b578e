"""Holds: while one stands, no notice leaves. They end by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.models import Case, Hold
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline

ENDS = "hold.ends"
LONGEST = timedelta(days=90)
"""From a day on, so far ahead a hold may end: a longer one has to be asked for again."""


class CannotHold(ValueError):
    """The message says what would do."""


def place(case: Case, *, reason: str, owner: str, ends: datetime, actor: str, now: datetime) -> Hold:
    if ends <= now:
        raise CannotHold(_("A hold ends in the future."))
    hold = Hold.objects.create(
        organisation_id=case.organisation_id, case=case, reason=reason[:200], owner=owner[:80], begins=now, ends=ends
    )
    deadlines.set_deadline(ENDS, hold.pk, ends, organisation=case.organisation_id, case=case.pk)
    events.record(case, "hold.placed", actor, subject=hold.pk, now=now)
    return hold


def standing(cases: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, datetime]:
    """Of these cases the ones whose notices wait ``now``, each with when the last of its holds ends."""
    rows = Hold.objects.filter(case__in=cases, lifted_at=None, begins__lte=now, ends__gt=now)
    return dict(rows.order_by("ends").values_list("case_id", "ends"))


def extend(hold: Hold, ends: datetime, actor: str, now: datetime) -> Hold:
    """Let a standing hold end later. Raises ``CannotHold``: it is over, was lifted, or would end too far ahead."""
    if ends > now + LONGEST:
        raise CannotHold(_("A hold ends within %(n)d days; ask again then.") % {"n": LONGEST.days})
    moved = Hold.objects.filter(pk=hold.pk, lifted_at=None, ends__gt=now, ends__lt=ends).update(ends=ends)
    if not moved:
        raise CannotHold(_("This hold is over, or ends later already. Ask for a new one."))
    hold.ends = ends
    deadlines.set_deadline(ENDS, hold.pk, ends, organisation=hold.organisation_id, case=hold.case_id)
    events.record(hold.case, "hold.extended", actor, subject=hold.pk, now=now)
    return hold


def lift(hold: Hold, actor: str, now: datetime) -> None:
    if Hold.objects.filter(pk=hold.pk, lifted_at=None).update(lifted_at=now):
        deadlines.cancel(subject=hold.pk, kind=ENDS)
        events.record(hold.case, "hold.lifted", actor, subject=hold.pk, now=now)


@deadlines.handler(ENDS)
def _ended(deadline: Deadline, now: datetime) -> None:
    """Its time is over: nobody has to remember it. What waited for it goes on at the next try."""
    hold = Hold.objects.select_related("case").filter(pk=deadline.subject, lifted_at=None, ends__lte=now).first()
    if hold is not None and hold.case.state != Case.State.ERASED:
        events.record(hold.case, "hold.ended", "engine", subject=hold.pk, now=now)
