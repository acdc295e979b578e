"""What she allows: each switch with what was done under it, its end, and what was sent and cannot be called back; the
word she may choose; and the way to stop search for her face before and after it began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import attesting, consents, fingerprints, safety, uses
from efface.cases.may import May, as_if, may
from efface.cases.models import Case, Consent, Level, Purpose
from efface.engine.base import clock
from efface.partners import casework, lookups
from efface.portal import page, words

MOST = 200
ACTOR = "survivor"


def seen(case: Case, purpose: str, now: datetime) -> May:
    """``may``, as her pages show it: after her word they look as if she had not said it."""
    if safety.quiet(case) is None:
        return may(case, purpose, now)
    shown = attesting.shown(case, now)
    return as_if(case, purpose, Level.ATTESTED if shown.stage == "attested" else Level.DECLARED, now)


@dataclass(frozen=True, slots=True)
class Switch:
    """One permission with how it stands."""

    permission: words.Permission
    given: Consent | None
    may: May
    again: bool
    ends_soon: bool
    sent: int


def switches(case: Case, now: datetime) -> list[Switch]:
    standing = {
        row.purpose: row
        for row in Consent.objects.filter(case=case, withdrawn_at=None, expires_at__gt=now).order_by("expires_at")
    }
    again, wanted = fingerprints.choose_again(case, now), consents.purposes(case.kind)
    made = []
    for each in words.permissions():
        if each.purpose not in wanted:
            continue
        given = standing.get(each.purpose)
        if each.purpose == Purpose.PLATFORM_MATCH and given is None and not lookups.offered(now):
            continue  # no platform may ask here: the switch would do nothing
        letters = len(uses.sent(uses.history(case, each.purpose, now, days=3650))) if each.sends else 0
        made.append(Switch(
            each, given, seen(case, each.purpose, now), again and each.purpose == Purpose.COPY_MATCH,
            given is not None and given.expires_at - now <= consents.RENEW_WITHIN, letters,
        ))  # fmt: skip
    return made


@view(access=PORTAL)
@require_GET
@page.of_case
def allow(request: Any, case: Case) -> HttpResponse:
    now = clock.now()
    return page.show(request, "portal/consents.html", case, {
        "switches": switches(case, now), "level": attesting.shown(case, now),
        "others": any(one.ended_at is None for one in casework.sights(case, now)),
    })  # fmt: skip


@view(access=PORTAL)
@require_GET
@page.of_case
def history(request: Any, case: Case, purpose: str) -> HttpResponse:
    """Every use of one permission, newest first."""
    now = clock.now()
    switch = next((one for one in switches(case, now) if one.permission.purpose == purpose), None)
    if switch is None:
        return render(request, "404.html", status=404)
    rows = uses.history(case, purpose, now)
    lines = [{"day": row.day, "words": words.use_words(row, purpose)} for row in rows[:MOST]]
    ended = Consent.objects.filter(case=case, purpose=purpose).exclude(withdrawn_at=None).order_by("-withdrawn_at")
    return page.show(request, "portal/uses.html", case, {
        "switch": switch, "lines": lines, "days": uses.SHOWN_DAYS, "ended": ended.first(),
    })  # fmt: skip


@view(access=PORTAL)
@require_POST
@page.of_case
def change(request: Any, case: Case) -> HttpResponse:
    """``purpose``, and ``choice`` give, renew or withdraw. Acts at once."""
    purpose, choice = request.POST.get("purpose", ""), request.POST.get("choice", "")
    if purpose not in consents.purposes(case.kind) or choice not in ("give", "renew", "withdraw"):
        return render(request, "404.html", status=404)
    now = clock.now()
    if choice == "withdraw":
        consents.withdraw(case, purpose, ACTOR, now)
        messages.success(request, _("Taken back. It is no longer used from this moment."))
        sent = len(uses.sent(uses.history(case, purpose, now, days=3650)))
        if sent:
            messages.info(request, ngettext(
                "One letter went out before. It cannot be called back; you see below to whom it went.",
                "%(n)s letters went out before. They cannot be called back; you see below to whom they went.", sent,
            ) % {"n": sent})  # fmt: skip
            return redirect("portal:uses", purpose=purpose)
    elif choice == "renew":
        consents.renew(case, purpose, ACTOR, now)
        messages.success(request, _("It goes on for another year. You can take it back at any time."))
    else:
        if not Consent.objects.filter(case=case, purpose=purpose, withdrawn_at=None, expires_at__gt=now).exists():
            consents.give(case, purpose, ACTOR, now)
        messages.success(request, _("Allowed. You can take it back at any time."))
    return redirect("portal:consents")


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def talk(request: Any, case: Case) -> HttpResponse:
    """What the conversation is, and a word of her own for it. Looks the same whether there is one or not."""
    problem = ""
    if request.method == "POST":
        try:
            safety.choose(case, request.POST.get("word", "")[:200], clock.now())
        except safety.UnfitWord as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Noted. Only you know the word now; it is shown nowhere."))
            return redirect("portal:talk")
    return page.show(request, "portal/talk.html", case, {"problem": problem}, 422 if problem else 200)


@view(access=PORTAL)
@require_POST
@page.of_case
def stop(request: Any, case: Case) -> HttpResponse:
    """No search for face and names: before it begins, or after."""
    if attesting.stop(case, ACTOR, clock.now()):
        messages.success(request, _("Stopped. Your face and names are not used. Everything else goes on."))
    return redirect("portal:consents")
