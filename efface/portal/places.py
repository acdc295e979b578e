"""By country, for anybody, without a case: whom to call, who helps, and what the law says there in plain words."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from efface.accounts.access import PUBLIC, view
from efface.law import load


@view(access=PUBLIC)
@require_GET
def places(request: Any) -> HttpResponse:
    law = load()
    found = law.by_name((one for one in law.jurisdictions.values() if one.kind != "union"), get_language() or "en")
    return render(request, "portal/places.html", {"places": [one for _name, one in found]})


@view(access=PUBLIC)
@require_GET
def place(request: Any, code: str) -> HttpResponse:
    held = load()
    one = held.jurisdictions.get(code.upper())
    if one is None or one.kind == "union":
        return render(request, "404.html", status=404)
    language = (get_language() or "en").split("-")[0]
    return render(request, "portal/place.html", {
        "one": one, "plain": held.plainly(one.id, language), "foreign": language not in one.plain,
        "unsure": held.to_verify(one.offence_sharing),
    })  # fmt: skip
