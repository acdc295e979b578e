"""The one deadline table. Rooms register a handler for a kind; the scheduler fires what is due, in batches.

A handler runs as the app role inside the deadline's organisation, in the same transaction that marks the deadline done,
so an effect and its next deadline happen together or not at all. Handlers are short: slow work is deferred as a job,
which is enqueued in the same transaction. Of a kind that comes by the thousand the handler gets all that a batch holds
of one organisation at once, and reads and writes each table once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from efface.engine.base import tenancy, training
from efface.engine.base.ids import uuid7
from efface.engine.base.models import Deadline

log = logging.getLogger(__name__)
Handler = Callable[[Deadline, datetime], None]
Together = Callable[[list[Deadline], datetime], None]
_handlers: dict[str, Handler] = {}
_together: dict[str, Together] = {}
BATCH = 250
MAX_ATTEMPTS = 8


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that acts when a deadline of this kind is due."""

    def register(function: Handler) -> Handler:
        if kind in _handlers or kind in _together:
            raise ValueError(f"two handlers for deadline {kind}")
        _handlers[kind] = function
        return function

    return register


def handler_of_many(kind: str) -> Callable[[Together], Together]:
    """Register the function that acts on all due deadlines of this kind and one organisation at once. Where it fails,
    it is called again for each of them alone, so that one that cannot be acted on holds up no other."""

    def register(function: Together) -> Together:
        if kind in _handlers or kind in _together:
            raise ValueError(f"two handlers for deadline {kind}")
        _together[kind] = function
        return function

    return register


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline to be set: as the arguments of ``set_deadline``."""

    kind: str
    subject: uuid.UUID
    due: datetime
    organisation: uuid.UUID | None = None
    case: uuid.UUID | None = None
    key: str = ""
    statutory: bool = False


SET_TOGETHER = """
    INSERT INTO engine_deadline (id, organisation_id, case_id, kind, subject, key, due, original_due, statutory,
                                          state, attempts, error)
    SELECT id, organisation, "case", kind, subject, key, due, due, statutory, 'waiting', 0, ''
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::timestamptz[], %s::bool[])
         AS given (id, organisation, "case", kind, subject, key, due, statutory)
    ON CONFLICT (key) DO UPDATE
    SET organisation_id = excluded.organisation_id, case_id = excluded.case_id, kind = excluded.kind,
        subject = excluded.subject, due = excluded.due, original_due = excluded.due, statutory = excluded.statutory,
        state = 'waiting', done_at = NULL, attempts = 0, error = ''
"""
"""Arrays instead of a row of values each: with hundreds of rows the text of a statement costs more than its work."""


def set_together(wanted: Iterable[Due]) -> None:
    """Set or move many deadlines with one statement. Of the same key the last one counts."""
    rows = {one.key or f"{one.kind}:{one.subject}": one for one in wanted}
    # In one order everywhere, so that two writers never wait for each other in a circle.
    keys = sorted(rows)
    if not keys:
        return
    some = [rows[key] for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(SET_TOGETHER, [
            [uuid7() for _ in keys], [one.organisation for one in some], [one.case for one in some],
            [one.kind for one in some], [one.subject for one in some], keys, [one.due for one in some],
            [one.statutory for one in some],
        ])  # fmt: skip


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
    set_together([Due(kind, subject, due, organisation, case, key, statutory)])


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
    return _waiting().order_by("due").values_list("due", flat=True).first()


def _waiting() -> QuerySet[Deadline]:
    """Those that will fire. Time stands still in training."""
    rows = Deadline.objects.filter(state=Deadline.State.WAITING)
    still = training.organisations()
    return rows.filter(Q(organisation=None) | ~Q(organisation__in=still)) if still else rows


def fire(now: datetime, limit: int = BATCH) -> int:
    """Claim up to ``limit`` due deadlines and act on them, in one transaction. Returns how many were claimed.

    A handler that fails is rolled back alone, and its deadline comes again later (1, 2, 4 ... minutes), at most eight
    times; then it is marked failed and doctor shows it.
    """
    with transaction.atomic():
        due = list(
            _waiting().select_for_update(skip_locked=True).filter(due__lte=now).order_by("due")[:limit]
        )
        groups: dict[tuple[str, uuid.UUID | None], list[Deadline]] = {}
        for deadline in due:
            if deadline.kind in _together:
                groups.setdefault((deadline.kind, deadline.organisation_id), []).append(deadline)
            else:
                _act(deadline, now)
        for (kind, organisation), group in groups.items():
            _act_together(_together[kind], organisation, group, now)
    return len(due)


def _act_together(act: Together, organisation: uuid.UUID | None, group: list[Deadline], now: datetime) -> None:
    try:
        with transaction.atomic():
            rows = Deadline.objects.filter(pk__in=[one.pk for one in group])
            rows.update(state=Deadline.State.DONE, done_at=now)
            with tenancy.engine_acts_for(organisation):
                act(group, now)
    except Exception:
        log.exception("%d deadlines of kind %s failed together; each is tried alone", len(group), group[0].kind)
        for deadline in group:
            _act(deadline, now)


def _act(deadline: Deadline, now: datetime) -> None:
    # Done is written first, so that a handler may set the deadline of the same key anew.
    Deadline.objects.filter(pk=deadline.pk).update(state=Deadline.State.DONE, done_at=now)
    try:
        with transaction.atomic(), tenancy.engine_acts_for(deadline.organisation_id):
            if deadline.kind in _together:
                _together[deadline.kind]([deadline], now)
            else:
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
