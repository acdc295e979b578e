"""What notices need that only a person can say: asked where a chosen way needs it, with why and for whom."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.console.opening import actor, living
from efface.console.typed import lines
from efface.engine.base import clock
from efface.law import load
from efface.takedown import entering, entries, keeping
from efface.takedown.channels.models import Step
from efface.takedown.entries import Entry
from efface.takedown.models import KeptPlan, Route

OPEN = (Route.State.PLANNED, Route.State.ACTIVE)


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry, what stands there, and who will read it; ``missing``: something cannot go without it."""

    one: Entry
    said: str
    readers: tuple[str, ...]
    missing: bool


@view(access=STAFF_CASES)
@require_GET
def particulars(request: Any, id: uuid.UUID) -> HttpResponse:
    return _page(request, living(id))


@view(access=STAFF_CASES)
@require_POST
def say(request: Any, id: uuid.UUID) -> HttpResponse:
    """``entry`` and ``value``: kept; an empty value takes it back."""
    case, name = living(id), request.POST.get("entry", "")[:60]
    text = lines(request.POST.get("value", ""))
    try:
        entering.say(case, name, text, actor(request), clock.now())
    except entering.Unsayable as refusal:
        return _page(request, case, 422, problem=str(refusal), at=name, typed=text)
    messages.success(request, _("Noted. The plans are made anew with it."))
    return redirect("console:case-particulars", id=id)


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    rows = asked(case)
    return render(request, "console/particulars.html", {
        "case": case, "rows": rows, "lacking": sum(1 for one in rows if one.missing), **more,
    }, status=status)  # fmt: skip


def asked(case: Case) -> list[Asked]:
    """What is asked of this case: what a chosen way can use, and what was noted before."""
    said, needs = entering.values(case), _needs(case)
    wanted = entries.wanted(_chosen(case))
    names = [*wanted, *(name for name in said if name not in wanted and name not in entries.OF_CASE)]
    found = []
    for name in names:
        one = entries.entry(name)
        if one is not None:
            lacks = f"{entries.ASK}{name}" in needs and not said.get(name)
            readers = tuple(sorted(wanted.get(name, ())))
            found.append(Asked(one, str(said.get(name, "")), readers, lacks))
    return sorted(found, key=lambda one: not one.missing)


def _chosen(case: Case) -> list[tuple[str, str]]:
    """(notice type, who would read it) of everything that is planned, by notice or by hand."""
    routes = Route.objects.filter(case=case, state__in=OPEN, finding__stopped="")
    found = [(one.notice_type, one.party_name or one.party_key) for one in routes]
    steps = Step.objects.filter(case=case, state=Step.State.TODO)
    found += [(one.notice_type, one.party_name or one.party_key) for one in steps]
    notices = load().notices
    for kept in KeptPlan.objects.filter(case=case):
        found += [(one.notice_type, notices[one.notice_type].recipients) for one in keeping.steps(kept.content)
                  if one.notice_type in notices]  # fmt: skip
    return found


def _needs(case: Case) -> set[str]:
    """Where what is missing can be answered (``Need.ask``), of every open route."""
    routes = Route.objects.filter(case=case, state__in=OPEN, finding__stopped="")
    told = [one.told or {} for one in routes]
    return {str(need.get("ask", "")) for one in told for need in one.get("needs", [])}
