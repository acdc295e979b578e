"""Clocks on which a person has a word: time that ended where no machine may go on, and counter-notices."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import Case, CaseEvent
from efface.console import clock_words
from efface.console.clock_words import Line
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.console.waiting_case import Within, narrowed
from efface.engine.base import clock
from efface.search.models import FindingState
from efface.takedown import clocks, overdue
from efface.takedown.models import ClockFact, Notice, Route


def _since(kinds: tuple[str, ...], only: uuid.UUID | None) -> dict[uuid.UUID, datetime]:
    """Notices whose last event of these kinds nobody has answered, and when it was."""
    last = CaseEvent.objects.filter(kind__in=(*kinds, overdue.ANSWERED), case__state=Case.State.OPEN).values("subject")
    rows = last.annotate(asked=Max("at", filter=Q(kind__in=kinds)), answered=Max("at", filter=Q(kind=overdue.ANSWERED)))
    return {
        row["subject"]: row["asked"]
        for row in (rows.filter(subject=only) if only else rows)
        if row["subject"] and row["asked"] and (not row["answered"] or row["answered"] < row["asked"])
    }


def _facts(one: Notice, lines: list[Line]) -> tuple[Fact, ...]:
    told = [
        Fact(f"clock-{line.key}", line.headline, " · ".join(filter(None, (line.when, line.law))))
        for line in lines if line.due is not None
    ]  # fmt: skip
    return (
        *told,
        Fact("party", _("Party"), one.route.party_name or one.route.party_key),
        Fact("site", _("Site"), one.finding.site.domain),
        Fact("page", _("Page"), one.finding.page_url or "", address=True),
        Fact("reference", _("Our reference"), one.reference, side=True),
    )


def over(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    since = _since((overdue.ASKED,), only)
    rows = Notice.objects.filter(pk__in=list(since), finding__stopped="", route__state=Route.State.ACTIVE)
    rows = rows.exclude(finding__state=FindingState.GONE_CONFIRMED).select_related("case", "route", "finding__site")
    rows = rows.prefetch_related("clock_facts")
    for one in narrowed(rows.order_by(F("clock_due").asc(nulls_last=True), "sent_at"), case, only, lock):
        lines = [line for line in clock_words.lines(one, clock.now()) if line.state == "overdue"]
        yield Decision(
            kind="clock", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("A time of the law may be over"),
            proposed=_("Look at the date, then remind them or ask the next party."),
            reason=_("No machine writes to anybody here: the date is not certain, or it was not the recipient's time."),
            options=(
                Option("remind", _("Remind them"), "primary"), Option("next", _("Ask the next party")),
                Option("wait", _("Wait some more days")),
            ),
            blanks=(Blank("why", _("Reason (may stay empty)")),),
            facts=_facts(one, lines), reasons=tuple(caution for line in lines for caution in line.cautions),
            notes=tuple(line.text for line in lines), harm=3, since=since[one.pk],
            due=min((line.due for line in lines if line.due), default=None), mark=mark(one.pk, since[one.pk]),
        )  # fmt: skip


def counter_notices(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    objected = ClockFact.objects.filter(kind="counter_notice", taken_back_at=None, case__state=Case.State.OPEN)
    noted = dict(objected.values_list("notice").annotate(Max("noted_at")).values_list("notice", "noted_at__max"))
    answered = CaseEvent.objects.filter(kind=overdue.ANSWERED, subject__in=list(noted)).values_list("subject", "at")
    for subject, at in answered:
        if subject in noted and at >= noted[subject]:
            del noted[subject]
    rows = Notice.objects.filter(pk__in=list(noted), finding__stopped="")
    rows = rows.select_related("case", "route", "finding__site").prefetch_related("clock_facts")
    for one in narrowed(rows.order_by("sent_at"), case, only, lock):
        lines = [line for line in clock_words.lines(one, clock.now()) if line.key in clocks.WINDOW]
        then = next((line.then for line in lines if line.then), "")
        yield Decision(
            kind="counter", id=one.pk, case_id=one.case_id, reference=one.case.reference, danger=one.case.danger,
            title=_("A counter-notice: it may come back"),
            proposed=then or _("Talk to a lawyer, and go on by the other ways."),
            reason=_("Only a court keeps it down by this law, and a suit can make her name public. She decides that, "
                     "with a lawyer; nothing is done by itself. The other ways go on."),
            options=(
                Option("lawyer", _("A lawyer looks at it"), "primary"),
                Option("noted", _("We go on by the other ways")),
            ),
            blanks=(Blank("why", _("What was agreed (may stay empty)")),),
            facts=_facts(one, lines),
            reasons=tuple(dict.fromkeys(line.text for line in lines)),
            notes=tuple(dict.fromkeys(caution for line in lines for caution in line.cautions)),
            harm=1, since=noted[one.pk], due=min((line.due for line in lines if line.due), default=None),
            mark=mark(one.pk, noted[one.pk], *(line.due for line in lines)),
        )  # fmt: skip
