"""The secret address of a member's calendar: made, found by its digest, ended. Whoever knows it can read it."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from efface.accounts import audit
from efface.accounts.models import CalendarFeed, Member
from efface.engine.base import sealing, tenancy

SCOPE = "calendar-feed"
LONGEST = 64


def make(member: Member, now: datetime) -> str:
    """A new token, told once; the one before it ends. 256 bits."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        Member.objects.select_for_update().get(pk=member.pk)
        end(member, now)
        row = CalendarFeed.objects.create(
            organisation_id=member.organisation_id, member=member, digest=sealing.digest(SCOPE, token), made_at=now
        )
        audit.record(member.organisation_id, f"user:{member.user_id}", "calendar.made", str(row.pk), now)
    return token


def end(member: Member, now: datetime) -> bool:
    """The address works no more. False where there was none."""
    rows = CalendarFeed.objects.filter(member=member, ended_at=None)
    ended = list(rows.values_list("pk", flat=True))
    rows.update(ended_at=now)
    for pk in ended:
        audit.record(member.organisation_id, f"user:{member.user_id}", "calendar.ended", str(pk), now)
    return bool(ended)


def standing(member: Member) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(member=member, ended_at=None).first()


def member_of(token: str, roles: frozenset[str]) -> Member | None:
    """Whose calendar this token opens; None where it opens none (any more), the member left, or may not see cases."""
    if not token or len(token) > LONGEST:
        return None
    digest = sealing.digest(SCOPE, token)
    with tenancy.looking_up(lookup=digest.hex()):
        row = CalendarFeed.objects.filter(digest=digest, ended_at=None).values("organisation_id", "member_id").first()
    if row is None:
        return None
    with tenancy.organisation(row["organisation_id"]):
        member = Member.objects.select_related("user").filter(pk=row["member_id"], role__in=roles).first()
    return member if member is not None and member.user.is_active else None


def was_read(member: Member, now: datetime) -> None:
    CalendarFeed.objects.filter(member=member, ended_at=None).update(read_at=now)
