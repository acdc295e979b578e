"""In front of every operation: whose key is it, how often do they ask, which organisation's rows are seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse

from efface.accounts import doorkeeper
from efface.api import problems
from efface.engine.base import clock, limits, tenancy
from efface.partners import keys

log = logging.getLogger(__name__)
WRONG = limits.Limit("api-wrong", 20, 30.0)
"""Wrong keys from one place at once; then one more each half minute."""
ASKED = limits.Limit("api", 120, 0.5)
"""Requests of one key at once; then two more a second."""
LONGEST_BODY = 1_000_000


def gate(request: Any, view: Callable[[], HttpResponse]) -> HttpResponse:
    """What the doorkeeper calls. What was done is undone where the answer is an error,
    unless that says that it stands."""
    place = request.META.get("REMOTE_ADDR", "")
    with transaction.atomic():
        if limits.level(WRONG, place, clock.wall()) + 1 > WRONG.size:
            return problems.too_many(WRONG.refill_s)
        partner = keys.find(_key(request), clock.now())
        if partner is None:
            if not _key(request):
                return problems.unauthorised()  # nothing was guessed
            limits.take(WRONG, place, clock.wall())
            log.info("api: a key opened nothing")
            return problems.unauthorised()
        wait = limits.take(ASKED, str(partner.pk), clock.wall())
    if wait:
        return problems.too_many(wait)
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
            return problems.respond(413, "too-long", "The request is too long", "Send at most one megabyte at a time.")
    except ValueError:
        return problems.respond(400, "length", "The request has no length that can be read", "Send a Content-Length.")
    request.partner = partner
    with tenancy.organisation(partner.organisation_id):
        keys.was_used(partner, clock.now())
        with transaction.atomic():
            answer = view()
            if answer.status_code >= 400 and not getattr(request, "keeps", False):
                transaction.set_rollback(True)
    for do in getattr(request, "afterwards", ()):
        do()
    return answer


def afterwards(request: Any, do: Callable[[], None]) -> None:
    """Before the answer leaves, and after everything is written and every lock is given back."""
    request.afterwards = [*getattr(request, "afterwards", ()), do]


def _key(request: Any) -> str:
    word, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if word.lower() == "bearer" else ""


doorkeeper.on_partner(gate)
