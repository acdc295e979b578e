"""A training organisation with its invented colleague, and somebody who practises in it."""

from __future__ import annotations

from typing import Any

import pytest

from efface.training import houses
from tests import people
from tests.conftest import NOON, role


@pytest.fixture
def school(db: None, now: Any) -> Any:
    with role("efface_owner"):
        made = houses.make("Example Helpline", "school", "de", NOON)
    houses.furnish(made, NOON)
    return made


@pytest.fixture
def trainee(school: Any) -> Any:
    return people.worker(school, "caseworker", "Tina Trainee")
