"""What a member typed into a form whose session was over when it was sent: kept sealed, given back after sign-in.

Whose it is, is told by the session's key that the browser still has; a browser that never had one keeps nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from efface.accounts import devices
from efface.accounts.models import Member, SignIn, Unsent
from efface.engine.base import tenancy

KEPT = timedelta(days=1)
LONGEST, FIELDS, PATH, MOST = 60_000, 60, 200, 10
MARK = "unsent"
"""A field of forms that send again what was kept."""
#: Never kept: what opens an account, and the mark that protects a form.
NOT_KEPT = ("csrfmiddlewaretoken", "password", "new", "again", "code", "credential", MARK)


def worth_keeping(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields with something in them, without secrets; empty where there is nothing, or too much, to keep."""
    held = {
        name: value for name, value in list(fields.items())[:FIELDS]
        if value.strip() and name not in NOT_KEPT
    }  # fmt: skip
    return held if len(json.dumps(held)) <= LONGEST else {}


def keep(session_key: str, path: str, fields: Mapping[str, str], now: datetime) -> bool:
    """Keep what came from a session that is over. ``now`` is the machine's own time. False: nothing was kept."""
    held = worth_keeping(fields)
    if not held or not session_key or len(session_key) > 64 or len(path) > PATH:
        return False
    mark = devices.digest(session_key)
    with tenancy.looking_up(lookup=mark.hex()):
        found = SignIn.objects.filter(digest=mark).values("organisation_id", "member_id").first()
    if found is None:
        return False
    with tenancy.organisation(found["organisation_id"]):
        forget(now)
        row = Unsent.objects.filter(member_id=found["member_id"], path=path).first()
        if row is None:
            if Unsent.objects.filter(member_id=found["member_id"]).count() >= MOST:
                return False
            row = Unsent(organisation_id=found["organisation_id"], member_id=found["member_id"], path=path)
        row.fields, row.at = held, now
        row.save()
    return True


def of(member: Member, now: datetime) -> list[Unsent]:
    return list(Unsent.objects.filter(member=member, at__gt=now - KEPT).order_by("-at"))


def drop(member: Member, path: str) -> None:
    """It was sent, or thrown away."""
    with tenancy.on_their_word():
        Unsent.objects.filter(member=member, path=path).delete()


def forget(now: datetime) -> None:
    Unsent.objects.filter(at__lt=now - KEPT).delete()
