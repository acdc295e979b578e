"""A member's own account: password, second step, where they are signed in, and what they had typed."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit, devices, joining, second, unsent
from efface.accounts.access import MEMBERS, view
from efface.accounts.models import SignIn
from efface.console.second_step import password_problem
from efface.engine.base import clock


@view(access=MEMBERS)
@require_GET
def account(request: Any) -> HttpResponse:
    return _page(request)


def _page(request: Any, problem: str = "", at: str = "") -> HttpResponse:
    user, member = request.user, request.member
    here = devices.digest(request.session.session_key)
    rows = [{"row": one, "here": bytes(one.digest) == here} for one in devices.standing(member, clock.wall())]
    steps = [_step(one) for one in second.listed(user)]
    left = second.paper(user)
    shown = {
        "sessions": rows, "steps": steps, "has_app": any(one["app"] for one in steps),
        "paper": None if left is None else len(left), "few": left is not None and len(left) <= second.FEW,
        "problem": problem, "at": at, "options": json.dumps(second.begin_passkey(user)),
        "rules": password_validators_help_texts(), "kept": len(unsent.of(member, clock.wall())),
    }  # fmt: skip
    return render(request, "console/account.html", shown, status=422 if problem else 200)


def _step(one: Any) -> dict[str, Any]:
    name = one.wrap().name if one.type == second.PASSKEY else ""
    app = one.type == second.APP
    return {"id": one.pk, "app": app, "name": name, "made": one.created_at, "used": second.last_used(one)}


@view(access=MEMBERS)
@require_POST
@sensitive_post_parameters()
def change(request: Any) -> HttpResponse:
    """``choice``: end (``id``), others, password (``password``, ``new``, ``again``), and with ``password`` passkey
    (``credential``, ``name``), remove (``id``) or paper."""
    choice = request.POST.get("choice", "")
    if choice in ("end", "others"):
        return _sessions(request, choice)
    if choice not in ("password", "passkey", "remove", "paper"):
        return render(request, "404.html", status=404)
    problem = password_problem(request)
    if problem:
        return _page(request, problem, choice)
    if choice == "password":
        return _new_password(request)
    if choice == "paper":
        _note(request, "second_step.paper")
        return render(request, "console/paper_codes.html", {"codes": second.new_paper(request.user), "first": False})
    return _passkey(request) if choice == "passkey" else _remove(request)


def _note(request: Any, action: str) -> None:
    member = request.member
    audit.record(member.organisation_id, joining.actor(member), action, str(member.user_id), clock.now())


def _sessions(request: Any, choice: str) -> HttpResponse:
    member, now = request.member, clock.wall()
    if choice == "others":
        devices.end_all(member, joining.actor(member), now, but=devices.digest(request.session.session_key))
        messages.success(request, _("You are signed in here only."))
        return redirect("console:account")
    try:
        wanted = uuid.UUID(request.POST.get("id", ""))
    except ValueError:
        return render(request, "404.html", status=404)
    if devices.end(member, wanted, joining.actor(member), now):
        messages.success(request, _("That session is over. What was being typed there is kept for you."))
    return redirect("console:account")


def _new_password(request: Any) -> HttpResponse:
    user, new = request.user, request.POST.get("new", "")
    problem = "" if new == request.POST.get("again", "") else _("The two new passwords are not the same.")
    if not problem:
        problem = new_password_problem(new, user)
    if problem:
        return _page(request, problem, "password")
    before = devices.digest(request.session.session_key)
    user.set_password(new)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    request.session[second.PASSED] = str(user.pk)
    # Whoever knew the old password is out; this session goes on under its new key.
    devices.end_all(request.member, joining.actor(request.member), clock.wall(), but=before)
    SignIn.objects.filter(digest=before).update(digest=devices.digest(request.session.session_key))
    _note(request, "password.changed")
    messages.success(request, _("Your password has changed. You are signed in here only."))
    return redirect("console:account")


def new_password_problem(new: str, user: Any) -> str:
    try:
        validate_password(new, user)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _passkey(request: Any) -> HttpResponse:
    try:
        second.confirm_passkey(request.user, request.POST.get("credential", ""), request.POST.get("name", ""))
    except second.NotRight as wrong:
        return _page(request, str(wrong), "passkey")
    _note(request, "second_step.passkey")
    messages.success(request, _("The passkey is there. You can sign in with it."))
    return redirect("console:account")


def _remove(request: Any) -> HttpResponse:
    wanted = request.POST.get("id", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10 and second.remove(request.user, int(wanted))):
        return _page(request, _("This one cannot be taken away: an account keeps one second step at least."), "remove")
    _note(request, "second_step.removed")
    messages.success(request, _("Taken away."))
    return redirect("console:account")


@view(access=MEMBERS)
@require_GET
def kept(request: Any) -> HttpResponse:
    """What came from a session that was over, to send again or throw away."""
    rows = [
        {"path": one.path, "fields": _pairs(one.fields), "at": one.at, "back": _page_of(one.path)}
        for one in unsent.of(request.member, clock.wall()) if isinstance(one.fields, dict) and _is_form(one.path)
    ]  # fmt: skip
    if not rows:
        return redirect("console:home")
    return render(request, "console/unsent.html", {"rows": rows})


@view(access=MEMBERS)
@require_POST
def drop(request: Any) -> HttpResponse:
    unsent.drop(request.member, request.POST.get("path", "")[: unsent.PATH])
    messages.success(request, _("Thrown away."))
    return redirect("console:unsent")


def _pairs(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each; a field that came several times stands there several times."""
    held = {name: given if isinstance(given, list) else [given] for name, given in fields.items()}
    return [(name, str(one)) for name, values in held.items() for one in values]


def _is_form(path: str) -> bool:
    try:
        return resolve(path).namespace == "console"
    except Resolver404:
        return False


def _page_of(path: str) -> str:
    """The page nearest above a form's address that can be opened."""
    parts = path.rstrip("/").split("/")
    while len(parts) > 2:
        parts.pop()
        above = "/".join(parts) + "/"
        if _is_form(above):
            return above
    return reverse("console:home")
