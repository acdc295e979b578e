"""The run in which workers are killed: that its counting sees what it must, and that it comes out clean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.crawl.asked import read
from bench.crawl.killed import run

LOG = [
    "10.00 200 a.example /robots.txt",
    "10.10 200 a.example /",
    "10.15 200 a.example /m/1.jpg",
    "11.10 304 a.example /v/1",
    "40.00 200 a.example /",
    "10.00 302 b.example /old",
    "10.10 200 b.example /new",
    "10.40 200 b.example /next",
    "10.00 200 elsewhere.example /",
]
SEEN = read(LOG, frozenset({"/m/1.jpg"}), {"a.example", "b.example"})


def test_pages_asked_for_twice_are_counted_within_the_interval() -> None:
    assert SEEN.twice_within(30.0) == [("a.example", "/")]
    assert SEEN.twice_within(29.0) == []
    assert SEEN.again() == 1


def test_hosts_asked_too_soon_are_counted_and_a_redirect_is_one_request() -> None:
    assert SEEN.too_soon(0.5) == ["b.example"]
    assert SEEN.too_soon(0.4) == []
    assert SEEN.too_soon(1.2) == ["a.example", "b.example"]


def test_the_command_starts_before_any_installation_is_set_up() -> None:
    """As its own process does: what it imports must not ask for a database."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "EFFACE_"))}
    for module in ("killed", "compare", "growth", "hostile", "carried"):
        done = subprocess.run(
            [sys.executable, "-c", f"import bench.crawl.{module}"], capture_output=True, text=True, check=False,
            env=clean, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == 0, f"{module}: {done.stderr[-300:]}"


@pytest.mark.slow
def test_three_workers_killed_at_random_lose_nothing_and_ask_nothing_twice() -> None:
    found = run(7, print, sites=16, pages=90, least_kills=6)
    assert found["kills"] >= 6 and found["pages"] >= 60, found
    assert (found["lost"], found["fetched_twice"], found["over_rate_sites"]) == (0, 0, 0), found
