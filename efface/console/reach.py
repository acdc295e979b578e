"""How she may be reached, set by a worker together with her, while they speak and she is alone."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts import audit
from efface.accounts.access import STAFF_CASES, view
from efface.cases import conversing, events, reaching
from efface.cases.models import Case
from efface.console.opening import actor, living
from efface.engine.base import clock


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def reach(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST: the whole set of rules, as in the portal. Only within a conversation with her that goes on, after she said
    that she is alone. What she had set before is not shown: a worker learns an address only from her."""
    case, now = living(id), clock.now()
    if not conversing.is_alone(conversing.open_one(case, request.user, now)):
        return render(request, "console/reach.html", {"case": case, "alone": False}, status=403)
    held = replace(reaching.proposed(case), to="", service="", own="", channel=reaching.PORTAL, words="reminder")
    if request.method == "GET":
        return _page(request, case, held)
    try:
        held = reaching.from_form(case, request.POST)
        with transaction.atomic():
            reaching.set_rules(case, held, actor(request), now)
            events.record(case, "contact.set_with", actor(request), now=now)
            audit.record(case.organisation_id, actor(request), "contact.set_with", str(case.pk), now)
    except reaching.NotReachable as refusal:
        return _page(request, case, held, str(refusal), refusal.field)
    messages.success(request, _("Noted. She sees on her page that you set it together, and can change it."))
    return redirect("console:attest", id=id)


def _page(request: Any, case: Case, held: reaching.Rules, problem: str = "", field: str = "") -> HttpResponse:
    return render(request, "console/reach.html", {
        "case": case, "alone": True, "held": held, "problem": problem, "field": field, "channels": reaching.CHANNELS,
        "neutral": reaching.NEUTRAL, "readers": reaching.READERS, "hours": range(24), "zones": reaching.zones(),
        "days": list(enumerate(reaching.WEEKDAYS)), "sender": reaching.sender(),
    }, status=422 if problem else 200)  # fmt: skip
