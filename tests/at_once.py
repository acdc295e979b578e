"""The same thing several times at the same moment: threads with connections of their own, and rows that are really
written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from efface.engine.base import clock
from tests.conftest import NOON, make_organisation, role

TIMES = 4


@contextmanager
def written(blocker: Any, tables: str) -> Iterator[Any]:
    """An organisation whose rows are committed; afterwards these ``tables`` are emptied and all that hangs on them."""
    with blocker.unblock():
        with transaction.atomic():
            organisation = make_organisation()
        yield organisation
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What ``TIMES`` calls at the same moment gave back, or raised; None for one that did not end in time."""
    together = threading.Barrier(TIMES)
    told: list[Any] = [None] * TIMES

    def run(number: int) -> None:
        try:
            with clock.fixed(NOON):
                together.wait(60)
                told[number] = work(number)
        except Exception as error:
            told[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(TIMES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    return told
