"""The same request four times at the same moment: done once. Real connections, real commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from efface.cases import consents
from efface.cases.models import AccessCode, Case, Purpose
from efface.engine.base import tenancy
from tests import people
from tests.api.conftest import Api, make_partner
from tests.api.test_cases import NEW
from tests.api.test_lookup import beside, enrol
from tests.at_once import TIMES, at_once, written
from tests.conftest import NOON


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    with written(django_db_blocker, "accounts_organisation, engine_casekey") as organisation:
        yield organisation


def test_it_is_done_once_and_the_code_is_shown_once(committed: Any) -> None:
    key = make_partner(committed).key
    told = at_once(lambda _n: Api(key).post("/cases", NEW, once="at-the-same-time").json())
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

    def ask(number: int) -> int:
        asked = [beside(number * 10 + one) for one in range(10)]
        return Api(key).post("/lookup", {"hashes": asked}).status_code

    told = at_once(ask)
    assert sorted(told) == [200, 403, 403, 403]
