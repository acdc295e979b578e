"""The rota: who is on duty when. A shift is a row; nothing is decided by it but whom people turn to."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from efface.accounts.models import Member
from efface.cases.assigning import WORKERS
from efface.cases.models import Absence, Duty

LONGEST = timedelta(hours=14)


class DutyRefused(ValueError):
    """The shift cannot be noted; the argument is one word for why."""


def add(member: Member, begins: datetime, ends: datetime, now: datetime) -> Duty:
    """One shift. The same one twice is one. Raises ``DutyRefused``."""
    if member.role not in WORKERS or not member.user.is_active:
        raise DutyRefused("no-worker")
    if not begins < ends or ends - begins > LONGEST:
        raise DutyRefused("no-shift")
    if ends <= now:
        raise DutyRefused("over")
    if Absence.objects.filter(member=member, ended_at=None, begins__lt=ends, ends__gt=begins).exists():
        raise DutyRefused("away-then")
    Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    found = Duty.objects.filter(member=member, begins__lt=ends, ends__gt=begins).order_by("begins").first()
    if found is not None:
        if (found.begins, found.ends) == (begins, ends):
            return found
        raise DutyRefused("another-shift")
    return Duty.objects.create(organisation_id=member.organisation_id, member=member, begins=begins, ends=ends)


def remove(duty: uuid.UUID) -> bool:
    return bool(Duty.objects.filter(pk=duty).delete()[0])


def on_duty(now: datetime) -> list[Duty]:
    rows = Duty.objects.filter(begins__lte=now, ends__gt=now).select_related("member__user")
    return list(rows.order_by("begins", "pk"))


def between(begins: datetime, ends: datetime) -> list[Duty]:
    """Shifts of a time, the first first."""
    rows = Duty.objects.filter(begins__lt=ends, ends__gt=begins).select_related("member__user")
    return list(rows.order_by("begins", "member__user__name", "pk"))
