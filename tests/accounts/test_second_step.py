"""Nobody opens a case with a password alone."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from efface.accounts import audit, knocking, second
from efface.accounts.models import AuditEntry
from efface.engine.base import clock, tenancy
from tests import people
from tests.accounts import doors

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(organisation: Any, now: Any) -> Any:
    return people.worker(organisation, "lead", password=people.PASSWORD)


def test_the_first_sign_in_sets_it_up(lead: Any) -> None:
    client = Client()
    assert doors.password(client, lead.email).headers["Location"] == "/console/"
    assert client.get("/console/queue/").headers["Location"] == doors.SET_UP
    page = client.get(doors.SET_UP)
    assert b"<svg" in page.content and b"Efface" not in page.content and b"data:" not in page.content
    wrong = client.post(doors.SET_UP, {"code": "000000"})
    assert wrong.status_code == 422 and client.get("/console/queue/").status_code == 302
    assert doors.key_on(client.get(doors.SET_UP)) == doors.key_on(wrong), "a reload does not change the key"
    _, paper = doors.enrol(client)
    assert len(paper) == 10 and client.get("/console/queue/").status_code == 200


def test_every_other_sign_in_asks_for_it(lead: Any) -> None:
    _, key, paper = doors.enrolled(lead)
    client = Client()
    assert doors.password(client, lead.email).headers["Location"] == doors.SECOND
    assert client.get("/console/queue/").headers["Location"].startswith("/console/sign-in/?next=")
    refused = client.post(doors.SECOND, {"code": "123456"})
    assert refused.status_code == 422 and b"did not fit" in refused.content
    assert client.get("/console/queue/").status_code == 302
    assert client.post(doors.SECOND, {"code": doors.code_of(key)}).headers["Location"] == "/console/"
    assert client.get("/console/queue/").status_code == 200
    again = Client()
    doors.password(again, lead.email)
    assert again.post(doors.SECOND, {"code": doors.code_of(key)}).status_code == 422, "one code opens once"
    assert again.post(doors.SECOND, {"code": f"{paper[0][:4]} {paper[0][4:]}"}).status_code == 302
    once_more = Client()
    doors.password(once_more, lead.email)
    assert once_more.post(doors.SECOND, {"code": paper[0]}).status_code == 422, "a code on paper is used up"


def test_the_page_of_the_second_step_needs_the_password_first(lead: Any) -> None:
    _, key, _ = doors.enrolled(lead)
    client = Client()
    assert client.post(doors.SECOND, {"code": doors.code_of(key)}).headers["Location"].startswith(doors.SIGN_IN)


def test_a_session_without_it_cannot_set_up_a_second_one(lead: Any) -> None:
    """Somebody who holds a session of password only must not replace what the account has."""
    half = people.signed_in(lead, second_step=False)
    doors.enrolled(lead)
    assert half.get(doors.SET_UP).headers["Location"] == doors.SIGN_IN
    assert half.get("/console/queue/").headers["Location"].startswith("/console/sign-in/")


def test_what_it_keeps_is_sealed(lead: Any) -> None:
    _, key, paper = doors.enrolled(lead)
    kept = " ".join(str(one.data) for one in Authenticator.objects.filter(user=lead))
    assert key not in kept and not any(one in kept for one in paper)


def test_wrong_codes_wait_and_say_how_to_get_in(lead: Any, organisation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key, _ = doors.enrolled(lead)
    doors.fresh_codes()
    client = Client()
    doors.password(client, lead.email)
    for _ in range(knocking.CODE.size):
        assert client.post(doors.SECOND, {"code": "000000"}).status_code == 422
    stopped = client.post(doors.SECOND, {"code": doors.code_of(key)})
    assert stopped.status_code == 429
    assert b"minutes" in stopped.content and b"coordinator or lead" in stopped.content
    with tenancy.organisation(organisation.pk):
        assert AuditEntry.objects.filter(action="second_step.locked", subject=str(lead.pk)).count() == 1
        assert audit.verify(organisation.pk) == []
    later = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: later + knocking_wait(knocking.CODE))
    assert client.post(doors.SECOND, {"code": doors.code_of(key)}).status_code == 302


def knocking_wait(limit: Any) -> Any:
    from datetime import timedelta

    return timedelta(seconds=limit.refill_s + 1)


def test_wrong_passwords_wait_for_the_account_and_for_the_address(lead: Any, organisation: Any) -> None:
    for _ in range(knocking.ACCOUNT.size):
        assert doors.password(Client(), lead.email, "not this one").status_code == 200
    stopped = doors.password(Client(), lead.email.upper())
    assert stopped.status_code == 200 and b"this account waits now" in stopped.content
    other = people.worker(organisation, "lead", password=people.PASSWORD)
    assert doors.password(Client(), other.email).status_code == 302, "another account is not held up"
    for number in range(knocking.ADDRESS.size):
        doors.password(Client(), f"nobody-{number}@desk.example", "x")
    assert doors.password(Client(), other.email).status_code == 200, "but for one address it ends some time"


def test_a_right_password_does_not_wipe_out_wrong_ones(lead: Any) -> None:
    for _ in range(knocking.ACCOUNT.size - 1):
        doors.password(Client(), lead.email, "not this one")
    assert doors.password(Client(), lead.email).status_code == 302
    doors.password(Client(), lead.email, "not this one")
    assert knocking.waits(lead) > 0


def test_an_account_keeps_one_second_step(lead: Any) -> None:
    client, _, _ = doors.enrolled(lead)
    row = Authenticator.objects.get(user=lead, type="totp")
    answer = client.post("/console/account/change/", {"choice": "remove", "id": row.pk, "password": people.PASSWORD})
    assert answer.status_code == 422 and Authenticator.objects.filter(pk=row.pk).exists()
    for bad in ("", "-1", "x", "9" * 40, "²"):
        data = {"choice": "remove", "id": bad, "password": people.PASSWORD}
        assert client.post("/console/account/change/", data).status_code == 422


def test_a_new_app_and_new_paper_need_the_password(lead: Any) -> None:
    client, old, paper = doors.enrolled(lead)
    new = doors.key_on(client.get(doors.SET_UP))
    assert new != old
    assert client.post(doors.SET_UP, {"code": doors.code_of(new), "password": "wrong"}).status_code == 422
    assert client.post(doors.SET_UP, {"code": doors.code_of(new), "password": people.PASSWORD}).status_code == 302
    doors.fresh_codes()
    assert second.is_right(lead, doors.code_of(new)) and not second.is_right(lead, doors.code_of(old))
    assert client.post("/console/account/change/", {"choice": "paper", "password": "wrong"}).status_code == 422
    page = client.post("/console/account/change/", {"choice": "paper", "password": people.PASSWORD})
    assert paper[1].encode() not in page.content and not second.is_right(lead, paper[1])


def test_few_codes_on_paper_are_told(lead: Any) -> None:
    _, _, paper = doors.enrolled(lead)
    for one in paper[: 10 - second.FEW - 1]:
        assert second.is_right(lead, one)
    client = Client()
    doors.password(client, lead.email)
    page = client.post(doors.SECOND, {"code": paper[-1]}, follow=True)
    assert b"codes on paper 3 are left" in page.content


def test_a_password_that_is_changed_ends_other_sessions(lead: Any) -> None:
    here, key, _ = doors.enrolled(lead)
    there = Client()
    doors.password(there, lead.email)
    there.post(doors.SECOND, {"code": doors.code_of(key, 1)})
    assert there.get("/console/queue/").status_code == 200
    change = {"choice": "password", "password": people.PASSWORD, "new": "short", "again": "short"}
    assert here.post("/console/account/change/", change).status_code == 422
    for bad in ("passwordpassword", lead.email.split("@")[0] + "@desk", "twelve letters and"):
        answer = here.post("/console/account/change/", change | {"new": bad, "again": bad + " not the same"})
        assert answer.status_code == 422
    new = "another long pass phrase"
    assert here.post("/console/account/change/", change | {"new": new, "again": new}).status_code == 302
    assert here.get("/console/queue/").status_code == 200
    assert there.get("/console/queue/").headers["Location"].startswith(doors.SIGN_IN)
    assert b"1 left" not in here.get("/console/account/").content
    assert doors.password(Client(), lead.email).status_code == 200
    assert doors.password(Client(), lead.email, new).headers["Location"] == doors.SECOND


@pytest.mark.parametrize("credential", ["", "{", "[]", "null", '{"id": 1}', '{"response": {}}', "x" * 70_000])
def test_a_passkey_that_is_none_opens_nothing(lead: Any, credential: str) -> None:
    client, _, _ = doors.enrolled(lead)
    data = {"choice": "passkey", "password": people.PASSWORD, "credential": credential, "name": "x"}
    assert client.post("/console/account/change/", data).status_code == 422
    other = Client()
    doors.password(other, lead.email)
    assert other.post(doors.SECOND, {"credential": credential}).status_code in (422, 429)
    assert other.get("/console/queue/").status_code == 302
