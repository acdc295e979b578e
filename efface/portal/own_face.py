"""Keeping one's own face out of every search, for anybody without a case.

Opening such a case blocks nothing: a face is kept out only after a worker spoke with the person, a second one agreed
and the cooling-off is over (``cases.attesting``), so that nobody blocks the face of somebody who needs help.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts.access import PUBLIC, view
from efface.accounts.doorkeeper import PORTAL_CASE
from efface.cases.models import Age, CaseKind
from efface.portal import house, keeping_pages


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
def own_face(request: Any) -> HttpResponse:
    """What it is, and what it can and cannot do. POST ``ticket`` and ``adult``: a case that only keeps a face out."""
    open_to_all = house.opens(request)
    if request.method == "GET":
        return _page(request, open_to_all is not None)
    if open_to_all is None:
        return _page(request, False, status=403)
    if request.session.get(PORTAL_CASE):
        return redirect("portal:case")
    if request.POST.get("adult") != "yes":
        # Nothing is opened, and nothing asked: of people under 18 no face is kept (DESIGN 3.3).
        words = _("Please tick that you are 18 or older. Of people under 18 we keep no face, and search for none.")
        return _page(request, True, words, 422)
    problem, status = keeping_pages.open_by_herself(request, open_to_all, kind=CaseKind.BLOCK, age=Age.ADULT)
    return _page(request, True, problem, status) if problem else redirect("portal:code")


def _page(request: Any, opens: bool, problem: str = "", status: int = 200) -> HttpResponse:
    return render(request, "portal/own_face.html", {
        "opens": opens and not request.session.get(PORTAL_CASE), "problem": problem,
        "ticket": secrets.token_urlsafe(12),
    }, status=status)  # fmt: skip
