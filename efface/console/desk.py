"""The queue on screen: list, one decision a page, taking a decision."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import MEMBERS, STAFF_CASES, view
from efface.accounts.models import Role
from efface.console import decide, typed
from efface.console import queue as waiting
from efface.engine.base import clock


@view(access=MEMBERS)
@require_GET
def home(request: Any) -> HttpResponse:
    """Each role begins where its work is."""
    if request.member.role in STAFF_CASES.roles:
        return redirect("console:queue")
    if request.member.role == Role.COORDINATOR:
        return redirect("console:face-search")
    if request.member.role == Role.INVESTIGATOR:
        return redirect("police:home")
    return render(request, "console/welcome.html")


@view(access=STAFF_CASES)
@require_GET
def queue(request: Any) -> HttpResponse:
    found = waiting.decisions(request.member)
    try:
        page = max(1, int(request.GET.get("page", "1")))
    except ValueError:
        page = 1
    begin, end = (page - 1) * waiting.SHOWN, page * waiting.SHOWN
    shown = {
        "decisions": found[begin:end],
        "count": len(found),
        "more": max(0, len(found) - end),
        "next_page": page + 1,
        "stamp": waiting.stamp(found),
    }
    return render(request, "console/queue.html", shown)


@view(access=STAFF_CASES)
@require_GET
def fresh(request: Any) -> HttpResponse:
    """For the queue page's own refresh: a line that says whether the queue changed since it was shown."""
    found = waiting.decisions(request.member)
    changed = waiting.stamp(found) != request.GET.get("seen", "")
    return render(
        request, "console/fresh.html", {"changed": changed, "stamp": request.GET.get("seen", ""), "count": len(found)}
    )


@view(access=STAFF_CASES)
@require_GET
def decision(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    found = waiting.find(request.member, kind, id)
    if found is None:
        return render(request, "console/decided.html", status=200 if kind in waiting.KINDS else 404)
    return render(request, "console/one.html", {"decision": found, "now": clock.now()})


@view(access=STAFF_CASES)
@require_POST
def take(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    """One decision: ``choice``, ``mark`` (what was shown), and what was filled in. Answers with a redirect."""
    if kind not in waiting.KINDS:
        return render(request, "404.html", status=404)
    filled = {name: typed.lines(value) for name, value in request.POST.items() if isinstance(value, str)}
    try:
        words = decide.take(
            request.member, kind, id, request.POST.get("mark", ""), request.POST.get("choice", ""), filled, clock.now()
        )
    except decide.Refused as refusal:
        messages.warning(request, str(refusal))
        found = None if refusal.stale else waiting.find(request.member, kind, id)
        if found:
            return render(
                request, "console/one.html", {"decision": found, "filled": filled, "now": clock.now()}, status=422
            )
        return redirect("console:decision", kind=kind, id=id)
    messages.success(request, words)
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return "console:queue"
