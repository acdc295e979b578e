"""What look-ups of one fetcher share: answers still fresh enough for whoever asks, and manners towards servers."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")
MOST_ANSWERS = 20_000
MOST_BYTES = 64_000_000
MOST_GATES = 2_000
FAILED_S = 60.0
"""No failure is taken over that is older than this."""


class Shared:
    """Bounded in entries and bytes, oldest out first. ``clock`` gives seconds that never go back."""

    def __init__(
        self,
        most: int = MOST_ANSWERS,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_bytes, self._clock = most, most_bytes, clock
        self._kept: OrderedDict[Any, tuple[float, Any, Exception | None, int]] = OrderedDict()
        self._bytes = 0
        self._waiting: dict[Any, tuple[asyncio.Lock, int]] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}

    async def ask(
        self,
        key: Any,
        fresh_s: float,
        call: Callable[[], Awaitable[T]],
        size: Callable[[T], int],
        failure: type[Exception],
    ) -> T:
        """The answer to ``key``, of at most ``fresh_s`` seconds ago; whoever comes first asks, the others wait. With
        ``fresh_s`` 0 everybody asks for themselves and nothing is kept. Raises what ``call`` raises; a ``failure`` is
        shared too, for ``FAILED_S`` at most."""
        if fresh_s <= 0:
            return await call()
        lock, users = self._waiting.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._waiting[key] = (lock, users + 1)
        try:
            async with lock:
                kept = self._kept.get(key)
                if kept is not None:
                    age = self._clock() - kept[0]
                    if age <= (min(fresh_s, FAILED_S) if kept[2] is not None else fresh_s):
                        self._kept.move_to_end(key)
                        if kept[2] is not None:
                            raise kept[2]
                        answer: T = kept[1]
                        return answer
                try:
                    fresh = await call()
                except failure as error:
                    self._keep(key, None, error, 200)
                    raise
                self._keep(key, fresh, None, 200 + size(fresh))
                return fresh
        finally:
            lock, users = self._waiting[key]
            if users <= 1:
                del self._waiting[key]
            else:
                self._waiting[key] = (lock, users - 1)

    def _keep(self, key: Any, value: Any, error: Exception | None, size: int) -> None:
        before = self._kept.pop(key, None)
        self._bytes += size - (before[3] if before else 0)
        self._kept[key] = (self._clock(), value, error, size)
        while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped[3]

    @asynccontextmanager
    async def gate(self, name: str, most: int) -> AsyncIterator[None]:
        """At most ``most`` at once for ``name``, over all look-ups."""
        if name not in self._gates:
            if len(self._gates) >= MOST_GATES:
                self._gates = {key: one for key, one in self._gates.items() if one.locked()}
            self._gates[name] = asyncio.Semaphore(most)
        async with self._gates[name]:
            yield
