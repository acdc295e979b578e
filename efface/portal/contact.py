"""How she may be reached, what she wants to hear of, and trying it out. By default nothing goes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import reaching, telling
from efface.cases.models import Case
from efface.engine.base import clock, ids
from efface.portal import page
from efface.portal.answers import ACTOR


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def contact(request: Any, case: Case) -> HttpResponse:
    """POST: the whole set of rules (``reaching.from_form``). Nothing typed is lost where they cannot be kept."""
    if request.method == "GET":
        return _page(request, case, reaching.proposed(case))
    now, given = clock.now(), reaching.rules(case)
    try:
        given = reaching.from_form(case, request.POST)
        reaching.set_rules(case, given, ACTOR, now)
    except reaching.NotReachable as refusal:
        return _page(request, case, given, str(refusal), refusal.field)
    messages.success(request, _("Noted. It counts from this moment."))
    return redirect("portal:contact")


def _page(request: Any, case: Case, held: reaching.Rules, problem: str = "", field: str = "") -> HttpResponse:
    return page.show(
        request, "portal/contact.html", case,
        {
            "held": held, "problem": problem, "field": field, "channels": reaching.CHANNELS,
            "neutral": reaching.NEUTRAL, "readers": reaching.READERS, "hours": range(24),
            "days": list(enumerate(reaching.WEEKDAYS)), "zones": reaching.zones(),
            "sender": reaching.sender(), "way": reaching.way(case, clock.now()),
        },
        422 if problem else 200,
    )  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def try_out(request: Any, case: Case) -> HttpResponse:
    """Send one word now, the same as any other, so that she sees what somebody else would."""
    way = reaching.way(case, clock.now())
    if way.channel == reaching.PORTAL:
        messages.info(request, _("Nothing goes out, as you chose."))
    else:
        telling.tell(case, "trial", ids.uuid7(), clock.now())
        messages.success(
            request,
            _("It is on its way. Outside of the hours you chose it waits until they begin."),
        )
    return redirect("portal:contact")


@view(access=PORTAL)
@require_POST
@page.of_case
def told(request: Any, case: Case) -> HttpResponse:
    """``told``: everything, gone or nothing; ``pace``: how many questions at a time. Either may be missing."""
    held = reaching.rules(case)
    pace = request.POST.get("pace", str(held.pace))
    hours = int(pace) if pace.isdecimal() and len(pace) < 6 else 0
    try:
        given = replace(held, told=request.POST.get("told", held.told), pace=hours)
        reaching.set_rules(case, given, ACTOR, clock.now())
    except reaching.NotReachable:
        return render(request, "404.html", status=404)
    messages.success(request, _("Noted. You can change it at any time."))
    return redirect("portal:case")
