"""What she answered, and who must never hear of it, noted down by a worker who speaks with her."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import avoiding, classing, intake, knowing
from efface.cases.models import Case
from efface.console.opening import actor, living
from efface.engine.base import clock


@view(access=STAFF_CASES)
@require_GET
def asking(request: Any, id: uuid.UUID) -> HttpResponse:
    return _page(request, living(id))


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    said = knowing.answers(case)
    return render(request, "console/asking.html", {
        "case": case, "questions": [
            {"one": one, "said": said.get(one.name, "")} for one in knowing.questions(case, staff=True)
        ],
        "avoided": avoiding.listed(case), "said": _said(case), "kinds": classing.KINDS.items(),
        "kind": classing.of(case)[0], "lane": classing.LANE_WORDS[classing.lane(case)], **more,
    }, status=status)  # fmt: skip


def _said(case: Case) -> list[tuple[str, str]]:
    """Questions of the intake that she answered, with her answers."""
    known, places = knowing.answers(case), dict(intake.countries())
    rows = []
    for one in intake.INTAKE:
        value = known.get(one.name, "")
        words = value if one.kind == "text" else {**dict(one.choices), **places}.get(value, value)
        if value:
            rows.append((str(one.words), str(words)))
    return rows


@view(access=STAFF_CASES)
@require_POST
def kind(request: Any, id: uuid.UUID) -> HttpResponse:
    """``kind``: what it is, after talking to her; "" goes back to the rules."""
    case = living(id)
    try:
        classing.choose(case, request.POST.get("kind", ""), "worker", actor(request), clock.now())
    except knowing.Unanswerable as refusal:
        return _page(request, case, 422, problem=str(refusal))
    messages.success(request, _("Noted. She sees it with the next page."))
    return redirect("console:case-asking", id=id)


@view(access=STAFF_CASES)
@require_POST
def answer(request: Any, id: uuid.UUID) -> HttpResponse:
    """``question`` and ``choice``: what she said to the worker."""
    case = living(id)
    try:
        knowing.answer(
            case, request.POST.get("question", ""), request.POST.get("choice", ""), actor(request), clock.now(),
            staff=True,
        )  # fmt: skip
    except knowing.Unanswerable as refusal:
        return _page(request, case, 422, problem=str(refusal))
    messages.success(request, _("Noted. The plans are made anew with it."))
    return redirect("console:case-asking", id=id)


@view(access=STAFF_CASES)
@require_POST
def avoid(request: Any, id: uuid.UUID) -> HttpResponse:
    """``who``: a name, address, site or number of somebody who must never hear of it."""
    case, who = living(id), request.POST.get("who", "")
    try:
        avoiding.add(case, who, actor(request), clock.now())
    except avoiding.NotAvoidable as refusal:
        return _page(request, case, 422, avoid_problem=str(refusal), typed=who[:200])
    messages.success(request, _("Noted. Nothing is ever sent there."))
    return redirect("console:case-asking", id=id)


@view(access=STAFF_CASES)
@require_POST
def avoid_end(request: Any, id: uuid.UUID, avoided_id: uuid.UUID) -> HttpResponse:
    avoiding.end(living(id), avoided_id, actor(request), clock.now())
    messages.success(request, _("Taken out."))
    return redirect("console:case-asking", id=id)
