"""What a survivor answers and changes. Each is one form POST that may be sent twice without harm."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import ages, consents
from efface.cases.models import Age, Case
from efface.engine.base import clock
from efface.portal import page
from efface.search.models import Finding, Match

ACTOR = "survivor"
ANSWERS = ("me", "not-me", "own")


def _again(request: Any) -> HttpResponse:
    messages.info(request, _("This was answered already. Nothing was done a second time."))
    return redirect("portal:case")


def _cannot(request: Any, refusal: ValueError) -> HttpResponse:
    """The answer cannot be used as things stand; the words come from the room that refused it."""
    messages.warning(request, _("Your answer could not be used yet: %(why)s") % {"why": refusal})
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def candidate(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    """``choice`` is me, not-me, own or later; ``age`` adult, minor or unknown."""
    from efface.search import deciding, revising

    choice, age = request.POST.get("choice", ""), request.POST.get("age", Age.UNKNOWN)
    if choice not in (*ANSWERS, "later") or age not in Age.values:
        return render(request, "404.html", status=404)
    match = Match.objects.select_for_update(of=("self",)).filter(pk=id, case=case, state=Match.State.ASKED).first()
    if match is None or case.state != Case.State.OPEN:
        return _again(request)
    if choice == "later":
        revising.put_off([match], ACTOR, clock.now())
        messages.success(request, _("Left for later. You can take it up again whenever you want."))
        return redirect("portal:case")
    try:
        with transaction.atomic():
            deciding.answer(match, choice, age, ACTOR, clock.now())
    except ValueError as refusal:
        return _cannot(request, refusal)
    messages.success(request, _("Thank you. Your answer is noted."))
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def age(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    """``choice`` is adult, minor or unknown."""
    from efface.search import deciding

    choice = request.POST.get("choice", "")
    if choice not in Age.values:
        return render(request, "404.html", status=404)
    finding = Finding.objects.select_for_update(of=("self",)).filter(pk=id, case=case, age=Age.UNKNOWN).first()
    if finding is None:
        return _again(request)
    if choice == Age.UNKNOWN:
        messages.info(
            request,
            _("That is all right. Your caseworker can help you with it; until then we write to nobody about it."),
        )
        return redirect("portal:case")
    try:
        with transaction.atomic():
            deciding.set_age(finding, choice, ACTOR, clock.now())
    except ValueError as refusal:
        return _cannot(request, refusal)
    messages.success(request, _("Thank you. Your answer is noted."))
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def case_age(request: Any, case: Case) -> HttpResponse:
    """``choice`` is adult, minor or unknown, about all the pictures of the case; asked where nobody said it yet."""
    choice = request.POST.get("choice", "")
    if choice not in Age.values:
        return render(request, "404.html", status=404)
    if case.age != Age.UNKNOWN:
        return _again(request)
    ages.declare(case, choice, ACTOR, clock.now())
    messages.success(request, _("Thank you. Your answer is noted."))
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def pause(request: Any, case: Case) -> HttpResponse:
    """``choice`` is stop or resume."""
    choice = request.POST.get("choice", "")
    verb = {"stop": consents.stop, "resume": consents.resume}.get(choice)
    if verb is None:
        return render(request, "404.html", status=404)
    try:
        if case.state == Case.State.CLOSED:
            raise consents.WrongState
        verb(case, ACTOR, clock.now())
    except consents.WrongState:
        messages.info(request, _("This case is closed. Your caseworker can open a new one."))
    return redirect("portal:case")
