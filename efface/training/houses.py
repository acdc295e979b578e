"""Training organisations: made with an invented colleague in it, set back, and ended. For the command line."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from efface.accounts import audit
from efface.accounts.models import FaceSearchPermission, Member, Organisation, Role, User
from efface.cases import erasing
from efface.cases.models import Case
from efface.engine.base import tenancy, training
from efface.training.models import Practice

SHORT = re.compile(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?")
MARK = " (training)"
"""Stands in the name, and so in every letter, notice and pack that is made there."""
ACTOR = "operator:command"


class Refused(ValueError):
    """It cannot be made, or is none; the message says what would do."""


def make(name: str, short: str, country: str, now: datetime) -> Organisation:
    """As the owner of the database. Raises ``Refused``."""
    if not SHORT.fullmatch(short):
        raise Refused("the short name has small letters, digits and hyphens, 22 at most")
    if Organisation.objects.filter(short=short).exists():
        raise Refused(f"there is an organisation {short} already")
    name = name.strip()
    return Organisation.objects.create(
        name=name.removesuffix(MARK)[: 120 - len(MARK)] + MARK, short=short, country=country.upper()[:2],
        signatory="Training Desk", address="Nowhere 1", training=True, created=now,
    )  # fmt: skip


def furnish(organisation: Organisation, now: datetime) -> User:
    """As the app: the invented colleague, who can never sign in, and what the exercises need switched on."""
    with tenancy.organisation(organisation.pk):
        email = f"colleague@{organisation.short}{training.INVENTED}"
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, None, name="Colleague B (invented)", created=now)
            Member.objects.create(organisation=organisation, user=user, role=Role.LEAD, trained_at=now)
        if not FaceSearchPermission.objects.filter(withdrawn_at=None).exists():
            FaceSearchPermission.objects.create(
                organisation=organisation, impact_assessment="none: training", legal_basis="none: invented cases",
                countries=organisation.country, recorded_by=user, recorded_at=now,
            )  # fmt: skip
    return user


def of(short: str) -> Organisation:
    """Raises ``Refused`` where there is none, or it is not one for training."""
    found = Organisation.objects.filter(short=short).first()
    if found is None:
        raise Refused(f"there is no organisation {short}")
    if not found.training:
        raise Refused(f"{short} is no training organisation: nothing of it was touched")
    return found


def reset(organisation: Organisation, now: datetime, user: uuid.UUID | None = None) -> int:
    """Erase the invented cases, of one member or of all, and forget how far they were. Returns how many cases. Raises
    ``Refused`` for any other organisation."""
    if not organisation.training:
        raise Refused(f"{organisation.short} is no training organisation: nothing of it was touched")
    with tenancy.organisation(organisation.pk):
        rows = Practice.objects.all() if user is None else Practice.objects.filter(member__user=user)
        ids = {id for row in rows for name, id in row.content.items() if name in ("case", "other")}
        cases = Case.objects.exclude(state=Case.State.ERASED)
        wanted = list(cases if user is None else cases.filter(pk__in=ids))
        for case in wanted:
            erasing.erase(case, ACTOR, now)
        rows.delete()
        audit.record(organisation.pk, ACTOR, "training.reset", str(user or ""), now)
    return len(wanted)


def remove(organisation: Organisation, now: datetime) -> tuple[int, int]:
    """Erase everything invented and let nobody in any more. (cases, members). The name stays, so that its audit record
    has an owner. Raises ``Refused``."""
    count = reset(organisation, now)
    with tenancy.organisation(organisation.pk):
        members = list(Member.objects.select_related("user"))
        for member in members:
            member.delete()
        audit.record(organisation.pk, ACTOR, "training.removed", "", now)
    return count, len(members)
