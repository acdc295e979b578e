"""Partners of the organisation: their keys, where they are told of news, what arrived there. Nothing of any case."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PARTNERS_DESK, STAFF_CASES, view
from efface.cases.models import Case
from efface.console.opening import actor, living
from efface.engine.base import clock
from efface.partners import casework, delivering, feeds, hooks, keys, lookups
from efface.partners.models import LookupDay, Partner, PartnerCase, Scope

TICKET = "console_partners"
DAYS = 30
RENEWED_DAYS = 365


class NewKey(forms.Form):
    name = forms.CharField(label=gettext_lazy("Whose key it is"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=gettext_lazy("Good for how many days"), min_value=1, max_value=keys.LONGEST_DAYS, initial=365
    )
    agreement = forms.CharField(
        label=gettext_lazy("What was agreed, and where that is kept"), max_length=300, required=False,
        help_text=gettext_lazy("Needed for look-ups."),
    )  # fmt: skip


def _ticket(request: Any) -> str:
    request.session[TICKET] = secrets.token_hex(8)
    return request.session[TICKET]


def _used(request: Any) -> bool:
    """Whether this form was sent before, or another page was opened since: then nothing is made a second time."""
    ticket = request.session.pop(TICKET, "")
    return not ticket or ticket != request.POST.get("ticket")


@view(access=PARTNERS_DESK)
@require_http_methods(["GET", "POST"])
def partners(request: Any) -> HttpResponse:
    """GET: all keys, and a form. POST: a new one, shown once."""
    form, now = NewKey(request.POST or None), clock.now()
    if request.method == "POST" and form.is_valid():
        if _used(request):
            words = _("This form was used already. If the key got lost, revoke it and make a new one.")
            messages.warning(request, words)
            return redirect("console:partners")
        given = form.cleaned_data
        try:
            made = keys.make(request.member.organisation_id, given["name"], given["scopes"], given["days"],
                             actor(request), now, given["agreement"])  # fmt: skip
        except keys.NotMade as refusal:
            form.add_error(None, str(refusal))
        else:
            return _told(request, made.partner, key=made.key)
    rows = [(one, keys.standing(one, now)) for one in Partner.objects.all()]
    rows.sort(key=lambda pair: pair[1] != "good")
    return render(
        request, "console/partners.html", {"rows": rows, "form": form, "ticket": _ticket(request)},
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _told(request: Any, partner: Partner, **secret: str) -> HttpResponse:
    """The one page that shows a key or a secret."""
    return render(request, "console/partner_secret.html", {"partner": partner, **secret})


@view(access=PARTNERS_DESK)
@require_GET
def partner(request: Any, id: uuid.UUID) -> HttpResponse:
    return _page(request, get_object_or_404(Partner, pk=id))


def _page(request: Any, one: Partner, problem: str = "") -> HttpResponse:
    now, hook = clock.now(), hooks.standing(one)
    lines = hooks.lines(hook) if hook else []
    return render(request, "console/partner.html", {
        "one": one, "state": keys.standing(one, now), "hook": hook, "lines": lines, "problem": problem,
        "waiting": sum(line.waiting for line in lines), "stuck": any(line.stuck for line in lines),
        "scopes": [Scope(scope).label for scope in one.scopes],
        "cases": PartnerCase.objects.filter(partner=one).count(),
        "days": list(LookupDay.objects.filter(partner=one).order_by("-day")[:DAYS]),
        "looks_up": Scope.LOOKUP in one.scopes, "feed": feeds.standing(one),
        "halted": lookups.halted(one) if Scope.LOOKUP in one.scopes else None,
        "lookup_on": lookups.offered(now), "ticket": _ticket(request),
    }, status=422 if problem else 200)  # fmt: skip


@view(access=PARTNERS_DESK)
@require_POST
def say(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice``: revoke, renew, resume, hook (with ``url``), rotate, end, resend, calendar (which ends it)."""
    one, choice = get_object_or_404(Partner, pk=id), request.POST.get("choice", "")
    if _used(request):
        messages.warning(request, _("This page was old or sent twice. Nothing was done a second time."))
        return redirect("console:partner", id=id)
    now, who, hook = clock.now(), actor(request), hooks.standing(one)
    if choice == "revoke":
        keys.revoke(one, who, now)
        messages.success(request, _("Revoked. The key opens nothing from this moment, and nothing is told any more."))
    elif choice == "renew" and keys.standing(one, now) != "revoked":
        made = keys.renew(one, RENEWED_DAYS, who, now)
        if hook is not None:
            delivering.wake(hook, now)
        return _told(request, one, key=made.key)
    elif choice == "resume" and keys.resume_lookups(one, who, now):
        messages.success(request, _("Look-ups go on."))
    elif choice == "hook" and keys.standing(one, now) == "good":
        try:
            _hook, secret = hooks.set_hook(one, request.POST.get("url", ""), who, now)
        except hooks.NotSet as refusal:
            return _page(request, one, str(refusal))
        return _told(request, one, secret=secret)
    elif choice == "rotate" and hook is not None:
        return _told(request, one, secret=hooks.rotate(hook, who, now), rotated="yes")
    elif choice == "calendar" and feeds.end(one, who, now):
        messages.success(request, _("Its calendar's address works no more."))
    elif choice == "end" and hook is not None:
        hooks.end(hook, who, now)
        messages.success(request, _("Ended. Nothing is sent there any more."))
    elif choice == "resend" and hook is not None:
        count = hooks.resend(hook, who, now)
        messages.success(request, ngettext("One piece of news is sent again.", "%(n)d pieces of news are sent again.",
                                           count) % {"n": count})  # fmt: skip
    else:
        messages.warning(request, _("That could not be done: the page was old. This is how it stands now."))
    return redirect("console:partner", id=id)


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def of_case(request: Any, id: uuid.UUID) -> HttpResponse:
    """Who outside sees how this case stands, and the end of that. POST ends ``sight``."""
    case: Case = living(id)
    if request.method == "POST":
        wanted = request.POST.get("sight", "")
        row = next((one for one in casework.seen_by(case) if str(one.pk) == wanted), None)
        if row is not None and casework.end_sight(case, actor(request), clock.now(), row.partner):
            messages.success(request, _("Ended. From this moment on nothing of the case is seen or told there."))
        else:
            messages.warning(request, _("This was ended before. Nothing was done a second time."))
        return redirect("console:case-partners", id=id)
    shown = {"case": case, "sights": casework.sights(case, clock.now())}
    return render(request, "console/case_partners.html", shown)


@view(access=STAFF_CASES)
@require_GET
def reports(request: Any) -> HttpResponse:
    """Reports received are decided in the queue."""
    return redirect(reverse("console:queue") + "?kind=report")
