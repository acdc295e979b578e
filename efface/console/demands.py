"""The register of legal demands on screen: for leads and auditors."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts import audit, demands, joining
from efface.accounts.access import LEGAL_DEMANDS, view
from efface.accounts.models import LegalDemand
from efface.console import typed
from efface.engine.base import clock, moments

LONGEST = 2000
FIELDS = ("asked_by", "asked_for", "law", "received", "until")


@view(access=LEGAL_DEMANDS)
@require_http_methods(["GET", "POST"])
def register(request: Any) -> HttpResponse:
    """POST ``asked_by``, ``asked_for``, ``law``, ``received``, ``until`` and ``may_tell`` notes a demand."""
    problem, filled = "", {name: typed.lines(request.POST.get(name, ""))[:LONGEST] for name in FIELDS}
    if request.method == "POST":
        try:
            demands.note(request.member, _asked(filled, request.POST.get("may_tell") == "yes"), clock.now())
        except demands.Refused as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Noted."))
            return redirect("console:demands")
    shown = {"rows": demands.listed(), "outcomes": LegalDemand.Outcome.choices[1:], "problem": problem,
             "filled": filled, "today": clock.now().date()}  # fmt: skip
    return render(request, "console/demands.html", shown, status=422 if problem else 200)


def _asked(filled: dict[str, str], may_tell: bool) -> demands.Asked:
    return demands.Asked(
        filled["asked_by"], filled["asked_for"], filled["law"],
        _day(filled["received"]) or clock.now().date(), _day(filled["until"]), may_tell,
    )  # fmt: skip


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return moments.day_of(text)
    except ValueError:
        raise demands.Refused(_("Days are written as 2026-03-31.")) from None


@view(access=LEGAL_DEMANDS)
@require_POST
def decide(request: Any, id: uuid.UUID) -> HttpResponse:
    """``outcome`` and ``given``: once."""
    row = get_object_or_404(LegalDemand, pk=id)
    given = typed.lines(request.POST.get("given", ""))[:LONGEST]
    try:
        demands.decide(request.member, row, request.POST.get("outcome", ""), given, clock.now())
    except demands.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted."))
    return redirect("console:demands")


@view(access=LEGAL_DEMANDS)
@require_GET
def export(request: Any, kind: str) -> HttpResponse:
    """The whole register as csv or json. That it was taken out is in the audit chain."""
    if kind not in ("csv", "json"):
        return render(request, "404.html", status=404)
    member = request.member
    audit.record(member.organisation_id, joining.actor(member), "demands.exported", kind, clock.now())
    rows = demands.listed()
    body = demands.as_csv(rows) if kind == "csv" else json.dumps(demands.as_rows(rows), indent=2, ensure_ascii=False)
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8" if kind == "csv" else "application/json")
    answer["Content-Disposition"] = f'attachment; filename="demands.{kind}"'
    return answer
