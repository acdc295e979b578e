"""The team: who is on duty, who is away and who stands in, whose cases are handed over; and the desk's own rules."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts import audit
from efface.accounts.access import LEAD, STAFF_CASES, Access, view
from efface.accounts.models import Member, Role
from efface.cases import absence, assigning, duty
from efface.cases.models import Case
from efface.console import refusals, revealing
from efface.console.opening import actor
from efface.console.typed import one_line
from efface.engine.base import clock, moments
from efface.takedown import four_eyes

RULES = Access(roles=frozenset({Role.LEAD, Role.COORDINATOR}))
DAYS = 14


class Refused(ValueError):
    """What was filled in cannot be used; the message says why."""


def day(given: str) -> date:
    try:
        return moments.day_of(given)
    except ValueError:
        raise Refused(_("Please give the day as in 2026-03-02.")) from None


def moment(on: date, at: time = time(0)) -> datetime:
    """In the installation's zone; the first of a time that is there twice."""
    return datetime.combine(on, at, tzinfo=timezone.get_current_timezone())


def colleague(given: str) -> Member:
    try:
        wanted = uuid.UUID(given)
    except ValueError:
        raise Refused(_("Please choose a caseworker or lead of this organisation.")) from None
    found = Member.objects.select_related("user").filter(pk=wanted, role__in=assigning.WORKERS).first()
    if found is None:
        raise Refused(_("Please choose a caseworker or lead of this organisation."))
    return found


@view(access=STAFF_CASES)
@require_GET
def team(request: Any) -> HttpResponse:
    return page(request)


def page(request: Any, status: int = 200, **typed: Any) -> HttpResponse:
    now = clock.now()
    workers = assigning.workers()
    living = Case.objects.filter(state__in=assigning.LIVING)
    counts = dict(living.filter(worker__isnull=False).values_list("worker").annotate(Count("pk")))
    today = timezone.localtime(now).date()
    shifts = duty.between(moment(today), moment(today + timedelta(days=DAYS)))
    away = absence.standing(now)
    return render(
        request, "console/team.html",
        {
            "workers": [(one, counts.get(one.user_id, 0)) for one in workers], "on_duty": duty.on_duty(now),
            "nobodys": living.filter(worker=None).count(), "away": away, "shifts": shifts, "today": today.isoformat(),
            "now": now, "is_lead": request.member.role == Role.LEAD, "me": request.member, "typed": typed,
            "budget": revealing.budget(request.member, now), "rule": revealing.rule(),
        },
        status=status,
    )  # fmt: skip


def _answer(request: Any, work: Any) -> HttpResponse:
    """Do ``work``, which returns words; what cannot be done leaves the form filled in."""
    try:
        words = work()
    except ValueError as refusal:
        messages.warning(request, refusals.say(refusal))
        return page(request, 422, **{name: value for name, value in request.POST.items() if isinstance(value, str)})
    messages.success(request, words)
    return redirect("console:team")


@view(access=STAFF_CASES)
@require_POST
def away(request: Any) -> HttpResponse:
    """``member`` (a lead may name somebody else), ``substitute``, ``first`` and ``last`` day."""

    def work() -> str:
        who = colleague(request.POST.get("member", "") or str(request.member.pk))
        instead = colleague(request.POST.get("substitute", ""))
        first, last = day(request.POST.get("first", "")), day(request.POST.get("last", ""))
        absence.say(who, instead, moment(first), moment(last) + timedelta(days=1), request.member, clock.now())
        return _("Noted. Cases and clocks show at the substitute in that time.")

    return _answer(request, work)


@view(access=STAFF_CASES)
@require_POST
def back(request: Any, id: uuid.UUID) -> HttpResponse:
    def work() -> str:
        done = absence.end(id, request.member, clock.now())
        return _("Welcome back: the cases show where they belong.") if done else _("It was over already.")

    return _answer(request, work)


@view(access=STAFF_CASES)
@require_POST
def hand_over(request: Any) -> HttpResponse:
    """All cases of ``member`` to ``to``, with ``why``."""

    def work() -> str:
        who, to = colleague(request.POST.get("member", "")), colleague(request.POST.get("to", ""))
        why = one_line(request.POST.get("why", ""), 300)
        count = assigning.hand_over(who.user, to, why, request.member, clock.now())
        if not count:
            return _("There was no case to hand over.")
        return ngettext("One case handed over.", "%(n)d cases handed over.", count) % {"n": count}

    return _answer(request, work)


@view(access=LEAD)
@require_POST
def shift(request: Any) -> HttpResponse:
    """A shift of the rota: ``member``, ``on``, ``from`` and ``to`` (hours and minutes; it may end the next day)."""

    def work() -> str:
        who, on = colleague(request.POST.get("member", "")), day(request.POST.get("on", ""))
        try:
            begin, end = (time.fromisoformat(request.POST.get(name, "")[:5]) for name in ("from", "to"))
        except ValueError:
            raise Refused(_("Please give the time as in 09:00.")) from None
        ends = moment(on + timedelta(days=1), end) if end <= begin else moment(on, end)
        duty.add(who, moment(on, begin), ends, clock.now())
        return _("It stands in the rota.")

    return _answer(request, work)


@view(access=LEAD)
@require_POST
def shift_off(request: Any, id: uuid.UUID) -> HttpResponse:
    duty.remove(id)
    messages.success(request, _("Taken out of the rota."))
    return redirect("console:team")


class DeskRules(forms.Form):
    four_eyes = forms.BooleanField(
        label=gettext_lazy("The first notice of a case to a party needs two people"), required=False,
        help_text=gettext_lazy("For each kind of notice. What a machine repeats inside that approval needs nobody."),
    )  # fmt: skip
    looks = forms.IntegerField(
        label=gettext_lazy("Pictures a worker may look at in a shift"), min_value=0, max_value=200,
        help_text=gettext_lazy("0: nobody looks at any. Nearly every decision can be taken without."),
    )  # fmt: skip
    pause_after = forms.IntegerField(label=gettext_lazy("A pause after so many pictures"), min_value=1, max_value=50)
    pause_minutes = forms.IntegerField(label=gettext_lazy("Minutes of the pause"), min_value=1, max_value=240)


@view(access=RULES)
@require_http_methods(["GET", "POST"])
def rules(request: Any) -> HttpResponse:
    standing, eyes = revealing.rule(), four_eyes.standing()
    initial = {
        "four_eyes": eyes is not None, "looks": standing.looks, "pause_after": standing.pause_after,
        "pause_minutes": round(standing.pause.total_seconds() / 60),
    }  # fmt: skip
    form = DeskRules(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given, now = form.cleaned_data, clock.now()
        four_eyes.switch(request.member.organisation_id, given["four_eyes"], request.user, actor(request), now)
        if any(given[name] != initial[name] for name in ("looks", "pause_after", "pause_minutes")):
            revealing.set_rule(request.member, given["looks"], given["pause_after"], given["pause_minutes"], now)
            audit.record(request.member.organisation_id, actor(request), "desk.rules", "", now)
        messages.success(request, _("Noted. It counts from now on."))
        return redirect("console:desk-rules")
    return render(request, "console/desk_rules.html", {"form": form, "eyes": eyes}, status=422 if form.errors else 200)
