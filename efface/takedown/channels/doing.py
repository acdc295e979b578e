"""What a person says of a step: it is done, it cannot be done, it was not done after all, it arrived, they answered."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.law import clocks, load
from efface.takedown import facts
from efface.takedown.channels import hearing, registry, steps
from efface.takedown.channels.contract import Moment
from efface.takedown.channels.models import Step
from efface.takedown.channels.steps import StepRefused

LONGEST = {"reference": 80, "confirmation": 5_000, "answer": 5_000, "note": 5_000, "state_why": 500}
MOST_ENCLOSURES = 12
_IMAGE_NAME = re.compile(r"\.(jpe?g|png|gif|webp|avif|heic|bmp|tiff?|mp4|mov|webm|mkv|avi)\b", re.IGNORECASE)
OLDEST = timedelta(days=3 * 366)
"""Nobody notes today what was done longer ago."""


def _locked(step: uuid.UUID) -> Step:
    """The finding first, then the step: one order of locks for everything that leads outward."""
    from efface.takedown import locking

    found = Step.objects.filter(pk=step).values_list("finding_id", flat=True).first()
    if found is not None:
        locking.finding(found)
    row = Step.objects.select_for_update(of=("self",)).select_related("case", "finding").filter(pk=step).first()
    if row is None:
        raise StepRefused(_("This step is not there."))
    return row


def _moment(when: datetime | None, now: datetime) -> datetime:
    """When it happened, as the person says; never in the future."""
    moment = when or now
    if moment.tzinfo is None:
        raise StepRefused(_("The time has no zone."))
    if moment > now:
        raise StepRefused(_("That day has not come yet. Note it when it is done."))
    if moment < now - OLDEST:
        raise StepRefused(_("That is longer ago than can be noted here."))
    return moment


def done(
    step: uuid.UUID, actor: str, now: datetime, *, when: datetime | None = None, reference: str = "",
    confirmation: str = "", note: str = "",
) -> Step:  # fmt: skip
    """It was done. Its clock begins where the law starts one on that. Twice: what is new is noted, nothing else.

    Raises ``StepRefused`` where it may not be done now, or was dropped meanwhile."""
    with transaction.atomic():
        row = _locked(step)
        if row.state == Step.State.DROPPED:
            raise StepRefused(_("This step is not needed any more."))
        moment = _moment(when, now)
        if row.state != Step.State.DONE:
            word = steps.may_do(row, now)
            if not word:
                raise StepRefused(_("This cannot be done now. %(why)s") % {"why": word.reason})
            row.state, row.done_at, row.done_by = Step.State.DONE, moment, actor
            row.state_why = ""
        elif row.answered_as == Step.Answer.ASKS:
            # What they asked for was given: it is theirs again.
            row.answered_at, row.answered_as = None, ""
        _fill(row, reference=reference, confirmation=confirmation, note=note)
        _count(row, now)
        row.save()
        _tell(row, "step.done", actor, now)
        return row


def undone(step: uuid.UUID, actor: str, now: datetime) -> Step:
    """It was not done after all: it waits again, and its clock stops. What was noted stays."""
    with transaction.atomic():
        row = _locked(step)
        if row.state == Step.State.TODO:
            return row
        row.state, row.done_at, row.delivered_at, row.answered_at = Step.State.TODO, None, None, None
        row.done_by = row.answered_as = ""
        row.state_why = ""
        _count(row, now)
        row.save()
        _tell(row, "step.undone", actor, now)
        return row


def cannot(step: uuid.UUID, actor: str, why: str, now: datetime) -> Step:
    """It cannot be done, and why: the form refuses, the desk does not take it, she does not want it."""
    if not why.strip():
        raise StepRefused(_("Please say why it could not be done: the next person is spared the way."))
    with transaction.atomic():
        row = _locked(step)
        if row.state == Step.State.DROPPED:
            raise StepRefused(_("This step is not needed any more."))
        if row.state == Step.State.CANNOT and row.done_by == actor and str(row.state_why or "").strip() == why.strip():
            return row  # the same word twice
        row.state, row.done_by = Step.State.CANNOT, actor
        _fill(row, state_why=why)
        _count(row, now)
        row.save()
        _tell(row, "step.cannot", actor, now)
        return row


def not_wanted(step: uuid.UUID, actor: str, why: str, now: datetime) -> Step:
    """A person says that it is not needed. What was done stays done."""
    with transaction.atomic():
        row = _locked(step)
        if row.state == Step.State.DONE:
            raise StepRefused(_("It was done already. Take that back first."))
        if row.state != Step.State.DROPPED:
            steps.drop(row, actor, why.strip()[: LONGEST["state_why"]], now)
        return row


def delivered(step: uuid.UUID, actor: str, when: datetime | None, now: datetime) -> Step:
    """It arrived: the day on the receipt. A clock that runs from receipt begins now."""

    def change(row: Step) -> None:
        moment = _moment(when, now)
        if row.done_at is not None and moment < row.done_at:
            raise StepRefused(_("It cannot have arrived before it was sent."))
        row.delivered_at = moment

    return _later(step, actor, "step.delivered", now, change)


def answered(
    step: uuid.UUID, actor: str, words: str, now: datetime, when: datetime | None = None, kind: str = "other"
) -> Step:  # fmt: skip
    """They answered, and ``kind`` (a ``Step.Answer``) is what it means: what follows, follows as from a mail. Their
    words are kept sealed."""
    if not words.strip():
        raise StepRefused(_("Please write down what they answered."))
    if kind not in Step.Answer.values:
        raise StepRefused(_("Please choose what their answer is."))
    before = ""

    def change(row: Step) -> None:
        nonlocal before
        moment = _moment(when, now)
        if row.done_at is not None and moment < row.done_at and moment.date() < row.done_at.date():
            raise StepRefused(_("They cannot have answered before it was done."))
        before, row.answered_as, row.answered_at = row.answered_as, kind, moment
        _fill(row, answer=words)

    with transaction.atomic():
        row = _later(step, actor, "step.answered", now, change)
        hearing.follow(row, before, now)
    return row


def addressed(step: uuid.UUID, contact: str, actor: str, now: datetime, enclosures: str = "") -> Step:
    """Where it goes: the lines of a postal address, or a desk's way in that a person found; and what goes with a
    letter, a line each. A picture never does, and a list that names one is refused."""
    listed = [line.strip()[:120] for line in enclosures.splitlines() if line.strip()][:MOST_ENCLOSURES]
    if any(_IMAGE_NAME.search(line) for line in listed):
        raise StepRefused(_("No picture and no video goes with a letter."))
    if not contact.strip():
        raise StepRefused(_("Please write down where it goes."))
    with transaction.atomic():
        row = _locked(step)
        against = facts.unwelcome(row.case, contact, "", row.finding)
        if against:
            raise StepRefused(against)
        row.contact, row.enclosures = contact.strip()[:500], listed
        row.save(update_fields=["contact", "enclosures"])
        _tell(row, "step.addressed", actor, now)
        return row


def noted(step: uuid.UUID, words: str) -> Step:
    """A note for the next person who opens it."""
    with transaction.atomic():
        row = _locked(step)
        row.note = words.strip()[: LONGEST["note"]]
        row.save(update_fields=["note"])
        return row


def _later(step: uuid.UUID, actor: str, kind: str, now: datetime, change: Callable[[Step], None]) -> Step:
    with transaction.atomic():
        row = _locked(step)
        if row.state != Step.State.DONE:
            raise StepRefused(_("Note first that it was done."))
        change(row)
        _count(row, now)
        row.save()
        _tell(row, kind, actor, now)
        return row


def _fill(row: Step, **words: str) -> None:
    """Words that were given; what is empty leaves what stands there."""
    for name, text in words.items():
        if text.strip():
            setattr(row, name, text.strip()[: LONGEST[name]])


def _count(row: Step, now: datetime) -> None:
    """The recipient's clock as the law counts it, from what was recorded; none where the law names no time."""
    row.clock_due, row.clock_basis = None, ""
    channel = registry.channel(row.channel)
    if row.state == Step.State.DONE and row.answered_as in hearing.OPEN and row.notice_type in load().notices:
        moments: dict[Moment, datetime | None] = {
            "done": row.done_at, "confirmed": row.done_at if row.reference or row.confirmation else None,
            "delivered": row.delivered_at, "answered": row.answered_at,
        }  # fmt: skip
        seen = {
            event: began for event in channel.starts if (began := channel.begins(event, moments)) is not None
        }  # fmt: skip
        for one in clocks.clocks_of(load(), row.notice_type, seen, place=row.place):
            if one.part == "main" and one.due is not None:
                row.clock_due, row.clock_basis = one.due, (one.citation or one.text)[:200]
    if row.clock_due is None:
        deadlines.cancel(key=f"byhand.clock:{row.pk}")
    else:
        deadlines.set_deadline(
            "byhand.clock", row.pk, row.clock_due, organisation=row.organisation_id, case=row.case_id, statutory=True
        )


def _tell(row: Step, kind: str, actor: str, now: datetime) -> None:
    events.record(row.case, kind, actor, subject=row.pk, now=now, channel=row.channel, role=row.role)
    audit.record(row.organisation_id, actor, kind, str(row.pk), now)


@deadlines.handler("byhand.clock")
def _overdue(deadline: Deadline, now: datetime) -> None:
    """The law's time is over, and nobody has noted an answer."""
    row = Step.objects.select_related("case").filter(pk=deadline.subject, state=Step.State.DONE).first()
    if row is not None and row.answered_as in hearing.OPEN:
        events.record(row.case, "step.overdue", "engine", subject=row.pk, now=now, basis=row.clock_basis)
        hearing.silent(row)
