"""Making a pack: who gets it, what is inside, what is left out; and handing the sealed file over."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.accounts.models import Role
from efface.cases.may import may
from efface.cases.models import Case, Purpose
from efface.console.opening import actor, living
from efface.engine.base import clock
from efface.evidence.models import Fact, Kept, Pack
from efface.evidence.packs import gathering, making
from efface.search import revising
from efface.search.models import Finding

MOST_CHOICES = 200
USUAL = {
    Pack.For.POLICE: tuple(gathering.PARTS),
    Pack.For.LAWYER: tuple(gathering.PARTS),
    Pack.For.COURT: tuple(part for part in gathering.PARTS if part != "hashes"),
    Pack.For.HERSELF: tuple(part for part in gathering.PARTS if part != "hashes"),
}


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def new(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST: ``for``, ``recipient``, ``key``, ``parts``, ``findings`` (ids, or ``all``), ``agreed``, ``ground`` (leads),
    ``once``."""
    case = living(id)
    if request.method == "GET":
        return _page(request, case)
    data = request.POST
    chosen = None
    if data.get("which") == "some":
        chosen = [one for one in _uuids(data.getlist("findings")) if Finding.objects.filter(case=case, pk=one).exists()]
        if not chosen:
            return _page(request, case, _("Choose at least one finding, or all of them."))
    given = making.Order(
        data.get("for", ""), data.get("recipient", ""), data.get("key", ""), data.getlist("parts"), chosen,
        data.get("agreed") == "yes", data.get("ground", ""), data.get("once", ""),
    )  # fmt: skip
    try:
        making.order(case, given, actor(request), clock.now())
    except making.PackRefused as refusal:
        return _page(request, case, str(refusal))
    messages.success(request, _("It is being made and sealed. It stands here in a moment."))
    return redirect("console:case-evidence", id=id)


def _page(request: Any, case: Case, problem: str = "") -> HttpResponse:
    typed = request.POST
    rows = Finding.objects.filter(case=case).exclude(stopped=revising.TAKEN_BACK).select_related("site")
    answer = may(case, Purpose.POLICE, clock.now())
    parts = typed.getlist("parts") if typed else list(gathering.PARTS)
    return render(
        request, "console/pack_new.html",
        {
            "case": case, "problem": problem, "choices": Pack.For.choices,
            "made_for": typed.get("for", Pack.For.POLICE),
            "parts": [(name, words, name in parts) for name, words in gathering.PARTS.items()],
            "findings": rows.order_by("confirmed_at", "pk")[:MOST_CHOICES], "some": typed.get("which") == "some",
            "chosen": {str(one) for one in _uuids(typed.getlist("findings"))} if typed else set(),
            "police": answer, "lead": request.member.role == Role.LEAD, "typed": typed,
            "once": typed.get("once") or secrets.token_hex(8), "kept": Kept.objects.filter(case=case).exists(),
            "demands": Fact.objects.filter(case=case, state=Fact.State.CONFIRMED).count(),
            "unsure": Fact.objects.filter(case=case, state=Fact.State.SUGGESTED).count(),
        },
        status=422 if problem else 200,
    )  # fmt: skip


def _uuids(words: list[str]) -> list[uuid.UUID]:
    found = []
    for word in words:
        try:
            found.append(uuid.UUID(word))
        except ValueError:
            continue
    return found


@view(access=STAFF_CASES)
@require_POST
def hand_over(request: Any, id: uuid.UUID, pack_id: uuid.UUID) -> Any:
    """The sealed file. Noted before the first byte."""
    row = get_object_or_404(Pack.objects.select_related("case"), pk=pack_id, case_id=id)
    try:
        pieces = making.open_for(row, actor(request), clock.now())
    except making.PackRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("console:case-evidence", id=id)
    answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{making.filename(row)}"'
    answer["Content-Length"] = str(row.size)
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=STAFF_CASES)
@require_POST
def again(request: Any, id: uuid.UUID, pack_id: uuid.UUID) -> HttpResponse:
    """``key``: another public key. The same pack, of what the case holds now, sealed to it."""
    living(id)
    row = get_object_or_404(Pack.objects.select_related("case"), pk=pack_id, case_id=id)
    try:
        making.again(row, request.POST.get("key", "") or row.key, actor(request), clock.now())
    except making.PackRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("It is being made and sealed. It stands here in a moment."))
    return redirect("console:case-evidence", id=id)


@view(access=STAFF_CASES)
@require_POST
def end(request: Any, id: uuid.UUID, pack_id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Pack.objects.select_related("case"), pk=pack_id, case_id=id)
    making.end(row, actor(request), clock.now())
    messages.success(request, _("Removed here. What was handed over stays with whoever has it."))
    return redirect("console:case-evidence", id=id)
