"""Sealed copies under a legal hold: asked for, allowed by a second person, handed over sealed, destroyed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from efface.accounts.access import LEAD, STAFF_CASES, view
from efface.cases.models import Hold
from efface.console.opening import actor, living
from efface.engine.base import clock
from efface.evidence import sealed_copies
from efface.evidence.models import SealedCopy
from efface.search.models import Finding


def _row(id: uuid.UUID, copy_id: uuid.UUID) -> SealedCopy:
    rows = SealedCopy.objects.select_related("case", "finding", "hold").select_for_update(of=("self",))
    return get_object_or_404(rows, pk=copy_id, case_id=id)


def _uuid(word: str) -> uuid.UUID:
    """The id, or one that nothing has."""
    try:
        return uuid.UUID(word)
    except ValueError:
        return uuid.UUID(int=0)


@view(access=STAFF_CASES)
@require_POST
def ask(request: Any, id: uuid.UUID) -> HttpResponse:
    """``finding``, ``hold`` and ``why``."""
    case, now = living(id), clock.now()
    finding = Finding.objects.filter(case=case, pk=_uuid(request.POST.get("finding", ""))).first()
    hold = Hold.objects.filter(case=case, pk=_uuid(request.POST.get("hold", ""))).first()
    try:
        sealed_copies.ask(case, finding, hold, request.POST.get("why", ""), request.user, actor(request), now)
    except sealed_copies.CopyRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Asked. A second person decides."))
    return redirect("console:case-evidence", id=id)


@view(access=LEAD)
@require_POST
def decide(request: Any, id: uuid.UUID, copy_id: uuid.UUID) -> HttpResponse:
    """``choice``: allow or refuse."""
    living(id)
    try:
        sealed_copies.decide(
            _row(id, copy_id), request.POST.get("choice") == "allow", request.user, actor(request), clock.now()
        )
    except sealed_copies.CopyRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Noted."))
    return redirect("console:case-evidence", id=id)


@view(access=LEAD)
@require_POST
def hand_over(request: Any, id: uuid.UUID, copy_id: uuid.UUID) -> HttpResponse:
    """``key`` and ``ground``: the copy sealed to that key."""
    try:
        row = _row(id, copy_id)
        data = sealed_copies.hand_over(
            row, request.POST.get("key", ""), request.POST.get("ground", ""), request.user, actor(request), clock.now()
        )
    except sealed_copies.CopyRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("console:case-evidence", id=id)
    answer = HttpResponse(data, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="copy-{row.pk.hex[-8:]}.age"'
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=LEAD)
@require_POST
def destroy(request: Any, id: uuid.UUID, copy_id: uuid.UUID) -> HttpResponse:
    sealed_copies.destroy(_row(id, copy_id), actor(request), clock.now())
    messages.success(request, _("Destroyed, with the key that opened it."))
    return redirect("console:case-evidence", id=id)
