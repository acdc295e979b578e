"""The same file in two tabs at the same moment: enrolled once. Real connections, real commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.cases import fingerprints, opening
from efface.cases.models import Case, Fingerprint
from efface.engine.base import tenancy
from tests.cases.test_enrolling import enrol, photo
from tests.conftest import NOON, make_organisation, role

TABS = 4


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    with django_db_blocker.unblock():
        with transaction.atomic():
            organisation = make_organisation()
        with tenancy.organisation(organisation.pk):
            case = opening.open_case(organisation.pk, "w", age="adult", country="DE", language="en", now=NOON).case
        yield organisation, case
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, engine_casekey CASCADE")


def in_tabs(organisation: Any, case: Any) -> list[str]:
    """What each tab is told."""
    told: list[str] = []
    together = threading.Barrier(TABS)

    def tab() -> None:
        try:
            with tenancy.organisation(organisation.pk):
                hers = Case.objects.get(pk=case.pk)
                together.wait(30)
                done = enrol(hers, photo(7))
                told.append(f"{done.pdq} {' '.join(done.problems)}".strip())
        except Exception as error:
            told.append(repr(error))
        finally:
            connection.close()

    tabs = [threading.Thread(target=tab) for _ in range(TABS)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(60)
    return sorted(told)


def test_a_file_is_enrolled_once(committed: Any) -> None:
    organisation, case = committed
    assert in_tabs(organisation, case) == ["0 0.jpg: is enrolled already"] * (TABS - 1) + ["1"]
    with tenancy.organisation(organisation.pk):
        assert Fingerprint.objects.filter(case=case).count() == 1


def test_without_the_lock_it_would_be_enrolled_twice(committed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation, case = committed
    monkeypatch.setattr(fingerprints, "_one_at_a_time", lambda case: None)
    reading, all_read = fingerprints._files, threading.Barrier(TABS)

    def slow(case: Any) -> Any:
        found = reading(case)
        all_read.wait(30)
        return found

    monkeypatch.setattr(fingerprints, "_files", slow)
    assert in_tabs(organisation, case) == ["1"] * TABS, "the test sees what the lock prevents"
