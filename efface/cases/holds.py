"""Holds: while one stands, no notice leaves. They end by themselves."""

from __future__ import annotations

from datetime import datetime

from efface.cases import events
from efface.cases.models import Case, Hold


def place(case: Case, *, reason: str, owner: str, ends: datetime, actor: str, now: datetime) -> Hold:
    if ends <= now:
        raise ValueError("a hold ends in the future")
    hold = Hold.objects.create(
        organisation_id=case.organisation_id, case=case, reason=reason[:200], owner=owner[:80], begins=now, ends=ends
    )
    events.record(case, "hold.placed", actor, subject=hold.pk, now=now)
    return hold


def lift(hold: Hold, actor: str, now: datetime) -> None:
    if Hold.objects.filter(pk=hold.pk, lifted_at=None).update(lifted_at=now):
        events.record(hold.case, "hold.lifted", actor, subject=hold.pk, now=now)
