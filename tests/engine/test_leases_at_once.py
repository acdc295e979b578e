"""Several processes ask for one lease at once. Real processes, real commits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.engine.base import leases
from tests.conftest import role
from tests.engine.test_leases import silence


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engine_lease")


def _child(work: Callable[[], int]) -> int:
    child = os.fork()
    if child == 0:
        kept, connection.connection = connection.connection, None  # not ours to end
        os._exit(work() if kept else 9)
    return child


def test_of_many_that_ask_at_once_one_gets_it(committed: None) -> None:
    def ask() -> int:
        for _ in range(20):
            try:
                leases.take("site:1")
            except leases.Held:
                continue
            return 1
        return 0

    connection.ensure_connection()
    children = [_child(ask) for _ in range(6)]
    assert sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children) == 1


def test_while_one_writes_nobody_takes_it(committed: None) -> None:
    """The token is asked for under a lock: a take-over waits until what is being written is written."""
    connection.ensure_connection()
    mine = leases.take("site:1")
    silence(leases.LASTS_S + 1)

    def take_over() -> int:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            leases.take("site:1")
        except Exception as error:
            return 1 if "lock timeout" in str(error) else 2
        return 0

    with mine.writing():
        assert os.waitstatus_to_exitcode(os.waitpid(_child(take_over), 0)[1]) == 1
    assert os.waitstatus_to_exitcode(os.waitpid(_child(take_over), 0)[1]) == 0
