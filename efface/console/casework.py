"""The list of cases and one case, with what can be done there."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import (
    ages,
    assigning,
    attesting,
    consents,
    conversing,
    fingerprints,
    holds,
    links,
    notes,
    reaching,
    retention,
)
from efface.cases import messages as letters
from efface.cases.may import may_many
from efface.cases.models import Case, Purpose, Telling
from efface.console import again, queue, story
from efface.console.forms import PlaceHold
from efface.console.opening import actor, living
from efface.console.typed import one_line
from efface.engine.base import clock, settings
from efface.evidence.referrals import room
from efface.search import sweep
from efface.search.models import Finding, Match
from efface.takedown.channels import todo

PAGE = 50
AT_ONCE = 5
"""So many decisions a case's page shows at once; the next move up."""
FINDINGS = 20
"""So many a case's page shows at once; the rest by one link."""


@view(access=STAFF_CASES)
@require_GET
def cases(request: Any) -> HttpResponse:
    rows = Case.objects.exclude(state=Case.State.ERASED).select_related("worker")
    wanted = one_line(request.GET.get("q", ""), 12).upper()
    if wanted:
        rows = rows.filter(reference__startswith=wanted)
    rows = rows.defer("name", "safe_contact").order_by("-danger", "-opened_at", "-pk")
    try:
        page = max(1, int(request.GET.get("page", "1")))
    except ValueError:
        page = 1
    shown = _counted(list(rows[(page - 1) * PAGE : page * PAGE + 1]))
    return render(request, "console/cases.html", {
        "cases": shown[:PAGE], "wanted": wanted, "page": page, "more": len(shown) > PAGE,
    })  # fmt: skip


def _counted(cases: list[Case]) -> list[Case]:
    """With what waits and what was found of each: counted for these only, not for every case there is."""
    candidates = Match.objects.filter(case__in=cases, state=Match.State.CANDIDATE)
    waiting = dict(candidates.values_list("case").annotate(Count("pk")))
    found = dict(Finding.objects.filter(case__in=cases).values_list("case").annotate(Count("pk")))
    for one in cases:
        one.waiting, one.found = waiting.get(one.pk, 0), found.get(one.pk, 0)  # type: ignore[attr-defined]
    return cases


@view(access=STAFF_CASES)
@require_GET
def case(request: Any, id: uuid.UUID) -> HttpResponse:
    return page(request, get_object_or_404(Case.objects.select_related("worker"), pk=id))


def page(
    request: Any,
    one: Case,
    *,
    hold: PlaceHold | None = None,
    status: int = 200,
    typed: str = "",
    noted: str = "",
) -> HttpResponse:
    """The case, with what was typed into a form that could not be taken."""
    now = clock.now()
    whole = request.GET.get("findings") == "all"
    waiting = queue.line(request.member, now, case=one.pk).places
    purposes = _purposes(one, now)
    copies = next((row["may"] for row in purposes if row["name"] == Purpose.COPY_MATCH), None)
    return render(request, "console/case.html", {
        "case": one, "now": now, "purposes": purposes,
        "decisions": queue.dressed(queue.made(request.member, waiting[:AT_ONCE])),
        "waits": len(waiting), "more_waits": max(0, len(waiting) - AT_ONCE),
        "fingerprints": story.fingerprints(one), "choose_again": fingerprints.choose_again(one, now, copies),
        "findings": story.findings(one, now, None if whole else FINDINGS), "found": one.findings.count(),
        "by_hand": todo.count(one.pk),
        "sweep": sweep.progress(one, settings.get("crawl_pages"), now),
        "attestations": one.attestations.select_related("first_worker", "second_worker", "refused_by"),
        "standing": attesting.standing(one), "talking": conversing.open_one(one, request.user, now),
        "holds": one.holds.filter(lifted_at=None, ends__gt=now).order_by("ends"),
        "preserved": room.preserved_until(one.pk, now), "goes_on": retention.over(one),
        "kept": retention.kept_until(one.pk, now) if retention.over(one) else None,
        "links": one.reportedlinks.order_by("-at")[:20], "thread": one.messages.order_by("at"),
        "reach": reaching.rules(one), "readers": reaching.READERS, "told_choices": reaching.TOLD,
        "untold": _untold(one), "hold": hold or PlaceHold(), "typed": typed,
        "noted": noted, "notes": notes.of(one), "workers": assigning.workers(),
        "events": story.timeline(one, limit=15), "states": Case.State,
    }, status=status)  # fmt: skip


def _untold(one: Case) -> bool:
    last = Telling.objects.filter(case=one, done_at__isnull=False).order_by("-done_at").first()
    return last is not None and last.state == Telling.State.FAILED


def _purposes(one: Case, now: Any) -> list[dict[str, Any]]:
    """What she may allow: whether it may be used now, why not, and the consent that stands."""
    names = consents.purposes(one.kind)
    answers = may_many([one.pk], names, now)
    standing = one.consents.filter(withdrawn_at=None, expires_at__gt=now).order_by("expires_at")
    given = {row.purpose: row for row in standing}
    return [
        {"name": name, "label": Purpose(name).label, "may": answers[one.pk, name],
         "reason": answers[one.pk, name].reason, "given": given.get(name)}
        for name in names
    ]  # fmt: skip


@view(access=STAFF_CASES)
@require_GET
def timeline(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Case, pk=id)
    return render(request, "console/timeline.html", {"case": one, "events": story.timeline(one, limit=1000)})


@view(access=STAFF_CASES)
@require_POST
def consent(request: Any, id: uuid.UUID) -> HttpResponse:
    """``purpose`` and ``choice`` give or withdraw: what she said to the worker."""
    one, purpose, choice = living(id), request.POST.get("purpose", ""), request.POST.get("choice", "")
    if purpose not in consents.purposes(one.kind) or choice not in ("give", "withdraw"):
        return render(request, "404.html", status=404)
    standing = one.consents.filter(purpose=purpose, withdrawn_at=None, expires_at__gt=clock.now()).exists()
    if choice == "withdraw":
        consents.withdraw(one, purpose, actor(request), clock.now())
    elif not standing:
        consents.give(one, purpose, actor(request), clock.now())
    messages.success(request, _("Noted."))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def age(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is adult, minor or unknown: what she said about the pictures of this case."""
    one = living(id)
    try:
        ages.declare(one, request.POST.get("choice", ""), actor(request), clock.now())
    except ValueError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted."))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def pause(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is stop, resume or close."""
    one = get_object_or_404(Case, pk=id)
    verbs = {"stop": consents.stop, "resume": consents.resume, "close": consents.close}
    verb = verbs.get(request.POST.get("choice", ""))
    if verb is None:
        return render(request, "404.html", status=404)
    try:
        verb(one, actor(request), clock.now())
    except consents.WrongState as refusal:
        messages.warning(request, str(refusal))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def message(request: Any, id: uuid.UUID) -> HttpResponse:
    one, text = living(id), request.POST.get("text", "")
    if again.message(one, actor(request), text, clock.now()):
        messages.success(request, _("This message was sent already. It went once."))
        return redirect("console:case", id=id)
    try:
        letters.write(one, from_survivor=False, author=actor(request), text=text, now=clock.now())
    except letters.Unusable as refusal:
        messages.warning(request, str(refusal))
        return page(request, one, status=422, typed=text)
    messages.success(request, _("Message sent."))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def link(request: Any, id: uuid.UUID) -> HttpResponse:
    one = living(id)
    if again.link(one, actor(request), request.POST.get("url", ""), clock.now()):
        messages.success(request, _("This link was noted already. The machine looks at it, not you."))
        return redirect("console:case", id=id)
    try:
        links.report(one, request.POST.get("url", ""), actor(request), clock.now())
    except letters.Unusable as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The link is looked at by the machine, not by you."))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def hold(request: Any, id: uuid.UUID) -> HttpResponse:
    one, form = living(id), PlaceHold(request.POST)
    if not form.is_valid():
        return page(request, one, hold=form, status=422)
    now, given = clock.now(), form.cleaned_data
    if again.hold(one, given["reason"], given["owner"], given["hours"], now):
        messages.success(request, _("This hold stands already. It ends by itself."))
        return redirect("console:case", id=id)
    holds.place(one, reason=given["reason"], owner=given["owner"], ends=now + timedelta(hours=given["hours"]),
                actor=actor(request), now=now)  # fmt: skip
    messages.success(request, _("No notice leaves while the hold stands. It ends by itself."))
    return redirect("console:case", id=id)


@view(access=STAFF_CASES)
@require_POST
def lift(request: Any, id: uuid.UUID, hold_id: uuid.UUID) -> HttpResponse:
    one = living(id)
    holds.lift(get_object_or_404(one.holds, pk=hold_id), actor(request), clock.now())
    messages.success(request, _("Hold lifted."))
    return redirect("console:case", id=id)
