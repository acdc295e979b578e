from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test begins in English."""
    translation.activate("en")
    yield
    translation.deactivate()
