"""The loop of the processes that serve, and what they do before they serve."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest

from efface.net import process


async def _which() -> str:
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_serves_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert process.run(_which()).startswith("uvloop")


def test_pythons_own_loop_serves_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert process.run(_which()).startswith("asyncio")


def test_what_was_loaded_is_walked_no_more_and_cycles_are_still_found() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        process.settle()
        assert gc.get_freeze_count() > frozen
        assert gc.isenabled() and gc.get_threshold()[0] > before[0]
        found = gc.collect()
        loop: list[object] = []
        loop.append(loop)
        del loop
        assert gc.collect() >= 1 and found >= 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
