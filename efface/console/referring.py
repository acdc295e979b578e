"""The police side of a case: signals, the right desks, whom a report may hurt, referrals, what investigators ask."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit, programmes
from efface.accounts.access import LEAD, STAFF_CASES, view
from efface.accounts.models import Role
from efface.cases.may import may
from efface.cases.models import Case, PoliceWish, Purpose
from efface.console.opening import actor, living
from efface.console.typed import whole
from efface.engine.base import clock, typeset
from efface.evidence.models import PoliceRequest, Question, Referral, Signal
from efface.evidence.packs import making
from efface.evidence.referrals import desks, letter, referring, room, signalling, tipline, young
from efface.search import revising
from efface.search.models import Finding

MOST_URLS = 500


@view(access=STAFF_CASES)
@require_GET
def police(request: Any, id: uuid.UUID) -> HttpResponse:
    return _page(request, get_object_or_404(Case, pk=id))


def _page(request: Any, case: Case, problem: str = "", at: str = "") -> HttpResponse:
    now, typed = clock.now(), request.POST
    prepared = desks.prepared(case, request.member.organisation.country)
    rows = list(Referral.objects.filter(case=case).select_related("investigator", "case").order_by("-at"))
    return render(request, "console/police.html", {
        "case": case, "prepared": prepared, "problem": problem, "at": at, "typed": typed, "now": now,
        "lead": request.member.role == Role.LEAD, "open": case.state in (Case.State.OPEN, Case.State.PAUSED),
        "consent": may(case, Purpose.POLICE, now), "people": referring.investigators(case.organisation_id),
        "parts": [(name, words, name in typed.getlist("parts") if at == "refer" else name != "name")
                  for name, words in referring.parts_of(case).items()],
        "kinds": Signal.Kind.choices, "signals": Signal.objects.filter(case=case).order_by("-at")[:20],
        "referrals": [_told(row) for row in rows], "once": typed.get("once") or secrets.token_hex(8),
        "new_once": secrets.token_hex(8), "minor": case.age != "adult", "agencies": [
            (str(one.pk), programmes.said(one)) for one in programmes.for_agencies()
        ],
        "wishes": PoliceWish.objects.filter(case=case).order_by("-at")[:5], "who": PoliceWish.Who.choices,
        "grown": young.of_age(case.country), "wished": young.standing(case),
    }, status=422 if problem else 200)  # fmt: skip


def _told(row: Referral) -> dict[str, Any]:
    """One referral with what was looked at, said and asked."""
    packs = [one.pack for one in row.packs.select_related("pack").order_by("-pack__asked_at")]
    return {
        "row": row, "standing": row.ended_at is None and row.until > clock.now(), "views": referring.views(row)[:30],
        "questions": Question.objects.filter(referral=row).order_by("at"),
        "requests": PoliceRequest.objects.filter(referral=row).order_by("-asked_at"), "packs": packs,
        "key": referring.key_of(row), "parts": [referring.PARTS[name] for name in row.parts],
    }  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def raise_signal(request: Any, id: uuid.UUID) -> HttpResponse:
    """``kind`` and ``note``."""
    case = living(id)
    try:
        made = signalling.signal(
            case, request.POST.get("kind", ""), actor(request), clock.now(), request.POST.get("note", "")
        )
    except signalling.CannotSignal as refusal:
        return _page(request, case, str(refusal), "signal")
    if made is None:
        messages.success(request, _("A lead is told of this already."))
    else:
        messages.success(request, _("It stands on top of the leads' queue now, and they are told by mail."))
    return redirect("console:case-police", id=id)


@view(access=STAFF_CASES)
@require_POST
def refer(request: Any, id: uuid.UUID) -> HttpResponse:
    """``investigator``, ``desk``, ``parts``, ``days``, ``ground``, ``statute``, ``risks``, ``file``, ``once``,
    ``programme``: the agency's terms."""
    case, data = living(id), request.POST
    days = data.get("days", "")
    try:
        person: uuid.UUID | None = uuid.UUID(data.get("investigator", ""))
    except ValueError:
        person = None
    given = referring.Order(
        person, data.get("desk", ""), data.getlist("parts"), whole(days),
        data.get("ground", ""), data.get("statute", ""), data.get("risks") == "yes", data.get("file", ""),
        data.get("once", ""), data.get("programme", ""),
    )  # fmt: skip
    try:
        referring.refer(case, given, actor(request), clock.now())
    except referring.CannotRefer as refusal:
        return _page(request, case, str(refusal), "refer")
    messages.success(request, _("They can read what you chose now, until the day you set. Everything they open is "
                                "noted below."))  # fmt: skip
    return redirect("console:case-police", id=id)


@view(access=STAFF_CASES)
@require_POST
def wish(request: Any, id: uuid.UUID) -> HttpResponse:
    """``who``, ``age``, ``alone``, ``risks``, ``why``: that somebody who is, or may be, under 18 wants the police."""
    case, data = living(id), request.POST
    age = data.get("age", "")
    said = young.Said(
        data.get("who", ""), int(age) if age.isascii() and age.isdigit() and len(age) <= 3 else None,
        data.get("alone") == "yes", data.get("risks") == "yes", data.get("why", ""),
    )  # fmt: skip
    try:
        young.note(case, said, actor(request), clock.now())
    except young.CannotNote as refusal:
        return _page(request, case, str(refusal), "wish")
    messages.success(request, _("Noted. A lead who did not note it confirms it in the queue; nothing goes before."))
    return redirect("console:case-police", id=id)


def _referral(id: uuid.UUID, referral_id: uuid.UUID) -> Referral:
    return get_object_or_404(
        Referral.objects.select_related("case__organisation", "investigator"), pk=referral_id, case_id=id
    )


@view(access=STAFF_CASES)
@require_POST
def end(request: Any, id: uuid.UUID, referral_id: uuid.UUID) -> HttpResponse:
    row = _referral(id, referral_id)
    if referring.end(row, Referral.Why.LEAD, actor(request), clock.now()):
        messages.success(request, _("They see nothing of it any more. Files they took stay with them."))
    else:
        messages.success(request, _("It had ended already."))
    return redirect("console:case-police", id=id)


@view(access=STAFF_CASES)
@require_POST
def say(request: Any, id: uuid.UUID, referral_id: uuid.UUID) -> HttpResponse:
    """``text``: to the investigator."""
    row = _referral(id, referral_id)
    try:
        room.answer(row, request.POST.get("text", ""), actor(request), clock.now(), request.POST.get("once", ""))
    except room.CannotAsk as refusal:
        return _page(request, row.case, str(refusal), f"say-{row.pk}")
    messages.success(request, _("They see it in their room."))
    return redirect("console:case-police", id=id)


@view(access=LEAD)
@require_POST
def decide(request: Any, id: uuid.UUID, request_id: uuid.UUID) -> HttpResponse:
    """``choice``: grant or refuse; ``answer``: what they read."""
    made = get_object_or_404(PoliceRequest, pk=request_id, case_id=id)
    choice = request.POST.get("choice", "")
    if choice not in ("grant", "refuse"):
        return _page(request, made.case, _("Please choose one of the answers."), f"request-{made.pk}")
    try:
        room.decide(made, choice == "grant", request.POST.get("answer", ""), actor(request), clock.now())
    except room.CannotAsk as refusal:
        return _page(request, made.case, str(refusal), f"request-{made.pk}")
    messages.success(request, _("They see your answer in their room."))
    return redirect("console:case-police", id=id)


@view(access=STAFF_CASES)
@require_POST
def pack(request: Any, id: uuid.UUID, referral_id: uuid.UUID) -> HttpResponse:
    """Have the evidence sealed to the investigator's key."""
    row = _referral(id, referral_id)
    try:
        if row.ended_at is not None or row.until <= clock.now():
            raise referring.CannotRefer(_("It has ended. Refer the case again first."))
        referring.pack(row, actor(request), clock.now(), request.POST.get("once", ""))
    except (referring.CannotRefer, making.PackRefused) as refusal:
        return _page(request, row.case, str(refusal), f"pack-{row.pk}")
    messages.success(request, _("It is being made and sealed. They find it in their room in a moment."))
    return redirect("console:case-police", id=id)


@view(access=STAFF_CASES)
@require_GET
def paper(request: Any, id: uuid.UUID, referral_id: uuid.UUID) -> HttpResponse:
    """The letter of referral as PDF, marked with who took it."""
    row, now = _referral(id, referral_id), clock.now()
    try:
        made = letter.pdf(row, request.user.name, now)
    except typeset.CannotSet as refusal:
        return _page(request, row.case, str(refusal), "letter")
    audit.record(row.organisation_id, actor(request), "referral.letter", str(row.pk), now)
    return _file(made, "application/pdf", f"referral-{row.reference}.pdf")


@view(access=STAFF_CASES)
@require_POST
def tip(request: Any, id: uuid.UUID, form: str) -> HttpResponse:
    """A draft of a CyberTipline report, as xml or json. For somebody who is, or may be, under 18."""
    case, now = living(id), clock.now()
    if form not in ("xml", "json"):
        return render(request, "404.html", status=404)
    if case.age == "adult" and not Finding.objects.filter(case=case, age="minor").exists():
        return _page(request, case, _("This report is for somebody under 18. Nobody in this case is."), "tip")
    draft = _draft(request, case)
    if not draft.urls:
        return _page(request, case, _("No address is known yet that could be reported."), "tip")
    audit.record(case.organisation_id, actor(request), "tip.drafted", str(case.pk), now)
    if form == "json":
        return _file(tipline.as_json(draft).encode(), "application/json", f"report-{case.reference}.json")
    return _file(tipline.as_xml(draft).encode(), "application/xml", f"report-{case.reference}.xml")


def _draft(request: Any, case: Case) -> tipline.Draft:
    rows = Finding.objects.filter(case=case).exclude(stopped=revising.TAKEN_BACK)
    if case.age == "adult":
        rows = rows.filter(age="minor")
    found = list(rows.order_by("confirmed_at")[:MOST_URLS])
    urls = [str(one.page_url) for one in found if one.page_url]
    urls += [str(one.url) for one in case.reportedlinks.order_by("at")[:MOST_URLS] if one.url and case.age != "adult"]
    first = found[0].confirmed_at if found else case.opened_at
    demanded = room.demanded(case)
    return tipline.Draft(
        first, list(dict.fromkeys(urls)), case.organisation.name, request.user.email, case.reference, demanded,
        "Immediate danger was signalled." if case.danger else "",
    )


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
