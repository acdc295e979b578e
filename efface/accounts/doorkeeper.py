"""The middleware in front of every view: who is it, may they, and which rows does the transaction see.

Default deny: a view without a declaration answers 403 to everybody.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from efface.accounts import access as policy
from efface.accounts import devices, second, taken, unsent
from efface.accounts.models import READS_CASES, Member, Role, SignIn
from efface.engine.base import clock, tenancy, training

PORTAL_CASE, PORTAL_ORGANISATION = "portal_case", "portal_organisation"
#: A session in use is kept alive by writing it once a minute, not with every request.
ALIVE, MINUTE_S = "m", 60
INSTEAD = " "
"""Stands where a NUL was: what is blank stays blank, and no word becomes another one."""


NOT_IN_TRAINING = frozenset({
    "console:programmes", "console:programme-add", "console:programme-change", "console:programme-vouchers",
    "console:grant-add", "console:grant-spend", "console:invoice-add", "console:invoice-credit",
    "console:invoice-file", "console:invoices-export", "console:case-terms", "console:statistics",
    "console:statistics-count", "console:statistics-switch", "console:statistics-publish",
    "console:statistics-export", "console:partners", "console:partner", "console:partner-say",
    "console:facts", "console:facts-give", "console:facts-withdraw", "console:face-search",
})  # fmt: skip
"""Views of what training has no part in: money, figures, partners, what organisations tell one another."""


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


def readable(request: Any) -> None:
    """What came by address and form, without NUL: nobody types it, and no column of the database takes it."""
    request.GET = _without_nul(request.GET)
    if request.method == "POST":
        request.POST = _without_nul(request.POST)


def _without_nul(given: QueryDict) -> QueryDict:
    if not any("\0" in one for name, values in given.lists() for one in (name, *values)):
        return given
    kept = QueryDict(mutable=True, encoding=given.encoding)
    for name, values in given.lists():
        kept.setlist(name.replace("\0", INSTEAD), [one.replace("\0", INSTEAD) for one in values])
    kept._mutable = False
    return kept


class Doorkeeper:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = None  # type: ignore[attr-defined]
        request.ended_session = ""  # type: ignore[attr-defined]
        with clock.asked_once():
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
        if not wanted.partner:
            readable(request)
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
        member = self.member_of(request) if request.user.is_authenticated else None
        if not request.user.is_authenticated:
            return self.shut_out(request)
        if member is None or member.role not in wanted.roles:
            self.keep_words(request, member)
            return self.closed(request)
        request.member = member
        if not wanted.before_second and not second.passed(request):
            self.keep_words(request, member)
            return redirect("console:second-step")

        def inside() -> HttpResponse:
            with self.rows_of(member):
                if training.here() and request.resolver_match.view_name in NOT_IN_TRAINING:
                    return render(request, "console/not_in_training.html", status=403)
                if member.role in READS_CASES:
                    answer: HttpResponse = view(request, *args, **kwargs)
                else:
                    with tenancy.keys_shut():
                        answer = view(request, *args, **kwargs)
                return answer

        return inside() if request.method != "POST" else self.form(request, member, inside)

    def form(self, request: Any, member: Member, inside: Callable[[], HttpResponse]) -> HttpResponse:
        """A member's form: where it was not taken, what they wrote at length is kept for them."""
        before = taken.warnings(request)
        try:
            answer = inside()
        except Exception:
            with suppress(DatabaseError):
                self.keep_words(request, member)
            raise
        if answer.status_code >= 400 or taken.warnings(request) > before:
            if self.keep_words(request, member, answer):
                messages.info(request, _("What you had typed is kept for a day. Your account's page shows it."))
        elif unsent.MARK in request.POST:
            with tenancy.organisation(member.organisation_id):
                unsent.drop(member, request.path)
        return answer

    @staticmethod
    def keep_words(request: Any, member: Member | None, answer: HttpResponse | None = None) -> bool:
        """Keep what a member wrote at length into a form that was not taken, where the answer does not show it."""
        if member is None or request.method != "POST" or not taken.would_lose(request, answer):
            return False
        return unsent.keep_for(member, request.path, taken.fields(request), clock.wall())

    @staticmethod
    def rows_of(member: Member) -> AbstractContextManager[None]:
        """The transaction a member works in: an investigator's sees referred cases alone."""
        if member.role == Role.INVESTIGATOR:
            return tenancy.investigator(member.organisation_id, member.user_id, clock.now())
        return tenancy.organisation(member.organisation_id)

    @staticmethod
    def member_of(request: Any) -> Member | None:
        """The member behind a signed-in session; None for somebody who is none any more. A session that was ended from
        elsewhere is signed out here. A new one is noted."""
        user, key = request.user, request.session.session_key or ""
        mark = devices.digest(key)
        with tenancy.looking_up(user=str(user.pk), lookup=mark.hex()):
            noted = SignIn.objects.select_related("member__organisation").filter(digest=mark).first()
            if noted is not None and noted.ended_at is not None:
                request.ended_session = key
                logout(request)
                return None
            if noted is None or noted.member.user_id != user.pk:
                # Somebody who practises too begins at work.
                rows = Member.objects.filter(user=user).select_related("organisation")
                member = rows.order_by("organisation__training", "pk").first()
            else:
                member = noted.member
        if member is None:
            return None
        member.user = user
        training.know(member.organisation_id, member.organisation.training)
        if noted is None:
            with tenancy.organisation(member.organisation_id):
                devices.begin(member, key, request.headers.get("User-Agent", ""), clock.wall())
        elif request.session.get(ALIVE) != int(time.monotonic() // MINUTE_S):
            with tenancy.organisation(member.organisation_id):
                SignIn.objects.filter(pk=noted.pk).update(seen_at=clock.wall())
        return member

    @staticmethod
    def shut_out(request: Any) -> HttpResponse:
        """To the sign-in page; what a form had brought is kept for whoever it was."""
        where = request.get_full_path()
        if request.method != "POST":
            return redirect_to_login(where)
        key = request.session.session_key or request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        kept = unsent.keep(request.ended_session or key, request.path, taken.fields(request), clock.wall())
        return redirect_to_login(reverse("console:unsent" if kept else "console:home"))

    @staticmethod
    def closed(request: HttpRequest) -> HttpResponse:
        return render(request, "403.html", status=403)
