"""Second opinions: a colleague is asked about one decision and answers; both stand beside it. Nobody is bound by it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from efface.accounts.models import Member, User
from efface.cases import events
from efface.cases.assigning import WORKERS
from efface.cases.models import Case, CaseEvent
from efface.console.decision import Decision
from efface.console.models import Look, Opinion

LONGEST = 1_000


class OpinionRefused(ValueError):
    """It cannot be asked or answered; the message says why."""


def ask(decision: Decision, of: uuid.UUID | None, question: str, by: Member, now: datetime) -> Opinion:
    """Ask a colleague (a user; None: anybody) about a decision. The same question twice is one. Raises
    ``OpinionRefused``."""
    if decision.case_id is None:
        raise OpinionRefused(_("Opinions are asked about decisions of a case."))
    if of == by.user_id:
        raise OpinionRefused(_("Please ask somebody else."))
    if of is not None and not Member.objects.filter(user=of, role__in=WORKERS, user__is_active=True).exists():
        raise OpinionRefused(_("Please choose a caseworker or lead of this organisation."))
    words = question.strip()[:LONGEST]
    case = Case.objects.select_for_update().get(pk=decision.case_id)
    open_ones = Opinion.objects.filter(
        kind=decision.kind, subject=decision.id, asked_by=by.user_id, answered_at=None, withdrawn_at=None, asked=of
    )
    standing = open_ones.first()
    if standing is not None:
        return standing
    row = Opinion(
        organisation_id=case.organisation_id, case=case, kind=decision.kind, subject=decision.id,
        asked_by_id=by.user_id, asked_at=now, asked_id=of,
    )  # fmt: skip
    row.question = words
    row.save()
    events.record(case, "opinion.asked", f"{by.role}:{by.user_id}", subject=decision.id, now=now)
    return row


def answer(opinion: Opinion, text: str, user: User, now: datetime) -> None:
    """Raises ``OpinionRefused`` where it is not this person's to answer, or was answered."""
    row = Opinion.objects.select_for_update(of=("self",)).select_related("case").get(pk=opinion.pk)
    if row.asked_by_id == user.pk or (row.asked_id is not None and row.asked_id != user.pk):
        raise OpinionRefused(_("Somebody else was asked."))
    if row.answered_at is not None or row.withdrawn_at is not None:
        raise OpinionRefused(_("This was answered already, or is not asked any more."))
    words = text.strip()[:LONGEST]
    if not words:
        raise OpinionRefused(_("Please write what you think."))
    row.answer, row.answered_by, row.answered_at = words, user, now
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    events.record(row.case, "opinion.given", f"caseworker:{user.pk}", subject=row.subject, now=now)


def withdraw(opinion: uuid.UUID, user: User, now: datetime) -> bool:
    return bool(
        Opinion.objects.filter(pk=opinion, asked_by=user, answered_at=None, withdrawn_at=None).update(withdrawn_at=now)
    )


def of(kind: str, subject: uuid.UUID) -> list[Opinion]:
    """Asked and answered about one decision, in order."""
    rows = Opinion.objects.filter(kind=kind, subject=subject, withdrawn_at=None)
    return list(rows.select_related("asked_by", "asked", "answered_by").order_by("asked_at", "pk"))


def counts(decisions: Iterable[Decision]) -> dict[uuid.UUID, int]:
    """How many opinions stand beside each, with one question."""
    wanted = [one.id for one in decisions if one.case_id is not None]
    if not wanted:
        return {}
    rows = Opinion.objects.filter(subject__in=wanted, withdrawn_at=None).values("subject").annotate(n=Count("pk"))
    return {row["subject"]: row["n"] for row in rows}


@events.on("case.erased")
def _erased(event: CaseEvent) -> None:
    Opinion.objects.filter(case=event.case_id).delete()
    Look.objects.filter(case=event.case_id).delete()
