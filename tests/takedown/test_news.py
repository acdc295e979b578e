"""What happens below reaches the notices: an age, an erasure, a notice of another case that never left."""

from __future__ import annotations

from typing import Any

import pytest

from efface.cases import ages, erasing, events
from efface.cases.models import Case
from efface.search.models import Finding
from efface.takedown import approving
from efface.takedown.models import Notice, Route
from tests.casework import make_case
from tests.conftest import NOON
from tests.takedown.conftest import Office

pytestmark = pytest.mark.django_db


def second(office: Office, inside: Any) -> Office:
    other = Office.__new__(Office)
    other.__dict__ = office.__dict__ | {"case": make_case(inside)}
    return other


def operators(office: Office) -> list[tuple[str, str]]:
    """(state of the operator's route, state of its notice) of a case."""
    rows = Route.objects.filter(case=office.case, role="operator")
    return [(one.state, getattr(one.notices.first(), "state", "")) for one in rows]


def test_under_18_said_of_the_case_takes_notices_back(office: Office) -> None:
    office.finding()
    office.work()
    office.approve()
    ages.declare(office.case, "minor", "survivor", NOON)
    office.hours(100)
    assert office.mails() == [] and set(Notice.objects.values_list("state", flat=True)) == {"cancelled"}
    assert Finding.objects.get().stopped


def test_an_age_said_later_plans_what_waited(office: Office) -> None:
    Case.objects.filter(pk=office.case.pk).update(age="unknown")
    office.finding()
    office.work()
    assert not Notice.objects.exists()
    ages.declare(office.case, "adult", "survivor", NOON)
    office.work()
    assert office.notice("operator").state == "draft"


def test_an_erased_case_has_no_open_notice_and_no_words(office: Office) -> None:
    office.finding()
    office.finding(page="http://pictures.example/v/2")
    office.work()
    approving.refuse(office.notice("operator"), office.user, "she knows him", NOON)
    Route.objects.filter(role="search").update(state="done")
    assert Notice.objects.filter(state="draft").exists()
    erasing.erase(office.case, "lead:1", NOON)
    assert set(Notice.objects.values_list("state", "state_why")) == {("cancelled", "")}
    assert set(Route.objects.values_list("state_why", flat=True)) == {""}


def test_a_draft_that_never_left_told_nobody(office: Office, inside: Any) -> None:
    office.finding()
    office.work()
    other = second(office, inside)
    other.finding()
    office.work()
    assert operators(other) == [("planned", "")]
    approving.refuse(office.notice("operator"), office.user, "not this one", NOON)
    office.hours(30)
    assert operators(other) == [("active", "draft")]


def test_what_a_closed_case_told_does_not_hold_another_back(office: Office, inside: Any) -> None:
    office.finding()
    office.work()
    office.approve()
    office.work()
    Case.objects.filter(pk=office.case.pk).update(state="closed")
    events.record(office.case, "case.closed", "lead:1", now=NOON)
    other = second(office, inside)
    other.finding()
    office.work()
    assert operators(other) == [("active", "draft")]
