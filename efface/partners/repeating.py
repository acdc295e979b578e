"""The same request twice is done once: by the idempotency key that the partner gave it.

Two at the same moment meet at the unique key: the second waits until the first is committed, and gets its answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from efface.engine.base import deadlines, sealing
from efface.engine.base.models import Deadline
from efface.partners.models import Partner, Repeat

FORGET = "partner.repeat"
KEPT = timedelta(days=7)
SHORTEST, LONGEST = 8, 100
Answer = tuple[int, dict[str, Any]]


class KeyUnfit(ValueError):
    """The idempotency key cannot be used; the message says what one looks like."""


class KeyUsed(ValueError):
    """The key was used for another request."""


def once(
    partner: Partner, key: str, asked: Any, now: datetime, act: Callable[[], Answer], *, shown_once: str = ""
) -> Answer:
    """``act``'s answer, or the one it gave to the same request before. The field ``shown_once`` of an answer is not
    kept: a repeated request gets None there. Raises ``KeyUnfit`` and ``KeyUsed``. Inside the organisation."""
    if not SHORTEST <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise KeyUnfit(
            _("The header Idempotency-Key needs %(least)d to %(most)d printable letters, new for each request.")
            % {"least": SHORTEST, "most": LONGEST}
        )
    digest = sealing.digest("partner-repeat", f"{partner.pk}:{key}")
    request = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).digest()
    row, made = Repeat.objects.get_or_create(
        partner=partner, key=digest,
        defaults={"organisation_id": partner.organisation_id, "request": request, "at": now},
    )  # fmt: skip
    if not made:
        if bytes(row.request) != request:
            raise KeyUsed(_("This Idempotency-Key was used for another request. Please take a new one."))
        return row.status, row.answer
    status, answer = act()
    row.status, row.answer = status, answer | ({shown_once: None} if shown_once else {})
    row.save(update_fields=["status", "answer"])
    deadlines.set_deadline(FORGET, row.pk, now + KEPT, organisation=partner.organisation_id)
    return status, answer


@deadlines.handler(FORGET)
def forget(deadline: Deadline, now: datetime) -> None:
    Repeat.objects.filter(pk=deadline.subject).delete()


