"""The law as it is held here, to read: places, kinds of notice, desks; each fact with source, date and certainty."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from efface.accounts.access import SITES, view
from efface.engine.base import clock
from efface.law import Law, load, warnings

CARRIED = ("offence_sharing", "offence_threat", "synthetic", "extortion", "voyeurism", "mandatory_reporting",
           "limitation")  # fmt: skip


@view(access=SITES)
@require_GET
def law(request: Any) -> HttpResponse:
    """Everything there is, in three lists; what is due to be read again stands first."""
    held, language = load(), get_language() or "en"
    return render(request, "console/law.html", {
        "places": sorted(held.jurisdictions.values(), key=lambda one: one.name),
        "types": [(one, held.said(language, "notice_types", one.id)) for one in held.notices.values()],
        "desks": sorted(held.channels.values(), key=lambda one: (one.kind, one.name)),
        "due": warnings(held, clock.now().date()), "as_of": held.as_of,
    })  # fmt: skip


@view(access=SITES)
@require_GET
def place(request: Any, code: str) -> HttpResponse:
    held = load()
    one = held.jurisdictions.get(code)
    if one is None:
        raise Http404
    rules = [(provision_words(name), fact(held, value)) for name in CARRIED if (value := getattr(one, name))]
    rules += [(_("Civil law"), fact(held, value)) for value in one.civil]
    people = [
        (words, [fact(held, desk) for desk in desks])
        for words, desks in (
            (_("Police"), one.police), (_("Helplines"), one.helplines), (_("For those under 18"), one.minors),
            (_("Authorities"), one.regulators),
        )
        if desks
    ]  # fmt: skip
    return render(request, "console/law_place.html", {
        "one": one, "plain": held.plainly(one.id, get_language() or "en"), "rules": rules, "people": people,
        "ways": [fact(held, way) for way in one.takedown], "risks": [fact(held, risk) for risk in one.reporting_risk],
        "due": due(one.as_of, one.review_days, clock.now().date()), "types": held.notices,
    })  # fmt: skip


@view(access=SITES)
@require_GET
def notice(request: Any, code: str) -> HttpResponse:
    held = load()
    one = held.notices.get(code)
    if one is None:
        raise Http404
    return render(request, "console/law_notice.html", {
        "one": one, "name": held.said(get_language() or "en", "notice_types", one.id), "fact": fact(held, one),
        "elements": [fact(held, element) for element in one.elements], "clock": fact(held, one.clock),
        "period": one.clock.period.words() if one.clock.period else "",
        "exposure": held.said(get_language() or "en", "exposure", one.exposure),
        "due": due(one.as_of, one.review_days, clock.now().date()),
        "desks": [desk for desk in held.channels.values() if one.id in desk.notice_types],
    })  # fmt: skip


@view(access=SITES)
@require_GET
def desk(request: Any, code: str) -> HttpResponse:
    held = load()
    one = held.channels.get(code)
    if one is None:
        raise Http404
    return render(request, "console/law_desk.html", {
        "one": one, "fact": fact(held, one), "types": [held.notices[id] for id in one.notice_types],
        "due": due(one.as_of, one.review_days, clock.now().date()),
    })  # fmt: skip


def fact(held: Law, record: Any) -> dict[str, Any]:
    """One fact with where it comes from; ``verify``: it must be checked before it is leaned on."""
    keys = [key for key in record.sources if key in held.sources]
    return {"one": record, "verify": held.to_verify(record), "sources": [held.sources[key] for key in keys]}


def due(as_of: date, days: int, today: date) -> bool:
    return (today - as_of).days > days


def provision_words(name: str) -> str:
    return {
        "offence_sharing": _("Publishing such pictures"), "offence_threat": _("Threatening to"),
        "synthetic": _("Pictures made by a computer"), "extortion": _("Extortion"), "voyeurism": _("Filming in secret"),
        "mandatory_reporting": _("Who must report"), "limitation": _("How long it can be prosecuted"),
    }[name]  # fmt: skip
