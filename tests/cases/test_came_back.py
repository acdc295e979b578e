"""A mail to her that came back: her way is closed, a worker knows, and nothing is sent again, there or elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from efface.cases import events, opening, reaching, telling
from efface.cases.models import Case, CaseEvent, Telling
from efface.cases.reaching import Rules
from efface.engine.base import addresses, clock, outbox, tenancy
from efface.engine.base.models import Outbox
from efface.takedown import mailin
from testbed.replies import compose
from tests import people
from tests.cases.test_cases import make_case
from tests.conftest import NOON
from tests.mailserver import Desk, serving

pytestmark = pytest.mark.django_db
TO = "someone@mail-box.example"
MAIL = Rules(channel="mail", to=TO, from_hour=0, to_hour=0)


@pytest.fixture
def case(inside: Any, now: datetime) -> Case:
    return make_case(inside).case


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    # The mail-in process begins each mail with a fresh connection; here it is that of the test.
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    with serving(monkeypatch) as desk:
        yield desk


def told(case: Case) -> Telling:
    events.record(case, "finding.reappeared", "engine", subject=uuid.uuid4(), now=clock.now(), episode=2)
    deliver()
    return Telling.objects.filter(case=case).latest("at")


def deliver() -> None:
    for row in Outbox.objects.filter(state="ready"):
        outbox.send(organisation=row.organisation_id, outbox=row.pk)


def report(row: Telling, **more: str) -> bytes:
    data = {"desk": TO, "company": "x", "tone": "bounce", "text": "5.1.1", "message_id": "<x@y>", "subject": "s",
            "to": addresses.news(row.pk), **more}  # fmt: skip
    return compose("dsn", data, NOON).data


def test_a_mail_that_came_back_closes_the_way_and_nothing_is_sent_again(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    row = told(case)
    sender = desk.got[0][0]
    assert sender == addresses.news(row.pk) and sender.startswith("post+n-")
    assert mailin.take(sender.upper(), report(row)).startswith("250")
    row.refresh_from_db()
    case.refresh_from_db()
    assert row.state == "failed" and reaching.rules(case).closed == TO
    assert reaching.way(case, NOON) == reaching.HERE
    mailin.take(sender, report(row))
    assert CaseEvent.objects.filter(kind="contact.closed").count() == 1, "a second report says nothing new"
    with clock.fixed(NOON + timedelta(days=3)):
        told(case)
    assert len(desk.got) == 1 and not Outbox.objects.filter(state="ready").exists()
    reaching.set_rules(case, Rules(channel="mail", to="other@mail-box.example", from_hour=0, to_hour=0), "survivor",
                       clock.now())  # fmt: skip
    with clock.fixed(NOON + timedelta(days=6)):
        told(case)
    assert [one[1] for one in desk.got] == [TO, "other@mail-box.example"], "only by what she chose anew"


def test_she_is_told_on_her_page_and_may_choose_the_same_way_again(case: Case, desk: Desk, organisation: Any) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    mailin.take(addresses.news(told(case).pk), report(Telling.objects.get()))
    with tenancy.organisation(organisation.pk):
        code = opening.new_access_code(case, NOON)
    her = people.entered(code)
    assert 'data-fact="closed"' in her.get("/case/contact/").content.decode()
    form = {"channel": "mail", "to": TO, "from_hour": "0", "to_hour": "0", "days": ["0", "1"], "zone": "UTC",
            "words": "reminder", "reader": "me"}  # fmt: skip
    assert her.post("/case/contact/", form).status_code == 302
    assert 'data-fact="closed"' not in her.get("/case/contact/").content.decode()
    with tenancy.organisation(organisation.pk):
        case.refresh_from_db()
        assert reaching.rules(case).closed == "" and reaching.way(case, NOON).to == TO


def test_a_worker_is_told_without_her_address_and_says_that_it_was_seen(
    case: Case, desk: Desk, organisation: Any
) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    row = told(case)
    mailin.take(addresses.news(row.pk), report(row))
    worker = people.signed_in(people.worker(organisation))
    page = worker.get("/console/queue/").content.decode()
    assert "A mail did not reach her" in page and TO not in page
    mark = page.split(f'id="unreached-{row.pk}"')[1].split('name="mark" value="')[1].split('"')[0]
    worker.post(reverse("console:take", args=["unreached", row.pk]), {"mark": mark, "choice": "seen"})
    assert "A mail did not reach her" not in worker.get("/console/queue/").content.decode()
    with tenancy.organisation(organisation.pk):
        assert CaseEvent.objects.filter(kind="telling.looked_at").count() == 1


@pytest.mark.parametrize("raw", [
    b"From: someone@mail-box.example\r\nSubject: Re: Reminder\r\n\r\nThanks!\r\n",
    b"From: someone@mail-box.example\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away until May.\r\n",
    b"\xff\xfe\x00", b"",
], ids=["an answer", "an absence", "rubbish", "nothing"])  # fmt: skip
def test_what_is_no_report_changes_nothing_and_is_not_kept(case: Case, desk: Desk, raw: bytes) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    row = told(case)
    assert mailin.take(addresses.news(row.pk), raw).startswith("250")
    row.refresh_from_db()
    assert row.state == "sent" and reaching.way(case, NOON).to == TO


def test_nobody_can_make_such_an_address_up(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    row = told(case)
    signed = addresses.news(row.pk)
    box, _, host = signed.rpartition("@")
    made_up = (f"{box[:-1]}{'a' if box[-1] != 'a' else 'b'}@{host}", f"{box}@elsewhere.example", "post@plain.example",
               addresses.news(uuid.uuid4()))  # fmt: skip
    for address in made_up:
        assert mailin.take(address, report(row)).startswith("550"), address
    assert mailin.known_address(signed) and mailin.known_address(box.partition("+")[2] + "@" + host)
    assert telling.came_back(uuid.uuid4(), NOON) is False


def test_without_a_sender_nothing_is_an_address_of_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    signed = addresses.news(uuid.uuid4())
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "")
    assert addresses.news(uuid.uuid4()) == "" and addresses.read(signed) is None


def test_a_refusal_at_the_door_closes_the_way_too(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    desk.data = "550 5.1.1 nobody of that name"
    told(case)
    case.refresh_from_db()
    assert reaching.rules(case).closed == TO
