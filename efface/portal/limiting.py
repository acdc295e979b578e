"""Who tries how often at the public doors. Honest people wait for minutes at most; nobody's address is kept.

From one address some tries are free, then one every while. When wrong codes come from everywhere at once, each address
has fewer free tries; a right code is let in all the same, so that nobody is shut out by somebody else's flood.
"""

from __future__ import annotations

from typing import Any

from efface.cases.recovering import number as recovering_number
from efface.engine.base import clock, limits
from efface.engine.base.limits import Limit, minutes

ENTER = Limit("enter", size=10, refill_s=90)
ENTER_PRESSED = Limit("enter-pressed", size=3, refill_s=180)
FLOOD = Limit("enter-wrong", size=300, refill_s=2)
OPEN = Limit("open", size=4, refill_s=900)
OPEN_ALL = Limit("open-all", size=60, refill_s=60)
RECOVER = (Limit("recover", size=3, refill_s=900), Limit("recover-day", size=6, refill_s=14_400))
"""Of a case, wherever the tries come from: three, then one each quarter of an hour, and after six one each four hours.
A word that somebody near her could guess in a hundred tries lasts for weeks."""
RECOVER_FROM = (Limit("recover-from", size=6, refill_s=900), Limit("recover-from-day", size=20, refill_s=4_320))
"""Of an address, whatever cases it names."""
AGAIN = Limit("code-again", size=10, refill_s=900)
EVERYBODY = "everybody"


def address(request: Any) -> str:
    """What stands for whoever asks: the address; of IPv6 the half that a household has."""
    found = str(request.META.get("REMOTE_ADDR", ""))
    return ":".join(found.split(":")[:4]) if found.count(":") > 1 else found


def knock(request: Any) -> int:
    """Count a try of a code. 0: it may be tried; else the minutes to wait."""
    now, who = clock.wall(), address(request)
    pressed = limits.level(FLOOD, EVERYBODY, now) >= FLOOD.size / 2
    waits = limits.take(ENTER, who, now)
    if not waits and pressed:
        waits = limits.take(ENTER_PRESSED, who, now)
    return minutes(waits) if waits else 0


def right(request: Any) -> None:
    """The code was one: the try does not count."""
    for one in (ENTER, ENTER_PRESSED):
        limits.give_back(one, address(request))


def wrong() -> None:
    limits.take(FLOOD, EVERYBODY, clock.wall())


def opening(request: Any, organisation: str) -> int:
    """Count the opening of a case. 0: it may be opened; else the minutes to wait."""
    waits = limits.take(OPEN, address(request), clock.wall()) or limits.take(OPEN_ALL, organisation, clock.wall())
    return minutes(waits) if waits else 0


def recovering(request: Any, reference: str) -> int:
    """Count a try of a recovery word, of its case and of its address. 0: it may be tried; else the minutes to wait,
    longer the more tries there were. The same for a number that is no case's."""
    waits = limits.take_all(_recovering(request, reference), clock.wall())
    return minutes(waits) if waits else 0


def recovered(request: Any, reference: str) -> None:
    """The word was hers: the try does not count."""
    for limit, who in _recovering(request, reference):
        limits.give_back(limit, who)


def _recovering(request: Any, reference: str) -> list[tuple[Limit, str]]:
    case = recovering_number(reference)
    return [*((one, case) for one in RECOVER), *((one, address(request)) for one in RECOVER_FROM)]


def again(case: str) -> int:
    """Count a try of her code from inside her case, before what cannot be undone. 0: it may be tried."""
    waits = limits.take(AGAIN, case, clock.wall())
    return minutes(waits) if waits else 0


def again_right(case: str) -> None:
    """The code was hers: the try does not count."""
    limits.give_back(AGAIN, case)
