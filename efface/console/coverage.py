"""Coverage: which sites are read and which are not, how fast it goes, and what a lead may change. No case contents, no
address of any page."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit
from efface.accounts.access import SITES, SITES_CHANGE, STAFF_CASES, view
from efface.accounts.models import Role
from efface.console.typed import one_line, whole
from efface.engine.base import clock
from efface.search import coverage as reach
from efface.search import rules
from efface.search.models import HotlineDraft, SiteRule, SiteStop
from efface.search.revisit import PAGES_A_DAY
from efface.sites import registry
from efface.sites.models import Site


@view(access=SITES)
@require_GET
def coverage(request: Any) -> HttpResponse:
    now = clock.now()
    wanted = request.GET.get("kind", "")
    wanted = wanted if wanted in reach.WORDS else ""
    rows, following = reach.sites(wanted, one_line(request.GET.get("after", ""), 253), now, PAGES_A_DAY)
    return render(request, "console/coverage.html", {
        "rows": rows, "next": following, "wanted": wanted, "counts": reach.counts(now, PAGES_A_DAY),
        "speed": reach.speed_lately(now), "now": now,
    })  # fmt: skip


@view(access=SITES)
@require_GET
def speed(request: Any) -> HttpResponse:
    """For the page's own refresh: the figures alone."""
    now = clock.now()
    return render(request, "console/_speed.html", {"speed": reach.speed_lately(now), "now": now})


@view(access=SITES)
@require_GET
def site(request: Any, id: uuid.UUID) -> HttpResponse:
    now = clock.now()
    one = get_object_or_404(Site.objects.select_related("lore"), pk=id)
    return render(request, "console/coverage_site.html", {
        "row": reach.of(one, now, PAGES_A_DAY), "site": one, "pages": reach.pages(one.pk, now),
        "log": reach.log(one.pk),
        "rule": rules.of(one.pk, now), "may_change": request.member.role in SITES_CHANGE.roles,
        "may_flag": request.member.role in STAFF_CASES.roles, "stops": _stops(one, request.member.role),
        "earlier": SiteRule.objects.filter(site=one).count() > 0, "most": rules.MOST_PAGES,
    })  # fmt: skip


def _stops(one: Site, role: str) -> list[SiteStop]:
    """Why it was stopped, the last first; with ``draft_id`` where this member may open it."""
    causes = list(SiteStop.objects.filter(site=one.merged_id or one.pk).order_by("-at")[:20])
    mine = HotlineDraft.objects.filter(stop__in=causes).exclude(stop__state=SiteStop.State.FALSE)
    drafts = dict(mine.values_list("stop_id", "pk")) if role == Role.LEAD else {}
    for cause in causes:
        cause.draft_id = drafts.get(cause.pk)  # type: ignore[attr-defined]
    return causes


@view(access=SITES_CHANGE)
@require_POST
def change(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice``: pause, resume, soon (visited next), budget (``pages`` of a visit, ``reason``), undo (the budget as it
    was before the last decision)."""
    now, one = clock.now(), get_object_or_404(Site, pk=id)
    choice, organisation = request.POST.get("choice", ""), request.member.organisation_id
    actor = f"{request.member.role}:{request.user.pk}"
    if choice == "pause":
        registry.pause(one)
        said = _("Paused. It is not visited until somebody resumes it; “Resume” undoes this.")
    elif choice == "resume":
        registry.resume(one, now)
        said = _("Resumed. It is visited next, unless it asked us to wait.")
    elif choice == "soon":
        registry.visit_soon(one.pk, now)
        said = _("It is visited next, unless it asked us to wait.")
    elif choice in ("budget", "undo"):
        return _budget(request, one, choice, actor, now)
    else:
        return render(request, "404.html", status=404)
    audit.record(organisation, actor, f"site.{choice}", one.domain, now)
    messages.success(request, said)
    return redirect("console:coverage-site", id=id)


def _budget(request: Any, one: Site, choice: str, actor: str, now: Any) -> HttpResponse:
    """A budget is part of the site's rule; what else was decided about it stays as it is."""
    standing, given = rules.of(one.pk, now), request.POST.get("pages", "").strip()
    reason, pages = one_line(request.POST.get("reason", ""), 300), whole(given)
    if choice == "undo":
        before = SiteRule.objects.filter(site=one).order_by("-decided_at", "-pk")[1:2]
        pages_before = before[0].pages if before else None
        reason = _("the budget as it was before the last decision")
    else:
        pages_before = pages
    latest = SiteRule.objects.filter(site=one).order_by("-decided_at", "-pk").first()
    days = 0
    if latest is not None and latest.robots_until is not None and latest.robots_until > now:
        days = (latest.robots_until - now).days
    decision = rules.Decision(
        reason, days, standing.delay_s, standing.from_hour, standing.to_hour, pages_before, standing.search_words
    )
    try:
        rules.decide(one, decision, request.member.organisation_id, actor, now)
    except rules.NotDecided as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted. It counts from the next visit on; it can be undone here."))
    return redirect("console:coverage-site", id=one.pk)
