"""What the operations of the fetcher share."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from publicsuffixlist import PublicSuffixList
from yarl import URL

from efface.net.address import literal
from efface.net.browser import Browser
from efface.net.fetch import BOT_AGENT, BROWSER_AGENT, Session
from efface.net.fetcher.decoding import Decoding
from efface.net.fetcher.lines import Lines
from efface.net.fetcher.push import Push
from efface.net.fetcher.recent import Recent
from efface.net.guard import Guard
from efface.net.protocol import Limits
from efface.net.spacing import Spacing

ExtraOps = dict[str, tuple[type, Callable[[Any, Guard], Awaitable[Any]]]]
"""Operations that rooms above add: name -> (type of the request, coroutine of request and guard)."""

_suffixes = PublicSuffixList(accept_unknown=True)


class Budget:
    """Bytes of bodies held at once by the whole process. A body is reserved whole before it is read and given back when
    it is decoded; nobody waits for a second while holding a first, so it cannot lock up."""

    def __init__(self, total: int) -> None:
        self.free = self.total = total
        self.change = asyncio.Condition()

    def share(self) -> Share:
        return Share(self)


class Share:
    """What one body holds of a ``Budget``."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    async def take(self, size: int) -> None:
        """Wait for ``size`` bytes, in the place of those held before (a redirect has a body too)."""
        await self.give()
        size = min(size, self._budget.total)
        async with self._budget.change:
            await self._budget.change.wait_for(lambda: self._budget.free >= size)
            self._budget.free -= size
            self.held = size

    async def give(self) -> None:
        async with self._budget.change:
            self._budget.free += self.held
            self.held = 0
            self._budget.change.notify_all()


class Context:
    """One per process."""

    def __init__(
        self,
        guard: Guard,
        decoding: Decoding,
        push: Push | None,
        agent: str = BOT_AGENT,
        browser: Browser | None = None,
    ) -> None:
        self.guard = guard
        self.decoding = decoding
        self.push = push
        self.agent = agent
        self.browser = browser or Browser(enabled=False)
        self.browser_agent = BROWSER_AGENT
        self.recent = Recent()
        self.lines = Lines(guard)
        self.memory = Budget(128 * 1024 * 1024)
        self._answered: OrderedDict[str, tuple[str, float]] = OrderedDict()

    @contextlib.asynccontextmanager
    async def session(
        self, limits: Limits, url: str = "", spacing: Spacing | None = None
    ) -> AsyncIterator[Session]:  # fmt: skip
        """For the fetches of one request; with ``url``, over connections that are kept for its site; with ``spacing``,
        pages of one site some seconds apart."""
        site = site_of(url) if url else ""
        if not site:
            async with Session(self.guard, limits, self.agent, spacing=spacing) as session:
                yield session
            return
        async with (
            self.lines.use(site) as connectors,
            Session(self.guard, limits, self.agent, connectors) as session,
        ):
            yield session

    def note_answer(self, url: str) -> None:
        """Remember that the site of ``url`` answered: it is a control for others."""
        site = site_of(url)
        if site:
            self._answered[site] = (str(URL(url).origin()) + "/", time.monotonic())
            self._answered.move_to_end(site)
            while len(self._answered) > 32:
                self._answered.popitem(last=False)

    def answered_since(self, url: str, moment: float) -> bool:
        """Whether another site than that of ``url`` answered since ``moment`` (``time.monotonic``)."""
        here = site_of(url)
        return any(at >= moment for site, (_, at) in self._answered.items() if site != here)

    def unrelated(self, url: str, most: int = 3) -> list[str]:
        """The front pages of other sites that answered last."""
        here = site_of(url)
        return [front for site, (front, _) in reversed(self._answered.items()) if site != here][:most]


def site_of(url: str) -> str:
    """The registered domain of an address, or its host where there is none."""
    try:
        return _site_of_host(URL(url).raw_host or "")
    except (ValueError, TypeError):
        return ""


@functools.lru_cache(maxsize=8192)
def _site_of_host(host: str) -> str:
    """Raises ``ValueError``."""
    if literal(host) is not None:
        return host
    return str(_suffixes.privatesuffix(host) or host)
