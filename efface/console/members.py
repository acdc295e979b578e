"""The organisation's members, and who of them is trained for the conversation that opens level L1."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit
from efface.accounts.access import COORDINATION, view
from efface.accounts.models import Member, Role
from efface.engine.base import clock

TALKS = (Role.CASEWORKER, Role.LEAD)


@view(access=COORDINATION)
@require_GET
def members(request: Any) -> HttpResponse:
    rows = Member.objects.select_related("user").order_by("user__name")
    return render(request, "console/members.html", {"rows": rows, "talks": TALKS})


@view(access=COORDINATION)
@require_POST
def train(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is trained or not."""
    row, choice = get_object_or_404(Member, pk=id, role__in=TALKS), request.POST.get("choice", "")
    if choice not in ("trained", "not"):
        return render(request, "404.html", status=404)
    now, trained = clock.now(), choice == "trained"
    if bool(row.trained_at) != trained:
        Member.objects.filter(pk=row.pk).update(trained_at=now if trained else None)
        action = "member.trained" if trained else "member.untrained"
        audit.record(row.organisation_id, f"coordinator:{request.user.pk}", action, str(row.user_id), now)
    messages.success(request, _("Noted."))
    return redirect("console:members")
