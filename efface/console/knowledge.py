"""What helps where: helplines, police, hotlines and removal services by country, good practice to read and to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from efface.accounts.access import MEMBERS, view
from efface.console import handbook
from efface.console.typed import one_line
from efface.engine.base import typeset
from efface.law import Law, load

PAGE = Path(__file__).with_name("guide.typ")
LONGEST = 80
MOST = 60


@view(access=MEMBERS)
@require_GET
def index(request: Any) -> HttpResponse:
    """``q``: words, all of which must stand in what is shown; ``place``: a jurisdiction."""
    held, language = load(), get_language() or "en"
    asked = one_line(request.GET.get("q", ""), LONGEST)
    place = request.GET.get("place", "")
    words = asked.casefold().split()
    chosen = held.jurisdictions.get(place)
    found = [one for one in _people(held) if _fits(one, words) and (chosen is None or one["place"].id == chosen.id)]
    desks = [
        {"one": one, "text": " ".join((one.name, one.covers, one.kind, one.who_may_use, *one.places))}
        for one in held.channels.values()
        if chosen is None or not one.places or set(one.places) & set(held.places(chosen.id))
    ]
    return render(request, "console/knowledge.html", {
        "asked": asked, "place": chosen, "places": held.by_name(held.jurisdictions.values(), language),
        "people": found[:MOST], "more": max(0, len(found) - MOST),
        "desks": [one["one"] for one in desks if _fits(one, words)],
        "guides": [one for one in handbook.guides() if _fits({"text": one.text}, words)],
    })  # fmt: skip


def people(wanted: str) -> list[dict[str, Any]]:
    """Helplines, police and authorities that all of these words fit."""
    words = wanted[:LONGEST].casefold().split()
    return [one for one in _people(load()) if words and _fits(one, words)]


def _people(held: Law) -> list[dict[str, Any]]:
    kinds = (("helplines", _("helpline")), ("minors", _("for those under 18")), ("police", _("police")),
             ("regulators", _("authority")))  # fmt: skip
    rows = []
    for _name, place in held.by_name(held.jurisdictions.values(), get_language() or "en"):
        for field, kind in kinds:
            for desk in getattr(place, field):
                text = " ".join((place.name, place.id, kind, desk.name, desk.contact, desk.note))
                rows.append({"place": place, "kind": kind, "desk": desk, "text": text,
                             "verify": held.to_verify(desk)})  # fmt: skip
    return rows


def _fits(row: dict[str, Any], words: list[str]) -> bool:
    return all(word in row["text"].casefold() for word in words)


@view(access=MEMBERS)
@require_GET
def guide(request: Any, code: str) -> HttpResponse:
    one = handbook.find(code)
    if one is None:
        return render(request, "404.html", status=404)
    return render(request, "console/guide.html", {"one": one, "code": code})


@view(access=MEMBERS)
@require_GET
def printed(request: Any, code: str) -> HttpResponse:
    """The same as a PDF."""
    one = handbook.find(code)
    if one is None:
        return render(request, "404.html", status=404)
    foot = _("Information for trained people, not legal advice.")
    language = (get_language() or "en").partition("-")[0]
    shown = [{"head": part.head, "lines": part.lines} for part in one.parts]
    given = {"title": one.title, "language": language, "parts": shown, "foot": foot}
    try:
        data = typeset.pdf(PAGE, "guide", given)
    except typeset.CannotSet as error:
        return HttpResponse(str(error), status=503, content_type="text/plain")
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="efface-{code}.pdf"'
    return answer
