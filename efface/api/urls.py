"""Addresses of the API. Every one of them is behind the gate."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_safe

from efface.accounts.access import PARTNER, PUBLIC, view
from efface.api import asking, gate, operations, problems  # noqa: F401 - they register themselves
from efface.api.api import api
from efface.engine.base import clock, limits, tenancy
from efface.partners import feeds
from efface.takedown import ical

WRONG_CALENDAR = limits.Limit("api-calendar-wrong", 10, 90.0)
"""Wrong addresses from one place at once; then one more each minute and a half."""
CALENDAR = limits.Limit("api-calendar", 60, 60.0)
"""How often one calendar is given out at once; then once a minute."""


@view(access=PUBLIC)
@require_GET
def schema(request: HttpRequest) -> JsonResponse:
    """The OpenAPI file: for anybody; it says nothing of any case or partner."""
    from efface.api.schema import document

    return JsonResponse(document(), json_dumps_params={"indent": 1})


@view(access=PUBLIC)
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of the partner that made this address. Its secret is all that opens it: wrong ones are counted."""
    place, now = request.META.get("REMOTE_ADDR", ""), clock.now()
    with transaction.atomic():
        if limits.level(WRONG_CALENDAR, place, clock.wall()) + 1 > WRONG_CALENDAR.size:
            return problems.too_many(WRONG_CALENDAR.refill_s)
        partner = feeds.partner_of(token, now)
        if partner is None:
            limits.take(WRONG_CALENDAR, place, clock.wall())
            return problems.unknown("calendar").answer()
        wait = limits.take(CALENDAR, str(partner.pk), clock.wall())
    if wait:
        return problems.too_many(wait)
    with tenancy.organisation(partner.organisation_id):
        data = ical.calendar("Efface", feeds.entries(partner, now))
        feeds.was_read(partner, now)
    answer = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="cases.ics"'
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Cache-Control"] = "no-store"
    return answer


def _behind_the_gate(routes: Any) -> list[Any]:
    for route in routes:
        route.callback.access = PARTNER
    return routes


_routes, _app, _space = api.urls
urlpatterns = [
    path("v1/calendar/<str:token>/cases.ics", calendar, name="partner-calendar"),
    path("v1/openapi.json", schema, name="openapi"),
    path("v1/", (_behind_the_gate([one for one in _routes if getattr(one, "name", "") != "api-root"]), _app, _space)),
]
