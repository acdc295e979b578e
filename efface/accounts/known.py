"""Browsers in which a member has signed in before. Their tries are counted apart from everybody else's: a stranger who
knows the addresses of a helpline can make nobody wait who sits where they always sit.

A browser keeps a number and a seal over it, the member and the password of then; nothing of it is kept here, and a new
password ends it. It opens nothing: password and second step are asked for as ever.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from efface.accounts.models import User
from efface.engine.base import sealing

COOKIE, PATH, SCOPE = "k", "/console/", "known-browser"
LASTS = timedelta(days=180)
NUMBER = 32
"""Letters of the number: sixteen bytes in hex."""


def _seal(user: User, number: str) -> str:
    return sealing.digest(SCOPE, f"{user.pk}\x1f{user.password}\x1f{number}").hex()


def remember(answer: HttpResponse, user: User) -> None:
    """A second step was taken here: this browser is known from now on."""
    number = secrets.token_hex(NUMBER // 2)
    answer.set_cookie(
        COOKIE, number + _seal(user, number), max_age=LASTS, path=PATH, secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True, samesite="Strict",
    )  # fmt: skip


def browser(request: Any, user: User | None) -> str:
    """The number of a browser that this member signed in with before; "" for any other."""
    said = str(request.COOKIES.get(COOKIE, ""))
    if user is None or not (said.isascii() and len(said) == NUMBER + 64):
        return ""
    number, seal = said[:NUMBER], said[NUMBER:]
    return number if hmac.compare_digest(seal, _seal(user, number)) else ""
