"""The hostile catalogue: every case has the outcome it must have, within its budget, against the real fetcher."""

from __future__ import annotations

import asyncio

import pytest

from bench.crawl import hostile
from bench.crawl.catalogue import CASES, Budget, Case
from bench.crawl.stage import Stage
from efface.net.browser import Browser
from efface.net.browser.runner import executable
from efface.net.decoder import Decoder
from efface.net.fetcher.context import Context

PLAIN = [case for case in CASES if not case.name.startswith("script: ")]
SCRIPTS = [case for case in CASES if case.name.startswith("script: ")]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_case(case: Case, decoder: Decoder) -> None:
    told = asyncio.run(hostile.play(case, decoder, Browser(enabled=False)))
    assert told["got"] == case.expected
    assert told["ok"], told


@pytest.mark.slow
@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: case.name)
def test_script(case: Case, decoder: Decoder) -> None:
    if not executable():
        pytest.skip("no Chromium on this machine: install the package chromium")
    browser = Browser()
    try:
        told = asyncio.run(hostile.play(case, decoder, browser))
    finally:
        browser.close()
    assert told["ok"], told


def test_names_are_told_apart() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 90


def _case(expected: str, budget: Budget) -> Case:
    async def play(stage: Stage, context: Context) -> str:
        from bench.crawl.catalogue import look, said
        from bench.crawl.stage import page

        url = stage.add("hostile.example.net", lambda _: page("<p>" + "Some words. " * 90))
        return said(await look(context, url), url)

    return Case("made up", expected, play, budget)


@pytest.mark.parametrize(
    ("expected", "budget", "ok"),
    [("read", Budget(), True), ("missing", Budget(), False), ("read", Budget(requests=0), False),
     ("read", Budget(sent=10), False), ("read", Budget(seconds=-1.0), False)],
)  # fmt: skip
def test_a_wrong_outcome_and_a_budget_that_is_broken_are_seen(
    expected: str, budget: Budget, ok: bool, decoder: Decoder
) -> None:
    assert asyncio.run(hostile.play(_case(expected, budget), decoder, Browser(enabled=False)))["ok"] is ok
