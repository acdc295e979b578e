"""A new access code between the moment it is made and the moment she has typed it back: sealed, in her session."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from efface.cases import opening
from efface.engine.base import sealing

NEW = "portal_new_code"
GROUP = opening.GROUP


def hold(request: Any, code: str) -> None:
    sealed = sealing.seal(sealing.derive("new-code"), code.encode(), "new-code")
    request.session[NEW] = base64.b64encode(sealed).decode()


def waiting(request: Any) -> bool:
    return NEW in request.session


def shown(request: Any) -> str:
    """The code that still has to be typed back, "" where there is none."""
    try:
        raw = base64.b64decode(request.session.get(NEW, ""))
        return sealing.unseal(sealing.derive("new-code"), raw, "new-code").decode()
    except (binascii.Error, sealing.SealBroken):
        return ""


def let_go(request: Any) -> None:
    request.session.pop(NEW, None)


def wrong_groups(typed: str, code: str) -> list[int]:
    """Which groups of four (from 1) differ from the code; empty where none does."""
    letters = [one for one in typed.lower() if one in opening.ALPHABET]
    given = ["".join(letters[at : at + GROUP]) for at in range(0, GROUP * opening.GROUPS, GROUP)]
    return [place for place, (one, other) in enumerate(zip(given, code.split("-"), strict=True), 1) if one != other]
