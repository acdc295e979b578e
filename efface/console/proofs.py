"""The evidence of a case: captures, what she kept, who demands what, packs, and who did what to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.accounts.models import Role
from efface.cases.models import Age, Case
from efface.console.opening import actor, living
from efface.engine.base import clock, settings
from efface.evidence import clock_source, custody, keeping, sealed_copies, verifying
from efface.evidence.extortion import deciding, finding, rings
from efface.evidence.models import Capture, Custody, Fact, Kept, Pack, SealedCopy

LINES = 40
MOST_SHOWN = 200
PAGE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One capture for the page. ``problems``: None where it was not asked."""

    capture: Capture
    clock: str
    problems: tuple[str, ...] | None = None


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def evidence(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST reads every capture again and says whether each is what it was."""
    return _page(request, get_object_or_404(Case.objects.exclude(state=Case.State.ERASED), pk=id))


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    rows = list(
        Capture.objects.filter(case=case).select_related("finding__site").order_by("-at", "-pk")[: MOST_SHOWN + 1]
    )
    again = request.method == "POST" and not more
    captures = [
        Told(row, clock_source.words(row.clock or {}), verifying.verify(row).problems if again else None)
        for row in rows[:MOST_SHOWN]
    ]
    facts = list(Fact.objects.filter(case=case).exclude(state=Fact.State.DROPPED).order_by("kind", "at")[:MOST_SHOWN])
    lead = request.member.role == Role.LEAD
    answer = render(
        request, "console/case_evidence.html",
        {
            "case": case, "captures": captures, "more_captures": len(rows) > MOST_SHOWN, "checked": again,
            "chain": custody.problems(case.pk) if again else None,
            "suggested": [one for one in facts if one.state == Fact.State.SUGGESTED],
            "confirmed": [one for one in facts if one.state == Fact.State.CONFIRMED], "kinds": finding.KINDS,
            "rings": rings.of(case) if lead else [], "lead": lead,
            "kept": Kept.objects.filter(case=case, within=None).order_by("-at").defer("said")[:MOST_SHOWN],
            "packs": Pack.objects.filter(case=case).order_by("-asked_at")[:50],
            "lines": Custody.objects.filter(case=case).order_by("-number", "-at")[:LINES],
            "open": case.state in (Case.State.OPEN, Case.State.PAUSED), "stamps": bool(settings.get("tsa_url")),
            "copies": SealedCopy.objects.filter(case=case).select_related("finding__site", "asked_by", "hold"),
            "copies_on": sealed_copies.possible(case), "holds": sealed_copies.holds(case, clock.now()),
            "adult_findings": sealed_copies.findings(case), **more,
        },
        status=status,
    )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def take_in(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST multipart: ``files`` and ``agreed``. Answers with what came of each file."""
    case, problem, outcomes = living(id), "", list[keeping.Outcome]()
    if request.method == "POST":
        files = request.FILES.getlist("files")
        problem = keeping.objection(files, int(request.META.get("CONTENT_LENGTH") or 0))
        for one in files if not problem else ():
            try:
                outcomes.append(keeping.take_in(
                    case, one.name, one.read(), agreed=request.POST.get("agreed") == "yes", actor=actor(request),
                    now=clock.now(),
                ))  # fmt: skip
            except keeping.KeepingRefused as refusal:
                problem = str(refusal)
                break
    answer = render(
        request, "console/take_in.html",
        {
            "case": case, "problem": problem,
            "outcomes": [(one, keeping.problem_words(one.problem), _inside(one)) for one in outcomes],
            "minor": case.age != Age.ADULT, "agreed": request.POST.get("agreed") == "yes",
        },
        status=422 if problem else 200,
    )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


def _inside(one: keeping.Outcome) -> list[tuple[str, str, int, str]]:
    return [(name, kind, count, keeping.problem_words(word)) for name, kind, count, word in one.inside]


@view(access=STAFF_CASES)
@require_GET
def kept(request: Any, id: uuid.UUID, kept_id: uuid.UUID) -> HttpResponse:
    """What a kept file says, some messages at a time. Never a picture."""
    case = get_object_or_404(Case.objects.exclude(state=Case.State.ERASED), pk=id)
    row = get_object_or_404(Kept, pk=kept_id, case=case)
    said = keeping.messages_of(row)
    try:
        start = max(0, int(request.GET.get("from", "0")))
    except ValueError:
        start = 0
    headers = row.said.get("headers", []) if isinstance(row.said, dict) else []
    answer = render(request, "console/kept.html", {
        "case": case, "kept": row, "problem": keeping.problem_words(row.problem), "headers": headers,
        "messages_said": said[start : start + PAGE], "total": len(said),
        "next": start + PAGE if start + PAGE < len(said) else None, "before": max(0, start - PAGE) if start else None,
        "members": row.members.order_by("pk").defer("said")[:500],
        "up": row.within_id or None, "open": case.state in (Case.State.OPEN, Case.State.PAUSED),
    })  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=STAFF_CASES)
@require_POST
def drop(request: Any, id: uuid.UUID, kept_id: uuid.UUID) -> HttpResponse:
    if keeping.drop(living(id), kept_id, actor(request), clock.now()):
        messages.success(request, _("Deleted. What was confirmed from it stays."))
    else:
        messages.warning(request, _("It is not there any more."))
    return redirect("console:case-evidence", id=id)


@view(access=STAFF_CASES)
@require_POST
def demand(request: Any, id: uuid.UUID) -> HttpResponse:
    """``kind``, ``value``, ``detail``: what a worker was told."""
    case, kind, value = living(id), request.POST.get("kind", ""), request.POST.get("value", "")
    detail = request.POST.get("detail", "")
    try:
        deciding.add(case, kind, value, detail, actor(request), clock.now())
    except deciding.FactRefused as refusal:
        return _page(
            request, case, 422, problem=str(refusal), typed_kind=kind, typed=value[:200], typed_detail=detail[:20]
        )
    messages.success(request, _("Noted."))
    return redirect("console:case-evidence", id=id)


@view(access=STAFF_CASES)
@require_POST
def decide(request: Any, id: uuid.UUID, fact_id: uuid.UUID) -> HttpResponse:
    """``choice``: confirm, drop, or correct with ``value`` and ``detail``."""
    case = living(id)
    row = Fact.objects.select_related("case").select_for_update(of=("self",)).filter(case=case, pk=fact_id).first()
    if row is None:
        messages.warning(request, _("It is not there any more."))
        return redirect("console:case-evidence", id=id)
    try:
        deciding.decide(
            row, request.POST.get("choice", ""), actor(request), clock.now(), request.POST.get("value", ""),
            request.POST.get("detail", ""),
        )  # fmt: skip
    except deciding.FactRefused as refusal:
        return _page(request, case, 422, wrong=row.pk, problem_of=str(refusal))
    messages.success(request, _("Noted."))
    return redirect("console:case-evidence", id=id)
