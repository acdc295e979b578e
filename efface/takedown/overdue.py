"""What follows when a clock of the law ends: a reminder and the next party inside an approval, else a person's word.

Nobody is called late before his time, while it may be gone already, or on a date that is not sure.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.cases.may import may
from efface.cases.models import Case, Purpose
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.law import Clock
from efface.search.models import FindingState
from efface.takedown import clocks, ladder, locking, planning, timing, verifying
from efface.takedown.approving import NotWaiting
from efface.takedown.models import Notice, Route

ASKED = "clock.person"
"""A clock ended and a person says what follows; ``data`` has the part, and why no machine goes on."""
ANSWERED = "clock.answered"


@deadlines.handler_of_many(timing.KIND)
def _due(due: list[Deadline], now: datetime) -> None:
    rows = Notice.objects.select_related("finding__site", "case", "route").prefetch_related("clock_facts")
    notices = {row.pk: row for row in rows.filter(pk__in=[one.subject for one in due])}
    for deadline in due:
        notice = notices.get(deadline.subject)
        if notice is not None and notice.case.state not in (Case.State.CLOSED, Case.State.ERASED):
            _ended(notice, deadline, now)


def _ended(notice: Notice, deadline: Deadline, now: datetime) -> None:
    ended = next((one for one in timing.counted(notice) if timing.key_of(notice.pk, one) == deadline.key), None)
    if ended is None or ended.due is None or not timing.runs(notice, ended) or notice.finding.stopped:
        return
    if ended.due > now:
        # What is known, or the law, changed since this was set: never early.
        timing.put(notice, deadline.key, ended.due)
    elif ended.part in clocks.WINDOW:
        _window(notice, ended, now)
    elif ladder.quiet(notice.finding):
        if notice.finding.state != FindingState.GONE_CONFIRMED:
            timing.put(notice, deadline.key, now + ladder.ASK_AGAIN)
    else:
        _over(notice, ended, deadline.key, now)


def _over(notice: Notice, ended: Clock, key: str, now: datetime) -> None:
    if ended.part == "stage" and ended.who not in clocks.OURS_TO_CHASE:
        _person(notice, ended, "theirs", now)
        return
    if notice.overdue_at is None:
        Notice.objects.filter(pk=notice.pk).update(overdue_at=now)
        notice.overdue_at = now
        events.record(notice.case, "notice.overdue", "engine", subject=notice.pk, now=now, basis=ended.citation,
                      due=ended.due.isoformat() if ended.due else "", sure=ended.sure)  # fmt: skip
        if not ended.sure:
            _person(notice, ended, "unsure", now)
            return
    if not ended.sure:
        return
    if may(notice.case, Purpose.NOTIFY, now):
        planning.request(notice.finding, notice.pk)
    else:
        # A hold or a pause: their time is over all the same, and we go on when it has ended.
        timing.put(notice, key, now + ladder.ASK_AGAIN)


def _window(notice: Notice, ended: Clock, now: datetime) -> None:
    """After a counter-notice: it may be back from now on, so it is looked at."""
    events.record(notice.case, f"clock.{ended.part}", "engine", subject=notice.pk, now=now, basis=ended.citation)
    verifying.request(notice.finding)


def _person(notice: Notice, ended: Clock, why: str, now: datetime) -> None:
    events.record(notice.case, ASKED, "engine", subject=notice.pk, now=now, part=ended.key, why=why)


def answer(notice: uuid.UUID, choice: str, why: str, user: User, now: datetime) -> None:
    """A person's word on a clock that ended or a counter-notice: "remind" them, ask the "next" party, "wait" some days;
    anything else is only noted. Raises ``NotWaiting``."""
    with transaction.atomic():
        row = locking.notice(notice)
        if row is None:
            raise NotWaiting("the notice is not there")
        if choice in ("remind", "next") and row.route.state != Route.State.ACTIVE:
            raise NotWaiting("this way has ended")
        if choice == "remind":
            planning.request(row.finding, row.pk)
        elif choice == "next":
            ladder.give_up(row.route, "their time is over", now)
            planning.request(row.finding)
        elif choice == "wait":
            ladder.chase_at(row, now + ladder.patience(row.route.role))
        audit.record(row.organisation_id, f"user:{user.pk}", f"clock.{choice}", str(row.pk), now)
        events.record(row.case, ANSWERED, f"caseworker:{user.pk}", subject=row.pk, now=now, choice=choice,
                      why=why[:500])  # fmt: skip
