"""By country, for anybody, without a case: whom to call, who helps, and what the law says there in plain words."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from efface.accounts.access import PUBLIC, view
from efface.law import load


@view(access=PUBLIC)
@require_GET
def places(request: Any) -> HttpResponse:
    found = sorted(load().jurisdictions.values(), key=lambda one: (one.kind == "union", gettext(one.name)))
    return render(request, "portal/places.html", {"places": [one for one in found if one.kind != "union"]})


@view(access=PUBLIC)
@require_GET
def place(request: Any, code: str) -> HttpResponse:
    held = load()
    one = held.jurisdictions.get(code.upper())
    if one is None or one.kind == "union":
        return render(request, "404.html", status=404)
    return render(request, "portal/place.html", {
        "one": one, "plain": held.plainly(one.id, get_language() or "en"),
        "unsure": held.to_verify(one.offence_sharing),
    })  # fmt: skip
