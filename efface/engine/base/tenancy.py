"""Which organisation a transaction works for. Unset means no rows, so every piece of work says it first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import connection, transaction

from efface.engine.base import sealing, training

_investigates: ContextVar[bool] = ContextVar("investigates", default=False)
"""Whether the transaction of this thread is an investigator's."""


def _write(values: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(values)),
            [part for pair in values.items() for part in pair],
        )


def _read(names: list[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(["current_setting(%s, true)"] * len(names)), names)
        return {name: value or "" for name, value in zip(names, cursor.fetchone(), strict=True)}


@contextmanager
def _setting(**given: str) -> Iterator[None]:
    values = {f"efface.{name}": value for name, value in given.items()}
    # The settings end with the transaction: only inside another one is there something to set back.
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        before = {} if outermost else _read(list(values))
        _write(values)
        yield
        if before:
            _write(before)


@contextmanager
def organisation(organisation_id: uuid.UUID | str, case_id: uuid.UUID | str | None = None) -> Iterator[None]:
    """A transaction that sees one organisation's rows, and one case's only where ``case_id`` is given (the portal)."""
    with training.working_for(organisation_id), _setting(org=str(organisation_id), case=str(case_id or "")):
        yield


@contextmanager
def investigator(organisation_id: uuid.UUID | str, user_id: uuid.UUID, now: datetime) -> Iterator[None]:
    """A transaction of an investigator: of cases it sees those that stand referred to them ``now``, of what else the
    organisation owns what a model opens (``police_may``), and it writes nothing of either."""
    given = {"org": str(organisation_id), "case": "", "investigator": str(user_id), "moment": now.isoformat()}
    with training.working_for(organisation_id), _setting(**given):
        before = _investigates.set(True)
        try:
            yield
        finally:
            _investigates.reset(before)


@contextmanager
def on_their_word() -> Iterator[None]:
    """Inside an investigator's transaction: the organisation itself notes what they asked or took. For functions of the
    rooms that write one thing and show nothing; the case must have been opened by its referral before. In anybody
    else's it changes nothing and costs nothing."""
    if not _investigates.get():
        yield
        return
    before = _investigates.set(False)
    try:
        with _setting(investigator=""):
            yield
    finally:
        _investigates.reset(before)


@contextmanager
def keys_shut() -> Iterator[None]:
    """Inside an organisation's transaction: no key of a case is given out, neither by the database nor from memory."""
    with sealing.shut(), _setting(shut="yes"):
        yield


@contextmanager
def nobody() -> Iterator[None]:
    """A transaction that sees global tables only."""
    with training.working_for(None), _setting(org="", case="", user="", lookup=""):
        yield


@contextmanager
def looking_up(*, user: str = "", lookup: str = "") -> Iterator[None]:
    """A transaction that sees the signed-in user's own memberships, or the one access code with this digest."""
    with _setting(user=user, lookup=lookup):
        yield


@contextmanager
def engine_acts_for(organisation_id: uuid.UUID | None) -> Iterator[None]:
    """Inside the scheduler's transaction: become the app role for one organisation, for the length of one effect.

    The caller is already in a transaction. Role and organisation are set for the transaction and set back after.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('efface.org', true)")
        role, organisation = cursor.fetchone()
        cursor.execute(_ACT, ["efface_app", str(organisation_id or "")])
    with training.working_for(organisation_id):
        yield
    # After an error the caller's savepoint rolls role and organisation back.
    with connection.cursor() as cursor:
        cursor.execute(_ACT, [role, organisation or ""])


_ACT = "SELECT set_config('role', %s, true), set_config('efface.org', %s, true)"
