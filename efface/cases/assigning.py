"""Whose case it is: take it, give it, hand over all cases of a member. Each change is an event with its reason."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q

from efface.accounts import audit
from efface.accounts.models import Member, Role, User
from efface.cases import events
from efface.cases.models import Case

LIVING = (Case.State.OPEN, Case.State.PAUSED)
WORKERS = (Role.CASEWORKER, Role.LEAD)


class AssignRefused(ValueError):
    """The case cannot be given so; the argument is one word for why."""


def workers() -> list[Member]:
    """Members of this organisation who may have cases, by name."""
    rows = Member.objects.filter(role__in=WORKERS, user__is_active=True).select_related("user")
    return list(rows.order_by("user__name", "pk"))


def give(case: Case, to: uuid.UUID | None, why: str, by: Member, now: datetime, seen: str | None = None) -> bool:
    """The case is ``to``'s (a user; None: nobody's). ``seen``: whose it was when the form was shown ("" for nobody);
    where that is no longer so, nothing changes. False where it is theirs already. Raises ``AssignRefused``."""
    row = Case.objects.select_for_update().get(pk=case.pk)
    if row.state not in LIVING:
        raise AssignRefused("closed")
    if to is not None and not Member.objects.filter(user=to, role__in=WORKERS, user__is_active=True).exists():
        raise AssignRefused("no-worker")
    if row.worker_id == to:
        return False
    if seen is not None and str(row.worker_id or "") != seen:
        raise AssignRefused("given-meanwhile")
    if row.worker_id is not None and to != by.user_id and row.worker_id != by.user_id and by.role != Role.LEAD:
        raise AssignRefused("not-yours")
    Case.objects.filter(pk=row.pk).update(worker=to)
    actor = f"{by.role}:{by.user_id}"
    kind = "case.taken" if to == by.user_id else "case.given" if to else "case.given_up"
    events.record(row, kind, actor, subject=to, now=now, why=why[:300])
    return True


def of(user: User) -> int:
    return Case.objects.filter(worker=user, state__in=LIVING).count()


def hand_over(from_user: User, to: Member, why: str, by: Member, now: datetime) -> int:
    """All living cases of one member to another. Returns how many. Raises ``AssignRefused``."""
    if to.role not in WORKERS or not to.user.is_active:
        raise AssignRefused("no-worker")
    if to.user_id == from_user.pk:
        raise AssignRefused("theirs-already")
    if by.role != Role.LEAD and by.user_id != from_user.pk:
        raise AssignRefused("not-your-cases")
    rows = list(Case.objects.select_for_update().filter(worker=from_user, state__in=LIVING).order_by("pk"))
    Case.objects.filter(pk__in=[row.pk for row in rows]).update(worker=to.user_id)
    actor = f"{by.role}:{by.user_id}"
    for row in rows:
        events.record(row, "case.given", actor, subject=to.user_id, now=now, why=why[:300])
    if rows:
        audit.record(by.organisation_id, actor, "cases.handed_over", str(from_user.pk), now)
    return len(rows)


def theirs(users: list[uuid.UUID]) -> Q:
    """The condition on a case that it belongs to one of these."""
    return Q(worker__in=users)
