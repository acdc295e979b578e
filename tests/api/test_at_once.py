"""The same request four times at the same moment: done once. Real connections, real commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.cases.models import AccessCode, Case
from efface.engine.base import clock, tenancy
from tests.api.conftest import Api, make_partner
from tests.api.test_cases import NEW
from tests.conftest import NOON, make_organisation, role

TIMES = 4


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    with django_db_blocker.unblock():
        with transaction.atomic():
            organisation = make_organisation()
        yield organisation
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, engine_casekey CASCADE")


def test_it_is_done_once_and_the_code_is_shown_once(committed: Any) -> None:
    key = make_partner(committed).key
    together = threading.Barrier(TIMES)
    told: list[Any] = []

    def ask() -> None:
        try:
            with clock.fixed(NOON):
                together.wait(30)
                told.append(Api(key).post("/cases", NEW, once="at-the-same-time").json())
        except Exception as error:
            told.append({"id": repr(error), "access_code": None})
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(TIMES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len({one["id"] for one in told}) == 1 and len(told) == TIMES, told
    assert sum(one["access_code"] is not None for one in told) == 1
    with tenancy.organisation(committed.pk):
        assert Case.objects.count() == 1 and AccessCode.objects.count() == 1
