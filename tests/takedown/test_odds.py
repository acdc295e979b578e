"""Shares with their n and bounds; parties drawn towards their role as much as parties are alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.takedown.odds import ENOUGH, NOTHING, STRONGEST, WEAKEST, Outcome, odds, shrunk, strength


def test_a_partys_own_figures_are_shown_and_its_share_leans_on_its_role() -> None:
    known = {("host:A", "t"): Outcome(4, 4, 12.0), ("role:host", "t"): Outcome(100, 20, 48.0, strength=10.0)}
    one = odds("host:A", "host", "t", known)
    assert (one.removed, one.n, one.of, one.hours) == (4, 4, "party", 12.0)
    assert one.share == pytest.approx((4 + 10 * 21 / 102) / 14) and one.low == pytest.approx(0.5101, abs=1e-4)
    other = odds("host:B", "host", "t", known)
    assert (other.n, other.of) == (100, "role") and other.share == pytest.approx(21 / 102)
    assert odds("host:B", "host", "u", known) is NOTHING and not NOTHING.speaks and one.n < ENOUGH


def test_the_strength_of_a_role_is_how_alike_its_parties_are() -> None:
    assert strength([(5, 10)] * 20) == STRONGEST, "all alike: chance alone would part them more"
    assert strength([(0, 10), (10, 10)] * 10) == WEAKEST, "some always, some never"
    # By hand: n=10 each, shares .2 .4 .6 .8: S = 10*(.09+.01+.01+.09) = 2, within = (2-.75)/(.25*27), M = 4.4
    assert strength([(2, 10), (4, 10), (6, 10), (8, 10)]) == pytest.approx(4.4)
    assert strength([]) == strength([(3, 5)]) == strength([(0, 5), (0, 9)]) == WEAKEST


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 200), st.floats(WEAKEST, STRONGEST))
def test_the_share_lies_between_the_partys_own_and_its_roles(k: int, more: int, n: int, weight: float) -> None:
    own, wide = Outcome(k + more, k), Outcome(n, n // 3, strength=weight)
    low, high = sorted((k / (k + more) if k + more else wide.share, wide.share))
    assert low - 1e-9 <= shrunk(own, wide) <= high + 1e-9
