"""Where a member is signed in: listed by kind of device, ended from anywhere.

A session is known by a keyed digest of its key. No address and no full description of a browser is kept.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from efface.accounts import audit
from efface.accounts.models import Member, SignIn
from efface.engine.base import sealing, settings, tenancy

SCOPE = "sign-in"
KEPT = timedelta(days=30)
"""So long is a session that is over remembered: what was typed in it is given back to whose it was."""

_BROWSERS = (("Firefox", r"Firefox/|FxiOS/"), ("Edge", r"Edg(e|A|iOS)?/"), ("Opera", r"OPR/"),
             ("Chrome", r"Chrome/|CriOS/|Chromium/"), ("Safari", r"Safari/"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac", "Macintosh"), ("ChromeOS", "CrOS"), ("Linux", "Linux"))  # fmt: skip


def device_of(user_agent: str) -> str:
    """ "Firefox, Linux": enough to recognise one's own device by, and no more. "" where it says neither."""
    browser = next((name for name, sign in _BROWSERS if re.search(sign, user_agent)), "")
    system = next((name for name, sign in _SYSTEMS if sign in user_agent), "")
    return ", ".join(one for one in (browser, system) if one)


def digest(session_key: str) -> bytes:
    return sealing.digest(SCOPE, session_key)


def begin(member: Member, session_key: str, user_agent: str, now: datetime) -> SignIn:
    """Note a session, inside the member's organisation. ``now`` is the machine's own time."""
    SignIn.objects.filter(member=member, seen_at__lt=now - KEPT).delete()
    mark = digest(session_key)
    try:
        with transaction.atomic():
            return SignIn.objects.create(
                organisation_id=member.organisation_id, member=member, digest=mark, device=device_of(user_agent),
                began_at=now, seen_at=now,
            )  # fmt: skip
    except IntegrityError:
        # Two requests of a new session at once.
        return SignIn.objects.get(digest=mark)


def standing(member: Member, now: datetime) -> list[SignIn]:
    """Sessions that can still be used, the one used last first."""
    idle = timedelta(minutes=settings.get("session_minutes"))
    return list(SignIn.objects.filter(member=member, ended_at=None, seen_at__gt=now - idle).order_by("-seen_at"))


def over(session_key: str, now: datetime) -> None:
    """A session that goes on under another key. Inside the member's organisation."""
    SignIn.objects.filter(digest=digest(session_key), ended_at=None).update(ended_at=now)


def end(member: Member, id: uuid.UUID, by: str, now: datetime) -> bool:
    """Shut one session out. False where it is none of the member's, or over already."""
    with tenancy.on_their_word():
        done = SignIn.objects.filter(member=member, pk=id, ended_at=None).update(ended_at=now)
    if done:
        audit.record(member.organisation_id, by, "session.ended", str(id), now)
    return bool(done)


def end_all(member: Member, by: str, now: datetime, *, but: bytes = b"") -> int:
    """Shut all of a member's sessions out, but the one with this digest. Returns how many that were."""
    with tenancy.on_their_word():
        done = SignIn.objects.filter(member=member, ended_at=None).exclude(digest=but).update(ended_at=now)
    if done:
        audit.record(member.organisation_id, by, "sessions.ended", str(member.user_id), now)
    return done
