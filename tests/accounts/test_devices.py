"""Sessions are listed, ended from anywhere, and what was typed in an ended one is not lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from efface.accounts import devices, unsent
from efface.accounts.models import Member, SignIn, Unsent
from efface.engine.base import clock, tenancy
from tests import people
from tests.accounts import doors

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("said", "words"),
    [(FIREFOX, "Firefox, Linux"), (CHROME, "Chrome, Android"), ("", ""), ("curl/8", ""), ("<b>" * 900, ""),
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
      "Safari, iPhone"),
     ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140.0", "Edge, Windows")],
)  # fmt: skip
def test_a_device_is_named_and_no_more(said: str, words: str) -> None:
    assert devices.device_of(said) == words


@pytest.fixture
def lead(organisation: Any, now: Any) -> Any:
    return people.worker(organisation, "lead", password=people.PASSWORD)


@pytest.fixture
def two(lead: Any) -> tuple[Client, Client]:
    """Signed in at a desk and on a phone."""
    here, there = people.signed_in(lead), people.signed_in(lead)
    here.get("/console/queue/", headers={"user-agent": FIREFOX})
    there.get("/console/queue/", headers={"user-agent": CHROME})
    return here, there


def end_the_other(here: Client) -> None:
    page = here.get("/console/account/").content.decode()
    ids = re.findall(r'name="id" value="([0-9a-f-]{36})"', page)
    assert len(ids) == 1 and "Firefox, Linux" in page and "Chrome, Android" in page
    assert here.post("/console/account/change/", {"choice": "end", "id": ids[0]}).status_code == 302


def test_one_that_is_ended_is_out_at_the_next_request(two: tuple[Client, Client]) -> None:
    here, there = two
    end_the_other(here)
    assert there.get("/console/queue/").headers["Location"].startswith(doors.SIGN_IN)
    assert there.get("/console/queue/").headers["Location"].startswith(doors.SIGN_IN), "and stays out"
    assert here.get("/console/queue/").status_code == 200


def test_all_others_at_once(two: tuple[Client, Client]) -> None:
    here, there = two
    here.post("/console/account/change/", {"choice": "others"})
    assert there.get("/console/queue/").status_code == 302 and here.get("/console/queue/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(two: tuple[Client, Client], organisation: Any) -> None:
    here, _ = two
    colleague = people.signed_in(people.worker(organisation, "lead"))
    colleague.get("/console/queue/")
    with tenancy.organisation(organisation.pk):
        theirs = SignIn.objects.exclude(member__user__email__startswith="x").order_by("-began_at").first()
    assert theirs is not None
    here.post("/console/account/change/", {"choice": "end", "id": str(theirs.pk)})
    assert colleague.get("/console/queue/").status_code == 200
    assert here.post("/console/account/change/", {"choice": "end", "id": "x"}).status_code == 404


def test_no_address_and_no_session_key_is_kept(two: tuple[Client, Client], organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        kept = str(list(SignIn.objects.values()))
    assert "127.0.0.1" not in kept and "Mozilla" not in kept
    for session in Session.objects.all():
        assert session.session_key not in kept


def test_what_was_typed_when_the_session_was_ended_is_given_back(
    two: tuple[Client, Client], organisation: Any, lead: Any
) -> None:
    here, there = two
    case = people.open_case(organisation).case
    path, text = f"/console/cases/{case.pk}/message/", "Dear A., we have news.\nTwo pages are gone. <b>"
    end_the_other(here)
    sent = there.post(path, {"text": text, "csrfmiddlewaretoken": "x", "password": "never this"})
    assert sent.headers["Location"] == "/console/sign-in/?next=/console/account/unsent/"
    with tenancy.organisation(organisation.pk):
        row = Unsent.objects.get()
        assert row.fields == {"text": text}
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT fields FROM accounts_unsent")
            assert b"Dear" not in bytes(cursor.fetchone()[0])
    again = people.signed_in(lead)
    page = again.get("/console/account/unsent/").content.decode()
    assert "Two pages are gone. &lt;b&gt;" in page and f'href="/console/cases/{case.pk}/"' in page
    assert "Something you typed was not sent" in again.get("/console/account/").content.decode()
    done = again.post(path, {"text": text, "unsent": "1"})
    assert done.status_code == 302
    with tenancy.organisation(organisation.pk):
        assert not Unsent.objects.exists() and case.messages.get().text == text


def test_it_is_given_back_to_nobody_else(two: tuple[Client, Client], organisation: Any) -> None:
    here, there = two
    end_the_other(here)
    there.post("/console/face-search/", {"legal_basis": "typed by one"})
    other = people.signed_in(people.worker(organisation, "lead"))
    assert other.get("/console/account/unsent/").status_code == 302
    assert b"typed by one" in here.get("/console/account/unsent/").content
    here.post("/console/account/unsent/drop/", {"path": "/console/face-search/"})
    assert here.get("/console/account/unsent/").status_code == 302


def test_an_expired_session_keeps_it_too(lead: Any, organisation: Any) -> None:
    client = people.signed_in(lead)
    client.get("/console/queue/")
    Session.objects.all().delete()
    client.post("/console/suspect/match/" + "0" * 8 + "-0000-0000-0000-" + "0" * 12 + "/", {"why": "I saw that"})
    with tenancy.organisation(organisation.pk):
        assert Unsent.objects.get().fields == {"why": "I saw that"}


@pytest.mark.parametrize("fields", [{}, {"csrfmiddlewaretoken": "x"}, {"text": "   "}, {"text": "x" * 70_000}])
def test_nothing_worth_keeping_is_not_kept(fields: dict[str, str]) -> None:
    assert unsent.worth_keeping(fields) == {}


def test_who_never_had_a_session_keeps_nothing_here(organisation: Any, now: Any) -> None:
    client = Client()
    client.cookies["s"] = "a" * 32
    answer = client.post("/console/face-search/", {"legal_basis": "from nowhere"})
    assert answer.headers["Location"] == "/console/sign-in/?next=/console/"
    client.cookies["s"] = "b" * 3000
    assert client.post("/console/face-search/", {"legal_basis": "from nowhere"}).status_code == 302
    with tenancy.organisation(organisation.pk):
        assert not Unsent.objects.exists()


def test_it_is_kept_for_a_day(two: tuple[Client, Client], organisation: Any) -> None:
    here, there = two
    end_the_other(here)
    there.post("/console/face-search/", {"legal_basis": "x"})
    with tenancy.organisation(organisation.pk):
        Unsent.objects.update(at=clock.wall() - timedelta(hours=25))
        member = Member.objects.get(pk=Unsent.objects.get().member_id)
        assert unsent.of(member, clock.wall()) == []
        unsent.forget(clock.wall())
        assert not Unsent.objects.exists()


def test_a_session_that_is_used_looks_up_its_member_in_one_query(two: tuple[Client, Client]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    here, _ = two
    with CaptureQueriesContext(connection) as queries:
        here.get("/console/account/unsent/")
    asked = [one["sql"] for one in queries.captured_queries if '"accounts_member"' in one["sql"]]
    assert sum('"accounts_signin"."digest" =' in one for one in asked) == 1
