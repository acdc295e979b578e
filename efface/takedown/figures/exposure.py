"""How much of what is hard to see was looked at: told by whoever counts looks (a door), known here as sums only."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DAYS = 28
FEWEST_WORKERS = 3


@dataclass(frozen=True, slots=True)
class Looks:
    """Pictures revealed in ``shifts`` shifts of ``workers`` people, together."""

    reveals: int
    shifts: int
    workers: int


Counter = Callable[[uuid.UUID, datetime, datetime], Looks | None]
_counters: list[Counter] = []


def register(counter: Counter) -> None:
    """``counter(organisation, since, until)`` says what was looked at. The last one registered is asked."""
    _counters[:] = [counter]


def told(organisation: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Looks a shift over four weeks, as a mean; nothing where fewer than three people would be told of (of
    two, each could reckon the other's), or nobody counts."""
    looks = _counters[0](organisation, now - timedelta(days=DAYS), now) if _counters else None
    if looks is None or looks.shifts == 0 or looks.workers < FEWEST_WORKERS:
        return {"reveals_a_shift": None}
    return {"reveals_a_shift": round(looks.reveals / looks.shifts, 1)}
