"""A count that is killed in the middle of a piece goes on with that piece; two that count at once count nothing twice.
Real processes, real commits."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from efface.cases.models import Case, Consent
from efface.engine.base import clock, tenancy
from efface.takedown.figures import counting, keeping, protect
from efface.takedown.figures.models import StatisticsDay, StatisticsRun
from tests.conftest import NOON, make_organisation, role

CASES, PIECE = 35, 10


@pytest.fixture
def organisation(django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Committed, with cases that may be counted; everything of the organisations is emptied afterwards."""
    monkeypatch.setattr(protect, "drawn", lambda: 0)
    monkeypatch.setattr(counting, "piece", functools.partial(counting.piece, most=PIECE))
    with django_db_blocker.unblock(), clock.fixed(NOON):
        with transaction.atomic():
            made = make_organisation()
        with tenancy.organisation(made.pk):
            cases = Case.objects.bulk_create(
                Case(organisation=made, reference=f"k{n}", state="open", opened_at=NOON - timedelta(days=n))
                for n in range(CASES)
            )
            Consent.objects.bulk_create(
                Consent(organisation=made, case=one, purpose="statistics", given_at=one.opened_at,
                        expires_at=NOON + timedelta(days=9))
                for one in cases
            )  # fmt: skip
        yield made
        connection.close()
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, procrastinate_jobs, engine_deadline CASCADE")


def run_of(organisation: Any) -> StatisticsRun:
    with tenancy.organisation(organisation.pk):
        return StatisticsRun.objects.get()


def begin(organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        keeping.start(organisation.pk, NOON)


def step(organisation: Any) -> StatisticsDay | None:
    with tenancy.organisation(organisation.pk):
        return keeping.step(organisation.pk)


def test_killed_in_the_middle_of_a_piece(organisation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(organisation)
    assert step(organisation) is None and run_of(organisation).cases == PIECE
    here, there = os.pipe()
    connection.ensure_connection()
    child = os.fork()
    if child == 0:
        kept, connection.connection = connection.connection, None  # not ours to end

        def hang(*_: Any) -> None:
            os.write(there, b"n")
            signal.pause()

        monkeypatch.setattr(StatisticsRun, "save", hang)
        step(organisation)
        os._exit(1 if kept else 2)
    assert os.read(here, 1) == b"n", "the piece is counted, and not written"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert run_of(organisation).cases == PIECE
    with tenancy.organisation(organisation.pk):
        keeping.start(organisation.pk, NOON + timedelta(minutes=5))
    while (row := step(organisation)) is None:
        pass
    assert row.figures["cases"]["total"] == CASES and row.at == NOON, "as of when it was begun"


def test_two_that_count_at_once_count_nothing_twice(organisation: Any) -> None:
    begin(organisation)
    connection.ensure_connection()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            kept, connection.connection = connection.connection, None  # not ours to end
            code = 0
            try:
                while step(organisation) is None and run_of(organisation).ended_at is None:
                    pass
            except Exception:
                code = 1
            os._exit(code if kept else 2)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert run_of(organisation).cases == CASES
    with tenancy.organisation(organisation.pk):
        [row] = StatisticsDay.objects.all()
        assert row.figures["cases"]["total"] == CASES
