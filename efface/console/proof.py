"""The covered identity document at the desk: taken with her, looked at once, stated; sealed ones by four eyes."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import authority, events, proof_request, proof_room, proving
from efface.cases.models import Age, Case, ProofStatement, SealedProof
from efface.console.opening import actor, living
from efface.engine.base import clock
from efface.vision.proof.suggest import to_wire

with_picture: Any = csp_update({"img-src": ["data:"]})
"""The covered picture stands in the page: it has no address of its own, and is not there a second time."""


@view(access=STAFF_CASES)
@with_picture
@require_http_methods(["GET", "POST"])
def proof(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST multipart as at the portal's door: the document is photographed together with her."""
    case, problem = living(id), ""
    if request.method == "POST":
        picture, likeness = request.FILES.get("picture"), request.FILES.get("likeness")
        problem = proving.objection(case, picture) or (proving.objection(case, likeness) if likeness else "")
        if not problem:
            asked = proof_request.asked(request.POST, picture.read(), likeness.read() if likeness else b"")
            try:
                proving.prepare(case, asked, actor(request))
            except proving.ProofRefused as refusal:
                problem = str(refusal)
    return _page(request, case, problem)


def _page(request: Any, case: Case, problem: str = "", picture: bytes = b"") -> HttpResponse:
    held = proof_room.get(case.pk)
    draft = proving.draft(case, actor(request))
    shown = draft.picture if draft else picture
    answer = render(
        request, "console/proof.html",
        {
            "case": case, "problem": problem, "held": held, "draft": draft, "picture": b64encode(shown).decode(),
            "waits": bool(held and held.picture and held.handed_in),
            "looked": bool(held and held.looked is not None and held.looked == request.user.pk),
            "match": proving.MATCH_WORDS.get(held.match, "") if held else "",
            "stated": proving.standing(case, clock.now()), "sealed": proving.sealed(case),
            "letter": authority.standing(case), "minor": case.age == Age.MINOR,
            "rectangles": range(1, proof_request.RECTANGLES + 1), "typed": request.POST.get("name", "")[:200],
        },
        status=422 if problem else 200,
    )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


@view(access=STAFF_CASES)
@require_POST
def where(request: Any, id: uuid.UUID) -> HttpResponse:
    """``picture`` and ``name``: where to cover, as JSON. For the brush."""
    case, picture = living(id), request.FILES.get("picture")
    problem = proving.objection(case, picture)
    if not problem:
        try:
            asked = proof_request.asked(request.POST, picture.read(), only_areas=True)
            found = proving.prepare(case, asked, actor(request))
            return JsonResponse({"areas": to_wire(found.areas), "notes": found.notes})
        except proving.ProofRefused as refusal:
            problem = str(refusal)
    return JsonResponse({"problem": problem}, status=422)


@view(access=STAFF_CASES)
@with_picture
@require_POST
def decide(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice``: hand-in (she agrees, sitting here), cover, drop, look (once), state (``name``, ``face``)."""
    case, choice, now = living(id), request.POST.get("choice", ""), clock.now()
    try:
        if choice == "hand-in":
            days = request.POST.get("keep", "0")
            proving.hand_in(case, int(days) if days.isdecimal() and len(days) < 4 else 0, actor(request), now)
        elif choice == "cover":
            proving.cover_more(case, proof_request.areas(request.POST), actor(request))
        elif choice == "drop":
            proving.refuse(case, actor(request), now)
            messages.success(request, _("It is destroyed."))
        elif choice == "look":
            return _page(request, case, picture=proving.look(case, request.user, actor(request), now).picture)
        elif choice == "state":
            proving.state(
                case, request.user, name_matches=request.POST.get("name") == "yes",
                face_matches=request.POST.get("face") == "yes", actor=actor(request), now=now,
            )  # fmt: skip
            messages.success(
                request, _("Stated and signed. Now the attestation can name it.")
            )
    except proving.ProofRefused as refusal:
        return _page(request, case, str(refusal))
    return redirect("console:case-proof", id=id)


@view(access=STAFF_CASES)
@with_picture
@require_POST
def sealed(request: Any, id: uuid.UUID, proof_id: uuid.UUID) -> HttpResponse:
    """``choice``: ask (``why``), allow, look, destroy."""
    case, choice, now = living(id), request.POST.get("choice", ""), clock.now()
    kept = get_object_or_404(SealedProof.objects.select_related("case"), pk=proof_id, case=case)
    try:
        if choice == "ask":
            proving.ask(kept, request.user, request.POST.get("why", ""), actor(request), now)
            messages.success(request, _("Noted. A second worker is asked to allow it, on this page."))
        elif choice == "allow":
            proving.allow(kept, request.user, actor(request), now)
            messages.success(request, _("Allowed. The worker who asked can look, once."))
        elif choice == "look":
            return _page(request, case, picture=proving.look_again(kept, request.user, actor(request), now))
        elif choice == "destroy":
            proving.destroy(kept, actor(request), now)
            messages.success(request, _("It is destroyed."))
    except proving.ProofRefused as refusal:
        return _page(request, case, str(refusal))
    return redirect("console:case-proof", id=id)


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def statement(request: Any, id: uuid.UUID, statement_id: uuid.UUID) -> HttpResponse:
    """The signed statement as a file; POST ``choice`` withdraw, or opening: name and salt, which she agreed to hand
    on."""
    case, now = living(id), clock.now()
    made = get_object_or_404(ProofStatement, pk=statement_id, case=case)
    if request.method == "POST" and request.POST.get("choice") == "withdraw":
        proving.withdraw(case, made.pk, actor(request), now)
        messages.success(request, _("Withdrawn. It is no longer handed on."))
        return redirect("console:case-proof", id=id)
    if made.withdrawn_at is not None or not made.document:
        return render(request, "404.html", status=404)
    if request.method == "POST":
        if request.POST.get("agreed") != "yes":
            return _page(
                request, case, _("Name and salt are handed on only when she agreed to it, for this recipient.")
            )
        events.record(case, "proof.opened", actor(request), subject=made.pk, now=now)
        return _file(made.opening, "opening.json")
    events.record(case, "proof.handed_on", actor(request), subject=made.pk, now=now)
    return _file(made.document, "statement.json")


@view(access=STAFF_CASES)
@require_GET
def letter(request: Any, id: uuid.UUID) -> HttpResponse:
    """Her letter of authority as a PDF. It names her: opening it is noted."""
    case = living(id)
    standing = authority.standing(case)
    if standing is None:
        return render(request, "404.html", status=404)
    events.record(case, "authority.opened", actor(request), subject=standing.pk, now=clock.now())
    return HttpResponse(
        authority.pdf(standing), content_type="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="authority.pdf"', "Cache-Control": "no-store"},
    )  # fmt: skip


def _file(content: Any, name: str) -> HttpResponse:
    return HttpResponse(
        json.dumps(content, ensure_ascii=False, indent=1) + "\n", content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip
