"""Signs of life: which worker processes there are, on which hosts. By the database's clock, one for all of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from efface.engine.base import leases
from efface.engine.base.models import Worker

BEAT_S = 2.0
"""Seconds between two signs of life."""
SILENT_S = 10.0
"""Who gave none for so long is taken for dead."""
FORGOTTEN = "1 day"
SKEWED_S = 5.0
"""A host whose clock is off by more is told of: what is due is told by it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A worker as doctor shows it; ``silent_s`` since its last sign of life."""

    host: str
    pid: int
    queues: str
    silent_s: float
    skew_s: float

    @property
    def alive(self) -> bool:
        return self.silent_s <= SILENT_S

    @property
    def skewed(self) -> bool:
        return abs(self.skew_s) > SKEWED_S


def sign(queues: Sequence[str], machine: datetime) -> None:
    """Give a sign of life and keep what this process holds. ``machine``: the host's own time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO engine_worker (id, host, pid, queues, began_at, seen_at, skew_s)
            VALUES (%(id)s, %(host)s, %(pid)s, %(queues)s, clock_timestamp(), clock_timestamp(),
                    EXTRACT(EPOCH FROM %(machine)s - clock_timestamp()))
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, skew_s = excluded.skew_s
            """,
            {
                "id": leases.me(), "host": socket.gethostname()[:100], "pid": os.getpid(),
                "queues": ",".join(queues)[:200], "machine": machine,
            },
        )  # fmt: skip
    leases.keep()


def leave() -> None:
    """This process ends: what it held returns at once."""
    leases.hand_back()
    Worker.objects.filter(pk=leases.me()).delete()


def forget() -> int:
    """Drop those that died long ago. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM engine_worker WHERE seen_at < clock_timestamp() - %s::interval", [FORGOTTEN])
        return int(cursor.rowcount)


def signs() -> list[Sign]:
    """All that are known, the liveliest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT host, pid, queues, EXTRACT(EPOCH FROM clock_timestamp() - seen_at)::float, skew_s"
            " FROM engine_worker ORDER BY seen_at DESC, id"
        )
        return [Sign(host, pid, queues, max(0.0, silent), skew) for host, pid, queues, silent, skew in cursor]
