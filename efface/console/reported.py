"""Abuse reports that others sent: each is a draft until a person says which case it belongs to, or sets it aside."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.console.opening import actor
from efface.engine.base import clock
from efface.partners import reports
from efface.partners.models import Report


@view(access=STAFF_CASES)
@require_GET
def index(request: Any) -> HttpResponse:
    return render(request, "console/reports.html", {"rows": reports.waiting()})


@view(access=STAFF_CASES)
@require_POST
def say(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice``: link (with ``reference`` of a case) or drop."""
    row, choice = get_object_or_404(Report, pk=id), request.POST.get("choice", "")
    now, who = clock.now(), actor(request)
    try:
        if choice == "link":
            wanted = request.POST.get("reference", "").strip().upper()[:12]
            case = Case.objects.filter(reference=wanted, state=Case.State.OPEN).first()
            if case is None:
                messages.warning(request, _("There is no open case with this reference. Nothing was done."))
                return redirect("console:reports")
            count = reports.link(row, case, who, now)
            messages.success(request, ngettext("One link was added to the case.", "%(n)d links were added to the case.",
                                               count) % {"n": count})  # fmt: skip
        elif choice == "drop":
            reports.drop(row, who, now)
            messages.success(request, _("Set aside. Its addresses are forgotten."))
    except reports.Decided:
        messages.warning(request, _("Somebody decided this before. Nothing was done a second time."))
    return redirect("console:reports")
