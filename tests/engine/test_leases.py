"""Leases: one holder at a time, a dead one's work returns, a late one writes nothing."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from efface.engine.base import leases, workers
from efface.engine.base.models import Lease
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db


def as_another(monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """From here on this process is another worker."""
    other = uuid.uuid4()
    monkeypatch.setattr(leases, "_me", (os.getpid(), other))
    return other


def silence(seconds: float) -> None:
    """As if everybody had given no sign of life for so long."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_lease SET until = until - %s * interval '1 second'", [seconds])
        cursor.execute("UPDATE engine_worker SET seen_at = seen_at - %s * interval '1 second'", [seconds])


def test_what_one_holds_no_other_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = leases.take("site:1")
    as_another(monkeypatch)
    with pytest.raises(leases.Held) as held:
        leases.take("site:1")
    assert 0 < held.value.wait_s <= leases.LASTS_S
    leases.take("site:2")
    leases.give_back(mine)
    assert leases.take("site:1").token == mine.token + 1


def test_nobody_takes_it_twice_in_one_process() -> None:
    leases.take("site:1")
    with pytest.raises(leases.Held):
        leases.take("site:1")


def test_a_dead_holders_work_returns_and_a_late_one_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    late = leases.take("site:1")
    as_another(monkeypatch)
    silence(leases.LASTS_S + 1)
    now_its = leases.take("site:1")
    with pytest.raises(leases.Lost), late.writing():
        raise AssertionError("it writes")
    with pytest.raises(leases.Lost):
        leases.rest(late, rest_s=1)
    leases.give_back(late)
    assert Lease.objects.get().holder is not None
    with now_its.writing():
        pass


def test_a_late_holder_whose_work_nobody_took_goes_on() -> None:
    late = leases.take("site:1")
    silence(leases.LASTS_S + 1)
    with late.writing():
        pass


def test_what_a_dead_one_asked_for_last_rests_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    leases.take("site:1", rest_s=30)
    as_another(monkeypatch)
    silence(leases.LASTS_S + 20)
    with pytest.raises(leases.Held) as held:
        leases.take("site:1", rest_s=30)
    assert 9 < held.value.wait_s <= 10
    silence(10)
    leases.take("site:1", rest_s=30)


def test_the_next_turn_is_not_before_its_time() -> None:
    leases.give_back(leases.take("site:1", at=NOON), rest_s=10, at=NOON)
    with pytest.raises(leases.Held) as held:
        leases.take("site:1", at=NOON + timedelta(seconds=9))
    assert held.value.wait_s == 1
    leases.take("site:1", at=NOON + timedelta(seconds=10))


def test_by_the_databases_clock_where_no_moment_is_given() -> None:
    leases.give_back(leases.take("site:1"), rest_s=60)
    with pytest.raises(leases.Held) as held:
        leases.take("site:1")
    assert 50 < held.value.wait_s <= 60


def test_a_sign_of_life_keeps_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    leases.take("site:1")
    silence(leases.LASTS_S - 1)
    workers.sign(["crawl"], NOON)
    as_another(monkeypatch)
    with pytest.raises(leases.Held) as held:
        leases.take("site:1")
    assert held.value.wait_s > leases.LASTS_S - 2


def test_a_sign_of_life_keeps_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    leases.take("site:1")
    silence(leases.LASTS_S + 1)
    as_another(monkeypatch)
    workers.sign([], NOON)
    leases.take("site:1")


def test_who_leaves_hands_back_and_its_unfinished_work_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    workers.sign(["crawl"], NOON)
    mine = leases.take("site:1", rest_s=0)
    workers.leave()
    assert workers.signs() == []
    with pytest.raises(leases.Lost):
        mine.check()
    as_another(monkeypatch)
    leases.take("site:1")


def test_doctor_sees_who_is_alive_and_whose_clock_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from efface.engine.base import clock

    workers.sign(["crawl", "sweep"], clock.wall())
    silence(workers.SILENT_S + 1)
    as_another(monkeypatch)
    workers.sign([], clock.wall() + timedelta(seconds=60))
    lively, silent = workers.signs()
    assert (lively.alive, lively.queues, lively.skewed) == (True, "", True)
    assert (silent.alive, silent.queues, silent.skewed) == (False, "crawl,sweep", False)


def test_the_long_dead_are_forgotten() -> None:
    workers.sign([], NOON)
    silence(3600 * 25)
    with role("efface_engine"):
        assert workers.forget() == 1
