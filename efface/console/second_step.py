"""The second step of signing in: asked at sign-in, set up at the first one."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from efface.accounts import audit, joining, knocking, known, second
from efface.accounts.access import ENROLLING, PUBLIC, view
from efface.accounts.adapter import wait_words
from efface.engine.base import clock


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
def ask(request: Any) -> HttpResponse:
    """After the password: ``code`` of the app or on paper, or ``credential`` of a passkey."""
    stage, problem, status = request._login_stage, "", 200
    user = stage.login.user
    if request.method == "POST":
        waits = knocking.code(request, user)
        if waits:
            problem, status = wait_words(waits), 429
        elif _is_right(user, request.POST):
            knocking.code_right(request, user)
            answer: HttpResponse = stage.exit()
            if request.user.is_authenticated:
                request.session[second.PASSED] = str(user.pk)
                known.remember(answer, user)
                _warn_of_few(request, user)
            return answer
        else:
            problem, status = _("That did not fit. Codes change every half minute; take the one shown now."), 422
    options = second.begin_asking(user)
    shown = {"problem": problem, "options": json.dumps(options) if options else "",
             "app": any(one.type == second.APP for one in second.listed(user))}  # fmt: skip
    return render(request, "console/second.html", shown, status=status)


def _is_right(user: Any, given: Any) -> bool:
    if given.get("credential"):
        return second.is_right_passkey(user, given["credential"])
    return second.is_right(user, given.get("code", "")[:40])


def _warn_of_few(request: Any, user: Any) -> None:
    left = second.paper(user)
    if left is not None and len(left) <= second.FEW:
        words = _("Of your codes on paper %(count)s are left. You can make new ones on your account's page.")
        messages.warning(request, words % {"count": len(left)})


@view(access=ENROLLING)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def set_up(request: Any) -> HttpResponse:
    """At the first sign-in, and later (with the password) a new app. ``code`` confirms the app, ``credential`` a
    passkey."""
    user, passed = request.user, second.passed(request)
    if second.has_one(user) and not passed:
        # A session from before the second step was set up elsewhere: it begins again.
        logout(request)
        return redirect("account_login")
    problem = ""
    if request.method == "POST":
        problem = _password_problem(request) if passed else ""
        if not problem:
            try:
                return _confirmed(request)
            except second.NotRight as wrong:
                problem = str(wrong)
    shown = {"new": second.begin_app(request.session, user), "again": passed, "problem": problem,
             "options": "" if passed else json.dumps(second.begin_passkey(user))}  # fmt: skip
    return render(request, "console/second_step.html", shown, status=422 if problem else 200)


def _confirmed(request: Any) -> HttpResponse:
    user, given = request.user, request.POST
    waits = knocking.code(request, user)
    if waits:
        raise second.NotRight(wait_words(waits))
    if given.get("credential"):
        second.confirm_passkey(user, given["credential"], given.get("name", ""))
        action = "second_step.passkey"
    else:
        second.confirm_app(request.session, user, given.get("code", "")[:40])
        action = "second_step.app"
    knocking.code_right(request, user)
    request.session[second.PASSED] = str(user.pk)
    audit.record(request.member.organisation_id, joining.actor(request.member), action, str(user.pk), clock.now())
    answer: HttpResponse
    if second.paper(user) is None:
        answer = render(request, "console/paper_codes.html", {"codes": second.new_paper(user), "first": True})
    else:
        messages.success(request, _("Your second step is set up."))
        answer = redirect("console:account")
    known.remember(answer, user)
    return answer


def _password_problem(request: Any) -> str:
    """Whether whoever sits here knows the password; in words what is wrong, "" where nothing is."""
    waits = knocking.password(request, request.user.email)
    if waits:
        return wait_words(waits)
    if not request.user.check_password(request.POST.get("password", "")):
        return _("This is not your password. Nothing has changed.")
    knocking.password_right(request, request.user.email)
    return ""


password_problem = _password_problem
