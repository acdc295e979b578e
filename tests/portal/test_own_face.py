"""Keeping one's face out of every search, begun without a worker: opening the case changes nothing yet."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from efface.cases import attesting
from efface.cases.may import may
from efface.cases.models import Case, CaseKind, Consent, Fingerprint, Purpose
from efface.console import waiting_arrivals
from efface.engine.base import clock, tenancy
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
SECRET = re.compile(r'data-fact="access-code">([a-z0-9-]+)<')


def press(client: Client, **more: str) -> Any:
    found = re.search(r'name="ticket" value="([^"]+)"', client.get("/own/").content.decode())
    return client.post("/own/", {"ticket": found[1] if found else "x", **more})


def kept_out(client: Client) -> None:
    assert press(client, adult="yes").headers["Location"] == "/case/code/"
    found = SECRET.search(client.get("/case/code/").content.decode())
    assert found
    client.post("/case/code/", {"typed": found[1]})


def test_a_case_is_opened_that_can_do_one_thing_and_does_not_do_it_yet(house: Any, now: Any) -> None:
    client = Client()
    kept_out(client)
    assert 'href="/case/"' in client.get("/case/code/word/").content.decode(), "no questions are asked"
    assert client.get("/case/steps/").headers["Location"] == "/case/"
    with tenancy.organisation(house.pk):
        case = Case.objects.get()
        assert (case.kind, case.by_herself, case.worker_id, case.level) == (CaseKind.BLOCK, True, None, "declared")
        assert list(Consent.objects.values_list("purpose", flat=True)) == [Purpose.BLOCK_FACE]
        assert not any(may(case, purpose, NOON) for purpose in Purpose.values)
    page = client.get("/case/").content.decode()
    assert 'data-fact="next"' in page and "It has not started yet" in page
    assert 'type="file"' not in client.get("/case/pictures/").content.decode()
    sent = client.post("/case/pictures/", {"age": "adult", "pictures": []})
    assert sent.status_code == 422
    with tenancy.organisation(house.pk):
        assert Fingerprint.objects.count() == 0


def test_it_begins_only_after_two_people_and_three_days(house: Any, now: Any) -> None:
    client = Client()
    kept_out(client)
    first, second = people.worker(house), people.worker(house)
    with tenancy.organisation(house.pk):
        case = Case.objects.get()
        made = attesting.attest(case, first, spoke_alone=True, proof_seen="identity card, name and face", now=NOON)
        assert not may(Case.objects.get(), Purpose.BLOCK_FACE, NOON)
        attesting.approve(made, second, NOON)
        soon = NOON + attesting.COOLING_OFF / 2
        assert not may(Case.objects.get(), Purpose.BLOCK_FACE, soon)
    with clock.fixed(soon):
        assert 'id="level-stop"' in client.get("/case/").content.decode(), "and can be stopped until then"


def test_somebody_under_18_gives_nothing(house: Any, now: Any) -> None:
    client = Client()
    answer = press(client)
    assert answer.status_code == 422 and b"Of people under 18 we keep no face" in answer.content
    with tenancy.organisation(house.pk):
        assert Case.objects.count() == 0


def test_a_form_is_good_for_one_case_and_many_from_one_place_wait(house: Any, now: Any) -> None:
    client = Client()
    found = re.search(r'name="ticket" value="([^"]+)"', client.get("/own/").content.decode())
    assert found
    assert Client().post("/own/", {"ticket": found[1], "adult": "yes"}).status_code == 302
    assert Client().post("/own/", {"ticket": found[1], "adult": "yes"}).status_code == 422
    answers = [press(Client(), adult="yes").status_code for _ in range(5)]
    assert answers[0] == 302 and answers[-1] == 429


def test_where_nobody_opens_a_case_alone_the_page_says_whom_to_ask(organisation: Any, now: Any) -> None:
    client = Client()
    assert b"own-begin" not in client.get("/own/").content
    assert client.post("/own/", {"ticket": "t", "adult": "yes"}).status_code == 403
    with tenancy.organisation(organisation.pk):
        assert Case.objects.count() == 0


def test_who_has_a_case_is_not_given_another(house: Any, now: Any) -> None:
    her = people.entered(people.open_case(house).access_code)
    assert b"own-begin" not in her.get("/own/").content
    assert her.post("/own/", {"ticket": "t", "adult": "yes"}).headers["Location"] == "/case/"
    with tenancy.organisation(house.pk):
        assert Case.objects.count() == 1


def test_the_desk_sees_what_it_is_and_she_can_take_it_back(house: Any, now: Any) -> None:
    client = Client()
    kept_out(client)
    with tenancy.organisation(house.pk):
        case = Case.objects.get()
        assert waiting_arrivals._decision(case).title == "Somebody wants to keep their face out"
        client.post("/case/allow/change/", {"purpose": "block_face", "choice": "withdraw"})
    with tenancy.organisation(house.pk):
        assert not Consent.objects.filter(withdrawn_at=None).exists()
