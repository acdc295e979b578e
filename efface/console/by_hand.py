"""What is done by hand: the list for the organisation and for a case, one step with what to copy, what came of it."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.console import by_hand_choices, planned_steps
from efface.console.opening import actor, living
from efface.console.typed import lines, one_line
from efface.engine.base import clock, moments
from efface.law import load
from efface.takedown.channels import doing, guided, preparing, registry, steps, todo
from efface.takedown.channels.contract import CannotPrepare
from efface.takedown.channels.form import words as form_words
from efface.takedown.channels.models import Step
from efface.takedown.models import KeptPlan


@view(access=STAFF_CASES)
@require_GET
def index(request: Any) -> HttpResponse:
    """Everything of the organisation that waits for a person's hands."""
    now = clock.now()
    try:
        page = max(1, int(request.GET.get("page", "1")))
    except ValueError:
        page = 1
    rows = todo.to_do(now, skip=(page - 1) * todo.PAGE, limit=todo.PAGE + 1)
    return render(request, "console/by_hand.html", {
        "rows": rows[: todo.PAGE], "more": len(rows) > todo.PAGE, "page": page,
        "running": todo.running(now) if page == 1 else [], "now": now,
    })  # fmt: skip


@view(access=STAFF_CASES)
@require_GET
def of_case(request: Any, id: uuid.UUID) -> HttpResponse:
    return _case_page(request, get_object_or_404(Case.objects.exclude(state=Case.State.ERASED), pk=id))


def _case_page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    may_add = case.state in (Case.State.OPEN, Case.State.PAUSED)
    return render(request, "console/by_hand.html", {
        "case": case, "rows": todo.to_do(now, case.pk), "running": todo.running(now, case.pk),
        "over": todo.over(now, case.pk), "now": now, "more": False, "page": 1,
        "choices": by_hand_choices.grouped(case) if may_add else [],
        "findings": by_hand_choices.findings(case) if may_add else [],
        "open": [one for one in planned_steps.of_case(case, now) if one.row is None] if may_add else [], **more,
    }, status=status)  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def add(request: Any, id: uuid.UUID) -> HttpResponse:
    """``what`` (one of the choices), ``finding``, ``name``, ``contact``, ``why``: a step nobody planned."""
    case = living(id)
    picked = by_hand_choices.read(request.POST.get("what", ""))
    finding = by_hand_choices.finding(case, request.POST.get("finding", ""))
    typed = {name: one_line(request.POST.get(name, ""), 200) for name in ("name", "contact", "why")}
    if picked is None:
        return _case_page(request, case, 422, problem=_("Please choose what is to be done."), typed=typed)
    try:
        step = steps.add(
            case, picked.channel, clock.now(), by=actor(request), notice_type=picked.notice_type, role=picked.role,
            desk=picked.desk, name=typed["name"], contact=typed["contact"], why=typed["why"], finding=finding,
        )  # fmt: skip
    except steps.StepRefused as refusal:
        words = _("This cannot be added. %(why)s") % {"why": refusal}
        return _case_page(request, case, 422, problem=words, typed=typed)
    messages.success(request, _("Added."))
    return redirect("console:step", id=step.pk)


@view(access=STAFF_CASES)
@require_POST
def take(request: Any, id: uuid.UUID) -> HttpResponse:
    """``key`` of a step that the plan leaves to a person, and the ``finding`` it is about, "" for the whole case: it is
    taken up."""
    case, now = living(id), clock.now()
    finding = by_hand_choices.finding(case, request.POST.get("finding", ""))
    kept = KeptPlan.objects.filter(finding=finding).first() if finding else None
    found = planned_steps.of_finding(finding, kept.content if kept else None) if finding else []
    found += planned_steps.of_case(case, now)
    one = next((one for one in found if one.step.key == request.POST.get("key", "")), None)
    if one is None:
        return _case_page(request, case, 422, problem=_("This step is not in the plan any more."))
    with transaction.atomic():
        made = guided.take(case, one.step, now, finding)
    if made is None:
        words = one.step.waits or "; ".join(need.words for need in one.step.needs)
        return _case_page(request, case, 422, problem=_("Something is still missing for this: %(what)s") % {
            "what": words})  # fmt: skip
    return redirect("console:step", id=made.pk)


@view(access=STAFF_CASES)
@require_GET
def step(request: Any, id: uuid.UUID) -> HttpResponse:
    return _step_page(request, _found(id))


def _found(id: uuid.UUID) -> Step:
    rows = Step.objects.exclude(case__state=Case.State.ERASED).select_related("case", "finding__site", "route")
    return get_object_or_404(rows, pk=id)


def _step_page(request: Any, one: Step, status: int = 200, **more: Any) -> HttpResponse:
    """What to copy is shown only while it may be done: a hold or an ended consent stops a hand as it stops a mail."""
    now = clock.now()
    word = steps.may_do(one, now)
    made, lacks = None, ""
    if word:
        try:
            made = preparing.prepared(one, now)
        except CannotPrepare as error:
            lacks = str(error)
    notice = load().notices.get(one.notice_type)
    channel = registry.channel(one.channel)
    # Where no wording was drafted, the person writes in their own words: what these must hold is the law's.
    own_words = made is not None and made.copies and not any(copy.field == "message" for copy in made.copies)
    return render(request, "console/step.html", {
        "step": one, "channel": channel, "notice": notice, "may": word, "made": made, "lacks": lacks, "now": now,
        "said": one.get_answered_as_display() if one.answered_as else channel.states[one.state],
        "exposure": preparing.lines(one.exposure_lines), "kinds": Step.Answer.choices,
        "reference": preparing.reference(one), "late": one.clock_due is not None and one.clock_due < now,
        "must_say": [element for element in notice.elements if element.required] if notice and own_words else [],
        "letter": made is not None and bool(made.payload), "today": timezone.localtime(now).date().isoformat(),
        "changed": form_words.standing(one.organisation_id, one.contact), **more,
    }, status=status)  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def say(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice``: done, undone, cannot, dropped, delivered, answered, note, address or changed; with what was filled
    in."""
    one, now, who = _found(id), clock.now(), actor(request)
    given = {name: lines(request.POST.get(name, "")) for name in
             ("reference", "confirmation", "answer", "note", "why", "contact", "enclosures")}  # fmt: skip
    choice = request.POST.get("choice", "")
    try:
        when = _day(request.POST.get("day", ""), now)
        if choice == "done":
            doing.done(id, who, now, when=when, reference=one_line(given["reference"], 80),
                       confirmation=given["confirmation"], note=given["note"])  # fmt: skip
            words = _("Noted.")
        elif choice == "undone":
            doing.undone(id, who, now)
            words = _("It waits again. What was noted is still there.")
        elif choice == "cannot":
            doing.cannot(id, who, given["why"], now)
            words = _("Noted that it could not be done.")
        elif choice == "dropped":
            doing.not_wanted(id, who, given["why"], now)
            words = _("It is not asked for any more.")
        elif choice == "delivered":
            doing.delivered(id, who, when, now)
            words = _("Noted. The law's time, where there is one, runs from that day.")
        elif choice == "answered":
            kind = request.POST.get("kind", "")
            doing.answered(id, who, given["answer"], now, when, kind)
            words = str(_FOLLOWS.get(kind, _("Noted.")))
        elif choice == "note":
            doing.noted(id, given["note"])
            words = _("Noted.")
        elif choice == "address":
            doing.addressed(id, given["contact"], who, now, given["enclosures"])
            words = _("Noted.")
        elif choice == "changed":
            form_words.say(one.organisation_id, one.contact, one.notice_type, "", given["why"], request.user, now)
            words = _("Thank you. Whoever opens this form next is told.")
        else:
            return render(request, "404.html", status=404)
    except steps.StepRefused as refusal:
        return _step_page(request, _found(id), 422, problem=str(refusal), given=given)
    messages.success(request, words)
    return redirect("console:step", id=one.pk)


_FOLLOWS = {
    "removed": gettext_lazy("Noted. It is looked at now; what they say is not taken for a removal."),
    "refused": gettext_lazy("Noted. Whoever comes next is asked, and the plan is made anew."),
    "asks": gettext_lazy("Noted. It stands among what waits for you until they have what they ask for."),
    "received": gettext_lazy("Noted. The law's time, where it runs from there, runs from there."),
}


def _day(text: str, now: datetime) -> datetime | None:
    """The day a person names, in the installation's zone: its noon, or now where it is today."""
    if not text.strip():
        return None
    try:
        day = moments.day_of(text)
    except ValueError:
        raise steps.StepRefused(_("Please give the day as in 2026-11-21.")) from None
    if day == timezone.localtime(now).date():
        return now
    return datetime.combine(day, time(12), timezone.get_current_timezone())


@view(access=STAFF_CASES)
@require_GET
def letter(request: Any, id: uuid.UUID) -> HttpResponse:
    """The finished letter, while it may be sent."""
    one = _found(id)
    word = steps.may_do(one, clock.now())
    if not word:
        return _step_page(request, one, 403)
    try:
        made = preparing.prepared(one, clock.now())
    except CannotPrepare as error:
        return _step_page(request, one, 422, problem=str(error))
    if not made.payload:
        return render(request, "404.html", status=404)
    answer = HttpResponse(made.payload, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{preparing.reference(one)}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=STAFF_CASES)
@require_POST
def fits(request: Any, id: uuid.UUID) -> HttpResponse:
    """A form that was reported as changed is as the prepared answers expect it again."""
    one = _found(id)
    form_words.settle(one.organisation_id, one.contact, clock.now())
    messages.success(request, _("Noted."))
    return redirect("console:step", id=one.pk)
