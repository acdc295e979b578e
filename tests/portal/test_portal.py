"""The survivor's door: the way in, what she sees, what she answers, and the way out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from efface.cases import consents, opening, uploading
from efface.cases.models import Case, Consent, Fingerprint, ReportedLink
from efface.engine.base import deadlines, tenancy
from efface.search.models import Finding, Match
from tests import people
from tests.console.test_casework import picture, upload

pytestmark = pytest.mark.django_db
PAGES = ("/case/", "/case/allow/", "/case/messages/", "/case/timeline/", "/case/pictures/")


@pytest.fixture(autouse=True)
def no_tries_counted(db: Any) -> Any:
    cache.clear()
    yield
    uploading.close()


def words(client: Client, url: str = "/case/") -> str:
    return client.get(url).content.decode()


def test_without_a_code_there_is_only_the_way_in() -> None:
    for url in PAGES:
        assert Client().get(url).headers["Location"] == "/enter/"


def test_a_wrong_code_gets_kind_words_and_many_a_pause(opened: Any) -> None:
    client = Client()
    for _ in range(10):
        answer = client.post("/enter/", {"code": "aaaa-bbbb-cccc-dddd"})
        assert answer.status_code == 422 and b"does not open anything" in answer.content
    assert client.post("/enter/", {"code": opened.access_code}).status_code == 429
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    assert elsewhere.post("/enter/", {"code": opened.access_code}).status_code == 302


@pytest.mark.parametrize("code", ["", "x" * 5000, "aaaa-bbbb-cccc-dddd\x00", "‮code", "' OR 1=1 --"])
def test_codes_that_are_none(db: Any, code: str) -> None:
    assert Client().post("/enter/", {"code": code}).status_code == 422


def test_entering_ends_whatever_session_was_there(organisation: Any, opened: Any) -> None:
    client = people.signed_in(people.worker(organisation, "lead"))
    before = client.cookies["s"].value
    client.post("/enter/", {"code": opened.access_code})
    assert client.cookies["s"].value != before
    assert client.get("/console/queue/").status_code == 302


def test_titles_say_nothing_and_nothing_is_stored(her: Client) -> None:
    for url in (*PAGES, "/", "/enter/"):
        answer = her.get(url)
        assert re.search(r"<title>\s*Notes\s*</title>", answer.content.decode())
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        policy = answer.headers["Content-Security-Policy"]
        if url == "/case/pictures/":
            # The nets that learn a face run on this page alone.
            policy = policy.replace("'wasm-unsafe-eval'", "")
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert not re.search(r"<img|<video|style=|\son\w+=|<script>|<style", answer.content.decode())
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.content.decode())


def test_leaving_forgets_everything(her: Client) -> None:
    answer = her.get("/leave/")
    assert answer.status_code == 302 and '"cookies"' in answer.headers["Clear-Site-Data"]
    assert "House plants" in words(her, answer.headers["Location"])
    assert her.get("/case/").headers["Location"] == "/enter/"


def test_her_session_ends_sooner_than_a_worker_s(her: Client) -> None:
    from efface.engine.base import settings

    assert her.session.get_expiry_age() == settings.get("session_minutes") * 30


def test_a_candidate_is_judged_without_looking(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(opened.case, state="asked", kind="face", score=0.7)
        hidden = people.make_match(opened.case, kind="face", score=0.7, page="https://undecided.example/1")
    page = words(her)
    assert "undecided" not in page and hidden.state == "candidate"
    assert "A face very like yours" in page and "at the top right" in page
    assert "hxxps://pictures[.]example/p/1" in page
    her.post(f"/case/answer/{match.pk}/", {"choice": "not-me", "age": "unknown"})
    again = her.post(f"/case/answer/{match.pk}/", {"choice": "me", "age": "adult"}, follow=True)
    assert b"answered already" in again.content
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == "rejected"


@pytest.mark.parametrize(("choice", "state"), [("me", "confirmed"), ("own", "own"), ("not-me", "rejected")])
def test_each_answer(organisation: Any, opened: Any, her: Client, choice: str, state: str) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(opened.case, state="asked", strong=False, score=28)
    assert (
        b"Thank you" in her.post(f"/case/answer/{match.pk}/", {"choice": choice, "age": "adult"}, follow=True).content
    )
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == state
        assert [one.age for one in Finding.objects.all()] == (["adult"] if choice == "me" else [])


def test_an_answer_that_cannot_be_used_says_why(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(opened.case, state="asked")
        consents.withdraw(opened.case, "hash_match", "survivor", now)
    page = her.post(f"/case/answer/{match.pk}/", {"choice": "me", "age": "adult"}, follow=True).content.decode()
    assert "could not be used yet" in page
    assert her.post(f"/case/answer/{match.pk}/", {"choice": "perhaps"}).status_code == 404


def test_age_is_asked_and_unsure_is_all_right(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case, age="unknown")
    assert "how old you were" in words(her)
    url = f"/case/age/{finding.pk}/"
    assert b"That is all right" in her.post(url, {"choice": "unknown"}, follow=True).content
    her.post(url, {"choice": "minor"})
    assert b"answered already" in her.post(url, {"choice": "adult"}, follow=True).content
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.get(pk=finding.pk).age == "minor"
    assert "We keep and send nothing" in words(her)


def test_each_switch_says_who_learns_what_and_acts_at_once(organisation: Any, opened: Any, her: Client) -> None:
    page = words(her, "/case/allow/")
    assert page.count("Who learns what:") == 9
    her.post("/case/allow/change/", {"purpose": "hash_match", "choice": "withdraw"})
    for _ in range(2):
        her.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    with tenancy.organisation(organisation.pk):
        standing = [one.purpose for one in Consent.objects.filter(withdrawn_at=None)]
        assert sorted(standing) == ["face_search", "notify"]
    assert her.post("/case/allow/change/", {"purpose": "all", "choice": "give"}).status_code == 404


def test_stop_and_continue(organisation: Any, opened: Any, her: Client) -> None:
    for _ in range(2):
        her.post("/case/pause/", {"choice": "stop"})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).state == "paused"
    assert "Everything is paused." in words(her)
    her.post("/case/pause/", {"choice": "resume"})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).state == "open"
        consents.close(opened.case, "lead:x", opened.case.opened_at)
    assert b"This case is closed" in her.post("/case/pause/", {"choice": "stop"}, follow=True).content


def test_a_link_is_taken_and_a_mistyped_one_is_not_lost(organisation: Any, opened: Any, her: Client) -> None:
    her.post("/case/link/", {"url": "pictures.example/album?id=7"})
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.get().url == "https://pictures.example/album?id=7"
    page = words(her)
    assert "hxxps://pictures[.]example/album?id=7" in page and "A machine is about to look at it." in page
    answer = her.post("/case/link/", {"url": 'javascript:alert("1")'})
    assert answer.status_code == 422 and b"javascript:alert(&quot;1&quot;)" in answer.content


def test_messages(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    from efface.cases import messages

    her.post("/case/messages/write/", {"text": "Is it still there?"})
    with tenancy.organisation(organisation.pk):
        messages.write(
            opened.case, from_survivor=False, author="caseworker:x", text="<b>Yes</b>\u202e, for now.", now=now
        )
    assert "Messages (1)" in words(her)
    page = words(her, "/case/messages/")
    assert "Is it still there?" in page and "&lt;b&gt;Yes&lt;/b&gt;, for now." in page
    assert "Messages (1)" not in words(her)
    answer = her.post("/case/messages/write/", {"text": "x" * 5001})
    assert answer.status_code == 422 and b"x" * 5001 in answer.content


def test_a_finding_says_what_happens_next_and_when(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case)
        people.make_notice(finding, state="sent", sent_at=now, clock_due=now + timedelta(hours=48))
        deadlines.set_deadline(
            "finding.check", finding.pk, now + timedelta(days=1), organisation=organisation.pk, case=opened.case.pk
        )
    page = words(her)
    assert "We wrote to one of those who can remove it." in page
    assert "The law gives them time until" in page and "4 March 2026" in page
    assert "We look again on" in page and "3 March 2026" in page


def test_her_pictures_become_fingerprints(organisation: Any, opened: Any, her: Client) -> None:
    page = upload(her, "/case/pictures/", [("mine.jpg", picture(9))], age="adult").content.decode()
    assert "One picture was turned into a fingerprint." in page
    with tenancy.organisation(organisation.pk):
        assert Fingerprint.objects.get().age == "adult"


def test_under_18_nothing_is_taken_in(organisation: Any, opened: Any, her: Client) -> None:
    answer = upload(her, "/case/pictures/", [("mine.jpg", picture(9))], age="minor")
    assert answer.status_code == 422 and b"under 18 we keep nothing" in answer.content
    young = people.entered(people.open_case(organisation, age="minor").access_code)
    assert 'type="file"' not in words(young, "/case/pictures/")
    assert "ways made for that" in words(young)
    with tenancy.organisation(organisation.pk):
        assert not Fingerprint.objects.exists()


def test_an_erased_case_ends_the_session(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    from efface.cases import erasing

    with tenancy.organisation(organisation.pk):
        erasing.erase(opened.case, "lead:x", now)
    for url in PAGES:
        client = her
        assert client.get(url).headers["Location"] == "/enter/"


def test_the_timeline_is_in_plain_words(opened: Any, her: Client) -> None:
    page = words(her, "/case/timeline/")
    assert "Your case was opened." in page and "Look for copies of my pictures" in page
    assert "hash_match" not in page and "case.opened" not in page


@pytest.mark.parametrize("language", ["ar", "de", "es"])
def test_the_language_can_be_chosen(language: str, db: Any) -> None:
    client = Client()
    client.post("/language/", {"language": language})
    assert f'<html lang="{language}"' in words(client, "/")


def test_the_case_s_age_is_asked_once_where_nobody_said_it(organisation: Any, now: Any) -> None:
    opened = people.open_case(organisation, age="unknown")
    her = people.entered(opened.access_code)
    assert "One question first" in words(her)
    her.post("/case/age/", {"choice": "unknown"})
    assert "One question first" in words(her)
    her.post("/case/age/", {"choice": "adult"})
    assert "One question first" not in words(her)
    assert b"answered already" in her.post("/case/age/", {"choice": "minor"}, follow=True).content
    assert her.post("/case/age/", {"choice": "99"}).status_code == 404
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).age == "adult"


def test_a_form_that_was_open_too_long_says_so_kindly(db: Any) -> None:
    answer = Client(enforce_csrf_checks=True).post("/enter/", {"code": "x"})
    assert answer.status_code == 403 and b"open for too long" in answer.content


def test_an_address_that_is_none(db: Any) -> None:
    answer = Client().get("/no/such/page/")
    assert answer.status_code == 404 and b"There is no such page" in answer.content
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_new_code_ends_what_the_old_one_opened(opened: Any, her: Client, now: Any) -> None:
    """Somebody who got hold of the code is out at the next click."""
    assert her.get("/case/").status_code == 200
    with tenancy.organisation(opened.case.organisation_id):
        fresh = opening.new_access_code(opened.case, now)
    assert her.get("/case/").headers["Location"] == "/enter/"
    assert b"Your access code" in her.post("/case/pause/", {"choice": "stop"}).content
    with tenancy.organisation(opened.case.organisation_id):
        assert Case.objects.get(pk=opened.case.pk).state == "open"
    assert people.entered(fresh).get("/case/").status_code == 200


def test_pictures_from_before_she_allowed_more_are_asked_for_once_more(
    organisation: Any, opened: Any, her: Client, now: Any
) -> None:
    upload(her, "/case/pictures/", [("mine.jpg", picture(9, 480))], age="adult")
    assert "choose-again" not in words(her, "/case/allow/")
    her.post("/case/allow/change/", {"purpose": "copy_match", "choice": "give"})
    assert words(her, "/case/allow/").count("please choose them once more") == 1
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    at = f"/console/cases/{opened.case.pk}/"
    assert "choose-again" in words(desk, at)
    page = upload(her, "/case/pictures/", [("mine.jpg", picture(9, 480))], age="adult").content.decode()
    assert "One will also be recognised when it was changed." in page and "0 pictures" not in page
    with tenancy.organisation(organisation.pk):
        assert sorted(Fingerprint.objects.values_list("kind", flat=True)) == ["local", "pdq"]
    assert "choose-again" not in words(her, "/case/allow/") + words(desk, at)


def test_a_permission_that_came_to_its_end_is_told(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk), people.role("efface_engine"):
        deadlines.fire(now + timedelta(days=365))
    page = words(her, "/case/timeline/")
    assert page.count("A permission came to its end.") == 2
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    assert words(desk, f"/console/cases/{opened.case.pk}/timeline/").count("Consent came to its end") == 2
