"""What the matcher asked is answered once, within some minutes, and never more of it is held than its bound."""

from __future__ import annotations

import threading

import pytest

from efface.net.fetcher.main import REQUEST_S
from efface.search.matcher import open as opening
from efface.search.matcher.open import KEEP_S, MOST, Open

NAMES = ("token", "0" * 64, "1" * 64)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_number_is_answered_once(clock: Clock) -> None:
    held = Open(clock)
    first, second = held.add(NAMES, ["a"]), held.add(("other", "", ""), ["b", "c"])  # type: ignore[list-item]
    assert first != second
    asked = held.take(first)
    assert asked is not None
    assert (asked.names, list(asked.candidates)) == (NAMES, ["a"])
    assert held.take(first) is None
    again = held.take(second)
    assert again is not None and again.names[0] == "other"


@pytest.mark.parametrize("off", [1, -1, 10**30, -(10**30)])
def test_a_number_that_was_not_given_is_nobodys(clock: Clock, off: int) -> None:
    held = Open(clock)
    given = held.add(NAMES, [])
    assert held.take(given + off) is None
    assert held.take(given) is not None


def test_after_a_restart_a_late_answer_meets_nobody_elses_number(clock: Clock) -> None:
    assert len({Open(clock).add(NAMES, []) for _ in range(20)}) == 20


def test_numbers_are_not_given_twice(clock: Clock) -> None:
    held = Open(clock)
    numbers = []
    for _ in range(50):
        numbers.append(held.add(NAMES, []))
        held.take(numbers[-1])
    assert len(set(numbers)) == 50


@pytest.mark.parametrize(("passed", "there"), [(0.0, True), (KEEP_S - 0.001, True), (KEEP_S, False), (1e9, False)])
def test_it_is_kept_for_some_minutes_by_its_clock(clock: Clock, passed: float, there: bool) -> None:
    held = Open(clock)
    number = held.add(NAMES, [])
    clock.now += passed
    assert (held.take(number) is not None) is there
    assert held.take(number) is None


def test_it_is_kept_as_long_as_the_fetcher_may_work_on_one_request() -> None:
    assert KEEP_S > REQUEST_S


def test_what_nobody_answers_is_dropped_when_the_next_is_asked(clock: Clock) -> None:
    held = Open(clock)
    for _ in range(10):
        held.add(NAMES, [])
    clock.now += KEEP_S / 2
    young = held.add(NAMES, [])
    assert len(held._asked) == 11
    clock.now += KEEP_S / 2
    last = held.add(NAMES, [])
    assert list(held._asked) == [young, last]


def test_the_oldest_goes_where_there_are_too_many(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST", 5)
    held = Open(clock)
    numbers = [held.add(NAMES, []) for _ in range(8)]
    assert len(held._asked) == 5
    assert [held.take(number) is not None for number in numbers] == [False] * 3 + [True] * 5


def test_the_bound_holds_as_it_is(clock: Clock) -> None:
    held = Open(clock)
    for _ in range(MOST + 100):
        held.add(NAMES, [])
    assert len(held._asked) == MOST


def test_many_threads_have_numbers_of_their_own() -> None:
    held = Open()
    numbers: list[int] = []

    def ask() -> None:
        mine = [held.add(NAMES, []) for _ in range(100)]
        assert all(held.take(number) is not None for number in mine)
        numbers.extend(mine)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == len(numbers) == 800
