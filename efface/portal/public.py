"""The pages anybody can open: what this is, the way in, and the way out."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from efface.accounts.access import PUBLIC, view
from efface.accounts.doorkeeper import PORTAL_CASE, PORTAL_ORGANISATION
from efface.cases import opening
from efface.engine.base import sealing, settings, tenancy
from efface.law import load

log = logging.getLogger(__name__)
TRIES, WINDOW_S = 10, 900
CODE = "portal_code"
"""In the session: the id of the access code it was opened with."""
CLEAR = '"cache", "cookies", "storage"'


@view(access=PUBLIC)
@require_GET
def start(request: Any) -> HttpResponse:
    places = [place for _code, place in sorted(load().countries().items(), key=lambda item: item[1].name)]
    return render(request, "portal/start.html", {"places": places, "inside": bool(request.session.get(PORTAL_CASE))})


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
def enter(request: Any) -> HttpResponse:
    """POST ``code``. Ten wrong codes from one address in a quarter of an hour close the door for as long."""
    if request.method == "GET":
        return render(request, "portal/enter.html")
    key = _tries_key(request)
    if int(cache.get(key, 0)) >= TRIES:
        return _sorry(
            request,
            _(
                "There were many wrong codes from here. For safety, please wait a quarter of an hour and try "
                "again. Your code still works."
            ),
            429,
        )
    found = opening.enter(request.POST.get("code", "")[:200])
    if found is None:
        count(key)
        log.info("portal: a code did not open")
        return _sorry(
            request,
            _(
                "This code does not open anything. Look at each letter again: codes hold no 0, o, 1, i or l. "
                "If it still does not work, your caseworker can give you a new one."
            ),
            422,
        )
    organisation, case = found
    # A new session with nothing of an earlier one in it: neither another case nor a sign-in to the desk.
    request.session.flush()
    request.session[PORTAL_CASE], request.session[PORTAL_ORGANISATION] = str(case), str(organisation)
    with tenancy.organisation(organisation, case):
        request.session[CODE] = opening.standing_code(case)
    request.session.set_expiry(settings.get("session_minutes") * 30)
    return redirect("portal:case")


def _sorry(request: Any, words: str, status: int) -> HttpResponse:
    return render(request, "portal/enter.html", {"problem": words}, status=status)


def _tries_key(request: Any) -> str:
    """Counts tries without keeping the address they came from."""
    return "enter:" + sealing.digest("enter-tries", request.META.get("REMOTE_ADDR", "")).hex()[:32]


def count(key: str) -> None:
    """One more wrong code, for a quarter of an hour."""
    if not cache.add(key, 1, WINDOW_S):
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, WINDOW_S)


@view(access=PUBLIC)
@require_GET
def own_face(request: Any) -> HttpResponse:
    """For anybody without a case: how to keep one's own face out of every search."""
    return render(request, "portal/own_face.html")


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
