"""A consent's time is over: what was kept by it alone is deleted, and it is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, erasing, naming, opening
from efface.cases.models import Case, CaseEvent, Fingerprint, Purpose
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def case(inside: Any) -> Case:
    made = opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON).case
    Case.objects.filter(pk=made.pk).update(level="attested")
    return made


def keep(case: Case, kind: str) -> None:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind=kind, created=NOON, age="adult")
    row.value = {"sha256": "a" * 64}
    row.save()


def kinds(case: Case) -> list[str]:
    return sorted(Fingerprint.objects.filter(case=case).values_list("kind", flat=True))


def fire(moment: Any) -> None:
    with role("efface_engine"):
        deadlines.fire(moment)


def ended(case: Case) -> list[Any]:
    return [row.data["purpose"] for row in CaseEvent.objects.filter(case=case, kind="consent.expired")]


def test_what_says_more_than_a_hash_ends_with_its_consent(case: Case) -> None:
    for kind in ("pdq", "face", "local"):
        keep(case, kind)
    for purpose in (Purpose.HASH_MATCH, Purpose.FACE_SEARCH, Purpose.TEXT_SEARCH):
        consents.give(case, purpose, "survivor", NOON)
    consents.give(case, Purpose.COPY_MATCH, "survivor", NOON, days=400)
    naming.add(case, "handle", "quietlake_94", "survivor", NOON)
    fire(NOON + YEAR - DAY)
    assert kinds(case) == ["face", "local", "pdq", "text"] and ended(case) == []
    fire(NOON + YEAR)
    assert kinds(case) == ["local", "pdq"]
    assert sorted(ended(case)) == ["face_search", "hash_match", "text_search"]
    fire(NOON + 400 * DAY)
    assert kinds(case) == ["pdq"] and ended(case)[-1] == "copy_match"


def test_a_later_consent_keeps_it(case: Case) -> None:
    keep(case, "face")
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON + 300 * DAY)
    fire(NOON + YEAR)
    assert kinds(case) == ["face"] and ended(case) == []
    fire(NOON + 300 * DAY + YEAR)
    assert kinds(case) == [] and ended(case) == ["face_search"]


def test_a_withdrawn_consent_does_not_end_twice(case: Case) -> None:
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    consents.withdraw(case, Purpose.FACE_SEARCH, "survivor", NOON + DAY)
    assert not Deadline.objects.filter(kind=consents.EXPIRES, state="waiting").exists()
    fire(NOON + YEAR)
    assert ended(case) == []


def test_a_closed_case_is_no_reason_to_keep_it(case: Case) -> None:
    keep(case, "face")
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    consents.close(case, "lead:1", NOON + DAY)
    fire(NOON + YEAR)
    assert kinds(case) == [] and not Deadline.objects.filter(kind=consents.EXPIRES, state="failed").exists()


def test_nothing_is_written_about_an_erased_case(case: Case) -> None:
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    erasing.erase(case, "lead:1", NOON + DAY)
    fire(NOON + YEAR)
    assert ended(case) == []
