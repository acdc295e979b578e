"""Connections and pins outlive a request for some seconds, and no longer; nobody's are closed under them."""

from __future__ import annotations

import asyncio

from efface.net.connect import Connectors
from efface.net.fetcher import lines
from efface.net.fetcher.lines import Lines
from efface.net.guard import Guard
from tests.net.internet import running


async def _pins(connectors: Connectors) -> None:
    await connectors.resolver.pins("page.example.org", 80)


def test_a_name_is_resolved_once_for_requests_that_follow_each_other() -> None:
    async def work(guard: Guard) -> list[int]:
        counted = []
        kept = Lines(guard)
        for turn in range(3):
            if turn == 2:
                kept._lines["example.org"].until = -1.0
            async with kept.use("example.org") as connectors:
                await _pins(connectors)
            counted.append(len(internet.queries))
        await kept.close()
        return counted

    with running() as internet:
        internet.names["page.example.org"] = ["45.66.77.88"]
        once, again, late = asyncio.run(work(Guard(world=internet.world())))
    assert 0 < once == again < late


def test_an_old_line_is_closed_when_its_last_user_is_gone() -> None:
    async def work(guard: Guard) -> tuple[bool, bool]:
        kept = Lines(guard)
        async with kept.use("example.org") as first:
            kept._lines["example.org"].until = -1.0
            async with kept.use("example.org") as second:
                distinct = first is not second
            await _pins(first)
        await kept.close()
        return distinct, not kept._lines

    with running() as internet:
        internet.names["page.example.org"] = ["45.66.77.88"]
        assert asyncio.run(work(Guard(world=internet.world()))) == (True, True)


def test_few_are_kept_while_nobody_uses_them() -> None:
    async def work() -> int:
        kept = Lines(Guard())
        for number in range(lines.MOST + 10):
            async with kept.use(f"site-{number}.example"):
                pass
        left = len(kept._lines)
        await kept.close()
        return left

    assert asyncio.run(work()) <= lines.MOST
