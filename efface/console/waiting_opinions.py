"""What colleagues ask of this member: a second opinion on one decision."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.models import Opinion
from efface.console.waiting_case import LIVING, Within, narrowed


def opinion_rows(member: Member) -> QuerySet[Opinion]:
    rows = Opinion.objects.filter(Q(asked=member.user_id) | Q(asked=None), case__state__in=LIVING)
    return rows.filter(answered_at=None, withdrawn_at=None).exclude(asked_by=member.user_id)


def opinions(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = opinion_rows(member).select_related("case", "asked_by")
    for one in narrowed(rows.order_by("asked_at"), case, only, lock):
        yield Decision(
            kind="opinion", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("A colleague asks what you think"),
            proposed=_("Read the decision, and say what you would do and why."),
            reason=_("They decide; two pairs of eyes are better than one."),
            options=(Option("say", _("Send"), "primary"),),
            blanks=(Blank("text", _("What you think"), long=True, needed_for=("say",)),),
            facts=(Fact("asked-by", _("Who asks"), one.asked_by.name),
                   Fact("question", _("Question"), one.question or "")),
            about=reverse("console:decision", args=[one.kind, one.subject]),
            harm=2, since=one.asked_at, mark=mark(one.pk),
        )  # fmt: skip
