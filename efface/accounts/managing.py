"""Roles that change, and people who leave. What they had in hand goes to somebody else first.

Rooms above register what can be in somebody's hands: ``on_leaving(count, hand_over)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit, devices, second
from efface.accounts.joining import MAY_INVITE, Refused, actor, has_lead
from efface.accounts.models import READS_CASES, Invitation, Member, Role
from efface.engine.base import clock

CASEWORK = (Role.CASEWORKER, Role.LEAD)
Count = Callable[[Member], int]
HandOver = Callable[[Member, Member, str, datetime], int]
"""From whom, to whom, who does it, when. Returns how many went."""


@dataclass(frozen=True, slots=True)
class InHand:
    name: str
    count: Count
    hand_over: HandOver


_in_hand: dict[str, InHand] = {}


def on_leaving(name: str, count: Count, hand_over: HandOver) -> None:
    """A room says what somebody can hold, and how it changes hands."""
    _in_hand[name] = InHand(name, count, hand_over)


def in_hand(member: Member) -> dict[str, int]:
    """What a member holds, by name; only what there is of."""
    held = {one.name: one.count(member) for one in _in_hand.values()}
    return {name: count for name, count in held.items() if count}


def guard(by: Member, member: Member) -> None:
    if by.pk == member.pk:
        raise Refused(_("This is your own account. Somebody else has to do that."))
    if member.role not in MAY_INVITE.get(by.role, frozenset()):
        raise Refused(_("Your role does not change this one. A coordinator can."))


def _not_the_last(member: Member) -> None:
    others = Member.objects.filter(role=member.role, user__is_active=True).exclude(pk=member.pk)
    if member.role in (Role.LEAD, Role.COORDINATOR) and not others.exists():
        raise Refused(_("Nobody else has this role, and the organisation needs one. Invite somebody first."))


def change_role(by: Member, member: Member, role: str, now: datetime) -> None:
    """Raises ``Refused``: also where somebody would keep cases whom their new role does not show them."""
    guard(by, member)
    if role not in MAY_INVITE[by.role]:
        raise Refused(_("Your role does not give this one. A coordinator can."))
    if role in READS_CASES and member.role not in READS_CASES and by.role != Role.LEAD and has_lead(by.organisation_id):
        raise Refused(_("A role that reads cases is given by a lead. Ask one to change it here."))
    if role == member.role:
        return
    with transaction.atomic():
        _not_the_last(member)
        if role not in CASEWORK and in_hand(member):
            raise Refused(_("There are open cases in their hands. Hand them over first."))
        trained = member.trained_at if role in CASEWORK else None
        Member.objects.filter(pk=member.pk).update(role=role, trained_at=trained)
        # A link made for the role before would give it back.
        Invitation.objects.filter(member=member, used_at=None, ended_at=None).update(ended_at=now)
        audit.record(by.organisation_id, actor(by), f"member.role.{role}", str(member.user_id), now)


def hand_over(by: Member, member: Member, to: Member, now: datetime) -> int:
    """What ``member`` has in hand goes to ``to``. Returns how many. Raises ``Refused``."""
    if to.role not in CASEWORK or to.pk == member.pk:
        raise Refused(_("Cases go to another caseworker or lead."))
    with transaction.atomic():
        moved = sum(one.hand_over(member, to, actor(by), now) for one in _in_hand.values())
        if moved:
            audit.record(by.organisation_id, actor(by), "member.handed_over", str(member.user_id), now)
    return moved


def leave(by: Member, member: Member, to: Member | None, now: datetime) -> int:
    """A member leaves: what they held changes hands, every session ends, password and second step open nothing any
    more. Their name stays on what they did. Returns how many cases changed hands. Raises ``Refused``."""
    guard(by, member)
    with transaction.atomic():
        _not_the_last(member)
        if to is None and in_hand(member):
            raise Refused(_("There are open cases in their hands. Say who takes them over."))
        moved = hand_over(by, member, to, now) if to else 0
        user = member.user
        devices.end_all(member, actor(by), clock.wall())
        second.forget(user)
        user.set_unusable_password()
        user.is_active = False
        user.save(update_fields=["password", "is_active"])
        member.delete()
        audit.record(by.organisation_id, actor(by), "member.left", str(user.pk), now)
    return moved
