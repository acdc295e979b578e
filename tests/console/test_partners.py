"""Pages of partners, received reports and help: what is shown once, what is done once, what is empty."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from efface.cases import consents
from efface.cases.models import Case, ReportedLink
from efface.console.models import Taken
from efface.engine.base import clock, deadlines, tenancy
from efface.partners import casework, hooks, reports
from efface.partners.models import Hook, News, Partner, PartnerCase, Report
from efface.search import urls
from efface.search.models import HotlineDraft, Match
from tests import people
from tests.api.conftest import Api, make_partner
from tests.conftest import role
from tests.console.test_queue import mark_of, take

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


def later(moment: datetime) -> None:
    with clock.fixed(moment), role("efface_engine"):
        deadlines.fire(moment)


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


def brought(organisation: Any, case: Any, now: Any, scopes: Any = None) -> tuple[PartnerCase, str]:
    made = make_partner(organisation, scopes)
    with tenancy.organisation(organisation.pk):
        row = PartnerCase.objects.create(organisation=organisation, partner=made.partner, case=case, at=now)
    return row, made.key


def test_the_case_page_leads_to_who_sees_it(desk: Client, case: Any) -> None:
    page = f"/console/cases/{case.pk}/partners/"
    assert page.encode() in desk.get(f"/console/cases/{case.pk}/").content
    assert b"Nobody" in desk.get(page).content


def test_a_worker_ends_what_one_partner_sees_and_the_other_goes_on(
    desk: Client, case: Any, organisation: Any, now: Any
) -> None:
    page = f"/console/cases/{case.pk}/partners/"
    (row, key), (_other, its_key) = brought(organisation, case, now), brought(organisation, case, now)
    assert desk.get(page).content.count(b"End it: she") == 2
    assert b"Ended" in desk.post(page, {"sight": row.pk}, follow=True).content
    assert b"Nothing was done a second time" in desk.post(page, {"sight": row.pk}, follow=True).content
    assert b"Nothing was done a second time" in desk.post(page, {"sight": "x"}, follow=True).content
    assert Api(key).get(f"/cases/{case.pk}").status_code == 404
    assert Api(its_key).get(f"/cases/{case.pk}").status_code == 200


def waiting(desk: Client, kind: str) -> str:
    return desk.get("/console/queue/", {"kind": kind}).content.decode()


def receive(organisation: Any, now: Any, **change: Any) -> Report:
    with tenancy.organisation(organisation.pk):
        return reports.take(organisation.pk, XARF | change, now)[0]


def known(case: Any, page: str) -> None:
    match = people.make_match(case, page=page)
    Match.objects.filter(pk=match.pk).update(page_digest=urls.digest(page))


def test_a_report_waits_in_the_queue_and_is_decided_once(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    asks = Api(make_partner(organisation).key)
    assert desk.get("/console/reports/").headers["Location"] == "/console/queue/?kind=report"
    assert "A report that others sent" not in waiting(desk, "report")
    assert asks.post("/reports", XARF).status_code == 201
    assert asks.post("/reports", XARF).status_code == 201
    shown = waiting(desk, "report")
    assert "hxxps://pictures[.]example/2.jpg" in shown and "A Hotline" in shown and "Example Shelter" in shown
    assert shown.count("A report that others sent") == 1 and "None of its addresses is known" in shown
    with tenancy.organisation(organisation.pk):
        row = Report.objects.get()
        assert not ReportedLink.objects.exists()
    mark = mark_of(desk, "report", row.pk)
    assert "Please fill in" in take(desk, "report", row.pk, "link", mark=mark)
    again = take(desk, "report", row.pk, "link", mark=mark, reference="NONE")
    assert "no open case" in again and 'value="NONE"' in again
    assert "2 links were added" in take(desk, "report", row.pk, "link", mark=mark, reference=case.reference.lower())
    assert "Nothing was done a second time" in take(desk, "report", row.pk, "link", mark=mark, reference="X")
    with tenancy.organisation(organisation.pk):
        row.refresh_from_db()
        assert ReportedLink.objects.count() == 2 and row.state == "linked"
        later(now + timedelta(minutes=16))
        row.refresh_from_db()
        assert row.content is None


def test_a_report_about_a_known_page_goes_to_its_case_with_one_key(
    desk: Client, case: Any, organisation: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        known(case, "https://pictures.example/p/1")
        Case.objects.filter(pk=case.pk).update(danger=True)
    row = receive(organisation, now)
    page = waiting(desk, "report")
    assert f"Add to {case.reference}" in page and 'class="primary">Add to ' in page and "in danger" in page
    assert "2 links were added" in take(desk, "report", row.pk, "known")
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.filter(case=case).count() == 2


def test_a_report_known_in_two_cases_is_for_a_person(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    other = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        known(case, "https://pictures.example/p/1")
        known(other, "https://pictures.example/2.jpg")
    row = receive(organisation, now)
    page = waiting(desk, "report")
    assert "more than one case" in page and case.reference in page and other.reference in page
    mark = mark_of(desk, "report", row.pk)
    assert "choose one of the answers" in take(desk, "report", row.pk, "known", mark=mark)


def test_many_reports_cost_no_more_questions_than_a_few(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        known(case, "https://pictures.example/p/1")

    def questions(first: int, count: int) -> int:
        for number in range(first, first + count):
            receive(organisation, now, report_id=f"report-number-{number}")
        desk.get("/console/queue/?kind=report")
        with CaptureQueriesContext(connection) as seen:
            assert waiting(desk, "report").count("A report that others sent") == first + count
        return len(seen)

    assert questions(0, 2) == questions(2, 10)


def test_what_was_known_changes_the_mark(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    """One key must not put it into a case that the page did not show."""
    row = receive(organisation, now)
    mark = mark_of(desk, "report", row.pk)
    with tenancy.organisation(organisation.pk):
        known(case, "https://pictures.example/p/1")
    assert "changed since you opened it" in take(desk, "report", row.pk, "drop", mark=mark)


@pytest.mark.parametrize("choice", ["link", "drop"])
def test_a_decision_about_a_report_can_be_undone(
    desk: Client, case: Any, organisation: Any, now: Any, choice: str
) -> None:
    row = receive(organisation, now)
    take(desk, "report", row.pk, choice, reference=case.reference)
    with tenancy.organisation(organisation.pk):
        (taken,) = Taken.objects.filter(kind="report")
    assert "Undone" in desk.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    assert "A report that others sent" in waiting(desk, "report")
    with tenancy.organisation(organisation.pk):
        assert not ReportedLink.objects.exists()
        later(now + timedelta(hours=1))
        row.refresh_from_db()
        assert row.content["addresses"] and row.state == "draft"
    assert "2 links" in take(desk, "report", row.pk, "link", reference=case.reference)


def test_links_that_were_looked_at_are_not_taken_back(desk: Client, case: Any, organisation: Any, now: Any) -> None:
    row = receive(organisation, now)
    take(desk, "report", row.pk, "link", reference=case.reference)
    with tenancy.organisation(organisation.pk):
        ReportedLink.objects.filter(case=case).update(handled_at=now, outcome="matched")
        (taken,) = Taken.objects.filter(kind="report")
    assert "too late" in desk.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.count() == 2


def test_a_report_of_child_material_stops_its_sites_and_is_never_added_to_a_case(
    desk: Client, case: Any, organisation: Any, now: Any
) -> None:
    row = receive(organisation, now, type="csam")
    page = waiting(desk, "report")
    assert "calls it child material" in page and "Add to" not in page and "Reference of the case" not in page
    mark = mark_of(desk, "report", row.pk)
    assert "choose one of the answers" in take(desk, "report", row.pk, "link", mark=mark, reference=case.reference)
    assert "One site is stopped" in take(desk, "report", row.pk, "child", mark=mark)
    with tenancy.organisation(organisation.pk):
        row.refresh_from_db()
        assert row.content is None and HotlineDraft.objects.get().stop.site.domain == "pictures.example"


def test_reports_of_another_organisation_are_not_seen(desk: Client, now: Any) -> None:
    theirs = receive(people.make_organisation("Another Helpline"), now)
    assert "A report that others sent" not in waiting(desk, "report")
    assert "decided" in desk.get(f"/console/decision/report/{theirs.pk}/").content.decode()


def test_news_that_were_given_up_wait_for_a_lead(case: Any, organisation: Any, now: Any) -> None:
    row, key = brought(organisation, case, now)
    with tenancy.organisation(organisation.pk):
        hook, _secret = hooks.set_hook(row.partner, "https://shelter.example/news", "coordinator:x", now)
        consents.stop(case, "survivor", now)
        consents.resume(case, "survivor", now)
        first = News.objects.order_by("number")[0]
        News.objects.filter(pk=first.pk).update(state="stuck", attempts=47, tried_at=now, answer="status 503")
    lead = people.signed_in(people.worker(organisation, "lead"))
    worker = people.signed_in(people.worker(organisation))
    assert "could not be told" not in waiting(worker, "undelivered")
    page = waiting(lead, "undelivered")
    assert "A partner could not be told" in page and "status 503" in page and case.reference not in page
    assert "sent again" in take(lead, "undelivered", hook.pk, "again")
    with tenancy.organisation(organisation.pk):
        assert set(News.objects.values_list("state", "attempts")) == {("waiting", 0)}
        News.objects.filter(pk=first.pk).update(state="stuck", attempts=47)
    assert "Nothing is sent there any more" in take(lead, "undelivered", hook.pk, "end")
    assert Api(key).get(f"/cases/{case.pk}").status_code == 200
    with tenancy.organisation(organisation.pk):
        assert set(News.objects.values_list("state", flat=True)) == {"dropped"}


def test_an_expired_key_is_renewed_and_keeps_its_cases(
    coordinator: Client, case: Any, organisation: Any, now: Any
) -> None:
    row, key = brought(organisation, case, now)
    page = f"/console/partners/{row.partner_id}/"
    with tenancy.organisation(organisation.pk):
        Partner.objects.update(expires_at=now)
    assert Api(key).get("/me").status_code == 401
    given = {"choice": "renew", "ticket": ticket(coordinator, page)}
    new = secret(coordinator.post(page + "say/", given))
    assert Api(key).get("/me").status_code == 401
    assert Api(new).get(f"/cases/{case.pk}").status_code == 200
    given = {"choice": "renew", "ticket": ticket(coordinator, page)}
    with tenancy.organisation(organisation.pk):
        Partner.objects.update(revoked_at=now)
    assert b"page was old" in coordinator.post(page + "say/", given, follow=True).content


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
