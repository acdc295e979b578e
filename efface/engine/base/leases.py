"""Leases: work that one worker does at a time, among any number of hosts.

A lease lasts while its holder gives signs of life (``workers``) and returns when it ends or dies. Each time it is taken
its token grows, and every write under it asks for the token first: a worker that comes back late finds that it holds
nothing any more, and writes nothing. Holding is told by the database's clock, which is one for all hosts.
"""

from __future__ import annotations

import os
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

LASTS_S = 10.0
"""How long a lease outlives its holder's last sign of life."""
PATIENCE_S = 30.0
"""Long enough for a dead holder's lease to end."""


class Held(Exception):
    """Somebody else has it, or its next turn has not come. ``wait_s`` seconds until it is worth asking again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"{wait_s:.1f} s")
        self.wait_s = wait_s


class Lost(Exception):
    """The lease is somebody else's by now: nothing may be written under it."""


_me: tuple[int, uuid.UUID] = (0, uuid.UUID(int=0))


def me() -> uuid.UUID:
    """This process, as a holder."""
    global _me
    if _me[0] != os.getpid():
        _me = (os.getpid(), uuid.uuid4())
    return _me[1]


@dataclass(frozen=True, slots=True)
class Lease:
    key: str
    token: int

    def check(self) -> None:
        """Inside a transaction, before anything is written in it: nobody takes the lease until it ends. Raises
        ``Lost``."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM engine_lease WHERE key = %s AND token = %s FOR SHARE", [self.key, self.token])
            if cursor.fetchone() is None:
                raise Lost(self.key)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction under this lease. Raises ``Lost``."""
        with transaction.atomic():
            self.check()
            yield


# A holder that died may have been at work until its last sign of life: its rest is counted from the end of the lease.
_TAKE = """
    INSERT INTO engine_lease AS held (key, token, holder, until, free_at)
    VALUES (%(key)s, %(first)s, %(me)s, clock_timestamp() + %(lasts)s, 'epoch')
    ON CONFLICT (key) DO UPDATE SET token = held.token + 1, holder = %(me)s, until = clock_timestamp() + %(lasts)s
    WHERE held.free_at <= coalesce(%(at)s, clock_timestamp())
        AND (held.holder IS NULL OR held.until + %(rest)s <= clock_timestamp())
        AND (%(behind)s = '' OR NOT EXISTS (
            SELECT FROM engine_lease AS first
            WHERE first.key = %(behind)s AND first.holder IS NOT NULL AND first.until > clock_timestamp()))
    RETURNING token
"""
_WAIT = """
    SELECT greatest(
        0, EXTRACT(EPOCH FROM free_at - coalesce(%(at)s, clock_timestamp())),
        CASE WHEN holder IS NOT NULL THEN EXTRACT(EPOCH FROM until + %(rest)s - clock_timestamp()) END
    )::float FROM engine_lease WHERE key = %(key)s
"""


def take(key: str, *, rest_s: float = 0.0, at: datetime | None = None, behind: str = "") -> Lease:
    """Raises ``Held``. ``rest_s``: how long after a holder's death it rests; ``at``: the moment that ``give_back``'s
    rest is measured by, the database's own where None; ``behind``: nor is it taken while somebody holds that key."""
    given: dict[str, Any] = {
        "key": key, "first": secrets.randbits(48), "me": me(), "lasts": _seconds(LASTS_S), "rest": _seconds(rest_s),
        "at": at, "behind": behind,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_typed(_TAKE), given)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_typed(_WAIT), given)
            found = cursor.fetchone()
            # Free, and somebody else goes first: after that one's turn.
            raise Held(max(0.05, found[0] if found and found[0] > 0 else rest_s))
    return Lease(key, int(row[0]))


def await_(key: str, *, patience_s: float = PATIENCE_S, at: datetime | None = None) -> Lease:
    """``take`` it as soon as its holder is through, or dead. Raises ``Held`` where that lasts."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return take(key, at=at)
        except Held as held:
            if time.monotonic() + held.wait_s > until:
                raise
            time.sleep(min(held.wait_s, 0.5))


def give_back(lease: Lease, *, rest_s: float = 0.0, at: datetime | None = None) -> None:
    """It is nobody's, and rests for ``rest_s`` seconds. Changes nothing where it was lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            _typed(
                "UPDATE engine_lease SET holder = NULL, until = clock_timestamp(),"
                " free_at = coalesce(%(at)s, clock_timestamp()) + %(rest)s WHERE key = %(key)s AND token = %(token)s"
            ),
            {"key": lease.key, "token": lease.token, "rest": _seconds(rest_s), "at": at},
        )


def rest(lease: Lease, *, rest_s: float, at: datetime | None = None) -> None:
    """Nobody takes it within ``rest_s`` seconds from now, its holder may be dead by then or not. Inside a transaction;
    raises ``Lost``."""
    with connection.cursor() as cursor:
        cursor.execute(
            _typed(
                "UPDATE engine_lease SET free_at = coalesce(%(at)s, clock_timestamp()) + %(rest)s"
                " WHERE key = %(key)s AND token = %(token)s"
            ),
            {"key": lease.key, "token": lease.token, "rest": _seconds(rest_s), "at": at},
        )
        if not cursor.rowcount:
            raise Lost(lease.key)


def revoke(key: str) -> None:
    """Whoever holds it holds nothing any more, once the caller's transaction ends: those who are writing under it are
    waited for, those who come after write nothing (``Lost``)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_lease AS held (key, token, holder, until, free_at)"
            " VALUES (%(key)s, %(first)s, NULL, clock_timestamp(), 'epoch')"
            " ON CONFLICT (key) DO UPDATE SET token = held.token + 1, holder = NULL, until = clock_timestamp()",
            {"key": key, "first": secrets.randbits(48)},
        )


def drop(lease: Lease) -> None:
    """Its work is done and never comes again under this key."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM engine_lease WHERE key = %s AND token = %s", [lease.key, lease.token])


def keep() -> int:
    """What this process holds lasts longer. Returns how much that is."""
    with connection.cursor() as cursor:
        cursor.execute(
            _typed("UPDATE engine_lease SET until = clock_timestamp() + %(lasts)s WHERE holder = %(me)s"),
            {"lasts": _seconds(LASTS_S), "me": me()},
        )
        return int(cursor.rowcount)


def hand_back() -> int:
    """This process ends: what it holds returns, and nothing that still runs in it writes any more. Each rests as long
    as one that died would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE engine_lease SET token = token + 1, until = clock_timestamp() WHERE holder = %s", [me()]
        )
        return int(cursor.rowcount)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} seconds"


def _typed(query: str) -> str:
    """With the types that the server cannot tell from a parameter alone."""
    for name, kind in (("lasts", "interval"), ("rest", "interval"), ("at", "timestamptz"), ("me", "uuid")):
        query = query.replace(f"%({name})s", f"%({name})s::{kind}")
    return query
