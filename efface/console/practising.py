"""Training: exercises on invented cases, done on the console's own pages and judged from what was really done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit, devices
from efface.accounts.access import MEMBERS, STAFF_CASES, view
from efface.accounts.models import Member
from efface.engine.base import clock, tenancy, training
from efface.training import exercises, judging, practising
from efface.training.exercises import Exercise, in_language
from efface.training.models import Practice

STATES = {"open": "", "done": "good", "careful": "care"}


@view(access=MEMBERS)
@require_GET
def index(request: Any) -> HttpResponse:
    """In training the exercises with how far this member is; elsewhere where training is to be had."""
    member: Member = request.member
    shown: dict[str, Any] = {"others": _elsewhere(member), "here": training.here()}
    if training.here() and member.role in STAFF_CASES.roles:
        begun = {row.exercise: row for row in Practice.objects.filter(member=member).select_related("member")}
        shown["rows"] = [_line(one, begun.get(key)) for key, one in exercises.all_of_them().items()]
        shown["more"] = len(begun) < len(shown["rows"])
        shown["done"], shown["all"] = judging.progress(member)[0], len(shown["rows"])
    return render(request, "console/training.html", shown)


def _line(one: Exercise, practice: Practice | None) -> dict[str, Any]:
    language = get_language() or "en"
    state = judging.verdict(practice, one, clock.now()).state if practice is not None else ""
    done = practice is not None and practice.done_at is not None
    words = _("done") if done else _("look again") if state == "careful" else _("begun") if practice else _("not begun")
    return {"key": one.key, "title": in_language(one.title, language), "words": words,
            "look": "good" if done else STATES.get(state, "")}  # fmt: skip


@view(access=STAFF_CASES)
@require_GET
def exercise(request: Any, code: str) -> HttpResponse:
    one = exercises.all_of_them().get(code)
    if one is None or not training.here():
        return render(request, "404.html", status=404)
    language = get_language() or "en"
    practice = Practice.objects.filter(member=request.member, exercise=code).select_related("member").first()
    verdict = judging.verdict(practice, one, clock.now()) if practice is not None else None
    keys = list(exercises.all_of_them())
    after = keys[keys.index(code) + 1 : keys.index(code) + 2]
    wrong = one.wrong.get(verdict.wrong) if verdict is not None else None
    return render(request, "console/training_exercise.html", {
        "one": one, "practice": practice, "verdict": verdict, "title": in_language(one.title, language),
        "learn": in_language(one.learn, language), "task": in_language(one.task, language),
        "well": in_language(one.well, language), "wrong": in_language(wrong, language) if wrong else "",
        "opens": _address(one, practice), "case": practice.content.get("case", "") if practice else "",
        "steps_done": sum(verdict.steps) if verdict else 0, "steps": len(one.steps), "number": keys.index(code) + 1,
        "all": len(keys), "after": after[0] if after else "",
    })  # fmt: skip


def _address(one: Exercise, practice: Practice | None) -> str:
    """The page of the console on which it is done."""
    if practice is None:
        return ""
    id = practice.content.get(one.opens.get("of", ""), "")
    kind = one.opens.get("kind")
    try:
        return reverse(f"console:{one.opens['page']}", args=[kind, id] if kind else [id])
    except NoReverseMatch:
        return reverse("console:queue")


@view(access=STAFF_CASES)
@require_POST
def begin(request: Any, code: str) -> HttpResponse:
    """Set the scene, or set it anew."""
    try:
        practising.begin(request.member, code, clock.now())
    except practising.NoTraining as refusal:
        messages.warning(request, str(refusal))
        return redirect("console:training")
    messages.success(request, _("It lies on your desk. Everything in it is invented."))
    return redirect("console:training-exercise", code=code)


@view(access=STAFF_CASES)
@require_POST
def begin_all(request: Any) -> HttpResponse:
    try:
        count = practising.begin_all(request.member, clock.now())
    except practising.NoTraining as refusal:
        messages.warning(request, str(refusal))
    else:
        words = ngettext("%(n)d exercise lies on your desk.", "%(n)d exercises lie on your desk.", count)
        messages.success(request, words % {"n": count} if count else _("All of them have begun already."))
    return redirect("console:training")


@view(access=MEMBERS)
@require_POST
def switch(request: Any) -> HttpResponse:
    """``to``: another membership of the same person; the session goes on there, under a new key."""
    other = next((one for one in _elsewhere(request.member) if str(one.pk) == request.POST.get("to", "")), None)
    if other is None:
        return render(request, "404.html", status=404)
    now = clock.wall()
    before = request.session.session_key or ""
    # An investigator's transaction writes nothing of an organisation; which session is open is not theirs to change.
    with tenancy.on_their_word():
        devices.over(before, now)
        request.session.cycle_key()
        with tenancy.organisation(other.organisation_id):
            devices.begin(other, request.session.session_key or "", request.headers.get("User-Agent", ""), now)
            audit.record(other.organisation_id, f"{other.role}:{other.user_id}", "session.switched", "", clock.now())
    return redirect("console:training" if other.organisation.training else "console:home")


def _elsewhere(member: Member) -> list[Member]:
    """Memberships of the same person on the other side: training seen from work, work seen from training."""
    with tenancy.looking_up(user=str(member.user_id)):
        rows = list(Member.objects.filter(user=member.user_id).exclude(pk=member.pk).select_related("organisation"))
    return [one for one in rows if one.organisation.training != training.here()]
