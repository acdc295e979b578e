"""Going through candidates without looking: a few at a time, many of one site at once, not now, and taken back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import reaching
from efface.cases.models import Age, Case
from efface.engine.base import clock
from efface.portal import page
from efface.portal.answers import ACTOR, ANSWERS
from efface.search import deciding, revising
from efface.search.models import Match
from efface.takedown import saying

AT_ONCE = 200


@view(access=PORTAL)
@require_POST
@page.of_case
def many(request: Any, case: Case) -> HttpResponse:
    """``match`` (ids), ``choice`` (me, not-me, own or later) and ``age``, for candidates of one site. Those that were
    answered meanwhile are left as they are; what cannot be used is said once."""
    choice, age = request.POST.get("choice", ""), request.POST.get("age", Age.UNKNOWN)
    if choice not in (*ANSWERS, "later") or age not in Age.values:
        return render(request, "404.html", status=404)
    wanted = set()
    for one in request.POST.getlist("match")[:AT_ONCE]:
        try:
            wanted.add(uuid.UUID(one))
        except ValueError:
            return render(request, "404.html", status=404)
    now, done, refused = clock.now(), 0, ""
    if case.state == Case.State.OPEN:
        rows = Match.objects.select_for_update(of=("self",)).filter(pk__in=wanted, case=case, state=Match.State.ASKED)
        for match in rows.order_by("made_at"):
            if choice == "later":
                done += revising.put_off([match], ACTOR, now)
                continue
            try:
                with transaction.atomic():
                    deciding.answer(match, choice, age, ACTOR, now)
                done += 1
            except ValueError as refusal:
                refused = str(refusal)
    if done:
        messages.success(
            request,
            ngettext("One answer is noted.", "%(n)d answers are noted.", done) % {"n": done},
        )
    elif not refused:
        messages.info(request, _("This was answered already. Nothing was done a second time."))
    if refused:
        messages.warning(request, _("Your answer could not be used yet: %(why)s") % {"why": refused})
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def undo(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    """Take an answer of hers back; it is asked anew."""
    try:
        with transaction.atomic():
            revising.take_back(case, id, ACTOR, clock.now())
    except Match.DoesNotExist:
        return render(request, "404.html", status=404)
    except revising.TooLate as late:
        messages.warning(request, str(late))
    else:
        messages.success(request, _("Taken back. The question stands here again."))
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def again(request: Any, case: Case) -> HttpResponse:
    """What she put off is asked about now."""
    revising.ask_again(case)
    return redirect("portal:case")


@view(access=PORTAL)
@require_POST
@page.of_case
def gone(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    """She says that it is gone: looked at now."""
    finding = case.findings.filter(pk=id).select_related("case").first()
    if finding is None:
        return render(request, "404.html", status=404)
    try:
        fresh = saying.gone(finding, ACTOR, clock.now())
    except saying.NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(
            request,
            _("Thank you. We look now, and say here what we saw. It may take some hours.")
            if fresh else _("You told us a moment ago, and it is being looked at."),
        )  # fmt: skip
    return redirect("portal:case")


def shown(case: Case, now: Any) -> dict[str, Any]:
    """What the page of questions needs: the first few candidates by site, how many wait, what was put off, what can be
    taken back, and how many she wants to see at a time."""
    if case.state != Case.State.OPEN:
        return {"candidates": [], "groups": [], "waiting": 0, "later": [], "recent": []}
    rows = list(revising.waiting(case, now).order_by("made_at"))
    pace = reaching.rules(case).pace
    groups = [
        {"site": site, "ids": [row.pk for row in rows], "n": len(rows), "age": any(row.kind == "face" for row in rows)}
        for site, rows in revising.of_site(rows) if len(rows) > 1
    ]  # fmt: skip
    return {
        "candidates": [page.candidate(row) for row in rows[:pace]], "groups": groups, "waiting": len(rows),
        "later": revising.put_off_until(case, now), "recent": revising.recent(case, now)[:10], "pace": pace,
        "paces": reaching.PACES,
    }  # fmt: skip
