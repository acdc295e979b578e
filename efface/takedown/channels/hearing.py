"""What follows from an answer to a step: looked at again, the next one asked, more to be given. As for a mail.

What they say is never taken for a removal: a check says what is gone."""

from __future__ import annotations

from datetime import datetime

from efface.engine.base import training
from efface.law.select import LADDER_ROLE
from efface.search.models import Finding
from efface.takedown.channels import steps
from efface.takedown.channels.models import Step
from efface.takedown.models import Outcome, Route

Answer = Step.Answer
OPEN = frozenset({"", Answer.RECEIVED})
"""Answers after which the recipient's time still runs."""


def follow(step: Step, before: str, now: datetime) -> None:
    """Set going what follows from ``step.answered_as``; ``before`` is what stood there. The same again: nothing."""
    from efface.takedown import ladder, planning, verifying

    if step.answered_as == before:
        return
    if step.answered_as == Answer.REMOVED:
        for finding in concerned(step):
            verifying.request(finding)
    elif step.answered_as == Answer.REFUSED:
        failed(step)
        route = step.route
        if route is not None and route.state in (Route.State.ACTIVE, Route.State.PLANNED):
            ladder.give_up(Route.objects.select_for_update(of=("self",)).get(pk=route.pk), "refused", now)
        for finding in concerned(step):
            if route is None:
                ladder.ask_next(finding, now)
            planning.request(finding)


def silent(step: Step) -> None:
    """The law's time is over without an answer: what waited for that may be planned."""
    from efface.takedown import planning

    for finding in concerned(step):
        planning.request(finding)


def concerned(step: Step) -> list[Finding]:
    """The findings a step is about: its own, with those that share it; none for what is about her rather than a
    page."""
    if step.finding is None:
        return []
    if step.key.startswith(steps.SITE):
        return list(steps.sharing(step.finding))
    return [step.finding]


def failed(step: Step) -> None:
    """They were asked and refuse: kept without case or address, for the next plan."""
    if step.done_at is not None and step.finding_id is not None and not training.here():
        Outcome.objects.create(
            party_key=step.party_key, role=role(step), notice_type=step.notice_type, sent_at=step.done_at,
            removed=False,
        )  # fmt: skip


def removed(finding: Finding, gone: datetime) -> int:
    """It is gone: whoever was asked by hand before it went, and did not refuse, had a part in it. Returns how many."""
    if training.here():
        return 0
    own = Step.objects.filter(finding=finding, episode=finding.episode)
    shared = Step.objects.filter(
        case_id=finding.case_id, key__startswith=f"{steps.SITE}{finding.site_id}:{finding.episode}:"
    )
    rows = (own | shared).filter(state=Step.State.DONE, done_at__lte=gone).exclude(answered_as=Answer.REFUSED)
    made = [
        Outcome(
            party_key=one.party_key, role=role(one), notice_type=one.notice_type, sent_at=one.done_at,
            hours=(gone - one.done_at).total_seconds() / 3600, removed=True,
        )
        for one in rows.exclude(key__startswith=steps.OUTDATED) if one.done_at is not None
    ]  # fmt: skip
    return len(Outcome.objects.bulk_create(made))


def role(step: Step) -> str:
    """The party's role in the dossier's words, as outcomes of notices are kept."""
    return LADDER_ROLE.get(step.role, step.role)[:12]
