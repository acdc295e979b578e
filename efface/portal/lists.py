"""Hash lists she may use herself: what they are, step by step, and what she says of them. Nothing is uploaded here."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases.models import Case
from efface.engine.base import clock
from efface.portal import page
from efface.portal.answers import ACTOR
from efface.takedown.channels.hash_list import offering
from efface.takedown.channels.steps import StepRefused


@view(access=PORTAL)
@require_GET
@page.of_case
def lists(request: Any, case: Case) -> HttpResponse:
    more = {"offers": offering.offers(case), "open": case.state == Case.State.OPEN}
    return page.show(request, "portal/lists.html", case, more)


@view(access=PORTAL)
@require_POST
@page.of_case
def say(request: Any, case: Case, desk: str) -> HttpResponse:
    """``choice``: done, undone or dropped."""
    choice = request.POST.get("choice", "")
    if choice not in ("done", "undone", "dropped"):
        return render(request, "404.html", status=404)
    try:
        offering.says(case, desk, cast(offering.Said, choice), ACTOR, clock.now())
    except StepRefused:
        messages.warning(request, _("This could not be noted. Please look at the page again."))
    else:
        messages.success(request, _("Noted. You can change it at any time."))
    return redirect("portal:lists")
