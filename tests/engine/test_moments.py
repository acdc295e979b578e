"""Days as the reader's language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from efface.engine.base import moments

AT = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(("language", "said"), [
    ("en", "2 March 2026"), ("de", "2. März 2026"), ("es", "2 de marzo de 2026"), ("fr", "2 mars 2026"),
    ("pl", "2 marca 2026"), ("pt", "2 de março de 2026"), ("uk", "02 березня 2026 р."),
])  # fmt: skip
def test_a_day_is_written_as_the_language_does(language: str, said: str) -> None:
    with translation.override(language):
        shown = moments.day(AT).lower()
        assert shown == said.lower()
        assert moments.day(date(2026, 3, 2)).lower() == shown
        assert moments.minute(AT, zone=False).lower() == f"{shown}, 12:05"


def test_a_moment_names_its_zone() -> None:
    with translation.override("en"):
        assert moments.minute(AT) == "2 March 2026, 12:05 UTC"


def test_without_a_language_it_is_english() -> None:
    with translation.override(None):
        assert moments.day(AT) == "2 March 2026"
