"""What happens to steps when something happened below: nobody needs them any more, or a new one is suggested."""

from __future__ import annotations

from efface.cases import events
from efface.cases.models import CaseEvent
from efface.engine.base import deadlines
from efface.search.models import Finding
from efface.takedown.channels import follow_up, steps
from efface.takedown.channels.models import Step

WHOLE = ("reference", "confirmation", "answer", "note", "state_why")


def _finding(event: CaseEvent) -> Finding | None:
    return Finding.objects.filter(pk=event.subject).first() if event.subject else None


@events.on("finding.stopped")
def _stopped(event: CaseEvent) -> None:
    finding = _finding(event)
    if finding is not None:
        steps.over(finding, (), event.at, "work on this page was stopped")


@events.on("finding.gone")
def _gone(event: CaseEvent) -> None:
    """What asked for its removal is not needed; what still finds it is."""
    finding = _finding(event)
    if finding is None:
        return
    steps.over(finding, follow_up.suggest(finding, event.at), event.at, "it is gone")


@events.on("finding.checked")
def _checked(event: CaseEvent) -> None:
    """A removal that stands so far, or is only still listed."""
    if (event.data or {}).get("state") in ("delisting-pending", "gone-provisional"):
        finding = _finding(event)
        if finding is not None:
            follow_up.suggest(finding, event.at)


@events.on("finding.reappeared")
def _back(event: CaseEvent) -> None:
    """It stands again: a follow-up about a page that is gone would be untrue."""
    finding = _finding(event)
    for row in Step.objects.select_for_update(of=("self",)).filter(
        finding=finding, key__startswith=steps.OUTDATED, state=Step.State.TODO
    ):
        steps.drop(row, steps.ENGINE, "it is there again", event.at)


@events.on("case.closed", "case.erased")
def _end(event: CaseEvent) -> None:
    waiting = Step.objects.select_for_update(of=("self",)).filter(case=event.case, state=Step.State.TODO)
    for row in waiting.select_related("case"):
        steps.drop(row, steps.ENGINE, "the case is closed", event.at)
    for pk in Step.objects.filter(case=event.case).values_list("pk", flat=True):
        deadlines.cancel(subject=pk)
    if event.kind == "case.erased":
        # Sealed words went with the key; these may tell of her too.
        Step.objects.filter(case=event.case).update(why="", contact="", party_name="", exposure_lines=[], elsewhere=[])
