"""Who tries how often to sign in. After wrong tries there is a wait of minutes, for the account and for the address it
comes from; nobody is shut out for good, and somebody of the organisation can end the wait. A browser that a member has
signed in with before has tries of its own (``known``), so that strangers' tries hold up no helpline.

Nobody's address is kept (``engine.base.limits``).
"""

from __future__ import annotations

from typing import Any

from efface.accounts import audit, known
from efface.accounts.models import Member, User
from efface.engine.base import clock, limits, tenancy
from efface.engine.base.limits import Limit, minutes

ACCOUNT = Limit("sign-in", size=10, refill_s=300)
"""Tries of one account's password, from wherever."""
ADDRESS = Limit("sign-in-from", size=30, refill_s=60)
"""Tries from one address, of whatever account."""
CODE = Limit("second-step", size=6, refill_s=300)
"""Codes of one account, after its password."""
KNOWN = Limit("sign-in-known", size=10, refill_s=300)
"""Tries in one browser that the member signed in with before: of its password, whatever others try."""
KNOWN_CODE = Limit("second-step-known", size=6, refill_s=300)
TOLD = Limit("sign-in-told", size=1, refill_s=3600)
INVITATION = Limit("invitation", size=20, refill_s=60)
"""Links tried from one address."""


def address(request: Any) -> str:
    """What stands for whoever asks: the address; of IPv6 the half that a household has."""
    found = str(request.META.get("REMOTE_ADDR", ""))
    return ":".join(found.split(":")[:4]) if found.count(":") > 1 else found


def account(email: str) -> str:
    return email.strip().casefold()[:254]


def password(request: Any, email: str) -> int:
    """Count a try of a password. 0: it may be tried; else the minutes to wait."""
    now, waits = clock.wall(), 0.0
    for limit, who in _of_password(request, email):
        waits = waits or limits.take(limit, who, now)
    if waits:
        _tell(email, "sign_in.locked")
    return minutes(waits) if waits else 0


def _of_password(request: Any, email: str) -> list[tuple[Limit, str]]:
    """Where a try of a password is counted."""
    here = known.browser(request, _user(email)) if known.COOKIE in request.COOKIES else ""
    return [(KNOWN, here)] if here else [(ADDRESS, address(request)), (ACCOUNT, account(email))]


def _of_code(request: Any, user: User) -> tuple[Limit, str]:
    here = known.browser(request, user)
    return (KNOWN_CODE, here) if here else (CODE, str(user.pk))


def _user(email: str) -> User | None:
    return User.objects.filter(email__iexact=account(email)).first()


def password_right(request: Any, email: str) -> None:
    """The password was right: the try does not count, and those before it count on."""
    for limit, who in _of_password(request, email):
        limits.give_back(limit, who)


def code(request: Any, user: User) -> int:
    """Count a try of a code. 0: it may be tried; else the minutes to wait."""
    waits = limits.take(*_of_code(request, user), clock.wall())
    if waits:
        _tell(user.email, "second_step.locked")
    return minutes(waits) if waits else 0


def code_right(request: Any, user: User) -> None:
    limits.empty(*_of_code(request, user))


def invitation(request: Any) -> int:
    waits = limits.take(INVITATION, address(request), clock.wall())
    return minutes(waits) if waits else 0


def invitation_right(request: Any) -> None:
    """The link was one: the try does not count."""
    limits.give_back(INVITATION, address(request))


def waits(user: User) -> int:
    """The minutes until this account may be tried again; 0 where it may."""
    now = clock.wall()
    over = max(
        (limits.level(limit, who, now) + 1 - limit.size) * limit.refill_s
        for limit, who in ((ACCOUNT, account(user.email)), (CODE, str(user.pk)))
    )
    return minutes(over) if over > 0 else 0


def let_in_again(user: User) -> None:
    """The wait ends: somebody who knows that it is them says so."""
    limits.empty(ACCOUNT, account(user.email))
    limits.empty(CODE, str(user.pk))


def _tell(email: str, action: str) -> None:
    """The organisation's audit chain learns of a locked account, once an hour at most."""
    now = clock.wall()
    user = _user(email)
    if user is None or limits.take(TOLD, str(user.pk), now):
        return
    with tenancy.looking_up(user=str(user.pk)):
        member = Member.objects.filter(user=user).first()
    if member is not None:
        with tenancy.organisation(member.organisation_id):
            audit.record(member.organisation_id, f"user:{user.pk}", action, str(user.pk), clock.now())
