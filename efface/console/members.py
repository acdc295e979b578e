"""The organisation's people: who is here as what, who is invited, who is trained for the conversation that opens level
L1; roles that change, and people who leave."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts import audit, devices, joining, knocking, managing
from efface.accounts.access import COORDINATION, MANAGE_MEMBERS, view
from efface.accounts.models import Member, Role
from efface.console import typed
from efface.engine.base import clock

TALKS = (Role.CASEWORKER, Role.LEAD)


@view(access=MANAGE_MEMBERS)
@require_GET
def members(request: Any) -> HttpResponse:
    return _list(request)


def _list(request: Any, *, problem: str = "", filled: dict[str, str] | None = None, link: str = "",
          invitation: Any = None) -> HttpResponse:  # fmt: skip
    me = request.member
    rows = Member.objects.select_related("user").order_by("user__name")
    shown = {
        "rows": [{"member": one, "waits": knocking.waits(one.user)} for one in rows], "talks": TALKS,
        "trains": me.role == Role.COORDINATOR, "roles": _roles(me), "invitations": joining.waiting(clock.now()),
        "problem": problem, "filled": filled or {}, "link": link, "made": invitation,
        "agrees": me.role == Role.LEAD,
    }  # fmt: skip
    return render(request, "console/members.html", shown, status=422 if problem else 200)


def _roles(me: Member) -> list[tuple[str, str]]:
    may = joining.MAY_INVITE.get(me.role, frozenset())
    return [(role.value, str(role.label)) for role in Role if role in may]


@view(access=MANAGE_MEMBERS)
@require_POST
def invite(request: Any) -> HttpResponse:
    """``email``, ``name``, ``role``. The link is shown in this answer only."""
    filled = {name: typed.one_line(request.POST.get(name, ""), 254) for name in ("email", "name", "role")}
    try:
        validate_email(filled["email"])
    except ValidationError:
        return _list(request, problem=_("This does not look like an e-mail address."), filled=filled)
    if not filled["name"]:
        return _list(request, problem=_("Please give a name; they can change it when they come in."), filled=filled)
    try:
        made = joining.invite(request.member, filled["email"], filled["name"], filled["role"], clock.now())
    except joining.Refused as refusal:
        return _list(request, problem=str(refusal), filled=filled)
    return _list(request, link=_link(request, made.token), invitation=made.row)


def _link(request: Any, token: str) -> str:
    link: str = request.build_absolute_uri(reverse("console:invitation", args=[token]))
    return link


@view(access=MANAGE_MEMBERS)
@require_POST
def invitation(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is agree (a lead) or end."""
    me, now, choice = request.member, clock.now(), request.POST.get("choice", "")
    if choice not in ("agree", "end"):
        return render(request, "404.html", status=404)
    try:
        done = joining.agree(me, id, now) if choice == "agree" else joining.end(me, id, now)
    except joining.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("console:members")
    if done:
        messages.success(request, _("Agreed. The link works now.") if choice == "agree" else _("The link is dead."))
    else:
        messages.warning(request, _("That had been settled already. Nothing was done a second time."))
    return redirect("console:members")


@view(access=MANAGE_MEMBERS)
@require_http_methods(["GET", "POST"])
def member(request: Any, id: uuid.UUID) -> HttpResponse:
    """One member. ``choice``: role (``role``), back, in, out, hand (``to``), leave (``to``)."""
    row = get_object_or_404(Member.objects.select_related("user"), pk=id)
    if request.method == "GET":
        return _one(request, row)
    choice, me, now = request.POST.get("choice", ""), request.member, clock.now()
    try:
        if choice == "back":
            made = joining.way_back(me, row, now)
            return _one(request, row, link=_link(request, made.token), made=made.row)
        words = _do(request, row, choice)
    except joining.Refused as refusal:
        return _one(request, row, problem=str(refusal))
    if not words:
        return render(request, "404.html", status=404)
    messages.success(request, words)
    return redirect("console:members") if choice == "leave" else redirect("console:member", id=row.pk)


def _do(request: Any, row: Member, choice: str) -> str:
    me, now = request.member, clock.now()
    if choice == "role":
        managing.change_role(me, row, request.POST.get("role", ""), now)
        return _("The role has changed.")
    if choice == "in":
        managing.guard(me, row)
        knocking.let_in_again(row.user)
        audit.record(row.organisation_id, joining.actor(me), "member.let_in", str(row.user_id), now)
        return _("The wait is over: they can try again at once.")
    if choice == "out":
        managing.guard(me, row)
        devices.end_all(row, joining.actor(me), clock.wall())
        return _("Every session of theirs is over. What they were typing is kept for them.")
    to = _to(request)
    if choice == "hand":
        managing.guard(me, row)
        if to is None:
            raise joining.Refused(_("Say who takes them over."))
        moved = managing.hand_over(me, row, to, now)
        return _("Handed over: %(count)s cases.") % {"count": moved}
    if choice == "leave":
        managing.leave(me, row, to, now)
        return _("They have left. Nothing of theirs opens anything any more.")
    return ""


def _to(request: Any) -> Member | None:
    try:
        wanted = uuid.UUID(request.POST.get("to", ""))
    except ValueError:
        return None
    return Member.objects.select_related("user").filter(pk=wanted, role__in=TALKS, user__is_active=True).first()


def _one(request: Any, row: Member, *, problem: str = "", link: str = "", made: Any = None) -> HttpResponse:
    me = request.member
    others = Member.objects.select_related("user").filter(role__in=TALKS, user__is_active=True).exclude(pk=row.pk)
    may = row.pk != me.pk and row.role in joining.MAY_INVITE.get(me.role, frozenset())
    shown = {
        "row": row, "may": may, "mine": row.pk == me.pk, "roles": [one for one in _roles(me) if one[0] != row.role],
        "sessions": devices.standing(row, clock.wall()), "waits": knocking.waits(row.user),
        "in_hand": managing.in_hand(row).get("cases", 0), "others": others.order_by("user__name"),
        "problem": problem, "link": link, "made": made,
    }  # fmt: skip
    return render(request, "console/member.html", shown, status=422 if problem else 200)


@view(access=COORDINATION)
@require_POST
def train(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is trained or not."""
    row, choice = get_object_or_404(Member, pk=id, role__in=TALKS), request.POST.get("choice", "")
    if choice not in ("trained", "not"):
        return render(request, "404.html", status=404)
    now, trained = clock.now(), choice == "trained"
    if bool(row.trained_at) != trained:
        Member.objects.filter(pk=row.pk).update(trained_at=now if trained else None)
        action = "member.trained" if trained else "member.untrained"
        audit.record(row.organisation_id, f"coordinator:{request.user.pk}", action, str(row.user_id), now)
    messages.success(request, _("Noted."))
    return redirect("console:members")
