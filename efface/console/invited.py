"""The page behind an invitation: who invites, as what; a name and a password; then the second step."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from efface.accounts import joining, knocking
from efface.accounts.access import PUBLIC, view
from efface.accounts.models import User
from efface.console import typed
from efface.console.account import new_password_problem
from efface.engine.base import clock, tenancy

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@view(access=PUBLIC)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def invitation(request: Any, token: str) -> HttpResponse:
    """``name``, ``password`` and ``again``. The link works once."""
    waits = knocking.invitation(request)
    if waits:
        words = _("Many links were tried from here. Please wait %(minutes)s minutes.") % {"minutes": waits}
        return render(request, "console/invitation.html", {"hindrance": words}, status=429)
    row, now = joining.find(token), clock.now()
    if row is not None:
        knocking.invitation_right(request)
    hindrance = joining.hindrance(row, now)
    if row is None or hindrance:
        return render(request, "console/invitation.html", {"hindrance": hindrance}, status=410)
    name = typed.one_line(request.POST.get("name", row.name), 80)
    problem = ""
    if request.method == "POST":
        password = request.POST.get("password", "")
        problem = "" if row.member_id or name else _("Please give the name that your colleagues see.")
        if not problem and password != request.POST.get("again", ""):
            problem = _("The two passwords are not the same.")
        problem = problem or new_password_problem(password, User(email=row.email, name=name))
        if not problem:
            try:
                with tenancy.organisation(row.organisation_id):
                    user = joining.take(row, name, password, now)
            except joining.Refused as refusal:
                return render(request, "console/invitation.html", {"hindrance": str(refusal)}, status=410)
            login(request, user, backend=BACKEND)
            return redirect("console:second-step")
    shown = {"row": row, "name": name, "problem": problem, "rules": password_validators_help_texts()}
    return render(request, "console/invitation.html", shown, status=422 if problem else 200)
