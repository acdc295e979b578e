"""Two colleagues, one decision, the same moment: real connections, real commits. Done once, and one is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from efface.accounts import audit
from efface.accounts.models import AuditEntry
from efface.cases import consents, messages
from efface.engine.base import clock, tenancy
from tests import people
from tests.at_once import TIMES, at_once, written
from tests.conftest import NOON


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    tables = ("accounts_organisation, accounts_user, engine_casekey, sites_site, search_media, django_session, "
              "procrastinate_jobs, engine_bucket")  # fmt: skip
    with written(django_db_blocker, tables) as organisation:
        yield organisation


@pytest.fixture
def desk(committed: Any) -> tuple[Any, list[Client], Any]:
    """An organisation with colleagues who are signed in, and a case."""
    with clock.fixed(NOON):
        with transaction.atomic():
            clients = [people.signed_in(people.worker(committed, "lead")) for _ in range(TIMES)]
        case = people.open_case(committed).case
        with tenancy.organisation(committed.pk):
            for purpose in ("hash_match", "notify"):
                consents.give(case, purpose, "survivor", NOON)
        for client in clients:
            client.get("/console/account/")
    return committed, clients, case


def mark_of(client: Client, place: str) -> str:
    return client.get(place).content.decode().split('name="mark" value="')[1].split('"')[0]


def test_one_message_is_answered_once(desk: Any) -> None:
    organisation, clients, case = desk
    with clock.fixed(NOON):
        with tenancy.organisation(organisation.pk):
            message = messages.write(case, from_survivor=True, author="survivor", text="Anything new?", now=NOON)
        place = f"/console/decision/message/{message.pk}/"
        given = {"mark": mark_of(clients[0], place), "choice": "answer"}
    answers = at_once(lambda n: clients[n].post(place + "take/", given | {"text": f"From colleague {n}.\nYours."}))
    assert sorted(one.status_code for one in answers) == [302, 409, 409, 409], answers
    late = [one.content.decode() for one in answers if one.status_code == 409]
    assert all("Nothing was done a second time" in page and "From colleague" in page for page in late)
    with tenancy.organisation(organisation.pk):
        assert case.messages.filter(from_survivor=False).count() == 1
        assert AuditEntry.objects.filter(action="message.answer").count() == 1


def test_one_match_is_decided_once_whatever_they_say(desk: Any) -> None:
    organisation, clients, case = desk
    with clock.fixed(NOON):
        with tenancy.organisation(organisation.pk):
            people.make_site()
            match = people.make_match(case)
        place = f"/console/decision/match/{match.pk}/"
        mark = mark_of(clients[0], place)
    choices = ["confirm", "reject", "ask", "confirm"]
    answers = at_once(lambda n: clients[n].post(place + "take/", {"mark": mark, "choice": choices[n], "why": "x"}))
    assert sorted(one.status_code for one in answers) == [302, 409, 409, 409], answers
    won = choices[[one.status_code for one in answers].index(302)]
    with tenancy.organisation(organisation.pk):
        match.refresh_from_db()
        assert match.state == {"confirm": "confirmed", "reject": "rejected", "ask": "asked"}[won]
        decided = AuditEntry.objects.filter(action__startswith="match.").values_list("action", flat=True)
        assert list(decided) == [f"match.{won}"]


def test_entries_made_at_once_are_one_chain(desk: Any) -> None:
    organisation, _, _ = desk

    def many(number: int) -> None:
        for step in range(10):
            with tenancy.organisation(organisation.pk):
                audit.record(organisation.pk, f"lead:{number}", "thing.done", str(step), NOON)

    assert at_once(many) == [None] * TIMES
    with tenancy.organisation(organisation.pk):
        assert audit.verify(organisation.pk) == []
        assert AuditEntry.objects.filter(action="thing.done").count() == TIMES * 10


def test_one_invitation_makes_one_account(desk: Any) -> None:
    from efface.accounts import joining
    from efface.accounts.models import Member, User

    organisation, _, _ = desk
    with clock.fixed(NOON), tenancy.organisation(organisation.pk):
        by = Member.objects.filter(role="lead").first()
        assert by is not None
        made = joining.invite(by, "new@desk.example", "N.", "caseworker", NOON)

    def use(number: int) -> str:
        given = {"name": f"N{number}", "password": people.PASSWORD, "again": people.PASSWORD}
        return str(Client().post(f"/console/invitation/{made.token}/", given).status_code)

    assert sorted(at_once(use)) == ["302", "410", "410", "410"]
    assert User.objects.filter(email="new@desk.example").count() == 1
