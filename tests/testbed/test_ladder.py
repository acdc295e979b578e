"""Climbing the ladder by the book, planted copies can be got rid of within ninety days, and some come back."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

from testbed import desks, happen, score
from testbed.model import Item, load, show_time
from testbed.notice import Notice
from testbed.replies import Outgoing
from testbed.state import State


class Climber:
    """Writes to operator, host, CDN, upstream and registrar in turn, a reminder after a week, then the next rung."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.directory = happen.directory(state)
        self.sent: Counter[tuple[str, str]] = Counter()
        self.last: dict[str, int] = {}
        self.mails: list[Outgoing] = []
        self.number = 0

    def parties(self, item: Item) -> list[str]:
        world = self.state.world
        site = world.site(item.site)
        operator = world.operator(site.operator)
        hosts = {url.split("/")[2] for url in item.urls()}
        rungs = [] if operator.extortion or not operator.mailbox else [operator.mailbox]
        for key in sorted({self.state.host_of(host) for host in hosts}):
            host = world.provider(key)
            rungs += [host.stale_abuse or host.abuse, host.abuse]
        rungs += [world.provider(site.cdn).abuse] if site.cdn else []
        rungs += [world.provider(world.provider(site.host).upstream).abuse]
        return [*rungs, world.registrar(site.registrar).abuse]

    def write(self, address: str, item: Item) -> None:
        desk = self.directory[address]
        if desks.refusal(desk.behaviour) is not None:
            return
        self.number += 1
        step = self.sent[(address, item.id)]
        happen.receive(
            self.state,
            desk,
            Notice(f"<{self.number}@efface>", "notices@org", "reply@org", [address], "Notice", item.urls(), step),
        )

    def round(self, day: int) -> None:
        for item in self.state.world.items:
            if not any(self.state.stands(url) or self.state.in_cache(url) for url in item.urls()):
                continue
            if self.state.item_of.get(item.page_urls[0]) != item.id or day - self.last.get(item.id, -7) < 7:
                continue
            self.last[item.id] = day
            for address in self.parties(item):
                if self.sent[(address, item.id)] < 2:
                    self.sent[(address, item.id)] += 1
                    self.write(address, item)
                    if self.directory[address].behaviour not in {"bounces", "mailbox-full"}:
                        break


def test_nearly_everything_can_be_removed_and_returns_happen(folder: Path) -> None:
    state = State(load(folder), folder)
    climber = Climber(state)

    async def keep(mail: Outgoing) -> None:
        climber.mails.append(mail)

    async def run() -> None:
        start = state.now
        await happen.advance(state, start, keep)
        for day in range(91):
            await happen.advance(state, start + timedelta(days=day), keep)
            climber.round(day)

    asyncio.run(run())
    standing = [
        item.id
        for item in state.world.items
        if any(state.stands(url) for url in item.urls()) and state.item_of.get(item.page_urls[0]) == item.id
    ]
    end = show_time(state.now)
    state.close()
    figures = score.score(folder, {"candidates": [], "findings": [], "notices": []})
    assert figures["planted"] >= 20
    assert figures["gone_at_end"] >= 0.9 * figures["planted"], standing
    assert figures["reappeared_planted"] >= 3
    assert figures["wrong_party_notices"] == 0
    assert figures["duplicate_notices"] == 0
    assert end.startswith("2026-11-30")
    assert {b"Auto-Submitted" in mail.data for mail in climber.mails} == {True, False}
