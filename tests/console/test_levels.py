"""The conversation at the desk, who is trained, and what only a lead decides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import AuditEntry, Member
from efface.cases import safety
from efface.cases.models import Attestation, Case, CaseEvent, Conversation, FaceAlarm, SafetySign
from efface.engine.base import tenancy
from tests import people
from tests.console.test_casework import GOOD, converse

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(organisation: Any) -> Client:
    return people.signed_in(people.worker(organisation, "lead"))


def decide(client: Client, kind: str, id: Any, choice: str, **filled: str) -> Any:
    page = client.get(f"/console/decision/{kind}/{id}/").content.decode()
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', page)
    assert mark, page
    given = {"choice": choice, "mark": mark[1], **filled}
    return client.post(f"/console/decision/{kind}/{id}/take/", given, follow=True)


def test_the_page_asks_one_step_after_the_other(organisation: Any, case: Any, desk: Client) -> None:
    url = f"/console/cases/{case.pk}/attest/"
    assert 'id="begin"' in desk.get(url).content.decode()
    assert desk.post(url, {"do": "begin"}).status_code == 422
    desk.post(url, {"do": "begin", "way": "in-person"})
    for number, (step, given) in enumerate(GOOD.items(), 1):
        page = desk.get(url).content.decode()
        assert f'data-step="{step}"' in page and f"Step {number} of 6" in page
        desk.post(url, {"do": "answer", "step": step, "given": given})
    with tenancy.organisation(organisation.pk):
        assert Attestation.objects.get().proof_seen == "identity card"
    assert b"waits for a second worker" in desk.get(f"/console/cases/{case.pk}/").content


@pytest.mark.parametrize("way", ["her word", "not alone", "the worker ends it", "left open"])
def test_every_end_looks_the_same(organisation: Any, case: Any, desk: Client, way: str) -> None:
    url = f"/console/cases/{case.pk}/attest/"
    with tenancy.organisation(organisation.pk):
        safety.choose(case, "rosmarin", case.opened_at)
    if way == "her word":
        answer = converse(desk, case, {"alone": "yes", "listening": "no", "word": "rosmarin"})
    elif way == "not alone":
        answer = converse(desk, case, {"alone": "no"})
    elif way == "the worker ends it":
        desk.post(url, {"do": "begin", "way": "video"})
        answer = desk.post(url, {"do": "end"})
    else:
        answer = desk.post(url, {"do": "answer", "step": "alone", "given": "yes"})
    assert (answer.status_code, answer.url) == (302, f"/console/cases/{case.pk}/attest/over/")
    page = desk.get(answer.url).content.decode()
    assert "The conversation is over" in page and "lead" not in page and "word" not in page.split("<main")[1]
    with tenancy.organisation(organisation.pk):
        assert not Attestation.objects.exists()
        assert SafetySign.objects.count() == (way == "her word")
        assert not Conversation.objects.filter(ended_at=None).exists()


def test_the_sign_reaches_the_lead_and_nobody_else(organisation: Any, case: Any, desk: Client, lead: Client) -> None:
    with tenancy.organisation(organisation.pk):
        safety.choose(case, "rosmarin", case.opened_at)
    converse(desk, case, GOOD | {"word": "well, rosmarin"})
    assert b"She said her word" in lead.get("/console/queue/").content
    for page in ("/console/queue/", f"/console/cases/{case.pk}/", f"/console/cases/{case.pk}/timeline/"):
        told = desk.get(page).content.decode()
        assert "her word" not in told and "sign" not in re.sub("sign.in|sign.out|Sign out", "", told).lower(), page
    with tenancy.organisation(organisation.pk):
        sign = SafetySign.objects.get()
        assert not CaseEvent.objects.filter(kind__contains="sign").exists()
    refused = desk.post(f"/console/decision/sign/{sign.pk}/take/", {"choice": "safe", "mark": "x"}, follow=True)
    assert b"Nothing was done a second time" in refused.content
    assert b"Please fill in" in decide(lead, "sign", sign.pk, "safe").content
    assert b"A lead has to look" in desk.get(f"/console/cases/{case.pk}/attest/").content
    decide(lead, "sign", sign.pk, "safe", why="met her at the office, alone")
    assert 'id="begin"' in desk.get(f"/console/cases/{case.pk}/attest/").content.decode()


def test_an_agreed_word_is_not_shown_and_not_kept(organisation: Any, case: Any, desk: Client) -> None:
    url = f"/console/cases/{case.pk}/attest/"
    desk.post(url, {"do": "begin", "way": "video"})
    answer = desk.post(url, {"do": "agree", "word": "heidelberg"}, follow=True)
    assert b"Only a proof of the word is kept" in answer.content and b"heidelberg" not in answer.content
    assert desk.post(url, {"do": "agree", "word": "ok"}).status_code == 422
    with tenancy.organisation(organisation.pk):
        assert safety.heard(case, "Heidelberg")


def test_a_face_alarm_is_a_leads_and_names_nobody(organisation: Any, case: Any, desk: Client, lead: Client) -> None:
    with tenancy.organisation(organisation.pk):
        row = FaceAlarm.objects.create(
            organisation=organisation, case=case, kind="same", pair=b"1", at=case.opened_at
        )  # fmt: skip
    assert b"The same face" not in desk.get("/console/queue/").content
    assert b"The same face is in another case" in lead.get("/console/queue/").content
    assert b"Please fill in" in decide(lead, "face-alarm", row.pk, "ended").content
    decide(lead, "face-alarm", row.pk, "ended", why="it was not her")
    with tenancy.organisation(organisation.pk):
        row.refresh_from_db()
        assert (row.outcome, row.why) == ("ended", "it was not her")
        assert AuditEntry.objects.filter(action="face-alarm.ended").count() == 1


def test_a_refusal_tells_the_first_worker_why(organisation: Any, case: Any, desk: Client) -> None:
    converse(desk, case)
    second = people.signed_in(people.worker(organisation, "caseworker", "Second", trained=False))
    with tenancy.organisation(organisation.pk):
        attestation = Attestation.objects.get()
    page = second.get(f"/console/decision/attestation/{attestation.pk}/").content.decode()
    assert "by video" in page and "Nobody could listen" in page and "identity card" in page
    assert b"Please fill in" in decide(second, "attestation", attestation.pk, "refuse").content
    decide(second, "attestation", attestation.pk, "refuse", why="two voices")
    assert b"Second, two voices" in desk.get(f"/console/cases/{case.pk}/").content


def test_the_coordinator_says_who_is_trained(organisation: Any, case: Any) -> None:
    user = people.worker(organisation, "caseworker", "New One", trained=False)
    desk, office = people.signed_in(user), people.signed_in(people.worker(organisation, "coordinator"))
    assert b"needs a trained worker" in desk.get(f"/console/cases/{case.pk}/attest/").content
    with tenancy.organisation(organisation.pk):
        member = Member.objects.get(user=user)
        coordinator = Member.objects.exclude(pk=member.pk).get(role="coordinator")
    assert b"New One" in office.get("/console/members/").content
    for _ in range(2):
        office.post(f"/console/members/{member.pk}/train/", {"choice": "trained"})
    assert 'id="begin"' in desk.get(f"/console/cases/{case.pk}/attest/").content.decode()
    assert office.post(f"/console/members/{coordinator.pk}/train/", {"choice": "trained"}).status_code == 404
    assert office.post(f"/console/members/{member.pk}/train/", {"choice": "x"}).status_code == 404
    office.post(f"/console/members/{member.pk}/train/", {"choice": "not"})
    assert b"needs a trained worker" in desk.get(f"/console/cases/{case.pk}/attest/").content
    with tenancy.organisation(organisation.pk):
        actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert [one for one in actions if one.startswith("member.")] == ["member.trained", "member.untrained"]


def test_she_tells_the_worker_to_stop_it(organisation: Any, case: Any, desk: Client) -> None:
    converse(desk, case)
    assert b"She wants it stopped" in desk.get(f"/console/cases/{case.pk}/").content
    desk.post(f"/console/cases/{case.pk}/attest/stop/")
    with tenancy.organisation(organisation.pk):
        assert Attestation.objects.get().stopped_at
    second = people.signed_in(people.worker(organisation))
    assert 'data-kind="attestation"' not in second.get("/console/queue/").content.decode()


def test_a_case_that_only_blocks_is_opened_by_a_worker(organisation: Any, now: Any, desk: Client) -> None:
    page = desk.get("/console/cases/new/").content.decode()
    ticket = re.search(r'name="ticket" value="(\w+)"', page)
    assert ticket
    desk.post("/console/cases/new/", {
        "ticket": ticket[1], "kind": "block", "age": "adult", "language": "en", "country": "DE",
        "purposes": ["hash_match", "notify"],
    })  # fmt: skip
    with tenancy.organisation(organisation.pk):
        made = Case.objects.get(kind="block")
        assert list(made.consents.values_list("purpose", flat=True)) == ["block_face"]
    page = desk.get(f"/console/cases/{made.pk}/").content.decode()
    assert "do not search for me" in page and re.findall(r'data-purpose="(\w+)"', page) == ["block_face"]
