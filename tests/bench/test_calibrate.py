"""Confidences are what was counted, and what is sure enough is right nine times out of ten."""

from __future__ import annotations

import pytest

from bench.calibrate import Outcome, believed, cross_validated, outcomes, pooled, share_at, table, written
from efface.takedown.classify import DOUBT, certainty

HAND = {ground: float(row["hand"]) for ground, row in written().items()}
PERSON = {ground for ground, row in written().items() if row.get("person")}


def test_the_file_says_what_was_counted() -> None:
    assert table() == written(), "run python -m bench.calibrate"


def test_what_is_sure_enough_is_right_in_cross_validation() -> None:
    right, sure = cross_validated(outcomes(), HAND, PERSON, DOUBT)
    assert sure >= 150 and right / sure >= 0.9


def test_an_order_that_knows_nothing_fails_the_same_measure() -> None:
    flat = dict.fromkeys(HAND, 0.9)
    right, sure = cross_validated(outcomes(), flat, set(), 0.5)
    assert right / sure < 0.9


def test_pools_never_fall() -> None:
    pools = pooled([(0.5, True), (0.5, False), (0.8, False), (0.9, True), (0.9, True)])
    assert [share for _, share in pools] == sorted(share for _, share in pools)
    assert share_at(pools, 0.9) == 1.0 and share_at(pools, 0.8) == pytest.approx(1 / 3) and share_at(pools, 0.1) == 0.0


def test_a_ground_that_was_wrong_often_is_believed_less_than_its_neighbours() -> None:
    seen = [Outcome("removed", True)] * 30 + [Outcome("refused", False)] * 30
    found = believed(seen, HAND)
    assert found["refused"] < 0.3 < found["removed"]


def test_what_a_person_always_reads_stays_in_doubt() -> None:
    assert {ground for ground, value in certainty().items() if value >= DOUBT}.isdisjoint(PERSON)
    assert certainty()["removed"] >= DOUBT
