"""Look-ups by platforms: ours, for many hashes at once, and the one that HMA's clients know (``/m/lookup``). Both say
yes or no in an answer of one length, at one pace."""

from __future__ import annotations

import json
import threading
import time
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from efface.api import gate, problems, shapes
from efface.api.api import Bearer, api
from efface.api.operations import OFTEN, partner_of
from efface.engine.base import clock, limits
from efface.partners import lookups
from efface.partners.models import Partner, Scope

ASKED = limits.Limit("api-lookup", 60, 1.0)
"""Look-ups of one platform at once, whichever of its keys asks; then one more a second."""
PACE_S = 0.1
"""Answers leave on full steps of this many seconds after the question came."""
LIST = "EFFACE_NCII"
LONGEST = 64
"""Bytes of an answer to HMA's clients: blanks after the JSON, which say nothing."""
LOOKUP = {**OFTEN, 503: shapes.ProblemShape}


def _ask(partner: Partner, hashes: list[str]) -> list[bool]:
    wait = limits.take(ASKED, lookups.bucket(partner), clock.wall())
    if wait:
        raise problems.Problem(429, "too-many", "Too many look-ups", f"Please ask again in {int(wait) + 1} seconds.",
                               retry_after=int(wait) + 1)  # fmt: skip
    try:
        return lookups.ask(partner, hashes, clock.now())
    except lookups.Off:
        raise problems.Problem(
            503, "off", "Look-ups are switched off here", "Ask the organisation. Nothing was compared."
        ) from None
    except lookups.Halted:
        raise problems.Problem(
            403, "halted", "Look-ups with this key have stopped", "Ask the organisation: a person has to look first.",
            keep=True,
        ) from None  # fmt: skip
    except lookups.TooMany:
        raise problems.Problem(
            429, "day", "More than one day holds", f"At most {lookups.MOST_A_DAY} hashes a day. Go on tomorrow (UTC)."
        ) from None
    except lookups.NoPicture as error:
        raise problems.Problem(
            422, "no-picture", "Not every hash is one of a picture",
            "Ask only about PDQ hashes of quality 50 and more. Nothing was compared.", at=error.at,
        ) from None  # fmt: skip


def _paced(request: HttpRequest, began: float) -> None:
    """The answer leaves on the next full step, where the machine's own time runs. Waited for once everything is
    written: nobody else's question waits for it."""

    def wait() -> None:
        threading.Event().wait(PACE_S - (time.monotonic() - began) % PACE_S)

    if clock.is_real():
        gate.afterwards(request, wait)


@api.post(
    "/lookup", response={200: shapes.Known, **LOOKUP}, auth=Bearer(Scope.LOOKUP), url_name="lookup",
    operation_id="lookup", tags=["lookup"],
)  # fmt: skip
def lookup(request: HttpRequest, given: shapes.Asked) -> Any:
    """Is a picture on the list? For each PDQ hash true or false, and never which, whose or how near. Off unless the
    organisation has an agreement with you."""
    began = time.monotonic()
    matches = _ask(partner_of(request), given.hashes)
    _paced(request, began)
    # "true" is one letter shorter than "false".
    return {"matches": matches, "pad": "." * sum(matches)}


@api.get(
    "/m/lookup", response={200: list[str], **LOOKUP}, auth=Bearer(Scope.LOOKUP), url_name="hma-lookup",
    operation_id="hma_lookup", tags=["lookup"],
)  # fmt: skip
def hma_lookup(
    request: HttpRequest,
    signal: Annotated[str, Query(..., pattern=r"^[0-9a-fA-F]{64}$")],
    signal_type: Annotated[str, Query(..., pattern=r"^pdq$")],
) -> Any:
    """The same for clients of Hasher-Matcher-Actioner: the names of the lists that hold it, which is one or none.
    There is no raw look-up here: ids and distances would say more than yes or no."""
    began = time.monotonic()
    (known,) = _ask(partner_of(request), [signal])
    _paced(request, began)
    text = json.dumps([LIST] if known else [])
    return HttpResponse(text.ljust(LONGEST), content_type="application/json")
