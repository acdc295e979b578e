"""What was typed into a page whose session had ended: carried in the page itself, sealed, until she is in again.

The server cannot keep it, for it no longer knows whose it is; the device keeps nothing but the page that is open.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from efface.cases import drafts
from efface.engine.base import clock, sealing

LASTS = timedelta(hours=12)
LONGEST = 60_000
NOT_CARRIED = {"csrfmiddlewaretoken", "code", "word", "carried"}
"""Fields that are no draft: what opens the case is never written back into a page."""
NOT_KEPT = "/case/pictures/"
"""What is sent from here is no text of hers: its page says by itself that the session is over."""


@dataclass(frozen=True, slots=True)
class Carried:
    path: str
    fields: dict[str, str]


def pack(path: str, fields: Mapping[str, str], now: datetime) -> str:
    """Sealed text for a hidden field; "" where there is nothing to carry."""
    held = {
        name: value[: drafts.LONGEST] for name, value in list(fields.items())[: drafts.FIELDS]
        if name not in NOT_CARRIED and isinstance(value, str) and value.strip()
    }  # fmt: skip
    if not held or not path.startswith("/case/"):
        return ""
    plain = json.dumps({"path": path, "fields": held, "at": now.timestamp()}, ensure_ascii=False).encode()
    text = base64.urlsafe_b64encode(sealing.seal(sealing.derive("carried"), plain, "carried")).decode()
    return text if len(text) <= LONGEST else ""


def unpack(text: str, now: datetime) -> Carried | None:
    """What ``pack`` made, None where it is something else, altered, or too old."""
    if not text or len(text) > LONGEST:
        return None
    try:
        raw = base64.urlsafe_b64decode(text.encode())
        held = json.loads(sealing.unseal(sealing.derive("carried"), raw, "carried"))
    except (binascii.Error, ValueError):
        return None
    if not 0 <= now.timestamp() - held["at"] <= LASTS.total_seconds():
        return None
    return Carried(held["path"], held["fields"])


def shut_out(request: Any) -> HttpResponse:
    """The way in for somebody whose session is over; with what she had just sent."""
    if request.method != "POST" or request.path.startswith(NOT_KEPT):
        return redirect("portal:enter")
    fields = {name: request.POST.get(name, "") for name in request.POST}
    carried = pack(request.path, fields, clock.wall())
    return render(request, "portal/enter.html", {"carried": carried, "ended": True}, status=403)
