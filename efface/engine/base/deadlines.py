"""The one deadline table. Rooms register a handler for a kind; the scheduler fires what is due, in batches.

A handler runs as the app role inside the deadline's organisation, in the same transaction that marks the deadline done,
so an effect and its next deadline happen together or not at all. Handlers are short: slow work is deferred as a job,
which is enqueued in the same transaction.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from efface.engine.base import tenancy
from efface.engine.base.models import Deadline

log = logging.getLogger(__name__)
Handler = Callable[[Deadline, datetime], None]
_handlers: dict[str, Handler] = {}
BATCH = 100
MAX_ATTEMPTS = 8


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that acts when a deadline of this kind is due."""

    def register(function: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"two handlers for deadline {kind}")
        _handlers[kind] = function
        return function

    return register


def set_deadline(
    kind: str,
    subject: uuid.UUID,
    due: datetime,
    *,
    organisation: uuid.UUID | None = None,
    case: uuid.UUID | None = None,
    key: str = "",
    statutory: bool = False,
) -> None:
    """Set a deadline, or move the waiting one with the same key. The default key is kind and subject."""
    key = key or f"{kind}:{subject}"
    Deadline.objects.update_or_create(
        key=key,
        defaults={
            "kind": kind,
            "subject": subject,
            "due": due,
            "original_due": due,
            "organisation_id": organisation,
            "case_id": case,
            "statutory": statutory,
            "state": Deadline.State.WAITING,
            "done_at": None,
            "attempts": 0,
            "error": "",
        },
    )


def set_many(kind: str, dues: Iterable[tuple[uuid.UUID, datetime]], *, only_new: bool = False) -> None:
    """Set deadlines of many subjects, of no organisation, with one statement; ``only_new`` leaves those that are there
    as they are."""
    rows = [
        Deadline(kind=kind, subject=subject, due=due, original_due=due, key=f"{kind}:{subject}")
        for subject, due in dues
    ]
    if only_new:
        Deadline.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        Deadline.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["key"],
            update_fields=["due", "original_due", "state", "done_at", "attempts", "error"],
        )  # fmt: skip


def cancel_many(kind: str, subjects: Iterable[uuid.UUID]) -> int:
    """Cancel the waiting deadlines of one kind of many subjects."""
    rows = Deadline.objects.filter(kind=kind, subject__in=list(subjects), state=Deadline.State.WAITING)
    return rows.update(state=Deadline.State.CANCELLED)


def cancel(*, key: str = "", subject: uuid.UUID | None = None, kind: str = "") -> int:
    """Cancel waiting deadlines by key, or by subject (and kind)."""
    rows = Deadline.objects.filter(state=Deadline.State.WAITING)
    if key:
        rows = rows.filter(key=key)
    elif subject:
        rows = rows.filter(subject=subject)
        if kind:
            rows = rows.filter(kind=kind)
    else:
        raise ValueError("cancel needs a key or a subject")
    return rows.update(state=Deadline.State.CANCELLED)


def next_due() -> datetime | None:
    """When the next waiting deadline is due (as the engine role: over all organisations)."""
    return Deadline.objects.filter(state=Deadline.State.WAITING).order_by("due").values_list("due", flat=True).first()


def fire(now: datetime, limit: int = BATCH) -> int:
    """Claim up to ``limit`` due deadlines and act on them, in one transaction. Returns how many were claimed.

    A handler that fails is rolled back alone, and its deadline comes again later (1, 2, 4 ... minutes), at most eight
    times; then it is marked failed and doctor shows it.
    """
    with transaction.atomic():
        due = list(
            Deadline.objects.select_for_update(skip_locked=True)
            .filter(state=Deadline.State.WAITING, due__lte=now)
            .order_by("due")[:limit]
        )
        for deadline in due:
            _act(deadline, now)
    return len(due)


def _act(deadline: Deadline, now: datetime) -> None:
    # Done is written first, so that a handler may set the deadline of the same key anew.
    Deadline.objects.filter(pk=deadline.pk).update(state=Deadline.State.DONE, done_at=now)
    try:
        with transaction.atomic(), tenancy.engine_acts_for(deadline.organisation_id):
            _handlers[deadline.kind](deadline, now)
    except Exception as error:
        log.exception("deadline %s of kind %s failed", deadline.pk, deadline.kind)
        attempts = deadline.attempts + 1
        failed = attempts >= MAX_ATTEMPTS
        Deadline.objects.filter(pk=deadline.pk).update(
            state=Deadline.State.FAILED if failed else Deadline.State.WAITING,
            due=deadline.due if failed else now + timedelta(minutes=2 ** (attempts - 1)),
            done_at=None,
            attempts=attempts,
            error=type(error).__name__,
        )
