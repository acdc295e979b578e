"""Open cases change hands when the worker who has them leaves: to a colleague."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from efface.accounts import managing
from efface.accounts.models import Member
from efface.cases import events
from efface.cases.models import Case, Conversation

OPEN = (Case.State.OPEN, Case.State.PAUSED)


def of(member: Member) -> QuerySet[Case]:
    return Case.objects.filter(worker_id=member.user_id, state__in=OPEN)


def count(member: Member) -> int:
    return of(member).count()


def hand_over(member: Member, to: Member, actor: str, now: datetime) -> int:
    """All open cases of ``member``; a conversation that is under way ends, for it is held by one person. Each case's
    history says so. Returns how many cases changed hands."""
    cases = list(of(member).select_for_update())
    Conversation.objects.filter(worker_id=member.user_id, ended_at=None).update(ended_at=now, outcome="ended")
    for case in cases:
        Case.objects.filter(pk=case.pk).update(worker_id=to.user_id)
        # Without data: it would be sealed with the case's key, which is not open to everybody who manages members.
        events.record(case, "case.handed_over", actor, now=now, subject=to.user_id)
    return len(cases)


managing.on_leaving("cases", count, hand_over)
