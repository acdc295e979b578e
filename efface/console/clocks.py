"""Clocks on screen: all that run, those that are over first; and one notice's, with what starts, stops and lengthens
them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Exists, F, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import absence
from efface.cases.models import Case
from efface.console import clock_words
from efface.engine.base import clock
from efface.law import load
from efface.search.models import FindingState
from efface.takedown import timing
from efface.takedown.clocks import ClockError
from efface.takedown.models import ClockFact, Notice, Route

PAGE = 50
LIVING = (Case.State.OPEN, Case.State.PAUSED)


def _zones() -> list[tuple[str, str]]:
    named = sorted({zone for zones in load().zones.values() for zone in zones})
    return [("UTC", "UTC"), *((one, one) for one in named)]


class Happened(forms.Form):
    """What happened, when by which clock, and how that is known."""

    kind = forms.ChoiceField(label=gettext_lazy("What happened"), choices=ClockFact.Kind.choices)
    at = forms.DateTimeField(
        label=gettext_lazy("When"), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("As it stands in what they sent. Date and time, e.g. 2026-03-02 14:30."),
    )  # fmt: skip
    zone = forms.ChoiceField(label=gettext_lazy("By the clocks of"), choices=_zones, initial="UTC")
    how = forms.ChoiceField(label=gettext_lazy("How you know it"), choices=ClockFact.How.choices)

    def clean_at(self) -> datetime:
        given: datetime = self.cleaned_data["at"]
        return given.replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """``moment`` in UTC. Of a time that is there twice in autumn, or in no way in spring, the later reading counts:
        no clock begins too early."""
        given = self.cleaned_data
        if "at" in given and "zone" in given:
            there = given["at"].replace(tzinfo=ZoneInfo(given["zone"]))
            try:
                given["moment"] = max(there.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
            except OverflowError:
                self.add_error("at", _("There is no such time."))
        return given


def _rows() -> Any:
    """Notices that have a clock and whose way is open, or to which the other side objected."""
    objected = ClockFact.objects.filter(notice=OuterRef("pk"), kind="counter_notice", taken_back_at=None)
    rows = Notice.objects.filter(
        notice_type__in=clock_words.kinds_with_clocks(), state__in=timing.HAVE, case__state__in=LIVING,
        finding__stopped="",
    ).exclude(finding__state=FindingState.GONE_CONFIRMED)  # fmt: skip
    rows = rows.filter(Q(route__state=Route.State.ACTIVE) | Exists(objected))
    return rows.select_related("case", "route", "finding__site").prefetch_related("clock_facts")


@view(access=STAFF_CASES)
@require_GET
def clocks(request: Any) -> HttpResponse:
    rows, mine = _rows(), request.GET.get("whose") == "mine"
    if mine:
        rows = rows.filter(case__worker__in=absence.users_of(request.member, clock.now()))
    rows = rows.order_by(F("overdue_at").asc(nulls_last=True), F("clock_due").asc(nulls_last=True), "sent_at", "pk")
    try:
        page = max(1, int(request.GET.get("page", "1")))
    except ValueError:
        page = 1
    shown = list(rows[(page - 1) * PAGE : page * PAGE + 1])
    return render(request, "console/clocks.html", {
        "rows": clock_words.with_lines(shown[:PAGE], clock.now()), "page": page, "more": len(shown) > PAGE,
        "mine": mine,
    })  # fmt: skip


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def notice(request: Any, id: uuid.UUID) -> HttpResponse:
    """One notice's clocks; POST writes down what happened."""
    rows = Notice.objects.select_related("case", "route", "finding__site").filter(case__state__in=LIVING)
    one = get_object_or_404(rows, pk=id)
    theirs = next(iter(load().zones_of(one.route.country)), "UTC")
    form = Happened(request.POST) if request.method == "POST" else Happened(initial={"zone": theirs})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            new = timing.say(one.pk, given["kind"], given["moment"], given["how"], request.user, clock.now())
        except ClockError as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("Noted. The clocks were counted anew.") if new else _("This was written down already.")
            messages.success(request, words)
            return redirect("console:notice-clocks", id=id)
    facts = [(fact, fact.taken_back_at is None) for fact in one.clock_facts.all()]
    return render(request, "console/notice_clocks.html", {
        "notice": one, "lines": clock_words.lines(one, clock.now()), "facts": facts, "form": form,
    }, status=422 if form.errors else 200)  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def take_back(request: Any, id: uuid.UUID, fact_id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Notice, pk=id, case__state__in=LIVING)
    if not one.clock_facts.filter(pk=fact_id).exists():
        return render(request, "404.html", status=404)
    if timing.take_back(fact_id, request.user, clock.now()):
        messages.success(request, _("It counts no more. The clocks were counted anew."))
    return redirect("console:notice-clocks", id=id)
