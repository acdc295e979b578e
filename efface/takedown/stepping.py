"""Steps a machine must not take: the prepared text, how far a person is with each, and the clock that then runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.cases.models import Case
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.law import load
from efface.search.models import Finding, FindingState
from efface.takedown import clocks, drafting, facts, guided, keeping, notice
from efface.takedown.guided import Step
from efface.takedown.models import GuidedStep, KeptPlan, Route
from efface.takedown.templates import written

GONE = (FindingState.GONE_CONFIRMED, FindingState.GONE_PROVISIONAL, FindingState.DELISTING_PENDING,
        FindingState.CONTENT_REPLACED)  # fmt: skip
LONGEST = 1_000


class Untakeable(ValueError):
    """The step cannot be marked so; the message says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A step and how far it is; ``row`` None: nobody has touched it."""

    step: Step
    row: GuidedStep | None

    @property
    def state(self) -> str:
        return self.row.state if self.row else GuidedStep.State.OPEN

    @property
    def ready(self) -> bool:
        """Nothing is missing and nobody has to be asked first."""
        return not self.step.needs and not self.step.waits


@dataclass(frozen=True, slots=True)
class Prepared:
    """``text`` and ``answers`` to copy; ``lacks``: why there is no whole text; ``points``: what it must say then."""

    text: str = ""
    answers: tuple[tuple[str, str, str], ...] = ()
    lacks: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


def of_finding(finding: Finding) -> list[Standing]:
    """The steps about a finding, as last planned; after a removal also what search engines kept of it."""
    kept = KeptPlan.objects.filter(finding=finding, episode=finding.episode).first()
    found = keeping.steps(kept.content if kept else None)
    if finding.state in GONE:
        keys = Route.objects.filter(finding=finding, role="search").values_list("party_key", flat=True)
        found += guided.outdated(finding.site.domain, sorted({key.partition(":")[2] for key in keys}))
    return _standing(finding.case, found)


def of_case(case: Case, now: datetime) -> list[Standing]:
    """The steps for the whole case, also where nothing was found yet."""
    published = Finding.objects.filter(case=case).exists()
    return _standing(case, guided.of_case(facts.case_facts(case, now), published, load()))


def _standing(case: Case, found: Any) -> list[Standing]:
    rows = {(row.scope, row.key): row for row in GuidedStep.objects.filter(case=case).select_related("by")}
    return [Standing(one, rows.get((one.scope, one.key))) for one in found]


def prepared(step: Step, finding: Finding | None, now: datetime) -> Prepared:
    """What to copy. Where the text is not written, or something is missing, what the law asks to be said."""
    kind = load().notices.get(step.notice_type)
    if kind is None:
        return Prepared()
    points = tuple(
        one.text + (f" ({one.citation})" if one.citation else "") for one in kind.elements if one.required
    )  # fmt: skip
    if finding is None or step.notice_type not in written():
        return Prepared(points=points)
    try:
        made = notice.draft(step.notice_type, drafting.whole(finding, now), drafting.language_of(finding.case.country))
    except notice.NoticeIncomplete as error:
        return Prepared(lacks=tuple(one.words for one in error.missing), points=points)
    except notice.NoticeError as error:
        return Prepared(lacks=(str(error),), points=points)
    return Prepared(made.text, tuple((one.field, one.label, one.value) for one in made.answers), points=points)


def mark(case: Case, step: Step, state: str, note: str, user: User, now: datetime) -> GuidedStep:
    """A person says how far it is; the same again changes nothing but the note. Once done, the recipient's clock runs
    where the law names one. Raises ``Untakeable``."""
    if state not in GuidedStep.State.values:
        raise Untakeable(_("Please choose how far it is."))
    if state in (GuidedStep.State.DONE, GuidedStep.State.ANSWERED) and any(one.kind != "text" for one in step.needs):
        raise Untakeable(_("Something is still missing for this: %(what)s") % {"what": step.needs[0].words})
    if state == GuidedStep.State.SKIPPED and not note.strip():
        raise Untakeable(_("Please say why it is left out."))
    with transaction.atomic():
        rows = GuidedStep.objects.select_for_update(of=("self",))
        row = rows.filter(case=case, scope=step.scope, key=step.key).first()
        first = row is None or row.state != state
        if row is None:
            row = GuidedStep(
                organisation_id=case.organisation_id, case=case, scope=step.scope, key=step.key,
                notice_type=step.notice_type, state_at=now, by=user,
            )  # fmt: skip
        row.state, row.by, row.note = state, user, " ".join(note.split())[:LONGEST] or None
        if first:
            row.state_at = now
            _clock(row, step, now)
        row.save()
        if row.clock_due is not None and state == GuidedStep.State.DONE:
            deadlines.set_deadline(
                "step.clock", row.pk, row.clock_due, organisation=case.organisation_id, case=case.pk, statutory=True
            )
        else:
            deadlines.cancel(key=f"step.clock:{row.pk}")
        audit.record(case.organisation_id, f"user:{user.pk}", f"step.{state}", str(row.pk), now)
        if first:
            events.record(case, f"step.{state}", f"caseworker:{user.pk}", subject=row.pk, now=now, step=step.name)
    return row


def _clock(row: GuidedStep, step: Step, now: datetime) -> None:
    row.done_at = now if row.state == GuidedStep.State.DONE else row.done_at
    row.clock_due, row.clock_basis = None, ""
    if row.state == GuidedStep.State.DONE and step.notice_type:
        # Filed by a person: what the recipient confirmed is not known here, so only a clock from sending runs.
        known = [clocks.Known("sending", now), clocks.Known("filing", now)]
        clock = clocks.theirs(clocks.count(step.notice_type, known))
        if clock is not None:
            row.clock_due, row.clock_basis = clock.due, (clock.citation or clock.text)[:200]


@deadlines.handler("step.clock")
def _overdue(deadline: Deadline, now: datetime) -> None:
    row = GuidedStep.objects.select_related("case").filter(pk=deadline.subject, state=GuidedStep.State.DONE).first()
    if row is not None:
        events.record(row.case, "step.overdue", "engine", subject=row.pk, now=now, basis=row.clock_basis)
