"""What of a case a partner is told: that its state or a finding's changed. In the transaction of what happened."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Max

from efface.cases import events
from efface.cases.models import Case, CaseEvent
from efface.partners import delivering
from efface.partners.models import Hook, News, PartnerCase
from efface.search.models import Finding

CASE = ("case.paused", "case.resumed", "case.closed", "case.erased")
FINDING = ("finding.confirmed", "finding.gone", "finding.reappeared")


@events.on(*CASE)
def _case(event: CaseEvent) -> None:
    for hook in _hooks(event):
        # Read anew: the row that came with the event may be older than what was written.
        state = Case.objects.values_list("state", flat=True).filter(pk=event.case_id or uuid.UUID(int=0)).first()
        _add(hook, event, "case.changed", {"state": state})


@events.on(*FINDING)
def _finding(event: CaseEvent) -> None:
    for hook in _hooks(event):
        state = Finding.objects.filter(pk=event.subject or event.pk).values_list("state", flat=True).first()
        if state is not None:
            kind = "finding.confirmed" if event.kind == "finding.confirmed" else "finding.changed"
            _add(hook, event, kind, {"finding": str(event.subject), "state": state})


def _hooks(event: CaseEvent) -> list[Hook]:
    brought = PartnerCase.objects.filter(case_id=event.case_id, ended_at=None).values("partner")
    return list(Hook.objects.filter(partner__in=brought, ended_at=None))


def _add(hook: Hook, event: CaseEvent, kind: str, body: dict[str, Any]) -> None:
    # One after another in a case: the numbers have no gap and no double.
    Case.objects.select_for_update(no_key=True).only("pk").filter(pk=event.case_id).first()
    last = News.objects.filter(hook=hook, case_id=event.case_id).aggregate(last=Max("number"))["last"] or 0
    News.objects.create(
        organisation_id=event.organisation_id, case_id=event.case_id, hook=hook, number=last + 1, kind=kind, body=body,
        at=event.at,
    )  # fmt: skip
    delivering.kick(hook, event.case_id)
