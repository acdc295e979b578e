"""Whose turn a site is: one worker of all hosts visits it at a time, and never before its next request is allowed.

The next allowed moment stands in the site's lease. It counts from the end of what was asked last: a request that left
late is not followed too soon.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from efface.engine.base import leases

PATIENCE_S = 20.0
"""How long a fetcher that is restarting is waited for."""
RESTS = 60
"""A page of which nothing came back, for its worker died, is asked for again after so many turns of its site."""


@dataclass
class Turn:
    """A site's turn that is ours. ``rest_s`` until the next one, known once the site is; ``at``: the moment by which
    turns are told, None for the database's clock."""

    lease: leases.Lease
    began: float
    rest_s: float = 0.0
    at: datetime | None = None

    def rests(self, rest_s: float) -> None:
        """Something is asked for now: no other turn begins within ``rest_s`` seconds, whatever becomes of this one.
        Inside a transaction. Raises ``leases.Lost``."""
        leases.rest(self.lease, rest_s=rest_s, at=self.at)
        self.rest_s = rest_s

    def ended(self, now: datetime) -> datetime:
        """The moment at which it ends, of a turn that began at ``now``: under a driven clock the same."""
        return now + timedelta(seconds=time.monotonic() - self.began) if self.at is None else now


def key_of(site: uuid.UUID) -> str:
    """The name of a site's lease."""
    return f"site:{site}"


@contextmanager
def of(site: uuid.UUID, now: datetime, *, rest_s: float, real: bool, patiently: bool = False) -> Iterator[Turn]:
    """The site's turn. ``real``: the machine's own time runs, and the database's clock tells the turns for all hosts;
    else ``now`` does. ``patiently``: another worker's end is waited for (under a driven clock no virtual moment may
    pass). Raises ``leases.Held``."""
    key, at = key_of(site), None if real else now
    lease = leases.await_(key, at=at) if patiently else leases.take(key, rest_s=rest_s, at=at)
    turn = Turn(lease, time.monotonic(), rest_s, at)
    try:
        yield turn
    finally:
        leases.give_back(lease, rest_s=turn.rest_s, at=at)


def resting(delay_s: float) -> timedelta:
    """How long a page rests that was asked for and of which nothing came back. The request may have left as much later
    as a fetcher that was restarting was waited for."""
    return timedelta(seconds=RESTS * delay_s + PATIENCE_S) if delay_s else timedelta(0)
