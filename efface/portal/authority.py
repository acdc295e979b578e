"""Her letter of authority: read, signed with a finger or by typing, kept, ended."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import authority
from efface.cases.models import Age, Case
from efface.engine.base import clock
from efface.portal import page
from efface.portal.answers import ACTOR


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def letter(request: Any, case: Case) -> HttpResponse:
    """POST ``name``, ``agree`` and, where it was drawn, ``strokes`` (JSON)."""
    problem, language = "", get_language() or "en"
    if request.method == "POST":
        try:
            if request.POST.get("agree") != "yes":
                raise authority.AuthorityRefused(_("Please tick that you have read the letter and agree to it."))
            drawn = authority.strokes(request.POST.get("strokes", "")[:200_000])
            authority.sign(case, request.POST.get("name", "")[:300], drawn, language, ACTOR, clock.now())
        except authority.AuthorityRefused as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Signed. You can end it here at any time."))
            return redirect("portal:authority")
    return page.show(
        request, "portal/authority.html", case,
        {
            "problem": problem, "standing": authority.standing(case), "words": authority.words(case, language),
            "typed": request.POST.get("name", "")[:300], "minor": case.age == Age.MINOR,
        },
        422 if problem else 200,
    )  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def end(request: Any, case: Case) -> HttpResponse:
    if authority.revoke(case, ACTOR, clock.now()):
        messages.success(request, _("Ended. We write to nobody for you from now on, unless you allow it again."))
    return redirect("portal:authority")


@view(access=PORTAL)
@require_GET
@page.of_case
def copy(request: Any, case: Case) -> HttpResponse:
    """The signed letter as a PDF with a name that says nothing."""
    standing = authority.standing(case)
    if standing is None:
        return render(request, "404.html", status=404)
    return HttpResponse(
        authority.pdf(standing), content_type="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="notes.pdf"', "Cache-Control": "no-store"},
    )  # fmt: skip
