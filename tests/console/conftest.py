from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from efface.cases import consents
from efface.engine.base import tenancy
from tests import people


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test begins in English."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    """One whose pictures may be compared, and about whom may be written."""
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify"):
            consents.give(case, purpose, "survivor", now)
    return case


@pytest.fixture
def desk(organisation: Any, case: Any) -> Client:
    return people.signed_in(people.worker(organisation, "caseworker"))


@pytest.fixture
def first(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "caseworker", "First <b>Worker</b>")


@pytest.fixture
def second(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "caseworker", "Second Worker")


@pytest.fixture
def lead(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "lead", "The Lead")
