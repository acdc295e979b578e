"""Small numbers, attacked: with margins, with two months, with overlapping tables. The attacker knows every rule and
every shown figure; what they may not learn is how many stand behind a figure that was kept back."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.takedown.figures import protect
from efface.takedown.figures.protect import BASE, FEWEST, TOTAL, Counted, Table

COUNTS = st.lists(st.integers(0, 40), min_size=2, max_size=6)


def told(counts: list[int], before: Table | None = None) -> Table:
    parts = {f"p{n}": Counted.of(count) for n, count in enumerate(counts)}
    return protect.table(parts, Counted.of(sum(counts)), before.kept if before else None)


def around(shown: int | None) -> range:
    """All counts that a shown figure may stand for; for one kept back, all that a small one may be."""
    return range(FEWEST) if shown is None else range(max(shown - BASE // 2, FEWEST), shown + BASE // 2 + 1)


def possible(table: Table, name: str) -> set[int]:
    """What the one named may be, by the table's own sum: each other part as wide as its rounding leaves it."""
    if table.total is None:
        return set(around(None))
    others = [value for other, value in table.shown.items() if other != name]
    hidden = sum(value is None for value in others)
    least = sum(around(value)[0] for value in others if value is not None)
    most = sum(around(value)[-1] for value in others if value is not None) + (10**6 if hidden else 0)
    total = around(table.total)
    return {count for count in around(None) if total[0] - most <= count <= total[-1] - least}


@given(COUNTS)
def test_no_part_that_is_few_is_shown(counts: list[int]) -> None:
    shown = told(counts)
    for n, count in enumerate(counts):
        value = shown.shown[f"p{n}"]
        assert value is None or (count >= FEWEST and value % BASE == 0 and abs(value - count) <= BASE // 2)


@given(COUNTS)
def test_a_sum_gives_no_hidden_part_away(counts: list[int]) -> None:
    """The margin attack: the sum less all that is shown."""
    shown = told(counts)
    for name, value in shown.shown.items():
        if value is None and counts[int(name[1:])] < FEWEST:
            left = possible(shown, name)
            assert counts[int(name[1:])] in left, "the attacker reckons rightly"
            assert len(left) >= FEWEST - 1


@given(COUNTS)
def test_hidden_ones_are_never_alone_nor_few_together(counts: list[int]) -> None:
    shown = told(counts)
    hidden = [counts[int(name[1:])] for name, value in shown.shown.items() if value is None]
    if hidden and len(hidden) < len(counts):
        assert len(hidden) >= 2 and sum(hidden) >= FEWEST


def test_without_company_the_attack_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the two guards are for: without them the sum tells all."""
    monkeypatch.setattr(protect, "rounded", lambda count: count)
    monkeypatch.setattr(
        protect, "_hidden", lambda parts, before: {name for name, one in parts.items() if one.people < FEWEST}
    )
    shown = told([20, 30, 2])
    assert shown.total is not None
    assert shown.total - sum(value or 0 for value in shown.shown.values()) == 2


@given(COUNTS, st.lists(st.integers(0, FEWEST - 1), min_size=6, max_size=6))
def test_a_month_in_which_few_came_changes_nothing(counts: list[int], came: list[int]) -> None:
    """The month-on-month attack: one or two people came, and two reports are held side by side."""
    first = told(counts)
    if sum(came[: len(counts)]) >= FEWEST:
        came = [came[0], *[0] * 5]
    second = told([count + more for count, more in zip(counts, came, strict=False)], first)
    assert second.shown == first.shown and second.total == first.total


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=12))
def test_a_figure_moves_only_by_as_many_as_are_a_group(steps: list[list[int]]) -> None:
    counts, before = [6, 9, 14], told([6, 9, 14])
    behind = dict(before.kept)
    for step in steps:
        counts = [count + more for count, more in zip(counts, step, strict=True)]
        after = told(counts, before)
        for name, one in after.kept.items():
            assert one.people == behind[name].people or abs(one.people - behind[name].people) >= FEWEST
        behind, before = dict(after.kept), after


def test_day_by_day_without_steadiness_the_day_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding alone tells on which day the one came that tipped it: why figures are held still."""
    days = [told([12, 30]), told([13, 30])]
    assert days[0].shown["p0"] == 10 and days[1].shown["p0"] == 15
    assert told([13, 30], days[0]).shown["p0"] == 10


def test_company_stays_hidden_while_it_is_needed() -> None:
    """Shown the next day, it would give away whom it was hidden for."""
    first = told([2, 6, 30, 31])
    assert [name for name, value in first.shown.items() if value is None] == ["p0", "p1"]
    second = told([2, 60, 12, 31], first)
    assert second.shown["p1"] is None


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_overlapping_tables_do_not_give_a_small_part_away(counts: list[int]) -> None:
    """The same people cut two ways: each alone, and two and two together (sites and their network)."""
    fine = told(counts)
    coarse = protect.table(
        {"a": Counted.of(counts[0] + counts[1]), "b": Counted.of(counts[2] + counts[3])}, Counted.of(sum(counts))
    )
    worlds = [
        world for world in product(range(13), repeat=4)
        if all(_fits(fine.shown[f"p{n}"], world[n]) for n in range(4))
        and _fits(coarse.shown["a"], world[0] + world[1]) and _fits(coarse.shown["b"], world[2] + world[3])
        and _fits(fine.total, sum(world))
    ]  # fmt: skip
    for n, count in enumerate(counts):
        if count < FEWEST:
            assert len({world[n] for world in worlds}) >= 3


def _fits(shown: int | None, count: int) -> bool:
    # What is kept back may be few, or company of few: the attacker cannot tell which.
    return True if shown is None else protect.rounded(count) == shown and count >= FEWEST


def test_a_shut_table_shows_nothing() -> None:
    one = protect.table({"a": Counted.of(90), "b": Counted.of(80)}, Counted.of(170), shut=True)
    assert one.total is None and set(one.shown.values()) == {None} and TOTAL in one.kept
