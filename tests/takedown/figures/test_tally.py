"""Sums that are added up in pieces come to the same as in one go; the curve is Kaplan's and Meier's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.takedown import survival
from efface.takedown.figures import spans
from efface.takedown.figures.tally import LADDER, LAST, Group, Tally, of_one

HERS = st.lists(st.tuples(st.floats(0, 800), st.booleans()), min_size=1, max_size=6)


@settings(deadline=None)
@given(st.lists(HERS, max_size=20), st.integers(0, 20))
def test_in_pieces_or_in_one_go(everybody: list[list[tuple[float, bool]]], cut: int) -> None:
    tallies = [Tally(), Tally(), Tally()]
    for n, hers in enumerate(everybody):
        for one in (tallies[0], tallies[1] if n < cut else tallies[2]):
            one.counts["cases"]["open"] += 1
            one.group("all", "").add(hers)
    kept = Tally.of_json(json.loads(json.dumps(tallies[1].as_json())))
    kept.merge(tallies[2])
    assert kept.counts == tallies[0].counts
    whole, pieces = tallies[0].group("all", ""), kept.group("all", "")
    assert (whole.people, whole.found, whole.went) == (pieces.people, pieces.found, pieces.went)
    assert pieces.gone == pytest.approx(whole.gone) and pieces.stood == pytest.approx(whole.stood)
    assert sum(whole.gone.values()) + sum(whole.stood.values()) == pytest.approx(len(everybody))


def test_it_is_bounded_however_much_is_found() -> None:
    group = Group()
    for n in range(3000):
        group.add([(n * 1.3, n % 2 == 0)] * 3)
    assert len(group.gone) <= LAST + 1 and len(group.stood) <= LAST + 1


def test_at_most_so_many_of_one_person_count() -> None:
    group = Group()
    group.add([(1.0, True)] * 60 + [(1.0, False)] * 60)
    assert group.found == list(LADDER) and group.went == [5, 10, 25, 50, 60]
    assert [of_one(people) for people in (1, 100, 199, 200, 500, 1000, 2000)] == [5, 5, 5, 10, 25, 50, 100]


#: 21 remissions in weeks, "+" still in remission (A. J. Gehan, Biometrika 52, 1965).
REMISSIONS = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"


def test_weighted_by_people_it_is_the_known_curve() -> None:
    group = Group()
    for one in REMISSIONS.split():
        group.add([(float(one.rstrip("+")), not one.endswith("+"))])
    found = survival.weighted(
        (float(day), group.gone.get(day, 0.0), group.stood.get(day, 0.0)) for day in {*group.gone, *group.stood}
    )
    assert [(p.days, round(p.standing, 4)) for p in found.points] == [
        (6, 0.8571), (7, 0.8067), (10, 0.7529), (13, 0.6902), (16, 0.6275), (22, 0.5378), (23, 0.4482)
    ]  # fmt: skip


def test_one_person_s_many_weigh_as_one() -> None:
    group = Group()
    group.add([(1.0, True)] * 99)
    for _ in range(3):
        group.add([(9.0, False)])
    found = survival.weighted([(1.0, group.gone[1], 0.0), (9.0, 0.0, group.stood[9])])
    assert found.at(5).standing == pytest.approx(0.75)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 360), st.booleans()), min_size=250, max_size=400))
def test_the_table_of_fixed_days_follows_the_exact_curve(rows: list[tuple[float, bool]]) -> None:
    """Without draws: within what grouping by spans can make of it, half of those lost in one."""
    group = Group()
    for one in rows:
        group.add([one])
    exact = survival.curve(rows)
    for share in spans.life_table(spans.spans(group, spans.GRID, lambda: 0), len(rows)):
        lost = sum(1 for days, went in rows if not went and days < share.day)
        assert abs(share.gone - (1 - exact.at(share.day).standing)) <= lost / max(len(rows) - lost, 1) + 0.02


def test_nothing_lost_it_is_the_plain_share() -> None:
    group = Group()
    for n in range(200):
        group.add([(0.5 + n / 2, True)])
    told = {one.day: one.gone for one in spans.life_table(spans.spans(group, spans.GRID, lambda: 0), 200)}
    assert told[1] == pytest.approx(1 / 200 * 2) and told[30] == pytest.approx(0.3) and told[365] == pytest.approx(1)
