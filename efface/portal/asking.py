"""Questions that open and close ways, and who must never hear of it. Nothing has to be answered."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import avoiding, knowing
from efface.cases.models import Case
from efface.engine.base import clock
from efface.portal import page
from efface.portal.answers import ACTOR


@view(access=PORTAL)
@require_GET
@page.of_case
def asking(request: Any, case: Case) -> HttpResponse:
    return _page(request, case)


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    said = knowing.answers(case)
    return page.show(
        request, "portal/asking.html", case,
        {
            "questions": [{"one": one, "said": said.get(one.name, "")} for one in knowing.questions(case)],
            "avoided": avoiding.listed(case), "open": case.state in (Case.State.OPEN, Case.State.PAUSED), **more,
        },
        status,
    )  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def reply(request: Any, case: Case) -> HttpResponse:
    """``question`` and ``choice``."""
    try:
        knowing.answer(case, request.POST.get("question", ""), request.POST.get("choice", ""), ACTOR, clock.now())
    except knowing.Unanswerable as refusal:
        return _page(request, case, 422, problem=str(refusal))
    messages.success(request, _("Thank you. Your answer is noted."))
    return redirect("portal:asking")


@view(access=PORTAL)
@require_POST
@page.of_case
def avoid(request: Any, case: Case) -> HttpResponse:
    """``who``: a name, address, site or number of somebody who must never hear of it."""
    who = request.POST.get("who", "")
    try:
        avoiding.add(case, who, ACTOR, clock.now())
    except avoiding.NotAvoidable as refusal:
        return _page(request, case, 422, avoid_problem=str(refusal), typed=who[:200])
    messages.success(request, _("Noted. We never write there."))
    return redirect("portal:asking")


@view(access=PORTAL)
@require_POST
@page.of_case
def avoid_end(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    avoiding.end(case, id, ACTOR, clock.now())
    messages.success(request, _("Taken out."))
    return redirect("portal:asking")
