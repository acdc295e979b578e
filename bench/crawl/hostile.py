"""Plays the hostile catalogue, one case after the other, and then has trap sites crawled for real."""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.crawl import after, alike, oddities, who  # noqa: F401 - their cases join the catalogue
from bench.crawl.catalogue import CASES, Case
from bench.crawl.stage import AsWorld, Stage, standing
from bench.crawl.traps import TRAPS
from efface.net.browser import Browser
from efface.net.decoder import Decoder
from efface.net.fetcher.context import Context
from efface.net.fetcher.decoding import Decoding
from efface.net.guard import Guard

LONGEST_S = 90.0
PAGES, VISITS = 20, 3
"""What a trap may cost: so many pages in each of so many visits, and each time robots.txt and some lists."""
MOST_REQUESTS = VISITS * (PAGES + 6)


def run(tell: Callable[[str], None], only: str = "") -> dict[str, Any]:
    """Every case: what was expected, what came of it, what it cost, and whether that is well."""
    cases = [one for one in CASES if only in one.name]
    told = asyncio.run(_all(cases, tell))
    if not only:
        told += _traps(tell)
    return {"cases": told, "ok": sum(one["ok"] for one in told), "all": len(told)}


async def _all(cases: list[Case], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    decoder, browser = Decoder(models=None), Browser()
    told = []
    try:
        for one in cases:
            told.append(await play(one, decoder, browser))
            tell(f"{'ok ' if told[-1]['ok'] else 'NOT'} {one.name}: {told[-1]['got']}")
    finally:
        browser.close()
        decoder.close()
    return told


async def play(one: Case, decoder: Decoder, browser: Browser) -> dict[str, Any]:
    """One case on a stage of its own."""
    with standing() as stage:
        decoding = Decoding(decoder, own=False)
        context = Context(Guard(world=stage.world()), decoding, None, browser=browser)
        before, began = _resident(), time.monotonic()
        try:
            async with asyncio.timeout(LONGEST_S):
                got = await one.play(stage, context)
        except TimeoutError:
            got = "did not end"
        except Exception as error:  # a case that fails is a case that fails, not the end of the catalogue
            got = f"{type(error).__name__}: {error}"[:200]
        cost = _cost(stage, time.monotonic() - began, max(0.0, _resident() - before))
        await context.lines.close()
        await decoding.close()
    within = _within(one, cost)
    ok = within and got in one.expected.split(" or ")
    return {"case": one.name, "expected": one.expected, "got": got, "ok": ok, **cost}


def _cost(stage: Stage, seconds: float, grown: float) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 1), "requests": sum(stage.requests.values()), "bytes": sum(stage.sent.values()),
        "grown_mb": round(grown, 1),
    }  # fmt: skip


def _within(one: Case, cost: dict[str, Any]) -> bool:
    most = one.budget
    return bool(
        cost["seconds"] <= most.seconds and cost["requests"] <= most.requests and cost["bytes"] <= most.sent
        and cost["grown_mb"] <= most.grown_mb
    )  # fmt: skip


def _resident() -> float:
    """Megabytes of this process, which stands for the fetcher."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _traps(tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Sites that never end, crawled by an installation: each is left within its budget, and its one gallery found."""
    from bench.crawl.ours import OPENS, crawling

    told = []
    with standing() as stage, tempfile.TemporaryDirectory(prefix="efface-bench-") as name:
        Path(name).chmod(0o711)
        seeds = [stage.add(trap.host, trap.answer) for trap in TRAPS]
        world = AsWorld(stage)
        try:
            with crawling(Path(name) / "data", world, seeds, None, consents=(), pages=PAGES) as bench:  # type: ignore[arg-type]
                for day in range(VISITS):
                    bench.crawl(world.start + OPENS + timedelta(days=day, seconds=1))
        finally:
            os.close(world.descriptor)
        for trap in TRAPS:
            requests = stage.requests[trap.host]
            got = "left" if requests <= MOST_REQUESTS else "not left"
            got += ", gallery read" if trap.reached() else ", gallery not read"
            ok = got == "left, gallery read"
            told.append({"case": f"trap: {trap.name}", "expected": "left, gallery read", "got": got, "ok": ok,
                         "requests": requests, "most": MOST_REQUESTS})  # fmt: skip
            tell(f"{'ok ' if ok else 'NOT'} trap: {trap.name}: {got} ({requests} requests)")
    return told
