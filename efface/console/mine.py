"""What she goes by and places of her own, noted down by a worker who speaks with her."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import naming, own
from efface.cases.models import Case
from efface.console.opening import actor, living
from efface.engine.base import clock


@view(access=STAFF_CASES)
@require_GET
def mine(request: Any, id: uuid.UUID) -> HttpResponse:
    return _page(request, living(id))


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    return render(
        request, "console/mine.html",
        {
            "case": case, "names": naming.names(case), "kinds": naming.KINDS, "places": own.places(case),
            "may_name": naming.allowed(case, clock.now()), **more,
        },
        status=status,
    )  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def name(request: Any, id: uuid.UUID) -> HttpResponse:
    """``kind`` and ``value``: something to look for in the text of pages."""
    case, kind, value = living(id), request.POST.get("kind", ""), request.POST.get("value", "")
    try:
        naming.add(case, kind, value, actor(request), clock.now())
    except naming.NameRefused as refusal:
        return _page(request, case, 422, problem=str(refusal), typed=value[:200], typed_kind=kind)
    messages.success(request, _("Noted. It is looked for from now on."))
    return redirect("console:case-mine", id=id)


@view(access=STAFF_CASES)
@require_POST
def name_end(request: Any, id: uuid.UUID, name_id: uuid.UUID) -> HttpResponse:
    naming.end(living(id), name_id, actor(request), clock.now())
    messages.success(request, _("It is no longer looked for, and was deleted."))
    return redirect("console:case-mine", id=id)


@view(access=STAFF_CASES)
@require_POST
def place(request: Any, id: uuid.UUID) -> HttpResponse:
    """``url``: where she shows herself and wants to be left."""
    case, url = living(id), request.POST.get("url", "")
    try:
        own.add(case, url, actor(request), clock.now())
    except own.NotAPlace as refusal:
        return _page(request, case, 422, place_problem=str(refusal), typed_place=url[:1000])
    messages.success(request, _("Noted. What we meet there is left alone."))
    return redirect("console:case-mine", id=id)


@view(access=STAFF_CASES)
@require_POST
def place_end(request: Any, id: uuid.UUID, place_id: uuid.UUID) -> HttpResponse:
    own.end(living(id), place_id, actor(request), clock.now())
    messages.success(request, _("It counts like any other place from now on."))
    return redirect("console:case-mine", id=id)
