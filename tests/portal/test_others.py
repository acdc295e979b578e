"""Who else sees how her case stands: she reads it, ends it, and it is ended everywhere at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from efface.cases import consents
from efface.cases.models import Case, CaseEvent
from efface.engine.base import tenancy
from efface.engine.base.models import Deadline
from efface.partners import casework, delivering, feeds, hooks, keys
from efface.partners.models import News, PartnerCase
from tests import people
from tests.api.conftest import Api, make_partner
from tests.chromium import ORIGIN, chromium
from tests.messages import LANGUAGES
from tests.partners.test_delivering import Receiver, jobs, later, receiver, work  # noqa: F401 - a fixture
from tests.portal.pages import WIDER, axe, shot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_counted(db: Any) -> None:
    cache.clear()


@pytest.fixture
def shelter(organisation: Any, opened: Any, now: Any) -> keys.Made:
    """A service that brought her case and is told of it."""
    made = make_partner(organisation)
    with tenancy.organisation(organisation.pk):
        PartnerCase.objects.create(organisation=organisation, partner=made.partner, case=opened.case, at=now)
        hooks.set_hook(made.partner, "https://shelter.example/news", "coordinator:x", now)
    return made


def words(her: Client) -> str:
    return her.get("/case/others/").content.decode()


def end(her: Client, organisation: Any, partner: Any) -> str:
    with tenancy.organisation(organisation.pk):
        row = PartnerCase.objects.get(partner=partner)
    return her.post(f"/case/others/{row.pk}/end/", follow=True).content.decode()


def test_of_a_case_of_her_own_nobody_sees_anything(her: Client) -> None:
    assert "No other service sees anything" in words(her)
    allow = her.get("/case/allow/").content.decode()
    assert "No other service sees anything" in allow and "/case/others/" in allow


def test_she_reads_who_sees_what(her: Client, organisation: Any, shelter: keys.Made, opened: Any, now: Any) -> None:
    page = words(her)
    assert "Example Shelter" in page and "whether your case is open" in page and "hand in links" in page
    assert "It is told when something changes" in page and "End this" in page and "calendar" not in page
    with tenancy.organisation(organisation.pk):
        feeds.make(shelter.partner, now)
    assert "It has a calendar of your case" in words(her)
    assert "Another service can see" in her.get("/case/allow/").content.decode()


def test_she_reads_no_more_than_the_key_may(her: Client, organisation: Any, opened: Any, now: Any) -> None:
    made = make_partner(organisation, ["cases.open"])
    with tenancy.organisation(organisation.pk):
        PartnerCase.objects.create(organisation=organisation, partner=made.partner, case=opened.case, at=now)
    page = words(her)
    assert "cannot look up" in page and "hand in links" not in page and "is told" not in page
    with tenancy.organisation(organisation.pk):
        keys.revoke(made.partner, "coordinator:x", now)
    assert "Its key has ended" in words(her)


def test_ending_it_counts_at_once_everywhere(
    her: Client, organisation: Any, shelter: keys.Made, opened: Any, now: Any, receiver: Receiver  # noqa: F811
) -> None:
    asks, case, path = Api(shelter.key), opened.case, f"/cases/{opened.case.pk}"
    once = "the-same-request-again"
    given = {"urls": ["https://pictures.example/1"]}
    assert asks.post(path + "/links", given, once=once).status_code == 200
    receiver.answer = 503
    with tenancy.organisation(organisation.pk):
        consents.stop(case, "survivor", now)
        work()
        assert Deadline.objects.filter(kind=delivering.TRY, case_id=case.pk, state="waiting").exists()
        consents.resume(case, "survivor", now)
        assert jobs()
    assert "Ended. That service sees nothing" in end(her, organisation, shelter.partner)
    for answer in (
        asks.get(path), asks.get(path + "/findings"), asks.get(path + "/links"), asks.post(path + "/links", given),
        asks.post(path + "/links", given, once=once),
    ):  # fmt: skip
        assert answer.status_code == 404, answer.content
    assert asks.get("/cases").json()["items"] == []
    receiver.answer, receiver.heard = 200, []
    with tenancy.organisation(organisation.pk):
        assert set(News.objects.values_list("state", flat=True)) == {"dropped"}
        assert not Deadline.objects.filter(kind=delivering.TRY, case_id=case.pk, state="waiting").exists()
        consents.stop(case, "survivor", now)
        work()
        later(now.replace(year=now.year + 1))
        assert receiver.heard == [] and News.objects.count() == 2
        assert CaseEvent.objects.filter(case=case, kind="partner.ended", actor="survivor").count() == 1
    assert "Ended on" in words(her) and "End this" not in words(her)
    assert "ended before" in end(her, organisation, shelter.partner)
    assert "sees nothing of it any more" in her.get("/case/timeline/").content.decode()


def test_its_other_cases_go_on(
    her: Client, organisation: Any, shelter: keys.Made, opened: Any, now: Any, receiver: Receiver  # noqa: F811
) -> None:
    given = {"age": "adult", "country": "", "language": "en", "acquisition": "unknown", "danger": False}
    with tenancy.organisation(organisation.pk):
        other = casework.open_case(shelter.partner, given, now)[0].case
        row = PartnerCase.objects.get(case=opened.case)
        her.post(f"/case/others/{row.pk}/end/")
        consents.stop(other, "survivor", now)
        work()
    assert len(receiver.heard) == 1 and Api(shelter.key).get(f"/cases/{other.pk}").status_code == 200


def test_nobody_ends_it_for_another_case(organisation: Any, shelter: keys.Made, now: Any) -> None:
    stranger = people.entered(people.open_case(organisation).access_code)
    assert "ended before" in end(stranger, organisation, shelter.partner)
    assert Client().post(f"/case/others/{shelter.partner.pk}/end/").status_code == 403
    with tenancy.organisation(organisation.pk):
        assert PartnerCase.objects.get().ended_at is None


def test_while_the_case_is_paused_she_can_end_it_all_the_same(
    her: Client, organisation: Any, shelter: keys.Made, opened: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        consents.stop(opened.case, "survivor", now)
        assert Case.objects.get(pk=opened.case.pk).state == "paused"
    assert "Ended. That service" in end(her, organisation, shelter.partner)


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_her_language(her: Client, organisation: Any, shelter: keys.Made, language: str) -> None:
    her.post("/language/", {"language": language})
    page = words(her)
    assert f'lang="{language}"' in page and "whether your case is open" not in page and "Example Shelter" in page


@pytest.mark.slow
@pytest.mark.browser
def test_it_reads_well_on_a_phone_and_on_a_desk(
    her: Client, organisation: Any, shelter: keys.Made, opened: Any, now: Any
) -> None:
    problems: list[str] = []
    with tenancy.organisation(organisation.pk):
        over = make_partner(organisation).partner
        PartnerCase.objects.create(organisation=organisation, partner=over, case=opened.case, at=now, ended_at=now)
        feeds.make(shelter.partner, now)
    with chromium() as browser:
        for width, language in ((390, "en"), (1280, "en"), (390, "ar"), (390, "de")):
            her.defaults["HTTP_ACCEPT_LANGUAGE"] = language
            with browser.page(her, width=width, height=844) as page:
                for name, path in (("others", "/case/others/"), ("allow", "/case/allow/")):
                    page.goto(ORIGIN + path)
                    shot(page, f"portal-{name}-{language}-{width}")
                    problems += [f"{name} {language} {width}: {one}" for one in axe(page)]
                    if wider := page.evaluate(WIDER):
                        problems.append(f"{name} {language} {width}: wider by {wider}")
        assert browser.outside == [] and browser.complaints == []
    assert problems == []
