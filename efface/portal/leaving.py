"""Taking everything along, and leaving: the export and the erasure. Both ask for her code once more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import erasing, leaving, opening
from efface.cases.models import Case, Hold
from efface.engine.base import clock
from efface.evidence.referrals import room
from efface.portal import export, limiting, page, public, words
from efface.takedown.models import Notice

ACTOR = "survivor"


def _refused(request: Any, case: Case) -> str:
    """Why the code that was typed does not do; "" where it does. Counted like wrong codes at the door, by case."""
    if limiting.again(str(case.pk)):
        return _("There were many wrong codes. Please wait a quarter of an hour and try again.")
    if opening.is_code_of(case.pk, request.POST.get("code", "")[:200]):
        limiting.again_right(str(case.pk))
        return ""
    return _("This is not your code. Please type it once more.")


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def everything(request: Any, case: Case) -> Any:
    """POST ``code``: one ZIP with all that is kept about her, for her to read. Streamed; written nowhere here."""
    problem = _refused(request, case) if request.method == "POST" else ""
    if request.method == "POST" and not problem:
        now = clock.now()
        response = StreamingHttpResponse(
            export.stream(case.organisation_id, case.pk, get_language() or "en", now), content_type="application/zip"
        )
        name = f"notes-{timezone.localtime(now).date().isoformat()}.zip"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
    return page.show(request, "portal/everything.html", case, {"problem": problem}, 422 if problem else 200)


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def erase(request: Any, case: Case) -> HttpResponse:
    """POST ``code`` and ``when``: later (seven days, can be undone) or now (with ``sure``)."""
    problem, when = "", request.POST.get("when", "")
    if request.method == "POST":
        if when not in ("later", "now"):
            problem = _("Please choose when.")
        elif when == "now" and request.POST.get("sure") != "yes":
            problem = _("Please tick that you know it cannot be undone.")
        else:
            problem = _refused(request, case)
    if request.method != "POST" or problem:
        return page.show(
            request, "portal/erase.html", case,
            {
                "problem": problem, "when": when, "remains": words.remains(_facts(case)),
                "wait_days": leaving.WAIT.days,
            },
            422 if problem else 200,
        )  # fmt: skip
    now = clock.now()
    if when == "later":
        leaving.ask(case, ACTOR, now)
        return redirect("portal:case")
    erasing.erase(case, ACTOR, now)
    request.session.flush()
    response = render(request, "portal/erased.html")
    response["Clear-Site-Data"] = public.CLEAR
    return response


def _facts(case: Case) -> words.Remains:
    return words.Remains(
        letters=Notice.objects.filter(case=case, sent_at__isnull=False).count(),
        held=Hold.objects.filter(case=case, lifted_at=None, ends__gt=clock.now()).exists(),
        kept=room.preserved_until(case.pk, clock.now()),
    )


@view(access=PORTAL)
@require_POST
@page.of_case
def keep(request: Any, case: Case) -> HttpResponse:
    """She took it back."""
    if leaving.undo(case, ACTOR, clock.now()):
        messages.success(request, _("Everything is kept. It stays paused until you press Continue."))
    return redirect("portal:case")
