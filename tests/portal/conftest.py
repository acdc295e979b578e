from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from tests import people


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test begins in English."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    """A case that allows comparing and writing, with its code."""
    from efface.cases import consents
    from efface.engine.base import tenancy

    opened = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify"):
            consents.give(opened.case, purpose, "survivor", now)
    return opened


@pytest.fixture
def her(opened: Any) -> Client:
    return people.entered(opened.access_code)
