"""What this room does when something happened below it."""

from __future__ import annotations

import uuid

from efface.cases import events
from efface.cases.models import Age, CaseEvent, Purpose
from efface.engine.base import objects
from efface.evidence import capturing
from efface.evidence.models import Fact, Kept, Pack
from efface.evidence.packs import making
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


@events.on("consent.withdrawn", "consent.expired")
def _taken_back(event: CaseEvent) -> None:
    """What was made for the police by her consent and still lies here goes; what was handed over cannot be called
    back."""
    if (event.data or {}).get("purpose") != Purpose.POLICE:
        return
    for pack in Pack.objects.filter(case_id=event.case_id, made_for=Pack.For.POLICE, ground="").select_related("case"):
        making.end(pack, "engine", event.at)


@events.on("case.erased")
def _erased(event: CaseEvent) -> None:
    """Sealed fields are unreadable already; files, and what is not sealed, go too."""
    for pack in Pack.objects.filter(case_id=event.case_id).exclude(blobs=[]):
        for name in pack.blobs:
            objects.remove(uuid.UUID(name))
    Pack.objects.filter(case_id=event.case_id).update(
        blobs=[], state=Pack.State.ENDED, ground="", key="", findings=None, problem=""
    )
    Fact.objects.filter(case_id=event.case_id).delete()
    Kept.objects.filter(case_id=event.case_id, within__isnull=False).delete()
    Kept.objects.filter(case_id=event.case_id).delete()
