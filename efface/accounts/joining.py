"""Invitations, and ways back in: a link that works once, for three days.

Who invites whom: a coordinator anybody, a lead those who work on cases, an operator coordinators and operators. A way
to case contents that a lead has not made waits until a lead agrees, so that nobody who may not read cases can make an
account that does. Where an organisation has no lead yet there is nobody to ask, and the first is let in.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from efface.accounts import audit, devices, knocking, second
from efface.accounts.models import READS_CASES, Invitation, Member, Role, User
from efface.engine.base import sealing, tenancy

SCOPE = "invitation"
LASTS = timedelta(hours=72)
LONGEST = 64

MAY_INVITE: dict[str, frozenset[str]] = {
    Role.COORDINATOR: frozenset({Role.CASEWORKER, Role.LEAD, Role.COORDINATOR, Role.INVESTIGATOR, Role.AUDITOR,
                                 Role.OPERATOR}),
    Role.LEAD: frozenset({Role.CASEWORKER, Role.LEAD, Role.INVESTIGATOR}),
    Role.OPERATOR: frozenset({Role.COORDINATOR, Role.OPERATOR}),
}  # fmt: skip


class Refused(ValueError):
    """It cannot be done; the message says why and what can."""


@dataclass(frozen=True, slots=True)
class Made:
    """An invitation and its token, which is told once."""

    row: Invitation
    token: str


def actor(member: Member) -> str:
    return f"{member.role}:{member.user_id}"


def has_lead(organisation_id: uuid.UUID, *, besides: Member | None = None) -> bool:
    rows = Member.objects.filter(organisation_id=organisation_id, role=Role.LEAD, user__is_active=True)
    return (rows.exclude(pk=besides.pk) if besides else rows).exists()


def needs_lead(organisation_id: uuid.UUID, role: str, by: Member | None, back: Member | None = None) -> bool:
    """Whether a lead has to agree before somebody with this role gets in. ``by`` None: the command line. ``back``: who
    is let in again; they are no lead to ask."""
    return role in READS_CASES and (by is None or by.role != Role.LEAD) and has_lead(organisation_id, besides=back)


def invite(by: Member, email: str, name: str, role: str, now: datetime) -> Made:
    """Invite somebody. Raises ``Refused``."""
    if role not in MAY_INVITE.get(by.role, frozenset()):
        raise Refused(_("Your role does not invite people with this one. A coordinator can."))
    return _invite(by.organisation_id, by, email, name, role, now)


def invite_from_command(organisation_id: uuid.UUID, email: str, name: str, role: str, now: datetime) -> Made:
    """As an operator at the machine does it. Raises ``Refused``."""
    return _invite(organisation_id, None, email, name, role, now)


def _invite(organisation_id: uuid.UUID, by: Member | None, email: str, name: str, role: str, now: datetime) -> Made:
    email = User.objects.normalize_email(email.strip())
    if User.objects.filter(email__iexact=email, is_active=True).exists():
        raise Refused(_("This e-mail address has an account already."))
    # A second invitation of the same person replaces the first.
    Invitation.objects.filter(email__iexact=email, member=None, used_at=None, ended_at=None).update(ended_at=now)
    return _make(organisation_id, by, email, name.strip()[:80], role, None, now)


def way_back(by: Member | None, member: Member, now: datetime) -> Made:
    """A link for a member who lost password or second step. It ends both; they set new ones. Raises ``Refused``."""
    if by is not None and member.role not in MAY_INVITE.get(by.role, frozenset()):
        raise Refused(_("Your role does not let people with this one in. A coordinator can."))
    if by is not None and by.pk == member.pk:
        raise Refused(_("You are in. Change your own password and second step on your account's page."))
    Invitation.objects.filter(member=member, used_at=None, ended_at=None).update(ended_at=now)
    return _make(member.organisation_id, by, member.user.email, member.user.name, member.role, member, now)


def _make(
    organisation_id: uuid.UUID, by: Member | None, email: str, name: str, role: str, member: Member | None,
    now: datetime,
) -> Made:  # fmt: skip
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        organisation_id=organisation_id, digest=sealing.digest(SCOPE, token), email=email, name=name, role=role,
        member=member, made_by=by.user if by else None, made_at=now, expires_at=now + LASTS,
        needs_lead=needs_lead(organisation_id, role, by, member),
    )  # fmt: skip
    action = "way_back.made" if member else "invitation.made"
    audit.record(organisation_id, actor(by) if by else "operator:command", action, str(row.pk), now)
    return Made(row, token)


def agree(by: Member, id: uuid.UUID, now: datetime) -> bool:
    """A lead agrees. False where there is nothing (any more) to agree to. Raises ``Refused``."""
    if by.role != Role.LEAD:
        raise Refused(_("A lead agrees to this."))
    rows = Invitation.objects.filter(pk=id, needs_lead=True, agreed_at=None, used_at=None, ended_at=None)
    done = rows.exclude(made_by=by.user).update(agreed_by=by.user, agreed_at=now)
    if done:
        audit.record(by.organisation_id, actor(by), "invitation.agreed", str(id), now)
    return bool(done)


def end(by: Member, id: uuid.UUID, now: datetime) -> bool:
    """The link works no more."""
    done = Invitation.objects.filter(pk=id, used_at=None, ended_at=None).update(ended_at=now)
    if done:
        audit.record(by.organisation_id, actor(by), "invitation.ended", str(id), now)
    return bool(done)


def waiting(now: datetime) -> list[Invitation]:
    """The organisation's invitations that nobody has used yet, the newest first."""
    rows = Invitation.objects.filter(used_at=None, ended_at=None, expires_at__gt=now)
    return list(rows.select_related("made_by", "member__user").order_by("-made_at"))


def find(token: str) -> Invitation | None:
    """The invitation of a token, whatever its state; None where there is none."""
    if not token or len(token) > LONGEST:
        return None
    mark = sealing.digest(SCOPE, token)
    with tenancy.looking_up(lookup=mark.hex()):
        return Invitation.objects.select_related("organisation").filter(digest=mark).first()


def hindrance(row: Invitation | None, now: datetime) -> str:
    """Why a link does not work, in words; "" where it does."""
    if row is None or row.ended_at is not None:
        return _("This link is not valid (any more). Ask whoever sent it for a new one.")
    if row.used_at is not None:
        return _("This link has been used; it works once. If it was you, sign in. If it was not, tell a coordinator or "
                 "lead of your organisation at once.")  # fmt: skip
    if row.expires_at <= now:
        return _("This link has expired. Ask whoever sent it for a new one.")
    if row.needs_lead and row.agreed_at is None:
        return _("A lead of the organisation has to agree first. Try the link again later; it is still good.")
    return ""


def take(row: Invitation, name: str, password: str, now: datetime) -> User:
    """Use the link, once: the account is there, with this password and without a second step. Inside the invitation's
    organisation. Raises ``Refused``."""
    with transaction.atomic():
        if not Invitation.objects.filter(pk=row.pk, used_at=None, ended_at=None).update(used_at=now):
            raise Refused(hindrance(Invitation.objects.get(pk=row.pk), now))
        user = _back(row, password, now) if row.member_id else _joined(row, name, password, now)
        action = "way_back.used" if row.member_id else "member.joined"
        audit.record(row.organisation_id, f"user:{user.pk}", action, str(row.pk), now)
    return user


def _joined(row: Invitation, name: str, password: str, now: datetime) -> User:
    user = User.objects.filter(email__iexact=row.email).first()
    if user is not None and user.is_active:
        raise Refused(_("This e-mail address has an account already."))
    if user is None:
        user = User(email=row.email, created=now)
    # Somebody who left and comes back has the old account, with nothing of what opened it.
    user.name, user.is_active = name.strip()[:80] or row.name, True
    user.set_password(password)
    user.save()
    second.forget(user)
    knocking.let_in_again(user)
    Member.objects.create(organisation_id=row.organisation_id, user=user, role=row.role)
    return user


def _back(row: Invitation, password: str, now: datetime) -> User:
    assert row.member_id is not None
    member = Member.objects.select_related("user").get(pk=row.member_id)
    if member.role != row.role:
        raise Refused(_("The account's role has changed since. Ask for a new link."))
    user = member.user
    user.set_password(password)
    user.save(update_fields=["password"])
    second.forget(user)
    knocking.let_in_again(user)
    devices.end_all(member, f"user:{user.pk}", now)
    return user
