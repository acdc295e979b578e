"""Pages of partners, received reports and help: what is shown once, what is done once, what is empty."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.test import Client

from efface.cases.models import ReportedLink
from efface.engine.base import tenancy
from efface.partners import casework, hooks, reports
from efface.partners.models import Hook, Partner, PartnerCase, Report
from tests import people
from tests.api.conftest import Api, make_partner

pytestmark = pytest.mark.django_db
NEW = {"name": "Example Shelter", "scopes": ["cases.open", "cases.read"], "days": "90", "agreement": ""}
XARF = {
    "xarf_version": "4.0.0", "report_id": "5a1b2c3d-0000-4000-8000-000000000001", "category": "content",
    "type": "exposed_data", "url": "https://pictures.example/p/1", "reporter": {"org": "A Hotline"},
    "evidence": [{"content_type": "text/plain",
                  "payload": base64.b64encode(b"page https://pictures.example/p/1\nmedia https://pictures.example/2.jpg")
                  .decode()}],
}  # fmt: skip


@pytest.fixture
def coordinator(organisation: Any, now: Any) -> Client:
    return people.signed_in(people.worker(organisation, "coordinator"))


def ticket(client: Client, path: str) -> str:
    found = re.search(r'name="ticket" value="(\w+)"', client.get(path).content.decode())
    assert found
    return found.group(1)


def secret(answer: Any) -> str:
    found = re.search(r'data-fact="secret">([^<]+)<', answer.content.decode())
    assert found, answer.content.decode()
    return found.group(1)


def test_a_key_is_made_once_and_shown_once(coordinator: Client, organisation: Any) -> None:
    assert b"There is no key yet" in coordinator.get("/console/partners/").content
    given = NEW | {"ticket": ticket(coordinator, "/console/partners/")}
    key = secret(coordinator.post("/console/partners/", given))
    assert Api(key).get("/me").json()["name"] == "Example Shelter"
    again = coordinator.post("/console/partners/", given, follow=True)
    assert b"used already" in again.content and key.encode() not in again.content
    with tenancy.organisation(organisation.pk):
        assert Partner.objects.count() == 1


@pytest.mark.parametrize("bad", [{"name": " "}, {"scopes": []}, {"days": "9999"}, {"scopes": ["lookup"]}])
def test_a_form_that_will_not_do_says_why(coordinator: Client, organisation: Any, bad: dict[str, Any]) -> None:
    given = NEW | bad | {"ticket": ticket(coordinator, "/console/partners/")}
    answer = coordinator.post("/console/partners/", given)
    assert answer.status_code == 422 and b"errorlist" in answer.content
    with tenancy.organisation(organisation.pk):
        assert not Partner.objects.exists()


def test_hook_set_rotated_moved_and_ended(coordinator: Client, organisation: Any) -> None:
    one = make_partner(organisation).partner
    page = f"/console/partners/{one.pk}/"

    def say(choice: str, **more: str) -> Any:
        given = {"choice": choice, "ticket": ticket(coordinator, page), **more}
        return coordinator.post(page + "say/", given, follow=True)

    assert say("hook", url="ftp://x").status_code == 422
    first = secret(say("hook", url="https://shelter.example/news"))
    assert secret(say("rotate")) != first and first.startswith("efs_")
    with tenancy.organisation(organisation.pk):
        case = casework.open_case(one, {"age": "adult", "country": "", "language": "en", "acquisition": "unknown",
                                        "danger": False}, one.made_at)[0].case  # fmt: skip
        from efface.cases import consents

        consents.stop(case, "survivor", one.made_at)
    shown = coordinator.get(page).content
    assert b"One piece of news of a case" in shown and case.reference.encode() not in shown
    assert b"sent again" in say("resend").content
    assert b"Nothing is sent there any more" in say("end").content
    with tenancy.organisation(organisation.pk):
        assert Hook.objects.get().ended_at is not None and hooks.standing(one) is None


def test_a_stale_or_doubled_page_does_nothing(coordinator: Client, organisation: Any) -> None:
    one = make_partner(organisation).partner
    page = f"/console/partners/{one.pk}/"
    given = {"choice": "revoke", "ticket": ticket(coordinator, page)}
    ticket(coordinator, page)
    assert b"Nothing was done a second time" in coordinator.post(page + "say/", given, follow=True).content
    with tenancy.organisation(organisation.pk):
        assert Partner.objects.get().revoked_at is None
    given["ticket"] = ticket(coordinator, page)
    assert b"Revoked" in coordinator.post(page + "say/", given, follow=True).content


def test_partners_of_another_organisation_are_not_there(coordinator: Client, now: Any) -> None:
    theirs = make_partner(people.make_organisation("Another Helpline")).partner
    assert coordinator.get(f"/console/partners/{theirs.pk}/").status_code == 404
    assert coordinator.post(f"/console/partners/{theirs.pk}/say/", {"choice": "revoke"}).status_code == 404


def test_a_worker_ends_what_a_partner_sees(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    page = f"/console/cases/{case.pk}/partners/"
    assert b"Nobody" in desk.get(page).content
    with tenancy.organisation(organisation.pk):
        PartnerCase.objects.create(
            organisation=organisation, partner=make_partner(organisation).partner, case=case, at=now
        )
    assert b"Ended" in desk.post(page, follow=True).content
    with tenancy.organisation(organisation.pk):
        assert PartnerCase.objects.get().ended_at == now


def test_a_report_waits_for_a_person_and_is_decided_once(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    asks = Api(make_partner(organisation).key)
    assert b"Nothing waits here" in desk.get("/console/reports/").content
    assert asks.post("/reports", XARF).status_code == 201
    assert asks.post("/reports", XARF).status_code == 201
    shown = desk.get("/console/reports/").content
    assert b"hxxps://pictures[.]example/2.jpg" in shown and b"A Hotline" in shown
    with tenancy.organisation(organisation.pk):
        row = Report.objects.get()
        assert not ReportedLink.objects.exists()
    say = f"/console/reports/{row.pk}/say/"
    assert b"no open case" in desk.post(say, {"choice": "link", "reference": "NONE"}, follow=True).content
    given = {"choice": "link", "reference": case.reference.lower()}
    assert b"2 links were added" in desk.post(say, given, follow=True).content
    assert b"Nothing was done a second time" in desk.post(say, given, follow=True).content
    with tenancy.organisation(organisation.pk):
        row.refresh_from_db()
        assert ReportedLink.objects.count() == 2 and (row.state, row.content) == ("linked", None)


@pytest.mark.parametrize("change, kind", [
    ({"evidence": [{"content_type": "image/jpeg", "payload": "AAAA"}]}, "imagery"),
    ({"xarf_version": "3"}, "xarf"), ({"report_id": 5}, "xarf"), ({"url": "x", "evidence": []}, "xarf"),
    ({"evidence": {}}, "xarf"), ({"evidence": ["x"]}, "xarf"),
])  # fmt: skip
def test_what_is_no_report_is_refused_and_not_kept(
    organisation: Any, now: Any, change: dict[str, Any], kind: str
) -> None:
    answer = Api(make_partner(organisation).key).post("/reports", XARF | change)
    assert answer.status_code == 422 and answer.json()["type"].endswith(kind)
    with tenancy.organisation(organisation.pk):
        assert not Report.objects.exists()


def test_hostile_words_of_a_report_stay_words() -> None:
    kept = reports.read(XARF | {"description": "a\r\n<script>\u202e", "reporter": {"org": "x" * 500}})
    assert "\n" not in kept["description"] and len(kept["reporter"]) == 120


def test_help_is_searched_by_word_and_place(desk: Client) -> None:
    whole = desk.get("/console/knowledge/").content
    assert b"When somebody demands money" in whole
    found = desk.get("/console/knowledge/", {"q": "hateaid", "place": "DE"}).content
    assert b"HateAid" in found and b"When somebody demands money" not in found
    assert b"Nothing fits" in desk.get("/console/knowledge/", {"q": "zzzz <b>"}).content
    assert b"Nobody pays" in desk.get("/console/knowledge/extortion/").content
    assert desk.get("/console/knowledge/nothing/").status_code == 404


def test_a_guide_is_printed_as_a_pdf(desk: Client) -> None:
    answer = desk.get("/console/knowledge/minor/pdf/")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
