"""How often something may be tried: leaky buckets in the database, so that every process counts in the same ones.

A try pours one into the bucket of whoever tries; the bucket drains by itself. Nobody is locked out for long: after
``refill_s`` seconds there is room for one more. Told by the machine's clock, for these are tries of the outside world.
Who tried is kept as a keyed digest only.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from efface.engine.base import sealing
from efface.engine.base.models import Bucket

FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """``size`` tries at once; after that one more each ``refill_s`` seconds."""

    name: str
    size: int
    refill_s: float


_POUR = """
INSERT INTO engine_bucket AS b (key, level, at) VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET at = %(now)s, level = 1 + GREATEST(0, b.level - {passed} / %(refill)s)
WHERE 1 + GREATEST(0, b.level - {passed} / %(refill)s) <= %(size)s
RETURNING level
""".replace("{passed}", "GREATEST(0, EXTRACT(EPOCH FROM %(now)s - b.at))")
_PUT_RIGHT = "UPDATE engine_bucket SET at = %(now)s WHERE key = %(key)s AND at > %(now)s + interval '1 minute'"


def _key(limit: Limit, who: str) -> str:
    return sealing.digest("limit/" + limit.name, who).hex()


def take(limit: Limit, who: str, now: datetime) -> float:
    """Count one try of ``who``. 0.0: it may go on; else the seconds until the next one is let in (it was not counted).

    Two tries at the same moment are counted one after the other: the row is locked until the transaction ends."""
    key = _key(limit, who)
    if secrets.randbelow(100) == 0:
        Bucket.objects.filter(at__lt=now - FORGOTTEN).delete()
    with connection.cursor() as cursor:
        # A machine's clock that ran ahead and was put right: the bucket drains from now on, not from that day on.
        cursor.execute(_PUT_RIGHT, {"key": key, "now": now})
        cursor.execute(_POUR, {"key": key, "now": now, "refill": limit.refill_s, "size": limit.size})
        if cursor.fetchone() is not None:
            return 0.0
    over = level(limit, who, now) + 1 - limit.size
    return max(1.0, over * limit.refill_s)


def take_all(tries: Iterable[tuple[Limit, str]], now: datetime) -> float:
    """Count one try in each of several buckets. 0.0: it may go on; else the longest wait, and none has counted it."""
    taken: list[tuple[Limit, str]] = []
    waits = 0.0
    for limit, who in tries:
        left = take(limit, who, now)
        waits = max(waits, left)
        if not left:
            taken.append((limit, who))
    if waits:
        for limit, who in taken:
            give_back(limit, who)
    return waits


def give_back(limit: Limit, who: str) -> None:
    """The try was a good one and does not count."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_bucket SET level = GREATEST(0, level - 1) WHERE key = %s", [_key(limit, who)])


def empty(limit: Limit, who: str) -> None:
    """Somebody was let in again: none of the tries counts any more."""
    Bucket.objects.filter(pk=_key(limit, who)).delete()


def level(limit: Limit, who: str, now: datetime) -> float:
    """How full the bucket is at this moment."""
    row = Bucket.objects.filter(pk=_key(limit, who)).first()
    if row is None:
        return 0.0
    return max(0.0, row.level - max(0.0, (now - row.at).total_seconds()) / limit.refill_s)


def minutes(seconds: float) -> int:
    """Whole minutes to tell somebody who waits, at least one."""
    return max(1, -(-int(seconds) // 60))
