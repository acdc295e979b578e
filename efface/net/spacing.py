"""Manners of one operation that asks a site for several pages: they are asked for one after the other, so many seconds
apart. Media that a page shows are part of the page, as for any visitor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MOST_S = 30.0
"""No operation waits longer between two pages: a person waits for its answer."""
MOST_PAGES = 24
"""Pages of one site that an operation asks for, at most, by all its ways out."""


def longer_s(pace_s: float) -> float:
    """Seconds that an operation may take longer because it waits between pages."""
    return MOST_PAGES * bounded(pace_s)


def bounded(pace_s: float) -> float:
    return min(max(pace_s, 0.0), MOST_S)


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0


class Spacing:
    """``pace_s`` seconds lie between the end of one request for a page and the begin of the next to the same site;
    ``site_of`` tells the site of an address. With 0 nobody waits."""

    def __init__(self, pace_s: float, site_of: Callable[[str], str]) -> None:
        self._rest, self._site_of = bounded(pace_s), site_of
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """One request for a page, in its place."""
        if not self._rest:
            yield
            return
        line = self._lines.setdefault(self._site_of(url), _Line())
        clock = asyncio.get_running_loop().time
        async with line.lock:
            if line.free_at > clock():
                await asyncio.sleep(line.free_at - clock())
            try:
                yield
            finally:
                line.free_at = clock() + self._rest
