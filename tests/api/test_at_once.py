"""The same request four times at the same moment: done once. Real connections, real commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.cases import consents
from efface.cases.models import AccessCode, Case, Purpose
from efface.engine.base import clock, tenancy
from tests import people
from tests.api.conftest import Api, make_partner
from tests.api.test_cases import NEW
from tests.api.test_lookup import beside, enrol
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


def test_questions_at_the_same_moment_see_each_other(committed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with fewer beside the border than a key may ask, together more: not all are answered."""
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "true")
    key = make_partner(committed).key
    with tenancy.organisation(committed.pk), transaction.atomic():
        case = people.open_case(committed).case
        consents.give(case, Purpose.PLATFORM_MATCH, "survivor", NOON)
        enrol(case)
    together = threading.Barrier(TIMES)
    told: list[int] = []

    def ask(number: int) -> None:
        try:
            with clock.fixed(NOON):
                together.wait(30)
                asked = [beside(number * 10 + one) for one in range(10)]
                told.append(Api(key).post("/lookup", {"hashes": asked}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(TIMES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(told) == [200, 403, 403, 403]
