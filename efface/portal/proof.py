"""Showing who she is without showing her numbers. The picture is covered, seen by her, and only then handed to a
worker, once; it is in memory only."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import proof_request, proof_room, proving
from efface.cases.models import Age, Case
from efface.engine.base import clock
from efface.portal import page
from efface.portal.answers import ACTOR
from efface.vision.proof.suggest import to_wire

with_picture: Any = csp_update({"img-src": ["data:"]})
"""The covered picture stands in the page: it has no address of its own."""


@view(access=PORTAL)
@with_picture
@require_http_methods(["GET", "POST"])
@page.of_case
def proof(request: Any, case: Case) -> HttpResponse:
    """POST multipart: ``picture``, ``likeness`` (a photo taken now), ``name``, ``covered``, rectangles. Shows what of
    it a worker would see; nobody sees it yet."""
    problem = ""
    if request.method == "POST":
        picture, likeness = request.FILES.get("picture"), request.FILES.get("likeness")
        problem = proving.objection(case, picture)
        if not problem and likeness is not None and likeness.size > proving.MAX_BYTES:
            problem = proving.objection(case, likeness)
        if not problem:
            asked = proof_request.asked(request.POST, picture.read(), likeness.read() if likeness else b"")
            try:
                proving.prepare(case, asked, ACTOR)
            except proving.ProofRefused as refusal:
                problem = str(refusal)
    return _page(request, case, problem)


def _page(request: Any, case: Case, problem: str = "") -> HttpResponse:
    held, now = proof_room.get(case.pk), clock.now()
    draft = proving.draft(case, ACTOR)
    return page.show(
        request, "portal/proof.html", case,
        {
            "problem": problem, "draft": draft, "waits": bool(held and held.picture and held.handed_in),
            "picture": b64encode(draft.picture).decode() if draft else "", "stated": proving.standing(case, now),
            "sealed": proving.sealed(case), "minor": case.age == Age.MINOR, "open": case.state == Case.State.OPEN,
            "rectangles": range(1, proof_request.RECTANGLES + 1), "typed": request.POST.get("name", "")[:200],
        },
        422 if problem else 200,
    )  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def suggest(request: Any, case: Case) -> HttpResponse:
    """``picture`` and ``name``: where to cover, as JSON; the picture is forgotten. For the brush on the page."""
    picture = request.FILES.get("picture")
    problem = proving.objection(case, picture)
    if problem:
        return JsonResponse({"problem": problem}, status=422)
    try:
        found = proving.prepare(case, proof_request.asked(request.POST, picture.read(), only_areas=True), ACTOR)
    except proving.ProofRefused as refusal:
        return JsonResponse({"problem": str(refusal)}, status=422)
    return JsonResponse({"areas": to_wire(found.areas), "notes": found.notes})


@view(access=PORTAL)
@with_picture
@require_POST
@page.of_case
def decide(request: Any, case: Case) -> HttpResponse:
    """``choice``: hand-in (``keep`` days), cover (more of it), drop."""
    choice, now = request.POST.get("choice", ""), clock.now()
    try:
        if choice == "hand-in":
            days = request.POST.get("keep", "0")
            proving.hand_in(case, int(days) if days.isdecimal() and len(days) < 4 else 0, ACTOR, now)
            messages.success(
                request,
                _("Sent. A worker can look at it once. Afterwards it is destroyed, or sealed where you chose that."),
            )
        elif choice == "cover":
            proving.cover_more(case, proof_request.areas(request.POST), ACTOR)
        elif choice == "drop":
            proving.refuse(case, ACTOR, now)
            messages.success(request, _("It is destroyed."))
    except proving.ProofRefused as refusal:
        return _page(request, case, str(refusal))
    return redirect("portal:proof")


@view(access=PORTAL)
@require_POST
@page.of_case
def destroy(request: Any, case: Case) -> HttpResponse:
    """What was sealed is destroyed at once."""
    for kept in proving.sealed(case):
        proving.destroy(kept, ACTOR, clock.now())
    messages.success(request, _("It is destroyed."))
    return redirect("portal:proof")
