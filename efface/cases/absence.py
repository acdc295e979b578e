"""Who is away, and who stands in for them. While somebody is away their cases and clocks show at the substitute."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from efface.accounts import audit
from efface.accounts.models import Member, Role
from efface.cases.assigning import WORKERS
from efface.cases.models import Absence

LONGEST = timedelta(days=366)
CHAIN = 4
"""A substitute may be away too, and theirs: so many steps are followed."""


class AbsenceRefused(ValueError):
    """The absence cannot be noted; the argument is one word for why."""


def say(member: Member, substitute: Member, begins: datetime, ends: datetime, by: Member, now: datetime) -> Absence:
    """Note an absence. The same one said twice is one. Raises ``AbsenceRefused``."""
    if by.role != Role.LEAD and by.pk != member.pk:
        raise AbsenceRefused("not-your-absence")
    if substitute.pk == member.pk:
        raise AbsenceRefused("stands-in-for-self")
    if substitute.role not in WORKERS or not substitute.user.is_active:
        raise AbsenceRefused("no-worker")
    if ends <= begins:
        raise AbsenceRefused("wrong-way-round")
    if ends <= now:
        raise AbsenceRefused("over")
    if ends - begins > LONGEST:
        raise AbsenceRefused("too-long-away")
    Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    standing = Absence.objects.filter(member=member, ended_at=None, begins__lt=ends, ends__gt=begins)
    same = standing.filter(substitute=substitute, begins=begins, ends=ends).first()
    if same is not None:
        return same
    if standing.exists():
        raise AbsenceRefused("away-already")
    row = Absence.objects.create(
        organisation_id=member.organisation_id, member=member, substitute=substitute, begins=begins, ends=ends,
        said_by_id=by.user_id, said_at=now,
    )  # fmt: skip
    audit.record(member.organisation_id, f"{by.role}:{by.user_id}", "member.away", str(member.user_id), now)
    return row


def end(absence: uuid.UUID, by: Member, now: datetime) -> bool:
    """Back earlier, or said by mistake. False where nothing stands. Raises ``AbsenceRefused``."""
    row = Absence.objects.select_for_update(of=("self",)).select_related("member").filter(pk=absence).first()
    if row is None or row.ended_at is not None or row.ends <= now:
        return False
    if by.role != Role.LEAD and by.pk != row.member_id:
        raise AbsenceRefused("not-your-return")
    Absence.objects.filter(pk=row.pk).update(ended_at=now)
    audit.record(row.organisation_id, f"{by.role}:{by.user_id}", "member.back", str(row.member.user_id), now)
    return True


def standing(now: datetime) -> list[Absence]:
    """Those that run or are to come, the next first."""
    rows = Absence.objects.filter(ended_at=None, ends__gt=now).select_related("member__user", "substitute__user")
    return list(rows.order_by("begins", "pk"))


def users_of(member: Member, now: datetime) -> list[uuid.UUID]:
    """The users whose cases this member looks after now: the own ones, and of all for whom they stand in. One whose
    substitute is away too comes to that one's substitute."""
    away = dict(
        Absence.objects.filter(ended_at=None, begins__lte=now, ends__gt=now)
        .order_by("begins").values_list("member_id", "substitute_id")
    )  # fmt: skip
    users = dict(Member.objects.filter(pk__in=list(away)).values_list("pk", "user_id"))
    found = [member.user_id]
    for one in away:
        at, seen = one, {one}
        for _step in range(CHAIN):
            if at not in away or at == member.pk:
                break
            at = away[at]
            if at in seen:
                break
            seen.add(at)
        if at == member.pk and one != member.pk:
            found.append(users[one])
    return found
