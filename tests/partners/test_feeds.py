"""A partner's calendar: moments of its own cases with their numbers, by a secret address that either side ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.api import urls
from efface.cases.models import Case
from efface.engine.base import tenancy
from efface.engine.base.limits import Limit
from efface.engine.base.models import Deadline
from efface.partners import casework, feeds, keys
from efface.partners.models import Partner, PartnerCase, PartnerFeed, Scope
from efface.search.models import Finding
from efface.takedown import timing
from tests import people
from tests.api.conftest import Api, make_partner
from tests.conftest import NOON
from tests.partners.test_delivering import GIVEN
from tests.takedown.test_ical import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(organisation: Any, now: Any) -> keys.Made:
    return make_partner(organisation)


@pytest.fixture
def case(organisation: Any, made: keys.Made) -> Case:
    with tenancy.organisation(organisation.pk):
        return casework.open_case(made.partner, GIVEN, NOON)[0].case


def address(made: keys.Made) -> str:
    answer = Api(made.key).post("/calendar", {})
    assert answer.status_code == 201, answer.content
    return answer.json()["address"]


def events(url: str) -> list[dict[str, str]]:
    answer = Client().get(url)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    return read(answer.content)


def test_it_has_moments_and_numbers_of_its_cases_and_nothing_else(
    organisation: Any, made: keys.Made, case: Case, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        people.open_case(organisation)
        finding = people.make_finding(case, page="https://pictures.example/p/1")
        Finding.objects.filter(pk=finding.pk).update(state="gone-confirmed", gone_at=now - timedelta(days=1))
        Deadline.objects.create(
            organisation=organisation, case_id=case.pk, kind=timing.KIND, subject=finding.pk, key=f"{timing.KIND}:x:y",
            due=now + timedelta(days=2), original_due=now + timedelta(days=2), state="waiting",
        )  # fmt: skip
    url = address(made)
    told = {event["SUMMARY"]: event["DTSTART"] for event in events(url)}
    assert told == {
        f"{case.reference}: opened": "20260302T120000Z", f"{case.reference}: a page is gone": "20260301T120000Z",
        f"{case.reference}: an answer is due": "20260304T120000Z",
    }  # fmt: skip
    assert b"pictures" not in Client().get(url).content
    with tenancy.organisation(organisation.pk):
        assert PartnerFeed.objects.get().read_at == now


def _revoked(made: keys.Made, case: Case) -> None:
    keys.revoke(made.partner, "c", NOON)


def _expired(made: keys.Made, case: Case) -> None:
    Partner.objects.update(expires_at=NOON)


def _may_not_read(made: keys.Made, case: Case) -> None:
    Partner.objects.update(scopes=[Scope.CASES_OPEN])


def _ended(made: keys.Made, case: Case) -> None:
    assert feeds.end(made.partner, "coordinator:x", NOON) and not feeds.end(made.partner, "coordinator:x", NOON)


def _made_anew(made: keys.Made, case: Case) -> None:
    feeds.make(made.partner, NOON)


@pytest.mark.parametrize("change", [_revoked, _expired, _may_not_read, _ended, _made_anew])
def test_the_address_is_withdrawn(organisation: Any, made: keys.Made, case: Case, change: Callable[..., None]) -> None:
    url = address(made)
    assert len(events(url)) == 1
    with tenancy.organisation(organisation.pk):
        change(made, case)
    assert Client().get(url).status_code == 404


def test_a_case_whose_sight_was_ended_is_not_in_it(organisation: Any, made: keys.Made, case: Case) -> None:
    url = address(made)
    with tenancy.organisation(organisation.pk):
        casework.end_sight(case, "survivor", NOON)
    assert events(url) == []


def test_a_closed_case_says_so(organisation: Any, made: keys.Made, case: Case, now: Any) -> None:
    url = address(made)
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(state="closed", closed_at=now)
    told = sorted(event["SUMMARY"] for event in events(url))
    assert told == [f"{case.reference}: closed", f"{case.reference}: opened"]


def test_it_is_shown_once_and_ended_by_the_partner(made: keys.Made, case: Case) -> None:
    asks = Api(made.key)
    first = asks.post("/calendar", {}, once="once-and-again").json()["address"]
    assert asks.post("/calendar", {}, once="once-and-again").json() == {"address": None}
    assert Client().get(first).status_code == 200
    assert asks.post("/calendar/end", {}).json() == {"ended": True}
    assert asks.post("/calendar/end", {}).json() == {"ended": False}
    assert Client().get(first).status_code == 404


def test_wrong_addresses_are_slowed_down(made: keys.Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "WRONG_CALENDAR", Limit("test-wrong-calendar", 3, 1000.0))
    url = address(made)
    guesser = Client(REMOTE_ADDR="192.0.2.9")
    answers = [guesser.get("/api/v1/calendar/not-the-one/cases.ics").status_code for _ in range(5)]
    assert answers == [404, 404, 404, 429, 429] and guesser.get(url).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.10").get(url).status_code == 200


def test_two_calendars_do_not_share_names_of_entries(organisation: Any, made: keys.Made, case: Case) -> None:
    """Who has both must not see by them that the cases are the same."""
    other = make_partner(organisation)
    with tenancy.organisation(organisation.pk):
        PartnerCase.objects.create(organisation=organisation, partner=other.partner, case=case, at=NOON)
    one, two = ({event["UID"] for event in events(address(each))} for each in (made, other))
    assert one and two and not one & two
