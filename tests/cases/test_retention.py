"""A closed case is kept for 90 days, and for as long as somebody was promised; then erased. Her word comes first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.cases import consents, erasing, holds, retention
from efface.cases.models import Case, CaseEvent, Message
from efface.engine.base import deadlines, tenancy
from efface.engine.base.models import CaseKey, Deadline
from tests import people
from tests.conftest import role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def closed(organisation: Any, now: datetime) -> Any:
    with tenancy.organisation(organisation.pk):
        case = people.open_case(organisation).case
        consents.close(case, "lead:1", now)
        yield case


def state(case: Case) -> str:
    return Case.objects.get(pk=case.pk).state


def fire(now: datetime) -> None:
    with role("efface_engine"):
        while deadlines.fire(now):
            pass


def test_after_ninety_days_it_is_erased_with_its_key(closed: Case, now: datetime) -> None:
    fire(now + 90 * DAY - timedelta(seconds=1))
    assert state(closed) == "closed"
    fire(now + 90 * DAY)
    assert state(closed) == "erased"
    assert CaseKey.objects.get(case_id=closed.pk).destroyed_at is not None
    assert CaseEvent.objects.get(case=closed, kind="case.erased").actor == retention.ENGINE


def test_she_is_told_the_day_at_once_and_two_weeks_before(closed: Case, now: datetime) -> None:
    (first,) = Message.objects.filter(case=closed)
    assert "is deleted on 31 May 2026" in str(first.text) and "caseworker" in str(first.text)
    fire(now + 76 * DAY)
    assert Message.objects.filter(case=closed).count() == 2


def test_opened_again_it_stays(closed: Case, now: datetime) -> None:
    consents.resume(closed, "lead:1", now + 80 * DAY)
    fire(now + 400 * DAY)
    assert state(closed) == "open" and Case.objects.get(pk=closed.pk).closed_at is None
    consents.close(closed, "lead:1", now + 100 * DAY)
    fire(now + 189 * DAY)
    assert state(closed) == "closed"
    fire(now + 190 * DAY)
    assert state(closed) == "erased"


def test_a_hold_keeps_it_and_it_goes_as_soon_as_the_hold_ends(closed: Case, now: datetime) -> None:
    at = now + 60 * DAY
    holds.place(closed, reason="court", owner="a court", ends=at + 45 * DAY, actor="lead:1", now=at)
    fire(now + 100 * DAY)
    assert state(closed) == "closed"
    fire(at + 45 * DAY - timedelta(seconds=1))
    assert state(closed) == "closed"
    fire(at + 45 * DAY)
    assert state(closed) == "erased"


def test_a_hold_that_is_lifted_lets_it_go_at_once(closed: Case, now: datetime) -> None:
    at = now + 60 * DAY
    row = holds.place(closed, reason="court", owner="a court", ends=at + 80 * DAY, actor="lead:1", now=at)
    fire(now + 91 * DAY)
    holds.lift(row, "lead:1", now + 92 * DAY)
    fire(now + 92 * DAY)
    assert state(closed) == "erased"


def test_of_two_that_keep_it_the_longer_counts(closed: Case, now: datetime) -> None:
    at = now + 80 * DAY
    for days in (20, 60):
        holds.place(closed, reason="x", owner="y", ends=at + days * DAY, actor="lead:1", now=at)
    fire(at + 20 * DAY)
    assert state(closed) == "closed"
    fire(at + 60 * DAY)
    assert state(closed) == "erased"


def test_her_word_comes_first(closed: Case, now: datetime) -> None:
    holds.place(closed, reason="x", owner="y", ends=now + 60 * DAY, actor="lead:1", now=now)
    erasing.erase(closed, "survivor", now)
    assert state(closed) == "erased"
    assert not Deadline.objects.filter(case_id=closed.pk, state="waiting").exists()
    fire(now + 400 * DAY)
    assert CaseEvent.objects.filter(case=closed, kind="case.erased").count() == 1


def test_of_an_open_case_nothing_is_ever_due(organisation: Any, now: datetime) -> None:
    with tenancy.organisation(organisation.pk):
        case = people.open_case(organisation).case
        deadlines.set_deadline(retention.DUE, case.pk, now, organisation=organisation.pk, case=case.pk)
        fire(now)
        assert state(case) == "open"
