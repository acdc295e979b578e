"""The middleware in front of every view: who is it, may they, and which rows does the transaction see.

Default deny: a view without a declaration answers 403 to everybody.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from efface.accounts import access as policy
from efface.accounts.models import Member
from efface.engine.base import tenancy

PORTAL_CASE, PORTAL_ORGANISATION = "portal_case", "portal_organisation"
#: A session in use is kept alive by writing it once a minute, not with every request.
ALIVE, MINUTE_S = "m", 60


ShutOut = Callable[[Any], HttpResponse]
_shut_out: list[ShutOut] = []


PartnerGate = Callable[[Any, Callable[[], HttpResponse]], HttpResponse]
_partner_gate: list[PartnerGate] = []


def on_partner(gate: PartnerGate) -> None:
    """Who asks for an address of the API, and which rows it sees: said by the room that knows partners. Without it
    those addresses are closed."""
    _partner_gate[:] = [gate]


def on_shut_out(show: ShutOut) -> None:
    """What a survivor is shown whose session is over; the portal says it, so that nothing she typed is lost."""
    _shut_out[:] = [show]


class Doorkeeper:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = None  # type: ignore[attr-defined]
        response = self.get_response(request)
        self.keep_alive(request)
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response

    @staticmethod
    def keep_alive(request: HttpRequest) -> None:
        session = getattr(request, "session", None)
        if session is None or session.is_empty():
            return
        minute = int(time.monotonic() // MINUTE_S)
        if session.get(ALIVE) != minute:
            session[ALIVE] = minute

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.path.startswith(settings.STATIC_URL):
            return None
        wanted = policy.access_of(view, request.resolver_match.url_name)
        if wanted is None:
            return self.closed(request)
        if wanted.public:
            with tenancy.nobody():
                return view(request, *args, **kwargs)
        if wanted.partner:
            if not _partner_gate:
                return self.closed(request)
            return _partner_gate[0](request, lambda: view(request, *args, **kwargs))
        if wanted.portal:
            case, organisation = request.session.get(PORTAL_CASE), request.session.get(PORTAL_ORGANISATION)
            if not case or not organisation:
                return _shut_out[0](request) if _shut_out else redirect("portal:enter")
            request.case_id = uuid.UUID(case)
            with tenancy.organisation(organisation, case):
                return view(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        with tenancy.looking_up(user=str(request.user.pk)):
            member = Member.objects.filter(user=request.user).select_related("organisation").first()
        if member is None or member.role not in wanted.roles:
            return self.closed(request)
        request.member = member
        with tenancy.organisation(member.organisation_id):
            return view(request, *args, **kwargs)

    @staticmethod
    def closed(request: HttpRequest) -> HttpResponse:
        return render(request, "403.html", status=403)
