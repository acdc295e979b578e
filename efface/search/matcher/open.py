"""Pictures of which the matcher has asked what they show at some places, and was not told yet."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from efface.vision.local.index import Candidate

KEEP_S = 300.0
"""As long as the fetcher may work on one request, and somewhat longer: what it tells later is told to nobody."""
MOST = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """``names``: token, digest of the address and SHA-256 of the picture, as they were pushed."""

    names: tuple[str, str, str]
    candidates: Sequence[Candidate[Any]]
    until: float


class Open:
    """``clock`` gives seconds that only grow (tests hand in their own)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count(1 + secrets.randbelow(1 << 48))
        self._asked: OrderedDict[int, Asked] = OrderedDict()

    def add(self, names: tuple[str, str, str], candidates: Sequence[Candidate[Any]]) -> int:
        """The number under which the answer is expected, for some minutes."""
        now = self._clock()
        with self._lock:
            while self._asked:
                first = next(iter(self._asked))
                if self._asked[first].until > now and len(self._asked) < MOST:
                    break
                del self._asked[first]
            number = next(self._numbers)
            self._asked[number] = Asked(names, candidates, now + KEEP_S)
            return number

    def take(self, number: int) -> Asked | None:
        """What was asked under this number; None where it was not, or too long ago. Only once."""
        with self._lock:
            asked = self._asked.pop(number, None)
        return asked if asked is not None and asked.until > self._clock() else None
