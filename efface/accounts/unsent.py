"""What a member typed into a form that could not be taken: its session was over, or what it was about had changed or
was gone. Kept sealed, given back to them alone.

Whose it is, is told by the session's key that the browser still has; a browser that never had one keeps nothing here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
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
OURS = ("next", "mark", "query", "path")
"""What a page put into its own form; it is long at times, and nobody typed it."""
LONG = 60
"""So many characters, or more than a line, are words that nobody wants to write again."""
Fields = Mapping[str, str | Sequence[str]]
"""What came, by name: of a field that came several times, each value."""


def worth_keeping(fields: Fields) -> dict[str, str | list[str]]:
    """The fields with something in them, without secrets; empty where there is nothing, or too much, to keep."""
    held: dict[str, str | list[str]] = {}
    for name, given in list(fields.items())[:FIELDS]:
        values = [one for one in ([given] if isinstance(given, str) else given) if one.strip()]
        if values and name not in NOT_KEPT:
            held[name] = values[0] if len(values) == 1 else values
    return held if len(json.dumps(held, ensure_ascii=False)) <= LONGEST else {}


def long_words(fields: Fields) -> list[str]:
    """Those of the values that somebody wrote at length."""
    held = worth_keeping(fields)
    values = [one for name, given in held.items() if name not in OURS
              for one in ([given] if isinstance(given, str) else given)]  # fmt: skip
    return [one for one in values if len(one.strip()) > LONG or "\n" in one.strip()]


def keep(session_key: str, path: str, fields: Fields, now: datetime) -> bool:
    """Keep what came from a session that is over. ``now`` is the machine's own time. False: nothing was kept."""
    held = worth_keeping(fields)
    if not held or not session_key or len(session_key) > 64 or len(path) > PATH:
        return False
    mark = devices.digest(session_key)
    with tenancy.looking_up(lookup=mark.hex()):
        found = SignIn.objects.filter(digest=mark).values("organisation_id", "member_id").first()
    if found is None:
        return False
    return _keep(found["organisation_id"], found["member_id"], path, held, now)


def keep_for(member: Member, path: str, fields: Fields, now: datetime) -> bool:
    """Keep what a member sent that was not taken. False: nothing was kept."""
    held = worth_keeping(fields)
    return bool(held) and len(path) <= PATH and _keep(member.organisation_id, member.pk, path, held, now)


def _keep(
    organisation: uuid.UUID, member: uuid.UUID, path: str, held: dict[str, str | list[str]], now: datetime
) -> bool:
    with tenancy.organisation(organisation):
        forget(now)
        row = Unsent.objects.filter(member_id=member, path=path).first()
        if row is None:
            if Unsent.objects.filter(member_id=member).count() >= MOST:
                return False
            row = Unsent(organisation_id=organisation, member_id=member, path=path)
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
