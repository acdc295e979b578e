"""Who knows every address of a helpline and tries without end holds nobody up who sits where they always sit."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.accounts import knocking, known
from tests import people
from tests.accounts import doors

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(organisation: Any, now: Any) -> list[Any]:
    roles = ("lead", "caseworker", "coordinator")
    return [people.worker(organisation, role, password=people.PASSWORD) for role in roles]


def attacked(team: list[Any]) -> None:
    """Wrong passwords for everybody until everybody waits, from the helpline's own address too."""
    for number, user in enumerate(team):
        for _ in range(knocking.ACCOUNT.size + 1):
            doors.password(Client(REMOTE_ADDR=f"203.0.113.{number}"), user.email, "wrong")
        for _ in range(knocking.ADDRESS.size + 1):
            doors.password(Client(), f"nobody{_}@desk.example", "wrong")
        assert knocking.waits(user) > 0
        assert b"waits now" in doors.password(Client(), user.email).content, "a browser nobody knows waits"


@pytest.mark.slow
def test_who_was_here_before_comes_in_all_the_same(team: list[Any]) -> None:
    inside = [doors.enrolled(user) for user in team]
    for client, _, _ in inside:
        client.post("/console/sign-out/")
    attacked(team)
    doors.fresh_codes()
    for user, (client, key, _) in zip(team, inside, strict=True):
        assert doors.password(client, user.email).headers["Location"] == doors.SECOND
        assert client.post(doors.SECOND, {"code": doors.code_of(key)}).status_code == 302
        assert client.get("/console/account/").status_code == 200


@pytest.mark.slow
def test_it_opens_nothing_by_itself_and_has_an_end_of_tries_too(team: list[Any]) -> None:
    client, _, _ = doors.enrolled(team[0])
    client.post("/console/sign-out/")
    assert client.get("/console/account/").status_code == 302
    for _ in range(knocking.KNOWN.size):
        assert b"waits now" not in doors.password(client, team[0].email, "wrong").content
    assert b"waits now" in doors.password(client, team[0].email).content
    assert doors.password(Client(), team[0].email).status_code == 302, "and nobody waits elsewhere"


def test_wrong_codes_of_a_stranger_with_the_password_do_not_hold_up_the_member(team: list[Any]) -> None:
    client, key, _ = doors.enrolled(team[0])
    client.post("/console/sign-out/")
    stranger = Client()
    doors.password(stranger, team[0].email)
    answers = [stranger.post(doors.SECOND, {"code": "000000"}).status_code for _ in range(knocking.CODE.size + 1)]
    assert answers[-1] == 429
    doors.fresh_codes()
    doors.password(client, team[0].email)
    assert client.post(doors.SECOND, {"code": doors.code_of(key)}).status_code == 302


@pytest.mark.parametrize(
    "bent", ["", "a" * 5000, *(pytest.param(one, marks=pytest.mark.slow) for one in ("x", "0" * 96, "²" * 96))]
)
def test_one_that_was_made_up_or_is_of_somebody_else_is_nothing(team: list[Any], bent: str) -> None:
    client, _, _ = doors.enrolled(team[0])
    mine = client.cookies[known.COOKIE].value
    assert mine.isascii() and str(team[0].pk) not in mine and team[0].email not in mine
    client.post("/console/sign-out/")
    attacked(team[:2])
    assert b"waits now" in doors.password(client, team[1].email).content, "hers is not his"
    client.cookies[known.COOKIE] = bent or mine[:-1] + ("0" if mine[-1] != "0" else "1")
    assert b"waits now" in doors.password(client, team[0].email).content


def test_a_new_password_ends_it(team: list[Any]) -> None:
    client, _, _ = doors.enrolled(team[0])
    client.post("/console/sign-out/")
    team[0].set_password("another long pass phrase")
    team[0].save()
    attacked(team[:1])
    assert b"waits now" in doors.password(client, team[0].email, "another long pass phrase").content


def test_it_is_sent_to_the_console_only_and_no_script_reads_it(team: list[Any]) -> None:
    client, _, _ = doors.enrolled(team[0])
    cookie = client.cookies[known.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console/", True, "Strict")
