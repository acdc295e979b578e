"""The one outbox. A message leaves at most once without a person's word.

``queue_message`` writes the row in the caller's transaction together with the job that sends it. The job takes the
row's lock, commits ``sending`` before the first byte leaves, talks to the mail server, and commits what came of it. A
process that dies in between leaves ``sending`` and an unlocked row: ``rescue`` (scheduler) or the job's second run
turns that into ``ambiguous``, and only ``resolve`` by a person leads out of it.

Rooms register a courier for a kind of message. It is asked right before sending and told the result in the same
transaction; it must do no slow work.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from django.db import OperationalError, connection, transaction

from efface.engine.base import clock, deadlines, ids, sealing, settings, smtp, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline, Installation, Outbox

log = logging.getLogger(__name__)

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 480, 960, 1440, 1440))
"""Pauses after a temporary refusal; when they are used up the message counts as refused (RFC 5321 section 4.5.4.1:
four to five days)."""
SETTLE_TRIES = 4
WAIT = timedelta(hours=6)
"""Pause while the courier says wait, or no mail server is set."""


@dataclass(frozen=True, slots=True)
class May:
    """A courier's word right before sending: ``go``, ``wait`` (asked again later, at ``until`` where that is known) or
    ``drop`` (never), and why."""

    word: Literal["go", "wait", "drop"]
    why: str = ""
    until: datetime | None = None


class Courier(Protocol):
    """What a room does for its kind of message. ``now`` is when it happens; the row is locked."""

    def may(self, row: Outbox, now: datetime) -> May: ...

    def sent(self, row: Outbox, now: datetime) -> None: ...

    def refused(self, row: Outbox, code: int, text: str, now: datetime) -> None: ...

    def ambiguous(self, row: Outbox, now: datetime) -> None: ...

    def dropped(self, row: Outbox, why: str, now: datetime) -> None: ...


class NotAmbiguous(ValueError):
    """The message is not (any more) waiting for a person's decision."""


_couriers: dict[str, Courier] = {}


def courier(kind: str, one: Courier) -> None:
    """Register the courier of a kind. Registering the same class again is harmless."""
    if kind in _couriers and type(_couriers[kind]) is not type(one):
        raise ValueError(f"two couriers for {kind}")
    _couriers[kind] = one


def message_id(key: str) -> str:
    """The Message-ID of the message with this key: always the same; receivers know a second copy by it."""
    name = hmac.new(sealing.derive("message-id"), key.encode(), hashlib.sha256).hexdigest()[:32]
    return f"<{name}@{settings.get('mail_domain') or 'localhost'}>"


def queue_message(
    kind: str,
    subject: uuid.UUID,
    *,
    key: str,
    organisation: uuid.UUID,
    case: uuid.UUID,
    sender: str,
    recipient: str,
    data: bytes,
    now: datetime,
) -> Outbox:
    """Put one message into the outbox, once for each ``key``; a second call returns the row that is there. One that was
    cancelled before it left is made ready again, with what is given now.

    ``data`` is the complete message (RFC 5322) with ``message_id(key)`` as its Message-ID; ``sender`` the envelope
    sender. Call it inside the transaction of what it belongs to."""
    message = {"sender": sender, "data": base64.b64encode(data).decode("ascii")}
    row = Outbox.objects.select_for_update().filter(key=key).first()
    if row is not None:
        if row.state == Outbox.State.CANCELLED:
            row.state, row.recipient, row.answer = Outbox.State.READY, recipient, ""
            row.message = message
            row.save()
            _defer(row)
        return row
    row, made = Outbox.objects.get_or_create(
        key=key,
        defaults={
            "organisation_id": organisation, "case_id": case, "kind": kind, "subject": subject,
            "message_id": message_id(key), "recipient": recipient, "message": message, "created": now,
        },
    )  # fmt: skip
    if made:
        _defer(row)
    return row


def wake(case: uuid.UUID, subjects: Iterable[uuid.UUID] | None = None) -> int:
    """Look again, now, at everything of a case that waits: after a hold or a pause ended; or at what it has for these
    ``subjects`` alone. Returns how many."""
    rows = Outbox.objects.filter(case_id=case, state=Outbox.State.READY)
    if subjects is not None:
        rows = rows.filter(subject__in=list(subjects))
    for row in rows:
        _defer(row)
    return len(rows)


def cancel(subject: uuid.UUID) -> int:
    """Cancel what has not begun to leave. Returns how many messages.

    A row that is locked is about to leave: it is left alone, and its courier has the last word."""
    rows = Outbox.objects.select_for_update(skip_locked=True).filter(subject=subject, state=Outbox.State.READY)
    return Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(state=Outbox.State.CANCELLED)


def _defer(row: Outbox) -> None:
    send.defer(organisation=row.organisation_id, once=f"outbox:{row.pk}", outbox=row.pk)


def _lock_number(outbox: uuid.UUID) -> int:
    return int.from_bytes(hashlib.sha256(b"outbox:" + outbox.bytes).digest()[:8], "big", signed=True)


@contextmanager
def _alone(outbox: uuid.UUID) -> Iterator[bool]:
    """Hold the row's sending lock on this connection, outside transactions: the database drops it when we die."""
    number = _lock_number(outbox)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        held: bool = cursor.fetchone()[0]
    try:
        yield held
    finally:
        if held and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@job("mail")
def send(organisation: uuid.UUID, outbox: uuid.UUID) -> None:
    """Send one message, or find out why not. Running it again, or twice at once, sends nothing twice."""
    with _alone(outbox) as held:
        if not held:
            return
        with tenancy.organisation(organisation):
            envelope = _begin(outbox, clock.now())
        if envelope is None:
            return
        answer = smtp.submit(*envelope)
        _settle(organisation, outbox, answer)


def _settle(organisation: uuid.UUID, outbox: uuid.UUID, answer: smtp.Answer) -> None:
    """Commit what came of it; what is known must not be lost to a lock that somebody else held at that moment."""
    for left in range(SETTLE_TRIES, 0, -1):
        try:
            with tenancy.organisation(organisation):
                _end(outbox, answer, clock.now())
            return
        except OperationalError:
            if left == 1:
                raise
            log.warning("the outcome of message %s is written again", outbox)


def _begin(outbox: uuid.UUID, now: datetime) -> tuple[str, str, bytes] | None:
    """Decide under the row's lock. What is returned is committed as ``sending`` when the caller's block ends."""
    row = Outbox.objects.select_for_update().filter(pk=outbox).first()
    if row is None:
        return None
    if row.state == Outbox.State.SENDING:
        # We hold the sending lock, so whoever wrote this is dead: it may have left or not.
        _unclear(row, "the sender stopped in the middle", now)
        return None
    if row.state != Outbox.State.READY:
        return None
    word = _couriers[row.kind].may(row, now)
    message: Any = row.message  # opened from its seal: a dictionary, or None after erasure
    recipient: Any = row.recipient
    if message is None or recipient is None:
        word = May("drop", "the case was erased")
    if word.word == "drop":
        row.state, row.answer = Outbox.State.CANCELLED, word.why[:300]
        row.save(update_fields=["state", "answer"])
        _couriers[row.kind].dropped(row, word.why, now)
        return None
    if word.word == "wait":
        _later(row, word.until or now + WAIT, word.why, align=word.until is None)
        return None
    if row.sending_at is None and _may_have_left_before(row):
        row.sending_at = now
        row.save(update_fields=["sending_at"])
        _unclear(row, "a backup was put back since: it may have left before", now)
        return None
    deadlines.cancel(key=_retry_key(row.pk))
    row.state, row.sending_at, row.attempts = Outbox.State.SENDING, now, row.attempts + 1
    row.save(update_fields=["state", "sending_at", "attempts"])
    return message["sender"], recipient, base64.b64decode(message["data"])


AFTER_RESTORE = timedelta(days=3)
"""So long after a backup was put back, what is about something older goes past a person's eyes: a letter that went out
between the backup and that day is not known here, and would be written and sent a second time."""


def _may_have_left_before(row: Outbox) -> bool:
    restored = Installation.objects.values_list("restored_at", flat=True).first()
    if restored is None or clock.wall() - restored > AFTER_RESTORE:
        return False
    made = ids.born(row.subject)
    return made is not None and made < restored


def _end(outbox: uuid.UUID, answer: smtp.Answer, now: datetime) -> None:
    row = Outbox.objects.select_for_update().get(pk=outbox)
    if row.state != Outbox.State.SENDING:
        return
    one = _couriers[row.kind]
    row.answer = f"{answer.code} {answer.text}".strip()[:300]
    if answer.outcome == "sent":
        row.state, row.sent_at = Outbox.State.SENT, now
        row.save(update_fields=["state", "sent_at", "answer"])
        one.sent(row, now)
    elif answer.outcome == "unclear":
        _unclear(row, answer.text, now)
    elif answer.outcome == "off":
        row.attempts -= 1
        _later(row, now + WAIT, answer.text, align=True)
    elif answer.outcome == "later" and (not answer.code or row.attempts <= len(BACKOFF)):
        pause = BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
        _later(row, now + pause, row.answer)
    else:
        row.state = Outbox.State.FAILED
        row.save(update_fields=["state", "answer"])
        one.refused(row, answer.code, answer.text, now)


def _unclear(row: Outbox, why: str, now: datetime) -> None:
    row.state, row.answer = Outbox.State.AMBIGUOUS, why[:300]
    row.save(update_fields=["state", "answer"])
    _couriers[row.kind].ambiguous(row, now)


def _retry_key(outbox: uuid.UUID) -> str:
    return f"outbox.retry:{outbox}"


def _later(row: Outbox, due: datetime, why: str, align: bool = False) -> None:
    row.state, row.answer = Outbox.State.READY, why[:300]
    row.save(update_fields=["state", "answer", "attempts"])
    deadlines.set_deadline(
        "outbox.retry",
        row.pk,
        clock.align(due) if align else due,
        organisation=row.organisation_id,
        case=row.case_id,
        key=_retry_key(row.pk),
    )


@deadlines.handler("outbox.retry")
def _retry(deadline: Deadline, now: datetime) -> None:
    row = Outbox.objects.filter(pk=deadline.subject, state=Outbox.State.READY).first()
    if row is not None:
        _defer(row)


def resolve(outbox: Outbox, word: Literal["sent", "again"], now: datetime) -> None:
    """A person looked (the mail server's log, the recipient) and says it was sent, or that it shall be sent again.

    Again keeps the Message-ID, so a copy that did arrive is recognised. Raises ``NotAmbiguous``."""
    with transaction.atomic():
        row = Outbox.objects.select_for_update().get(pk=outbox.pk)
        if row.state != Outbox.State.AMBIGUOUS:
            raise NotAmbiguous(f"the message is {row.state}")
        if word == "sent":
            row.state, row.sent_at = Outbox.State.SENT, row.sending_at or now
            row.save(update_fields=["state", "sent_at"])
            _couriers[row.kind].sent(row, row.sent_at)
            return
        row.state, row.answer = Outbox.State.READY, ""
        row.save(update_fields=["state", "answer"])
        _defer(row)


def rescue(now: datetime) -> int:
    """Find what a dead sender left in ``sending`` and mark it ambiguous. For the scheduler (role ``efface_engine``).

    Messages that are ready but have neither a job nor a deadline (their job failed) get a job again. Returns how many
    became ambiguous."""
    found = 0
    with transaction.atomic():
        for row in Outbox.objects.select_for_update(skip_locked=True).filter(state=Outbox.State.SENDING):
            with connection.cursor() as cursor:
                # Given only when no living connection holds the sending lock.
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_number(row.pk)])
                dead: bool = cursor.fetchone()[0]
            if not dead:
                continue
            with transaction.atomic(), tenancy.engine_acts_for(row.organisation_id):
                _unclear(Outbox.objects.get(pk=row.pk), "the sender stopped in the middle", now)
            found += 1
        _give_jobs_back()
    return found


def _give_jobs_back() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT box.id FROM engine_outbox box
            WHERE box.state = 'ready'
              AND NOT EXISTS (SELECT 1 FROM accounts_organisation house
                              WHERE house.id = box.organisation_id AND house.training)
              AND NOT EXISTS (SELECT 1 FROM engine_deadline WHERE key = 'outbox.retry:' || box.id AND state = 'waiting')
              AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing')
                              AND args ->> 'outbox' = box.id::text)
            """,
            [send.name],
        )
        lost = [found[0] for found in cursor.fetchall()]
    for row in Outbox.objects.filter(pk__in=lost):
        _defer(row)
