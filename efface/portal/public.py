"""The pages anybody can open: what this is, the way in, and the way out."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from efface.accounts.access import PUBLIC, view
from efface.accounts.doorkeeper import PORTAL_CASE, PORTAL_ORGANISATION
from efface.cases import drafts, opening
from efface.cases.models import Case
from efface.engine.base import clock, settings, tenancy
from efface.law import load
from efface.portal import carrying, house, limiting

log = logging.getLogger(__name__)
CODE = "portal_code"
"""In the session: the id of the access code it was opened with."""
CLEAR = '"cache", "cookies", "storage"'


@view(access=PUBLIC)
@require_GET
def start(request: Any) -> HttpResponse:
    law = load()
    places = [place for _name, place in law.by_name(law.countries().values(), get_language() or "en")]
    return render(request, "portal/start.html", {
        "places": places, "inside": bool(request.session.get(PORTAL_CASE)), "opens": house.opens(request) is not None,
    })  # fmt: skip


@view(access=PUBLIC)
@require_GET
def advice(request: Any) -> HttpResponse:
    """How to prevent, to prepare and to respond, for people without a case."""
    return render(request, "portal/advice.html", {"opens": house.opens(request) is not None})


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
def enter(request: Any) -> HttpResponse:
    """POST ``code``; ``carried`` is what was typed into a page whose session had ended. Many wrong codes from one
    address make it wait some minutes; a code that is right still opens after that."""
    if request.method == "GET":
        return render(request, "portal/enter.html")
    waits = limiting.knock(request)
    if waits:
        return _sorry(
            request,
            _("There were many wrong codes from here.") + " "
            + ngettext("Please wait one minute and try again.", "Please wait %(n)d minutes and try again.", waits)
            % {"n": waits}
            + " " + _("Your code still works."),
            429,
        )  # fmt: skip
    found = opening.enter(request.POST.get("code", "")[:200])
    if found is None:
        limiting.wrong()
        log.info("portal: a code did not open")
        return _sorry(
            request,
            _(
                "This code does not open anything. Look at each letter again: codes hold no 0, o, 1, i or l. "
                "If it still does not work, your caseworker can give you a new one."
            ),
            422,
        )
    limiting.right(request)
    organisation, case = found
    let_in(request, organisation, case)
    return redirect("portal:drafts" if _unsent(request, organisation, case) else "portal:case")


def let_in(request: Any, organisation: uuid.UUID, case: uuid.UUID) -> None:
    """A new session with nothing of an earlier one in it: neither another case nor a sign-in to the desk."""
    request.session.flush()
    request.session[PORTAL_CASE], request.session[PORTAL_ORGANISATION] = str(case), str(organisation)
    with tenancy.organisation(organisation, case):
        request.session[CODE] = opening.standing_code(case)
    request.session.set_expiry(settings.get("session_minutes") * 30)


def _unsent(request: Any, organisation: uuid.UUID, case: uuid.UUID) -> bool:
    """Whether something is left that she typed and did not send. What she had typed when her session ended becomes a
    draft of her case first."""
    carried = carrying.unpack(request.POST.get("carried", ""), clock.wall())
    with tenancy.organisation(organisation, case):
        hers = Case.objects.filter(pk=case).first()
        if hers is None:
            return False
        if carried is not None:
            drafts.keep(hers, carried.path, carried.fields, clock.now())
        return bool(drafts.listed(hers))


def _sorry(request: Any, words: str, status: int) -> HttpResponse:
    carried = request.POST.get("carried", "")
    return render(request, "portal/enter.html", {"problem": words, "carried": carried}, status=status)


@view(access=PUBLIC)
@require_GET
def leave(request: Any) -> HttpResponse:
    """Quick exit: ends the session, has the browser forget what it kept of this site, shows a page about nothing.

    A GET on purpose: it is a link, works without JavaScript, and ending a session harms nobody."""
    request.session.flush()
    response = redirect("portal:neutral")
    response["Clear-Site-Data"] = CLEAR
    return response


@view(access=PUBLIC)
@require_GET
def neutral(request: Any) -> HttpResponse:
    response = render(request, "portal/neutral.html")
    response["Clear-Site-Data"] = CLEAR
    return response
