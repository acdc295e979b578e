"""The intake, one question a page; the steps of her lane; the kind of abuse, which she can change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import classing, drafts, holds, intake, knowing
from efface.cases.models import Case, CaseKind
from efface.engine.base import clock
from efface.portal import lanes, page, walking
from efface.portal.answers import ACTOR

HOLD_DAYS = 14
LIVING = (Case.State.OPEN, Case.State.PAUSED)


@view(access=PORTAL)
@require_GET
@page.of_case
def intake_page(request: Any, case: Case) -> HttpResponse:
    """The first question that is open; after the last one, or with ``?all``, everything she said."""
    if case.kind == CaseKind.BLOCK:
        return redirect("portal:case")
    left = intake.following(intake.said(case))
    if left is not None and "all" not in request.GET and case.state in LIVING:
        return redirect("portal:ask", name=left.name)
    return page.show(request, "portal/intake.html", case, {
        "rows": walking.answered(case), "left": left, "kinds": walking.told(case), "all_kinds": classing.KINDS.items(),
        "lane": lanes.LANES[classing.lane(case)], "open": case.state in LIVING,
    })  # fmt: skip


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def ask(request: Any, case: Case, name: str) -> HttpResponse:
    """One question. POST ``value``, or ``leave`` to leave it out."""
    known = intake.said(case)
    one = intake.question(known, name)
    if one is None or case.state not in LIVING:
        return render(request, "404.html", status=404)
    if request.method == "GET":
        return _question(request, case, known, one)
    value = "" if "leave" in request.POST else request.POST.get("value", "")
    if not value.strip() and "leave" not in request.POST:
        words = _("Please choose one of the answers, or “I would rather not say”.")
        return _question(request, case, known, one, words, 422)
    try:
        intake.keep(case, one, value, ACTOR, clock.now())
    except knowing.Unanswerable as refusal:
        return _question(request, case, {**known, name: value}, one, str(refusal), 422)
    if value in one.told:
        messages.info(request, str(one.told[value]))
    after = intake.following(intake.said(case), after=name)
    return redirect("portal:ask", name=after.name) if after else redirect("portal:intake")


def _question(
    request: Any, case: Case, known: intake.Said, one: intake.Ask, problem: str = "", status: int = 200
) -> HttpResponse:
    row = intake.asked(known)
    typed = drafts.fields(case, request.path).get("value", "") if request.method == "GET" else ""
    said = known.get(one.name, "")
    return page.show(request, "portal/ask.html", case, {
        "ask": one, "said": "" if said == knowing.LEFT_OUT else said, "typed": typed, "problem": problem,
        "before": intake.before(known, one.name), "narrow": True, "countries": intake.countries(),
        "at": [each.name for each in row].index(one.name) + 1, "of": len(row),
        "after": intake.following(known, after=one.name) if one.name in known else None,
    }, status)  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def kind(request: Any, case: Case) -> HttpResponse:
    """``kind``: what she says it is; "" goes back to the rules."""
    try:
        classing.choose(case, request.POST.get("kind", ""), "survivor", ACTOR, clock.now())
    except knowing.Unanswerable as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted. You can change it at any time."))
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def tick(request: Any, case: Case) -> HttpResponse:
    """``done`` or ``undone``: the name of a step of any lane."""
    choice = "done" if "done" in request.POST else "undone"
    name = request.POST.get(choice, "")
    if name not in lanes.STEPS:
        return render(request, "404.html", status=404)
    if case.state in LIVING:
        knowing.note(case, lanes.TICKED + name, "yes" if choice == "done" else "no", ACTOR, clock.now(),
                     event="lane.ticked")
    return redirect(f"{reverse('portal:case')}#s-{name}")


@view(access=PORTAL)
@require_POST
@page.of_case
def hold(request: Any, case: Case) -> HttpResponse:
    """``choice`` place or lift: nothing is asked to be removed until proof is kept."""
    choice, now, standing = request.POST.get("choice", ""), clock.now(), walking.holding(case)
    if choice not in ("place", "lift"):
        return render(request, "404.html", status=404)
    if choice == "lift" and standing is not None:
        holds.lift(standing, ACTOR, now)
    elif choice == "place" and standing is None and case.state in LIVING:
        ends = now + timedelta(days=HOLD_DAYS)
        holds.place(case, reason=walking.HOLD, owner=ACTOR, ends=ends, actor=ACTOR, now=now)
    messages.success(request, _("Noted. You can change it at any time."))
    return redirect("portal:case")
