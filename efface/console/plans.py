"""The plan of a finding as something a person can change, beside what only a person can do."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.console import clock_words, planned_steps
from efface.console.decision import exposures
from efface.console.opening import living
from efface.console.typed import one_line, whole
from efface.engine.base import clock
from efface.law import load
from efface.search.models import Finding
from efface.takedown import changes, keeping, steering, tradeoff
from efface.takedown.models import KeptPlan, Route

OPEN = (Route.State.PLANNED, Route.State.ACTIVE)
LONGEST_DAYS = 366


def _finding(case: Case, finding_id: uuid.UUID) -> Finding:
    return get_object_or_404(Finding.objects.select_related("case", "site"), pk=finding_id, case=case)


@view(access=STAFF_CASES)
@require_GET
def plan(request: Any, id: uuid.UUID, finding_id: uuid.UUID) -> HttpResponse:
    return _page(request, _finding(living(id), finding_id))


def _page(request: Any, finding: Finding, status: int = 200, problem: str = "") -> HttpResponse:
    now = clock.now()
    rows = Route.objects.filter(finding=finding, episode=finding.episode).select_related("case")
    rows = rows.prefetch_related("notices")
    routes = [_shown(one) for one in rows.order_by("position", "starts_at")]
    kept = KeptPlan.objects.filter(finding=finding, episode=finding.episode).first()
    content = (kept.content if kept else None) or {}
    return render(request, "console/plan.html", {
        "case": finding.case, "finding": finding, "kept": kept, "content": content, "problem": problem, "now": now,
        "open": [one for one in routes if one["route"].state in OPEN],
        "ended": [one for one in routes if one["route"].state not in OPEN],
        "words": _words(finding), "steps": planned_steps.of_finding(finding, content),
    }, status=status)  # fmt: skip


def _shown(route: Route) -> dict[str, Any]:
    told, kind = route.told or {}, load().notices.get(route.notice_type)
    odds = told.get("odds") or {}
    return {
        "notices": sorted((one for one in route.notices.all() if one.state != "cancelled"), key=lambda one: one.step),
        "route": route, "name": kind.name if kind else route.notice_type, "told": told,
        "clocks": clock_words.ahead(
            route.notice_type, route.party_name or route.party_key, route.country or route.case.country
        ),
        "needs": told.get("needs", []), "trade": told.get("trade", []),
        "exposure": exposures(route.exposure_lines), "tells": tradeoff.TELLS.get(route.exposure, ""),
        "odds": odds if odds.get("n") else None, "low": 100 * float(odds.get("low", 0)),
        "high": 100 * float(odds.get("high", 1)), "waits": route.state == Route.State.PLANNED,
        "others": [one | {"exposures": exposures(one["lines"])} for one in keeping.ways(route)],
    }  # fmt: skip


def _words(finding: Finding) -> list[dict[str, Any]]:
    """What people said of the plan, the last first; what can still be taken back says so."""
    names = dict(
        Route.objects.filter(finding=finding).exclude(party_name="").values_list("party_key", "party_name")
    )
    holds = {one.id for one in steering.standing(finding)}
    return [
        {"change": one, "party": names.get(one.party_key, one.party_key), "holds": str(one.pk) in holds,
         "words": verb_words(one.verb)}
        for one in reversed(steering.log(finding))
    ]  # fmt: skip


def verb_words(verb: str) -> str:
    return {
        "first": _("asked first"), "before": _("asked before another"), "skip": _("left out"),
        "postpone": _("put off"), "use": _("with another notice"), "ask": _("asked too"), "undo": _("taken back"),
    }.get(verb, verb)  # fmt: skip


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def change(request: Any, id: uuid.UUID, finding_id: uuid.UUID) -> HttpResponse:
    """GET: what a change would mean, who would learn what. POST: ``verb``, ``party``, ``notice_type``, ``other``,
    ``days`` and ``why``: done, and kept with its reason."""
    finding = _finding(living(id), finding_id)
    given = request.POST if request.method == "POST" else request.GET
    verb, party = given.get("verb", ""), given.get("party", "")[:200]
    if verb not in changes.VERBS:
        return render(request, "404.html", status=404)
    problem = ""
    if request.method == "POST":
        now = clock.now()
        days = _days(given.get("days", ""))
        try:
            steering.change(
                finding, verb, party, request.user, one_line(given.get("why", ""), steering.LONGEST), now,
                notice_type=given.get("notice_type", "")[:40], other=given.get("other", "")[:200],
                until=now + timedelta(days=days) if days else None,
            )  # fmt: skip
        except steering.Unchangeable as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Noted. The plan is made anew with it; this page shows it."))
            return redirect("console:plan", id=id, finding_id=finding_id)
    return render(request, "console/plan_change.html", {
        "case": finding.case, "finding": finding, "verb": verb, "verb_words": verb_words(verb), "party": party,
        "given": given, "problem": problem, **_preview(finding, verb, party, given.get("notice_type", "")),
    }, status=422 if problem else 200)  # fmt: skip


def _preview(finding: Finding, verb: str, party: str, notice_type: str) -> dict[str, Any]:
    """Who learns what as it stands, and who would."""
    mine = Route.objects.filter(finding=finding, episode=finding.episode)
    route = mine.filter(party_key=party, state__in=OPEN).order_by("position").first()
    before = exposures(route.exposure_lines) if route else ()
    after, way = before, None
    if verb == "skip":
        after = ()
    elif verb == "use" and route is not None:
        way = next((one for one in keeping.ways(route) if one["notice_type"] == notice_type), None)
        after = exposures(way["lines"]) if way else ()
    kept = KeptPlan.objects.filter(finding=finding).first()
    shown = next((one for one in ((kept.content or {}).get("beside", []) if kept else []) if one["key"] == party), None)
    name = (route.party_name or route.party_key) if route else (shown or {}).get("name") or party
    return {
        "route": route, "name": name, "before": before, "after": after, "way": way, "beside": shown,
        "others": [one for one in mine.filter(state=Route.State.PLANNED) if one.party_key != party],
    }  # fmt: skip


def _days(text: str) -> int:
    return min(whole(text), LONGEST_DAYS)


@view(access=STAFF_CASES)
@require_POST
def undo(request: Any, id: uuid.UUID, finding_id: uuid.UUID, change_id: uuid.UUID) -> HttpResponse:
    finding = _finding(living(id), finding_id)
    try:
        steering.undo(finding, str(change_id), request.user, clock.now())
    except steering.Unchangeable as refusal:
        return _page(request, finding, 422, str(refusal))
    messages.success(request, _("Taken back. The plan is made anew without it."))
    return redirect("console:plan", id=id, finding_id=finding_id)
