"""Connections kept between two requests for the same site, for some seconds: a page is seldom asked for alone.

With the connections live the pinned addresses, each of which was judged. After ``KEEP_S`` a name is resolved anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from efface.net.connect import Connectors, tls_context
from efface.net.guard import Guard

KEEP_S = 20.0
MOST = 24
"""Sites to which connections are kept while nobody uses them."""


@dataclass(slots=True)
class _Line:
    connectors: Connectors
    until: float
    users: int = 0


class Lines:
    """One per process."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._lines: dict[str, _Line] = {}

    @contextlib.asynccontextmanager
    async def use(self, site: str) -> AsyncIterator[Connectors]:
        """The connections of a site; new ones where there are none, or where these are too old."""
        now = asyncio.get_running_loop().time()
        line = self._lines.get(site)
        if line is None or line.until < now:
            old = line
            line = self._lines[site] = _Line(Connectors(self._guard, tls_context()), now + KEEP_S)
            line.users += 1
            if old is not None and not old.users:
                await old.connectors.close()
        else:
            line.users += 1
        try:
            yield line.connectors
        finally:
            line.users -= 1
            if not line.users and self._lines.get(site) is not line:
                await line.connectors.close()
            await self._tidy()

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        idle = [(line.until, site) for site, line in self._lines.items() if not line.users]
        idle.sort()
        # Taken out before anything is waited for: others tidy at the same time, and a line in use stays.
        spare = [site for number, (until, site) in enumerate(idle) if until < now or len(idle) - number > MOST]
        for line in [self._lines.pop(site) for site in spare]:
            await line.connectors.close()

    async def close(self) -> None:
        for line in self._lines.values():
            await line.connectors.close()
        self._lines.clear()
