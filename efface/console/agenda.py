"""A member's calendar: the page that makes and ends its address, and the calendar itself."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from efface.accounts import feeds
from efface.accounts.access import PUBLIC, STAFF_CASES, view
from efface.engine.base import clock, sealing, tenancy
from efface.takedown import agenda, ical

log = logging.getLogger(__name__)
WRONG, WRONG_WINDOW_S = 10, 900
"""Wrong addresses from one place before it has to wait."""
ASKED, ASKED_WINDOW_S = 60, 3600
"""How often one calendar is given out in an hour."""


@view(access=STAFF_CASES)
@require_GET
def page(request: Any) -> HttpResponse:
    return _page(request)


def _page(request: Any, address: str = "") -> HttpResponse:
    return render(request, "console/agenda.html", {"feed": feeds.standing(request.member), "address": address})


@view(access=STAFF_CASES)
@require_POST
def change(request: Any) -> HttpResponse:
    """``choice`` is make (a new address; an earlier one ends) or end. The address is shown in this answer only."""
    if request.POST.get("choice") == "make":
        token = feeds.make(request.member, clock.now())
        return _page(request, request.build_absolute_uri(reverse("console:agenda-feed", args=[token])))
    if feeds.end(request.member, clock.now()):
        messages.success(request, _("The address works no more. Take the calendar out of your programme too."))
    return redirect("console:agenda")


@view(access=PUBLIC)
@require_safe
def feed(request: Any, token: str) -> HttpResponse:
    """The calendar of whoever made this address. Its secret is all that opens it, so wrong ones are counted."""
    wrong = "agenda-wrong:" + sealing.digest("agenda-wrong", request.META.get("REMOTE_ADDR", "")).hex()[:32]
    if int(cache.get(wrong, 0)) >= WRONG:
        return _later(WRONG_WINDOW_S)
    member = feeds.member_of(token, STAFF_CASES.roles)
    if member is None:
        _count(wrong, WRONG_WINDOW_S)
        log.info("calendar: an address opened nothing")
        return HttpResponse(_("There is no calendar here (any more)."), status=404, content_type="text/plain")
    if _count(f"agenda-asked:{member.pk}", ASKED_WINDOW_S) > ASKED:
        return _later(ASKED_WINDOW_S)
    now = clock.now()
    with tenancy.organisation(member.organisation_id):
        data = ical.calendar(_("Efface"), agenda.entries(member, now))
        feeds.was_read(member, now)
    answer = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="efface.ics"'
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _later(seconds: int) -> HttpResponse:
    answer = HttpResponse(_("Please ask again later."), status=429, content_type="text/plain")
    answer["Retry-After"] = str(seconds)
    return answer


def _count(key: str, seconds: int) -> int:
    if cache.add(key, 1, seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:
        cache.set(key, 1, seconds)
        return 1
