"""Buckets: how many tries at once, how soon one more, one bucket for all processes."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from efface.engine.base import limits, sealing
from efface.engine.base.limits import Limit
from efface.engine.base.models import Bucket
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
THREE = Limit("test", size=3, refill_s=60)


def at(seconds: float) -> Any:
    return NOON + timedelta(seconds=seconds)


def test_some_at_once_then_one_each_while(db: None) -> None:
    assert [limits.take(THREE, "a", at(0)) for _ in range(3)] == [0, 0, 0]
    assert limits.take(THREE, "a", at(0)) == 60
    assert limits.take(THREE, "a", at(30)) == pytest.approx(30)
    assert limits.take(THREE, "b", at(0)) == 0, "another one is not kept waiting"
    assert limits.take(THREE, "a", at(61)) == 0
    assert limits.take(THREE, "a", at(62)) > 0


def test_a_refused_try_is_not_counted_and_a_good_one_given_back(db: None) -> None:
    for _ in range(3):
        limits.take(THREE, "a", at(0))
    for _ in range(50):
        limits.take(THREE, "a", at(0))
    assert limits.level(THREE, "a", at(0)) == pytest.approx(3), "hammering makes nobody wait longer"
    limits.give_back(THREE, "a")
    assert limits.take(THREE, "a", at(0)) == 0


def test_a_clock_that_ran_ahead_and_was_put_right_keeps_nobody_waiting_for_a_day(db: None) -> None:
    for _ in range(3):
        limits.take(THREE, "a", at(86_400))
    assert 0 < limits.take(THREE, "a", at(0)) <= 60, "a wait as ever, told from now"
    assert limits.take(THREE, "a", at(61)) == 0
    assert limits.take(THREE, "a", at(62)) > 0, "and no more than one was let in"


def test_several_buckets_count_together_or_not_at_all(db: None) -> None:
    wide = Limit("wide", size=9, refill_s=10)
    assert [limits.take_all([(wide, "a"), (THREE, "a")], at(0)) for _ in range(3)] == [0, 0, 0]
    assert limits.take_all([(wide, "a"), (THREE, "a")], at(0)) == 60
    assert limits.level(wide, "a", at(0)) == pytest.approx(3), "what was refused is counted nowhere"


def test_who_tried_is_not_kept(db: None) -> None:
    limits.take(THREE, "203.0.113.7", at(0))
    row = Bucket.objects.get()
    assert "203.0.113" not in row.key and row.key == sealing.digest("limit/test", "203.0.113.7").hex()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 400), min_size=1, max_size=25))
def test_never_more_than_size_and_refill_allow(db: None, gaps: list[float]) -> None:
    Bucket.objects.all().delete()
    now, let_in = 0.0, 0
    for gap in gaps:
        now += gap
        let_in += limits.take(THREE, "p", at(now)) == 0
    assert let_in <= THREE.size + now / THREE.refill_s + 1e-6


def test_processes_count_in_the_same_bucket(db: None) -> None:
    """Connections of their own, as processes have them; each commits by itself."""
    from django.db import connection

    done: list[float] = []
    together = threading.Barrier(8)

    def one(tries: int) -> None:
        try:
            together.wait(timeout=30)
            done.extend(limits.take(THREE, "flood", at(0)) for _ in range(tries))
        finally:
            connection.close()

    def forget() -> None:
        Bucket.objects.all().delete()
        connection.close()

    threads = [threading.Thread(target=one, args=(3,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cleaner = threading.Thread(target=forget)
    cleaner.start()
    cleaner.join()
    assert len(done) == 24 and sum(waits == 0 for waits in done) == 3
