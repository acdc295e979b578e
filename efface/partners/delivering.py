"""News on their way: one at a time for a hook and case, in order, tried again for three weeks, then a person decides.

The address came from data, so the fetcher dials it, behind its guard. A worker that dies after the partner answered
tries again: a partner may hear the same news twice, and knows it by its id.
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from efface.engine.base import clock, deadlines, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import TellRequest
from efface.partners import keys, signing
from efface.partners.models import Hook, News, PartnerCase
from efface.sites import stopped

log = logging.getLogger(__name__)
TRY = "partner.news"
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480)) + (timedelta(hours=12),) * 40
"""Pauses after each try that failed: three weeks in all."""
SOON = timedelta(minutes=1)
SILENT = "timeout"
EARLIER = timedelta(seconds=30)
fetcher = stopped.fetcher


@dataclass(frozen=True, slots=True)
class Letter:
    """What is handed in. ``news`` is the row; ``url`` and ``headers`` go to the fetcher with the body."""

    news: uuid.UUID
    url: str
    body: bytes
    headers: dict[str, str]


def kick(hook: Hook, case: uuid.UUID) -> None:
    """Have the next of a case's news told, soon. Inside the transaction of what it is about."""
    # One after the other to an address: one that answers slowly holds up a single worker.
    deliver.defer(organisation=hook.organisation_id, once=_name(hook.pk, case), lock=f"{TRY}:{hook.pk}",
                  hook=hook.pk, case=case)  # fmt: skip


def wake(hook: Hook, now: datetime) -> int:
    """Try every case of a hook that waits: it works again, or a person says so. Returns how many."""
    waiting = News.objects.filter(hook=hook, state=News.State.WAITING).values_list("case_id", flat=True).distinct()
    for case in waiting:
        kick(hook, case)
    return len(waiting)


def withdraw(partner: uuid.UUID, case: uuid.UUID) -> int:
    """Nothing of this case goes to this partner any more: what waits is dropped. Returns how many pieces of news."""
    rows = News.objects.filter(hook__partner=partner, case_id=case)
    for hook in set(rows.values_list("hook", flat=True)):
        deadlines.cancel(key=_name(hook, case))
    return rows.filter(state__in=(News.State.WAITING, News.State.STUCK)).update(state=News.State.DROPPED)


def _name(hook: uuid.UUID, case: uuid.UUID) -> str:
    """Of what carries news of one case to one hook: its job and its deadline."""
    return f"{TRY}:{hook}:{case}"


@job("mail")
def deliver(organisation: uuid.UUID, hook: uuid.UUID, case: uuid.UUID) -> None:
    """Tell the oldest that has not arrived. The next one follows in a job of its own."""
    now = clock.now()
    with tenancy.organisation(organisation):
        letter = _next(hook, case, now)
    if letter is None:
        return
    request = TellRequest(letter.url, base64.b64encode(letter.body).decode("ascii"), letter.headers)
    try:
        facts = fetcher().tell(request).facts
        # Once it said 2xx the partner has it, however long or slow the rest of its answer is.
        arrived, answer = 200 <= facts.status < 300, facts.error or f"status {facts.status}"
    except FetcherRefused as error:
        arrived, answer = False, error.error
    except FetcherUnavailable:
        with tenancy.organisation(organisation):
            _again(organisation, hook, case, now + SOON)
        return
    with tenancy.organisation(organisation):
        settle(letter.news, arrived, answer, clock.now())


def _next(hook_id: uuid.UUID, case: uuid.UUID, now: datetime) -> Letter | None:
    hook = Hook.objects.select_related("partner").filter(pk=hook_id).first()
    if hook is None:
        return None
    rows = News.objects.filter(hook=hook, case_id=case, state__in=(News.State.WAITING, News.State.STUCK))
    seen = PartnerCase.objects.filter(partner=hook.partner, case_id=case, ended_at=None).exists()
    standing = keys.standing(hook.partner, now)
    if hook.ended_at is not None or not seen or standing == "revoked":
        rows.update(state=News.State.DROPPED)
        return None
    if standing == "expired":
        return None  # what waits is told once its key was renewed
    row = rows.order_by("number").first()
    if row is None or row.state == News.State.STUCK:
        return None
    rests = _rests_until(hook, case)
    if rests is not None and rests > now:
        _again(hook.organisation_id, hook.pk, case, rests)
        return None
    body = json.dumps(document(row), sort_keys=True, separators=(",", ":")).encode()
    # The moment is the outside world's: the receiver compares it with its own clock.
    signature = signing.sign(_signing(hook, now), clock.wall(), body)
    return Letter(row.pk, str(hook.url), body, {"Efface-Signature": signature, "Efface-News": str(row.pk)})


def _rests_until(hook: Hook, case: uuid.UUID) -> datetime | None:
    """An address that does not answer costs each try a quarter of a minute: while one case's news waits for it, those
    of other cases are not tried too. A little before its turn another one is, so that none is held up by one alone."""
    last = News.objects.filter(hook=hook, state=News.State.TOLD).aggregate(last=Max("told_at"))["last"]
    rows = News.objects.filter(hook=hook, state=News.State.WAITING, answer=SILENT, attempts__gt=0).exclude(case_id=case)
    row = (rows if last is None else rows.filter(tried_at__gt=last)).order_by("-tried_at").first()
    if row is None or row.tried_at is None:
        return None
    return row.tried_at + BACKOFF[min(row.attempts, len(BACKOFF)) - 1] - EARLIER


def _signing(hook: Hook, now: datetime) -> list[str]:
    both = hook.old_until is not None and hook.old_until > now
    held: Any = hook.secrets or []
    return list(held) if both else list(held)[:1]


def document(row: News) -> dict[str, Any]:
    """What a partner reads: which news, of which case, the how-manieth of it."""
    return {
        "id": str(row.pk), "number": row.number, "kind": row.kind, "at": row.at.isoformat(), "case": str(row.case_id),
        **row.body,
    }  # fmt: skip


def settle(news: uuid.UUID, arrived: bool, answer: str, now: datetime) -> None:
    """Keep what came of a try, and set the next. Inside the organisation."""
    row = News.objects.select_for_update(of=("self",)).select_related("hook").get(pk=news)
    if row.state != News.State.WAITING:
        return
    failed_before = row.attempts > 0
    tries = row.attempts
    if answer == SILENT:
        # Cases take turns: what counts is how often the address was tried.
        others = News.objects.filter(hook=row.hook, state=News.State.WAITING, answer=SILENT)
        tries = max(tries, others.aggregate(most=Max("attempts"))["most"] or 0)
    row.tried_at, row.answer, row.attempts = now, answer[:80], tries + 1
    if arrived:
        row.state, row.told_at = News.State.TOLD, now
        row.save(update_fields=["state", "told_at", "tried_at", "answer", "attempts"])
        if failed_before:
            wake(row.hook, now)
        elif News.objects.filter(hook=row.hook, case_id=row.case_id, state=News.State.WAITING).exists():
            kick(row.hook, row.case_id)
        return
    log.info("news %s: try %d: %s", row.pk, row.attempts, row.answer)
    if row.attempts > len(BACKOFF):
        row.state = News.State.STUCK
    else:
        _again(row.organisation_id, row.hook_id, row.case_id, now + BACKOFF[row.attempts - 1])
    row.save(update_fields=["state", "tried_at", "answer", "attempts"])


def _again(organisation: uuid.UUID, hook: uuid.UUID, case: uuid.UUID, due: datetime) -> None:
    deadlines.set_deadline(TRY, hook, due, organisation=organisation, case=case, key=_name(hook, case))


@deadlines.handler(TRY)
def due(deadline: Deadline, now: datetime) -> None:
    hook = Hook.objects.filter(pk=deadline.subject).first()
    if hook is not None and deadline.case_id is not None:
        kick(hook, deadline.case_id)
