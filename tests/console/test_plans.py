"""The plan as a person sees and changes it; questions at both doors; results and the law to read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.cases import avoiding, consents, erasing, knowing
from efface.cases.models import Avoided, Case, CaseFact
from efface.engine.base import clock, tenancy
from efface.law import load
from efface.takedown import planning
from efface.takedown.channels import todo
from efface.takedown.models import PlanChange, Route, Step
from tests import people
from tests.casework import make_case, make_finding
from tests.conftest import make_organisation
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, dossier

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(organisation: Any, now: Any) -> Client:
    return people.signed_in(people.worker(organisation, "caseworker", "Kim First"))


@pytest.fixture
def planned(organisation: Any, now: Any) -> Any:
    with tenancy.organisation(organisation.pk):
        finding = make_finding(make_case(organisation))
        planning.apply(finding, dossier(OPERATOR, HOST, MEDIA_HOST, REGISTRAR, SEARCH), now)
    return finding


def text(client: Client, at: str) -> str:
    answer = client.get(at)
    assert answer.status_code == 200, at
    return answer.content.decode()


def test_a_person_reads_and_changes_the_plan(organisation: Any, desk: Client, planned: Any) -> None:
    at = f"/console/cases/{planned.case_id}/plan/{planned.pk}/"
    page = text(desk, at)
    for words in ("Example Hosting", "not known: nobody of this kind was asked yet", "Who learns what", "StopNCII",
                  "may let whoever uploaded it know", "Nothing. The plan stands as it was made."):  # fmt: skip
        assert words in page, words
    assert 'href="http' not in page and "<img" not in page
    given = {"verb": "skip", "party": HOST.key}
    preview = desk.get(at + "change/", given).content.decode()
    assert "Who would learn what" in preview and "Nobody learns anything by it." in preview
    assert desk.post(at + "change/", given).status_code == 422
    assert desk.post(at + "change/", {**given, "why": "she knows <b>him</b>"}).status_code == 302
    page = text(desk, at)
    assert "she knows &lt;b&gt;him&lt;/b&gt;" in page and "Kim First" in page
    with tenancy.organisation(organisation.pk):
        said = PlanChange.objects.get()
        assert Route.objects.get(party_key=HOST.key).state == "dropped"
    assert desk.post(f"{at}undo/{said.pk}/").status_code == 302
    assert desk.post(f"{at}undo/{said.pk}/").status_code == 422
    with tenancy.organisation(organisation.pk):
        assert Route.objects.get(party_key=HOST.key).state == "planned"
    with tenancy.organisation(organisation.pk):
        other = Route.objects.get(party_key=HOST.key).told["others"][0]["notice_type"]
    preview = desk.get(at + "change/", {"verb": "use", "party": HOST.key, "notice_type": other}).content.decode()
    assert load().notices[other].name in preview
    assert desk.get(at + "change/", {"verb": "explode", "party": HOST.key}).status_code == 404


def test_what_a_person_does_leads_from_the_plan_to_its_page(organisation: Any, desk: Client, planned: Any) -> None:
    at = f"/console/cases/{planned.case_id}/plan/{planned.pk}/"
    with tenancy.organisation(organisation.pk):
        letter = Step.objects.get(notice_type="evidence_preservation_letter")
    assert f"/console/by-hand/{letter.pk}/" in text(desk, at)
    by_hand = f"/console/cases/{planned.case_id}/by-hand/"
    hashes = {"key": "hash_bank_submission:"}
    answer = desk.post(by_hand + "take/", hashes)
    assert answer.status_code == 422 and "Something is still missing" in answer.content.decode()
    assert desk.post(by_hand + "take/", {"key": "nothing"}).status_code == 422
    assert "ask her" in text(desk, by_hand)
    with tenancy.organisation(organisation.pk):
        knowing.answer(planned.case, "has_file", "yes", "survivor", clock.now())
        consents.give(planned.case, "hash_lists", "survivor", clock.now())
    assert "Take this up" in text(desk, by_hand)
    assert desk.post(by_hand + "take/", hashes).status_code == 302
    assert desk.post(by_hand + "take/", hashes).status_code == 302
    with tenancy.organisation(organisation.pk):
        assert Step.objects.filter(notice_type="hash_bank_submission").count() == 1


def test_an_answer_says_what_it_is(organisation: Any, desk: Client, planned: Any) -> None:
    with tenancy.organisation(organisation.pk):
        step = Step.objects.get(notice_type="evidence_preservation_letter")
    at = f"/console/by-hand/{step.pk}/"
    day = clock.now().date().isoformat()
    assert desk.post(at + "say/", {"choice": "done", "day": day}).status_code == 302
    assert desk.post(at + "say/", {"choice": "answered", "answer": "Please send the order."}).status_code == 422
    given = {"choice": "answered", "answer": "Please send the order.", "kind": "asks"}
    assert desk.post(at + "say/", given).status_code == 302
    page = text(desk, at)
    assert "they ask for more" in page and "They have what they asked for" in page
    with tenancy.organisation(organisation.pk):
        assert [row.id for row in todo.to_do(clock.now(), planned.case_id) if row.state == "done"] == [step.pk]
    assert desk.post(at + "say/", {"choice": "done", "day": day, "note": "sent it"}).status_code == 302
    with tenancy.organisation(organisation.pk):
        step.refresh_from_db()
        assert (step.answered_as, step.answered_at, step.answer) == ("", None, "Please send the order.")


def test_a_plan_of_nothing_says_so(organisation: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        finding = make_finding(make_case(organisation))
    assert "There is no plan yet." in text(desk, f"/console/cases/{finding.case_id}/plan/{finding.pk}/")


def test_another_case_or_organisation_is_shut_out(organisation: Any, planned: Any) -> None:
    other = people.signed_in(people.worker(make_organisation("Other"), "caseworker"))
    assert other.get(f"/console/cases/{planned.case_id}/plan/{planned.pk}/").status_code == 404
    assert other.get(f"/console/cases/{planned.case_id}/asking/").status_code == 404


def test_questions_at_both_doors_are_one(organisation: Any, desk: Client, now: Any) -> None:
    opened = people.open_case(organisation, country="US")
    her = people.entered(opened.access_code)
    page = text(her, "/case/questions/")
    assert "Did you press the shutter yourself?" in page and "In which part of the country" in page
    assert her.post("/case/questions/reply/", {"question": "pressed_shutter", "choice": "yes"}).status_code == 302
    assert her.post("/case/questions/reply/", {"question": "pressed_shutter", "choice": "perhaps"}).status_code == 422
    assert her.post("/case/questions/never/", {"who": "John Doe"}).status_code == 302
    assert her.post("/case/questions/never/", {"who": "x"}).status_code == 422
    at = f"/console/cases/{opened.case.pk}/asking/"
    assert "John Doe" in text(desk, at)
    desk.post(at + "answer/", {"question": "lives_in", "choice": "US-CA"})
    desk.post(at + "avoid/", {"who": "https://www.his-shop.example/about"})
    assert "his-shop.example" in text(her, "/case/questions/")
    with tenancy.organisation(organisation.pk):
        assert knowing.answers(opened.case) == {"pressed_shutter": "yes", "lives_in": "US-CA"}
        known = avoiding.known(opened.case)
        assert (known.names, known.places) == (frozenset({"John Doe"}), frozenset({"his-shop.example"}))
        for row in Avoided.objects.all():
            her.post(f"/case/questions/never/{row.pk}/end/")
        assert avoiding.listed(opened.case) == []
        avoiding.add(opened.case, "John Doe", "survivor", now)
        erasing.erase(Case.objects.get(pk=opened.case.pk), "lead:1", now)
        assert not CaseFact.objects.exists() and not Avoided.objects.exists()


def test_nothing_she_said_stands_in_the_database_in_the_clear(organisation: Any, now: Any) -> None:
    from django.db import connection

    opened = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        avoiding.add(opened.case, "darkviper@x.example", "survivor", now)
        knowing.answer(opened.case, "demand", "money", "survivor", now)
        with connection.cursor() as cursor:
            for table in ("cases_avoided", "cases_casefact", "cases_caseevent"):
                cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
                assert not [row for (row,) in cursor.fetchall() if "darkviper" in row or "money" in row], table


def test_the_law_is_read_at_both_doors(desk: Client, now: Any) -> None:
    held, nobody = load(), Client()
    assert "verify" in text(desk, "/console/law/")
    for code in held.jurisdictions:
        page = text(desk, f"/console/law/places/{code}/")
        assert held.jurisdictions[code].offence_sharing.text[:40].split("'")[0] in page.replace("&#x27;", "'")
    for code in held.notices:
        text(desk, f"/console/law/notices/{code}/")
    for code in held.channels:
        text(desk, f"/console/law/desks/{code}/")
    unread = next(one for one in held.jurisdictions.values() if any(held.to_verify(x) for x in one.police))
    assert "verify before you lean on it" in text(desk, f"/console/law/places/{unread.id}/")
    for kind in ("places", "notices", "desks"):
        assert desk.get(f"/console/law/{kind}/nowhere/").status_code == 404
    page = text(nobody, "/places/")
    assert "<title>Notes</title>" in page and "<script" in page and 'href="/places/de/"' in page
    risky = next(one for one in held.jurisdictions.values() if one.reporting_risk)
    assert risky.reporting_risk[0].who in text(nobody, f"/places/{risky.id.lower()}/").replace("&#x27;", "'")
    assert nobody.get("/places/nowhere/").status_code == 404 and nobody.get("/places/eu/").status_code == 404


def test_results_say_how_little_they_stand_on(desk: Client, now: Any) -> None:
    assert "Nothing to show yet." in text(desk, "/console/results/")
    from datetime import timedelta

    from efface.engine.base.ids import uuid7
    from efface.sites import learning

    for number in range(7):
        one = uuid7()
        learning.sent(one, "email", "a@h.example", "host", "eu_dsa_art16", "de", now - timedelta(days=40),
                      site="s.example")  # fmt: skip
        if number < 5:
            learning.removed(one, 24 * (number + 1))
    page = text(desk, "/console/results/?by=site")
    assert "s.example" in page and "5 of 7" in page and "polyline" in page
    assert "Notice of illegal content" in text(desk, "/console/results/?by=nonsense")


def test_what_a_notice_lacks_leads_to_where_it_is_written_down(organisation: Any, desk: Client, planned: Any) -> None:
    at = f"/console/cases/{planned.case_id}/particulars/"
    page = text(desk, at)
    assert "Read by:" in page and 'data-entry="checkout"' not in page, "nobody takes payment for it"
    with tenancy.organisation(organisation.pk):
        route = Route.objects.filter(finding=planned, state="planned").first()
        assert route is not None
        needs = [{"kind": "element", "words": "give the checkout page", "ask": "particulars:checkout"}]
        Route.objects.filter(pk=route.pk).update(notice_type="payment_network", told={**route.told, "needs": needs})
    plan = text(desk, f"/console/cases/{planned.case_id}/plan/{planned.pk}/")
    assert f"{at}#e-checkout" in plan
    page = text(desk, at)
    assert "One of these is missing before something can go." in page and 'id="e-checkout"' in page
    assert desk.post(at + "say/", {"entry": "complained", "value": "soon"}).status_code == 422
    assert desk.post(at + "say/", {"entry": "checkout", "value": "https://pay.example/join"}).status_code == 302
    assert "https://pay.example/join" in text(desk, at)
