"""What this room does when something happened below it."""

from __future__ import annotations

from efface.cases import events
from efface.cases.models import Age, CaseEvent
from efface.evidence import capturing
from efface.search.models import Finding


@events.on("finding.confirmed", "finding.age_known", "finding.reappeared", "finding.resumed")
def _capture(event: CaseEvent) -> None:
    finding = Finding.objects.select_related("case").filter(pk=event.subject or event.pk).first()
    if finding is not None:
        capturing.request(finding, event.at)


@events.on("case.resumed", "consent.given")
def _catch_up(event: CaseEvent) -> None:
    capturing.request_missing(event.case, event.at)


@events.on("case.age_declared")
def _of_age(event: CaseEvent) -> None:
    if (event.data or {}).get("age") == Age.ADULT:
        _catch_up(event)
