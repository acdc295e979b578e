"""One glance at what waits: which kinds of decisions have any row at all. One question to the database instead of one a
kind, since most of the time most kinds are empty.

Each condition here is wider than the kind's own (``waiting_...``): what is not seen here does not wait.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Exists, QuerySet

from efface.accounts.models import Member
from efface.cases.models import (
    Age,
    Attestation,
    Case,
    CaseEvent,
    FaceAlarm,
    Message,
    PoliceWish,
    ReportedLink,
    SafetySign,
    Telling,
)
from efface.console.models import Opinion
from efface.console.waiting_arrivals import WAITS
from efface.engine.base.models import Outbox
from efface.evidence.models import PoliceRequest, Question, Signal
from efface.partners.models import News, Report
from efface.search.models import Finding, FindingState, HotlineDraft, Match, SiteStop
from efface.sites.models import Site
from efface.takedown import overdue
from efface.takedown.models import ClockFact, Inbound, Notice, Publication

NO_CASE = {"site", "suspected", "report", "undelivered"}
"""Kinds whose decisions are of no case."""


def _wide() -> dict[str, QuerySet[Any]]:
    return {
        "arrival": Case.objects.filter(WAITS),
        "message": Message.objects.filter(from_survivor=True, read_at=None),
        "telling": Telling.objects.filter(state=Telling.State.HAND),
        "unreached": Telling.objects.filter(state=Telling.State.FAILED).exclude(due=None),
        "attestation": Attestation.objects.filter(second_at=None, refused_at=None, stopped_at=None),
        "signal": Signal.objects.filter(outcome=""),
        "police-request": PoliceRequest.objects.filter(state=PoliceRequest.State.ASKED),
        "police-wish": PoliceWish.objects.filter(state=PoliceWish.State.ASKED),
        "police-question": Question.objects.filter(from_police=True, read_at=None),
        "sign": SafetySign.objects.filter(outcome=""),
        "face-alarm": FaceAlarm.objects.filter(outcome=""),
        "link": ReportedLink.objects.filter(handled_at__isnull=False),
        "match": Match.objects.filter(state=Match.State.CANDIDATE),
        "age": Finding.objects.filter(age=Age.UNKNOWN),
        "site": Finding.objects.filter(site__hostility=Site.Hostility.UNKNOWN),
        "suspected": HotlineDraft.objects.filter(stop__state__in=(SiteStop.State.OPEN, SiteStop.State.DOUBTED)),
        "notice": Notice.objects.filter(state=Notice.State.DRAFT),
        "filing": Notice.objects.filter(state=Notice.State.PREPARED),
        "moved": Notice.objects.filter(state=Notice.State.HELD),
        "send": Outbox.objects.filter(state=Outbox.State.AMBIGUOUS),
        "reply": Inbound.objects.filter(handled_at=None),
        "publication": Publication.objects.filter(seen_at=None),
        "stuck": CaseEvent.objects.filter(kind="finding.exhausted"),
        "counter": ClockFact.objects.filter(kind="counter_notice", taken_back_at=None),
        "clock": CaseEvent.objects.filter(kind=overdue.ASKED),
        "opinion": Opinion.objects.filter(answered_at=None, withdrawn_at=None),
        "report": Report.objects.filter(state=Report.State.DRAFT),
        "undelivered": News.objects.filter(state=News.State.STUCK),
        "conflict": Finding.objects.filter(state=FindingState.CONFLICT),
    }


def kinds(member: Member, case: uuid.UUID | None = None) -> set[str]:
    """Names of the kinds of which something may wait in this member's organisation, or in this ``case``."""
    wide = _wide()
    if case is not None:
        wide = {kind: _within(rows, case) for kind, rows in wide.items() if kind not in NO_CASE}
    row = Member.objects.filter(pk=member.pk).annotate(**{f"any_{kind}": Exists(rows) for kind, rows in wide.items()})
    found = row.values_list(*(f"any_{kind}" for kind in wide)).get()
    return {kind for kind, any_row in zip(wide, found, strict=True) if any_row}


def _within(rows: QuerySet[Any], case: uuid.UUID) -> QuerySet[Any]:
    return rows.filter(pk=case) if rows.model is Case else rows.filter(case_id=case)
