"""What there is to do by hand, what was done and runs, what is over: for one case, or for the whole organisation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import F, Q, QuerySet

from efface.cases.models import Case
from efface.law import load
from efface.takedown import filing
from efface.takedown.channels import registry, steps
from efface.takedown.channels.contract import Words
from efface.takedown.channels.models import Step
from efface.takedown.models import Notice

LIVING = (Case.State.OPEN, Case.State.PAUSED)
PAGE = 50
MINE = Q(state=Step.State.TODO) | Q(state=Step.State.DONE, answered_as=Step.Answer.ASKS)
"""What waits for us."""
THEIRS = Q(state=Step.State.DONE, answered_as__in=("", Step.Answer.RECEIVED))
"""What waits for whoever has to answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """``kind``: a step, or a notice that is filed in a form. ``at`` is what it is ordered by: when it may begin, or the
    recipient's clock where that runs. ``late``: that clock is over. ``stops`` says why it may not be done now, ""
    where it may. ``hers``: she does it herself."""

    kind: Literal["step", "form"]
    id: uuid.UUID
    case: Case
    title: Words
    what: str
    who: str
    site: str
    hers: bool
    at: datetime
    state: str
    said: Words
    reference: str = ""
    later: bool = False
    clock: datetime | None = None
    basis: str = ""
    late: bool = False
    stops: str = ""


def to_do(now: datetime, case: uuid.UUID | None = None, skip: int = 0, limit: int = PAGE) -> list[Row]:
    """What waits for a person: danger first, then what may begin first. Forms of notices stand among the steps, and so
    does what was done and is asked more about."""
    rows = _narrowed(Step.objects.filter(MINE), case)
    ordered = rows.order_by("-case__danger", "starts_at", "made_at", "pk")[: skip + limit]
    forms = filing.sendable(_forms(Notice.State.PREPARED, case), now)
    waiting = forms.order_by("-case__danger", "route__starts_at", "drafted_at", "pk")[: skip + limit]
    found = [*(_of_step(one, now) for one in ordered), *(_of_form(one, now) for one in waiting)]
    found.sort(key=lambda row: (not row.case.danger, row.at, str(row.id)))
    return found[skip : skip + limit]


def running(now: datetime, case: uuid.UUID | None = None, limit: int = PAGE) -> list[Row]:
    """What was done and has no answer yet, by the clock of whoever has to answer; what has none comes after."""
    rows = _narrowed(Step.objects.filter(THEIRS), case)
    ordered = rows.order_by(F("clock_due").asc(nulls_last=True), "done_at", "pk")[:limit]
    forms = _forms(Notice.State.FILED, case).filter(route__state="active")
    filed = forms.order_by(F("clock_due").asc(nulls_last=True), "sent_at", "pk")[:limit]
    found = [*(_of_step(one, now) for one in ordered), *(_of_form(one, now) for one in filed)]
    found.sort(key=lambda row: (row.clock is None, row.clock or row.at, str(row.id)))
    return found[:limit]


def over(now: datetime, case: uuid.UUID, limit: int = PAGE) -> list[Row]:
    """What was answered, could not be done, or is not needed: the newest first."""
    ended = _narrowed(Step.objects.exclude(MINE).exclude(THEIRS), case)
    return [_of_step(one, now) for one in ended.order_by(F("answered_at").desc(nulls_last=True), "-made_at")[:limit]]


def count(case: uuid.UUID | None = None) -> int:
    """How many steps wait, those that may not be done now included."""
    return _narrowed(Step.objects.filter(MINE), case).count()


def _narrowed(rows: QuerySet[Step], case: uuid.UUID | None) -> QuerySet[Step]:
    rows = rows.filter(case__state__in=LIVING).select_related("case", "finding__site")
    return rows.filter(case_id=case) if case else rows


def _forms(state: str, case: uuid.UUID | None) -> QuerySet[Notice]:
    rows = Notice.objects.filter(state=state, channel="form", case__state__in=LIVING)
    rows = rows.select_related("case", "route", "finding__site")
    return rows.filter(case_id=case) if case else rows


def _of_step(one: Step, now: datetime) -> Row:
    channel, notice = registry.channel(one.channel), load().notices.get(one.notice_type)
    word = steps.may_do(one, now) if one.state == Step.State.TODO else None
    return Row(
        "step", one.pk, one.case, channel.name, notice.name if notice else "", one.party_name or one.party_key,
        one.finding.site.domain if one.finding is not None else "", one.hand == Step.Hand.HER,
        one.answered_at or one.done_at or one.starts_at, one.state,
        one.get_answered_as_display() if one.answered_as else channel.states[one.state], str(one.reference or ""),
        one.state == Step.State.TODO and one.starts_at > now, one.clock_due, one.clock_basis,
        one.clock_due is not None and one.clock_due < now, str(word.reason) if word is not None and not word else "",
    )  # fmt: skip


def _of_form(one: Notice, now: datetime) -> Row:
    channel, notice = registry.channel("form"), load().notices.get(one.notice_type)
    filed = one.state == Notice.State.FILED
    return Row(
        "form", one.pk, one.case, channel.name, notice.name if notice else "",
        one.route.party_name or one.route.party_key, one.finding.site.domain, False,
        (one.sent_at if filed else None) or max(one.route.starts_at, one.drafted_at), "done" if filed else "todo",
        channel.states["done" if filed else "todo"], one.outside_reference, False, one.clock_due, one.clock_basis,
        one.clock_due is not None and one.clock_due < now,
    )  # fmt: skip
