"""Opening a case by herself, keeping its code, and the way back in where the code was lost."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, PUBLIC, view
from efface.accounts.doorkeeper import PORTAL_CASE
from efface.accounts.models import Organisation
from efface.cases import consents, events, opening, recovering
from efface.cases.models import Age, Case, CaseKind, Purpose
from efface.engine.base import clock, limits, tenancy
from efface.portal import house, keeping, limiting, page, public
from efface.portal.answers import ACTOR

TICKET = limits.Limit("ticket", size=1, refill_s=86_400)


def _wait(minutes: int) -> str:
    if minutes > 90:
        hours = -(-minutes // 60)
        return ngettext("Please wait one hour and try again.", "Please wait %(n)d hours and try again.", hours) % {
            "n": hours
        }
    return ngettext("Please wait one minute and try again.", "Please wait %(n)d minutes and try again.", minutes) % {
        "n": minutes
    }


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
def begin(request: Any) -> HttpResponse:
    """GET says what it means. POST opens a case; a form is good for one case."""
    if request.session.get(PORTAL_CASE):
        return redirect("portal:case")
    open_to_all = house.opens(request)
    if request.method == "GET" or open_to_all is None:
        return _begin_page(request, "", 200 if request.method == "GET" else 403)
    problem, status = open_by_herself(request, open_to_all)
    return _begin_page(request, problem, status) if problem else redirect("portal:code")


def open_by_herself(
    request: Any, house: Organisation, *, kind: str = CaseKind.HELP, age: str = Age.UNKNOWN
) -> tuple[str, int]:
    """Open a case for whoever asks, who is in it then, with a code to keep. Why it cannot be, and the HTTP status; ""
    where it was opened. A ``ticket`` of the form is good for one case."""
    ticket = request.POST.get("ticket", "")[:40]
    if not ticket or limits.take(TICKET, ticket, clock.wall()):
        return _("This page was used already. Please press the button once more."), 422
    waits = limiting.opening(request, str(house.pk))
    if waits:
        words = _("Many people are opening a case at this moment, or several were opened from here.")
        return f"{words} {_wait(waits)} {_('The helplines are there meanwhile.')}", 429
    now = clock.now()
    with tenancy.organisation(house.pk):
        opened = opening.open_case(
            house.pk, ACTOR, age=age, country="", language=(get_language() or "en")[:8], now=now, by_herself=True,
            kind=kind,
        )  # fmt: skip
        if kind == CaseKind.BLOCK:
            # It is what such a case is opened for; she can take it back like any other permission.
            consents.give(opened.case, Purpose.BLOCK_FACE, ACTOR, now)
    public.let_in(request, house.pk, opened.case.pk)
    keeping.hold(request, opened.access_code)
    return "", 302


def _begin_page(request: Any, problem: str, status: int) -> HttpResponse:
    return render(request, "portal/begin.html", {
        "opens": house.opens(request), "problem": problem, "ticket": secrets.token_urlsafe(12),
    }, status=status)  # fmt: skip


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.with_code
def code(request: Any, case: Case) -> HttpResponse:
    """The code, until it was typed back. POST ``typed``."""
    held = keeping.shown(request)
    if not held:
        keeping.let_go(request)
        return redirect("portal:case")
    if request.method == "GET":
        return _code_page(request, case, held)
    typed = request.POST.get("typed", "")[:200]
    if not opening.same_code(typed, held):
        groups = keeping.wrong_groups(typed, held)
        words = ngettext(
            "Almost: please compare group %(which)s again.", "Please compare the groups %(which)s again.", len(groups)
        ) % {"which": ", ".join(map(str, groups))}
        return _code_page(request, case, held, words, typed[:60])
    keeping.let_go(request)
    return redirect("portal:case" if recovering.is_set(case) else "portal:word")


def _code_page(request: Any, case: Case, held: str, problem: str = "", typed: str = "") -> HttpResponse:
    more = {"code": held, "problem": problem, "typed": typed.replace("\0", ""), "narrow": True}
    return page.show(request, "portal/code.html", case, more, 422 if problem else 200)


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def word(request: Any, case: Case) -> HttpResponse:
    """The recovery word, if she wants one. POST ``word``."""
    problem = ""
    if request.method == "POST":
        try:
            recovering.set_word(case, request.POST.get("word", ""), ACTOR, clock.now())
        except recovering.WordRefused as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Noted. It is kept in a form that nobody can read."))
            return redirect("portal:access" if "stay" in request.POST else _first_page(case))
    is_set = recovering.is_set(case)
    on = "portal:access" if is_set else _first_page(case)
    more = {"problem": problem, "narrow": True, "is_set": is_set, "on": on}
    return page.show(request, "portal/word.html", case, more, 422 if problem else 200)


def _first_page(case: Case) -> str:
    """Where a new case begins: with the questions, which somebody who only keeps her face out is not asked."""
    return "portal:case" if case.kind == CaseKind.BLOCK else "portal:intake"


@view(access=PORTAL)
@require_POST
@page.of_case
def word_end(request: Any, case: Case) -> HttpResponse:
    recovering.forget_word(case, ACTOR, clock.now())
    messages.success(request, _("Deleted. Without the code nobody gets in any more, except through your worker."))
    return redirect("portal:access")


@view(access=PORTAL)
@require_GET
@page.of_case
def access(request: Any, case: Case) -> HttpResponse:
    return page.show(request, "portal/access.html", case, {"is_set": recovering.is_set(case)})


@view(access=PORTAL)
@require_POST
@page.of_case
def new_code(request: Any, case: Case) -> HttpResponse:
    """Another code; the old one ends, and with it every other session of hers."""
    now = clock.now()
    made = opening.new_access_code(case, now)
    events.record(case, "code.renewed", ACTOR, now=now)
    request.session[public.CODE] = opening.standing_code(case.pk)
    keeping.hold(request, made)
    return redirect("portal:code")


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
def recover(request: Any) -> HttpResponse:
    """POST ``number`` (the case's) and ``word``: a new code."""
    if request.method == "GET":
        return render(request, "portal/recover.html")
    number, word = request.POST.get("number", "")[:40], request.POST.get("word", "")[:400]
    waits = limiting.recovering(request, number) or limiting.knock(request)
    if waits:
        return _not_back(request, f"{_('There were many tries.')} {_wait(waits)}", number, 429)
    found = recovering.recover(number, word, clock.now())
    if found is None:
        limiting.wrong()
        return _not_back(
            request,
            _("Number and word do not belong together. Look at both again; a worker can also let you in."), number, 422,
        )  # fmt: skip
    limiting.right(request)
    limiting.recovered(request, number)
    organisation, case, made = found
    public.let_in(request, organisation, case)
    keeping.hold(request, made)
    return redirect("portal:code")


def _not_back(request: Any, problem: str, number: str, status: int) -> HttpResponse:
    return render(request, "portal/recover.html", {"problem": problem, "number": number}, status=status)
