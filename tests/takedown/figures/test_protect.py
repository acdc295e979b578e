"""The guards of small numbers, one by one. What an attacker makes of them together: ``test_attack``."""

from __future__ import annotations

from collections import Counter
from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st

from efface.takedown.figures import protect
from efface.takedown.figures.protect import BASE, DRAWS, FEWEST, SHOWN_FROM, SPREAD, TOTAL, Kept, Table

COUNTS = st.lists(st.integers(0, 40), min_size=2, max_size=6)


def told(counts: list[int], before: Table | None = None, draw: protect.Draw | None = None) -> Table:
    parts = {f"p{n}": count for n, count in enumerate(counts)}
    return protect.table(parts, sum(counts), before.kept if before else None, draw=draw)


def still() -> int:
    return 0


@given(COUNTS)
def test_no_part_that_is_few_is_shown_whatever_is_drawn(counts: list[int]) -> None:
    for draws in (None, lambda: SPREAD, lambda: -SPREAD):
        shown = told(counts, draw=draws)
        for n, count in enumerate(counts):
            value = shown.shown[f"p{n}"]
            assert value is None or (
                count >= FEWEST and value >= protect.rounded(SHOWN_FROM) and value % BASE == 0
                and abs(value - count) <= SPREAD + BASE // 2
            )  # fmt: skip


@given(COUNTS)
def test_hidden_ones_are_never_alone_nor_few_together(counts: list[int]) -> None:
    shown = told(counts)
    hidden = [shown.kept[name].told for name, value in shown.shown.items() if value is None]
    if hidden and len(hidden) < len(counts):
        assert len(hidden) >= 2 and sum(hidden) >= SHOWN_FROM


@given(COUNTS, st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_a_day_on_which_few_came_or_went_changes_nothing(counts: list[int], came: list[int]) -> None:
    first = told(counts)
    more = [count + step for count, step in zip(counts, came, strict=False)]
    if min(more) >= 0 and abs(sum(came[: len(counts)])) < FEWEST:
        second = told(more, first)
        assert second.shown == first.shown and second.total == first.total


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=12))
def test_a_figure_moves_only_by_as_many_as_are_a_group(steps: list[list[int]]) -> None:
    counts, before = [6, 9, 14], told([6, 9, 14])
    behind = dict(before.kept)
    for step in steps:
        counts = [count + more for count, more in zip(counts, step, strict=True)]
        after = told(counts, before)
        for name, one in after.kept.items():
            was = behind[name]
            assert (one.count, one.draw) == (was.count, was.draw) or abs(one.count - was.count) >= FEWEST
        behind, before = dict(after.kept), after


def test_company_stays_hidden_while_it_is_needed() -> None:
    """Shown the next day, it would give away whom it was hidden for."""
    first = told([2, 12, 40, 41], draw=still)
    assert [name for name, value in first.shown.items() if value is None] == ["p0", "p1"]
    second = told([2, 60, 12, 41], first, draw=still)
    assert second.shown["p1"] is None


def test_a_shut_table_shows_nothing_and_a_sum_that_is_kept_elsewhere_is_not_drawn_again() -> None:
    one = protect.table({"a": 90, "b": 80}, 170, shut=True)
    assert one.total is None and set(one.shown.values()) == {None} and TOTAL in one.kept
    kept = Kept(170, 3, 9)
    assert protect.table({"a": 90, "b": 80}, kept).total == 175


def test_draws_fall_as_they_are_said_to() -> None:
    seen = Counter(protect.drawn() for _ in range(20_000))
    assert set(seen) <= set(DRAWS)
    for draw, weight in zip(DRAWS, protect.WEIGHTS, strict=True):
        assert abs(seen[draw] / 20_000 - weight / sum(protect.WEIGHTS)) < 0.015
    assert all(a == 2 * b or b == 2 * a for a, b in zip(protect.WEIGHTS, protect.WEIGHTS[1:], strict=False))


def test_each_figure_has_a_draw_of_its_own() -> None:
    numbers = cycle([-2, 0, 3, 1])
    one = told([20, 30, 40], draw=lambda: next(numbers))
    assert len({row.draw for row in one.kept.values()}) > 1
