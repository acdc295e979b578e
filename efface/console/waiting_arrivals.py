"""Cases that nobody here has met yet: opened by the survivor herself, or with an alarm that no worker has seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases import classing, intake, knowing
from efface.cases.models import Age, Case, CaseKind
from efface.console.decision import Decision, Fact, Option, mark
from efface.console.waiting_case import EACH, LIVING, Within
from efface.engine.base import sealing


def arrivals(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = arrival_rows()
    if case and case.case is not None:
        rows = rows.filter(pk=case.case)
    if case and case.cases is not None:
        rows = rows.filter(pk__in=case.cases)
    if case and case.ids is not None:
        rows = rows.filter(pk__in=case.ids)
    rows = rows.filter(pk=only) if only else rows
    if lock:
        rows = rows.select_for_update(of=("self",))
    shown = list(rows.order_by("-danger", "opened_at")[: case.most if case else EACH])
    sealing.hold_case_keys([one.pk for one in shown])
    for one in shown:
        yield _decision(one)


def arrival_rows() -> QuerySet[Case]:
    return Case.objects.filter(state__in=LIVING).filter(WAITS)


WAITS = Q(by_herself=True, worker=None) | Q(alarm_at__isnull=False)


def _decision(one: Case) -> Decision:
    known = intake.said(one)
    answers = {name: value for name, value in known.items() if value != knowing.LEFT_OUT}
    kinds, lane = classing.decide(known), classing.lane(one)
    options: tuple[Option, ...] = (Option("take", _("I take it"), "primary"),)
    if one.danger:
        options = (
            Option("still", _("I take it; the danger stands"), "primary"),
            Option("calm", _("I take it; there is no danger any more")),
        )
        title, reason = _("She says that she is in danger"), _("She was shown the helplines of her country at once.")
    elif one.age == Age.MINOR:
        title = _("She was under 18")
        reason = _("Everything that needs a picture has stopped; go the other ways with her.")
    elif one.kind == CaseKind.BLOCK:
        title = _("Somebody wants to keep their face out")
        reason = _("Nobody here has met this person yet. Nothing is kept out before the conversation.")
    else:
        title = _("A case opened by herself")
        reason = _("Nobody here has met her yet. Nothing is allowed until she says so.")
    return Decision(
        kind="arrival", id=one.pk, case_id=one.pk, reference=one.reference, danger=one.danger, title=title,
        proposed=_("Read what she said, take the case, and write to her."), reason=reason, options=options,
        facts=(
            Fact("lane", _("Lane"), str(classing.LANE_WORDS[lane])),
            Fact("kind", _("Kind"), ", ".join(str(classing.KINDS[kind.kind]) for kind in kinds)),
            Fact("safe", _("Safe now"), _answer("safe_now", answers)),
            Fact("device", _("Who may see her device"), _answer("device", answers)),
            Fact("first", _("Matters most"), _answer("first", answers)),
            Fact("country", _("Lives in"), one.country), Fact("language", _("Language"), one.language),
            Fact("age", _("Age in the pictures"), str(one.get_age_display())),
        ),
        text_label=_("In her own words"), text=answers.get("own_words", ""), harm=0,
        since=one.alarm_at or one.opened_at, mark=mark(one.pk, one.alarm_at, one.danger, one.age, lane),
    )  # fmt: skip


def _answer(name: str, answers: dict[str, str]) -> str:
    ask = next(one for one in intake.INTAKE if one.name == name)
    return str(dict(ask.choices).get(answers.get(name, ""), ""))
