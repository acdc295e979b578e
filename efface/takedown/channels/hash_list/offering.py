"""The hash lists that fit her age and country, how far she says she is, and what she says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from efface.cases.models import Case
from efface.law import load
from efface.takedown.channels import doing, hash_list, steps
from efface.takedown.channels.contract import Task, Words
from efface.takedown.channels.form import desks
from efface.takedown.channels.models import Step
from efface.takedown.channels.preparing import age_of

Said = Literal["done", "undone", "dropped"]
NOTICE = {"report_remove": "csam_hotline_report"}


@dataclass(frozen=True, slots=True)
class Offer:
    """``state`` is that of its step, "todo" where she has not said anything yet."""

    desk: str
    name: str
    url: str
    steps: tuple[Words, ...]
    state: str


def offers(case: Case) -> list[Offer]:
    """In the order they are shown. What counts is her age in the pictures; not knowing it, both ways are shown."""
    law, found = load(), []
    said = {
        row.desk: row.state for row in Step.objects.filter(case=case, channel=hash_list.CHANNEL.id).order_by("made_at")
    }
    for kit in hash_list.kits(age_of(case, None), case.country):
        desk = law.channels[kit]
        task = Task(
            _notice(kit), desk.role, desk.name, desk=desk, contact=desk.url, known_desk=desks.known(desk.url),
            age=age_of(case, None), country=case.country,
        )  # fmt: skip
        made = hash_list.prepare(task)
        found.append(Offer(kit, desk.name, made.opens, made.steps, said.get(kit, str(Step.State.TODO))))
    return found


def says(case: Case, desk: str, word: Said, actor: str, now: datetime) -> Step:
    """She says that she did it, did not after all, or does not want it. Twice: no effect.

    Raises ``steps.StepRefused`` for a list that does not fit her, and where the case is not open."""
    if desk not in hash_list.kits(age_of(case, None), case.country):
        raise steps.StepRefused("this list is for somebody else")
    law = load()
    with transaction.atomic():
        step = steps.for_case(
            case, hash_list.CHANNEL, law.notices[_notice(desk)], law.channels[desk], now, by=actor, hand="her"
        )
        if word == "dropped":
            return step if step.state == Step.State.DROPPED else doing.not_wanted(step.pk, actor, "", now)
        if step.state == Step.State.DROPPED:
            step = doing.undone(step.pk, actor, now)
        if word == "undone" or step.state == Step.State.DONE:
            return doing.undone(step.pk, actor, now) if word == "undone" else step
        return doing.done(step.pk, actor, now)


def _notice(desk: str) -> str:
    return NOTICE.get(desk, "hash_bank_submission")
