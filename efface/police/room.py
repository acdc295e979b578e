"""The investigators' room: cases referred to them, while the referral stands, and nothing else.

Their transaction sees no other case (``tenancy.investigator``); each page opens the one case besides. Each view and
each file is a link of the audit chain, and carries their name and the time.
"""

from __future__ import annotations

import functools
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import INVESTIGATIONS, view
from efface.engine.base import age, clock, tenancy, typeset
from efface.evidence.models import InvestigatorKey, PoliceRequest, Question, Referral
from efface.evidence.packs import making
from efface.evidence.referrals import letter, referring
from efface.evidence.referrals import room as work

View = Callable[..., Any]


def referred(function: View) -> View:
    """Find their standing referral and open its case alone; where there is none, say so and give back what they had
    typed. The view gets the referral instead of its id."""

    @functools.wraps(function)
    def inner(request: Any, id: uuid.UUID, **more: Any) -> Any:
        row = Referral.objects.filter(pk=id).first()
        if row is None:
            typed = "\n\n".join(filter(None, (request.POST.get("text", ""), request.POST.get("why", ""))))
            return render(request, "police/over.html", {"typed": typed[: work.LONGEST]}, status=410)
        with tenancy.organisation(request.member.organisation_id, row.case_id):
            found = work.standing(row.pk, request.user.pk, clock.now())
            if found is None:
                return render(request, "police/over.html", status=410)
            return function(request, found, **more)

    return inner


@view(access=INVESTIGATIONS)
@require_GET
def home(request: Any) -> HttpResponse:
    return _home(request)


def _home(request: Any, problem: str = "") -> HttpResponse:
    key = InvestigatorKey.objects.filter(user_id=request.user.pk, ended_at=None).first()
    return render(request, "police/home.html", {
        "rows": Referral.objects.order_by("until"), "key": key, "problem": problem, "typed": request.POST,
        "shown": age.fingerprint(key.key) if key else "", "mark": _plain_mark(request),
    }, status=422 if problem else 200)  # fmt: skip


def _plain_mark(request: Any) -> str:
    return f"{request.user.name}, {clock.now():%Y-%m-%d %H:%M} UTC"


@view(access=INVESTIGATIONS)
@require_POST
def key(request: Any) -> HttpResponse:
    """``key``: their age public key; ``lost``: yes where the old one was lost."""
    try:
        work.give_key(
            request.member.organisation_id, request.user.pk, request.POST.get("key", ""),
            request.POST.get("lost") == "yes", clock.now(),
        )  # fmt: skip
    except age.KeyUnusable as refusal:
        return _home(request, str(refusal))
    messages.success(request, _("The key is noted. Packs are sealed to it from now on; for packs that were sealed to "
                                "another one a lead is asked to have them sealed anew."))  # fmt: skip
    return redirect("police:home")


@view(access=INVESTIGATIONS)
@require_GET
@referred
def referral(request: Any, row: Referral) -> HttpResponse:
    referring.seen(row, "case", clock.now())
    return _page(request, row)


def _page(request: Any, row: Referral, problem: str = "", at: str = "") -> HttpResponse:
    now = clock.now()
    packs = [one.pack for one in row.packs.select_related("pack").order_by("-pack__asked_at")]
    name = "name" in row.parts and row.case.age == "adult"
    return render(request, "police/referral.html", {
        "row": row, "mark": letter.mark(row, request.user.name, now), "name": row.case.name if name else "",
        "findings": letter.findings(row), "captures": letter.captures(row), "demands": letter.demands(row),
        "packs": packs, "parts": [referring.PARTS[one] for one in row.parts],
        "questions": Question.objects.filter(referral=row).order_by("at"),
        "requests": PoliceRequest.objects.filter(referral=row).order_by("-asked_at"),
        "kinds": [one for one in PoliceRequest.Kind.choices if one[0] != PoliceRequest.Kind.RESEAL],
        "problem": problem, "at": at, "typed": request.POST, "once": secrets.token_hex(8), "minor": row.case.age,
    }, status=422 if problem else 200)  # fmt: skip


@view(access=INVESTIGATIONS)
@require_POST
@referred
def say(request: Any, row: Referral) -> HttpResponse:
    """``text`` to the desk."""
    try:
        work.ask(row, request.POST.get("text", ""), clock.now(), request.POST.get("once", ""))
    except work.CannotAsk as refusal:
        return _page(request, row, str(refusal), "say")
    messages.success(request, _("The desk sees it now."))
    return redirect("police:referral", id=row.pk)


@view(access=INVESTIGATIONS)
@require_POST
@referred
def ask(request: Any, row: Referral) -> HttpResponse:
    """``kind``, ``days``, ``why``: a lead decides."""
    data = request.POST
    try:
        work.request(
            row, data.get("kind", ""), data.get("days", ""), data.get("why", ""), clock.now(), data.get("once", "")
        )
    except work.CannotAsk as refusal:
        return _page(request, row, str(refusal), "ask")
    messages.success(request, _("A lead of the organisation decides. The answer stands here."))
    return redirect("police:referral", id=row.pk)


@view(access=INVESTIGATIONS)
@require_GET
@referred
def table(request: Any, row: Referral) -> HttpResponse:
    """Addresses and digests as CSV, marked."""
    now = clock.now()
    made = letter.table(row, request.user.name, now)
    referring.seen(row, "table", now)
    answer = HttpResponse(made, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.reference}.csv"'
    return answer


@view(access=INVESTIGATIONS)
@require_GET
@referred
def paper(request: Any, row: Referral) -> HttpResponse:
    """The letter of referral as PDF, marked."""
    now = clock.now()
    try:
        made = letter.pdf(row, request.user.name, now)
    except typeset.CannotSet as refusal:
        return _page(request, row, str(refusal), "letter")
    referring.seen(row, "letter", now)
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="referral-{row.reference}.pdf"'
    return answer


@view(access=INVESTIGATIONS)
@require_POST
@referred
def take(request: Any, row: Referral, pack_id: uuid.UUID) -> Any:
    """The sealed file. Noted before the first byte."""
    try:
        pack, pieces = work.take(row, pack_id, clock.now())
    except (work.CannotAsk, making.PackRefused) as refusal:
        return _page(request, row, str(refusal), "packs")
    answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{making.filename(pack)}"'
    answer["Content-Length"] = str(pack.size)
    answer["Cache-Control"] = "no-store"
    return answer
