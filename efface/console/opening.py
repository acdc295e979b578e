"""Opening a case, giving a new access code, erasing. The code is on screen once and never stored."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts import audit
from efface.accounts.access import LEAD, STAFF_CASES, view
from efface.cases import consents, erasing, events, retention
from efface.cases import opening as doors
from efface.cases.models import Case
from efface.console.forms import Erase, NewCase
from efface.engine.base import clock

ONCE = "console_new_case"


def actor(request: Any) -> str:
    return f"{request.member.role}:{request.user.pk}"


def living(id: uuid.UUID) -> Case:
    """The case, open or paused; any other is not there for this page."""
    return get_object_or_404(Case, pk=id, state__in=(Case.State.OPEN, Case.State.PAUSED))


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def new_case(request: Any) -> HttpResponse:
    """GET: the form. POST: opens the case and shows its access code, once. A form is good for one case."""
    if request.method == "POST":
        form = NewCase(request.POST)
        if form.is_valid():
            ticket = request.session.pop(ONCE, "")
            if not ticket or ticket != request.POST.get("ticket"):
                messages.warning(
                    request,
                    _("This form was used already: the case is in the list. If its code got lost, make a new one."),
                )
                return redirect("console:cases")
            return _open(request, form.cleaned_data)
    else:
        form = NewCase()
        request.session[ONCE] = secrets.token_hex(8)
    return render(
        request,
        "console/new_case.html",
        {"form": form, "ticket": request.session.get(ONCE, "")},
        status=422 if request.method == "POST" else 200,
    )


def _open(request: Any, given: dict[str, Any]) -> HttpResponse:
    now = clock.now()
    opened = doors.open_case(
        request.member.organisation_id,
        actor(request),
        age=given["age"],
        country=given["country"],
        language=given["language"],
        name=given["name"] or None,
        acquisition=given["acquisition"] or "unknown",
        danger=given["danger"],
        kind=given["kind"] or "help",
        worker=request.user.pk,
        now=now,
    )
    for purpose in given["purposes"]:
        consents.give(opened.case, purpose, actor(request), now)
    return _card(request, opened.case, opened.access_code)


def _card(request: Any, case: Case, code: str) -> HttpResponse:
    return render(
        request, "console/code.html", {"case": case, "code": code, "address": request.build_absolute_uri("/")}
    )


@view(access=STAFF_CASES)
@require_POST
def new_code(request: Any, id: uuid.UUID) -> HttpResponse:
    """A new access code; the old one stops working."""
    case = living(id)
    now = clock.now()
    code = doors.new_access_code(case, now)
    events.record(case, "code.renewed", actor(request), now=now)
    return _card(request, case, code)


@view(access=LEAD)
@require_http_methods(["GET", "POST"])
def erase(request: Any, id: uuid.UUID) -> HttpResponse:
    """Erase a case, after its reference was typed."""
    case = get_object_or_404(Case.objects.exclude(state=Case.State.ERASED), pk=id)
    now = clock.now()
    form, kept = Erase(request.POST or None), retention.kept_until(case.pk, now)
    if request.method == "POST" and form.is_valid():
        if kept and not form.cleaned_data["hers"]:
            form.add_error("hers", _("Somebody asked that it be kept. Only her own word comes first."))
        elif form.cleaned_data["reference"].strip().upper() == case.reference:
            if kept:
                audit.record(case.organisation_id, actor(request), "case.erased_by_her_word", str(case.pk), now)
            erasing.erase(case, actor(request), now)
            messages.success(request, _("Erased. Nothing of the case can be read any more."))
            return redirect("console:cases")
        else:
            form.add_error("reference", _("This is not the case's reference."))
    if not kept:
        del form.fields["hers"]
    return render(
        request, "console/erase.html", {"case": case, "form": form, "kept": kept},
        status=422 if request.method == "POST" else 200,
    )
