"""The run in which workers are killed: that its counting sees what it must, and that it comes out clean."""

from __future__ import annotations

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


@pytest.mark.slow
def test_three_workers_killed_at_random_lose_nothing_and_ask_nothing_twice() -> None:
    found = run(7, print, sites=16, pages=90, least_kills=6)
    assert found["kills"] >= 6 and found["pages"] >= 60, found
    assert (found["lost"], found["fetched_twice"], found["over_rate_sites"]) == (0, 0, 0), found
