"""What she goes by, and places of her own that are left alone."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import naming, own, safety
from efface.cases.models import Case, Purpose
from efface.engine.base import clock
from efface.portal import allowing, page
from efface.portal.answers import ACTOR


@view(access=PORTAL)
@require_GET
@page.of_case
def mine(request: Any, case: Case) -> HttpResponse:
    return _page(request, case)


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    return page.show(
        request, "portal/mine.html", case,
        {
            "names": naming.names(case), "kinds": naming.KINDS,
            "may_name": allowing.seen(case, Purpose.TEXT_SEARCH, clock.now()),
            "places": own.places(case), "open": case.state == Case.State.OPEN, **more,
        },
        status,
    )  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def name(request: Any, case: Case) -> HttpResponse:
    """``kind`` and ``value``: something to look for in the text of pages."""
    kind, value = request.POST.get("kind", ""), request.POST.get("value", "")
    try:
        naming.add(case, kind, value, ACTOR, clock.now())
    except naming.NameRefused as refusal:
        why = _("Please give this to your caseworker.") if safety.quiet(case) else str(refusal)
        return _page(request, case, 422, name_problem=why, typed=value[:200], typed_kind=kind)
    messages.success(request, _("Noted. It is looked for from now on."))
    return redirect("portal:mine")


@view(access=PORTAL)
@require_POST
@page.of_case
def name_end(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    naming.end(case, id, ACTOR, clock.now())
    messages.success(request, _("It is no longer looked for, and was deleted."))
    return redirect("portal:mine")


@view(access=PORTAL)
@require_POST
@page.of_case
def place(request: Any, case: Case) -> HttpResponse:
    """``url``: where she shows herself and wants to be left."""
    url = request.POST.get("url", "")
    try:
        own.add(case, url, ACTOR, clock.now())
    except own.NotAPlace as refusal:
        return _page(request, case, 422, place_problem=str(refusal), typed_place=url[:1000])
    messages.success(request, _("Noted. What we meet there is left alone."))
    return redirect("portal:mine")


@view(access=PORTAL)
@require_POST
@page.of_case
def place_end(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    own.end(case, id, ACTOR, clock.now())
    messages.success(request, _("It counts like any other place from now on."))
    return redirect("portal:mine")
