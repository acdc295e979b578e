"""The outbox: sent once, or a person is asked. Real SMTP on loopback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.engine.base import clock, deadlines, ids, outbox, sealing
from efface.engine.base.models import Deadline, Installation, Outbox
from tests.conftest import NOON, role
from tests.mailserver import Desk, serving

pytestmark = pytest.mark.django_db
MAIL = b"From: a@reply.helpline.example\nTo: abuse@host.example\nSubject: s\nMessage-ID: %s\n\nline\n.dot\n"


class Courier:
    def __init__(self) -> None:
        self.word = outbox.May("go")
        self.told: list[tuple[Any, ...]] = []

    def may(self, row: Outbox, now: datetime) -> outbox.May:
        return self.word

    def sent(self, row: Outbox, now: datetime) -> None:
        self.told.append(("sent", now))

    def refused(self, row: Outbox, code: int, text: str, now: datetime) -> None:
        self.told.append(("refused", code))

    def ambiguous(self, row: Outbox, now: datetime) -> None:
        self.told.append(("ambiguous",))

    def dropped(self, row: Outbox, why: str, now: datetime) -> None:
        self.told.append(("dropped", why))


@pytest.fixture
def courier(monkeypatch: pytest.MonkeyPatch) -> Courier:
    one = Courier()
    monkeypatch.setitem(outbox._couriers, "test", one)
    return one


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with serving(monkeypatch) as one:
        yield one


def queue(organisation: uuid.UUID, key: str = "k", to: str = "abuse@host.example") -> Outbox:
    case = uuid.uuid4()
    sealing.make_case_key(case, organisation)
    return outbox.queue_message(
        "test", uuid.uuid4(), key=key, organisation=organisation, case=case, sender="b-1@reply.helpline.example",
        recipient=to, data=MAIL % outbox.message_id(key).encode(), now=NOON,
    )  # fmt: skip


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'engine.base.outbox.send'")
        return int(cursor.fetchone()[0])


@pytest.fixture
def row(inside: Any, now: datetime, desk: Desk, courier: Courier) -> Outbox:
    return queue(inside.pk)


def send(row: Outbox) -> str:
    outbox.send(organisation=row.organisation_id, outbox=row.pk)
    row.refresh_from_db()
    return row.state


def test_it_is_sent_once_however_often_the_job_runs(row: Outbox, desk: Desk, courier: Courier) -> None:
    assert [send(row), send(row), send(row)] == ["sent"] * 3
    assert len(desk.got) == 1 and courier.told == [("sent", NOON)]
    sender, recipient, data = desk.got[0]
    assert (sender, recipient) == ("b-1@reply.helpline.example", "abuse@host.example")
    assert desk.messages()[0]["Message-ID"] == row.message_id == outbox.message_id("k")
    assert data.endswith(b"line\r\n.dot\r\n")


def test_one_key_is_one_message_and_one_job(row: Outbox, inside: Any) -> None:
    again = outbox.queue_message(
        "test", uuid.uuid4(), key="k", organisation=inside.pk, case=row.case_id, sender="", recipient="x@y.example",
        data=b"other", now=NOON,
    )  # fmt: skip
    assert again.pk == row.pk and Outbox.objects.count() == 1 and jobs() == 1


def test_the_message_rests_sealed(row: Outbox) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT message, recipient FROM engine_outbox")
        kept = b"".join(bytes(value) for value in cursor.fetchone())
    assert b"host.example" not in kept and b"Subject" not in kept


@pytest.mark.parametrize(("stage", "code"), [("rcpt", 550), ("data", 554)])
def test_a_permanent_refusal_is_final(row: Outbox, desk: Desk, courier: Courier, stage: str, code: int) -> None:
    setattr(desk, stage, f"{code} 5.1.1 no")
    assert send(row) == "failed"
    assert courier.told == [("refused", code)] and row.answer == f"{code} 5.1.1 no" and desk.got == []
    assert send(row) == "failed" and len(courier.told) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_temporary_refusal_comes_again_by_deadline(row: Outbox, desk: Desk, courier: Courier, stage: str) -> None:
    setattr(desk, stage, "451 4.7.1 greylisted")
    assert send(row) == "ready" and courier.told == []
    due = Deadline.objects.get(kind="outbox.retry", state="waiting")
    assert due.due == NOON + timedelta(minutes=5)
    setattr(desk, stage, "")
    with clock.fixed(due.due), role("efface_engine"):
        assert deadlines.fire(due.due) == 1
    assert send(row) == "sent" and len(desk.got) == 1


def test_a_temporary_refusal_ends_after_days(row: Outbox, desk: Desk, courier: Courier) -> None:
    desk.rcpt = "452 4.2.2 full"
    moment, states = NOON, []
    for _ in range(20):
        with clock.fixed(moment):
            states.append(send(row))
        if row.state != "ready":
            break
        moment = Deadline.objects.get(kind="outbox.retry").due
    assert states == ["ready"] * 8 + ["failed"] and courier.told == [("refused", 452)]
    assert timedelta(days=2) < moment - NOON < timedelta(days=6)


def test_no_server_there_means_nothing_left(row: Outbox, desk: Desk, courier: Courier,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_SMTP_PORT", "1")
    for _ in range(12):
        assert send(row) == "ready"
    assert courier.told == [] and Deadline.objects.filter(kind="outbox.retry", state="waiting").count() == 1


def test_a_line_that_breaks_before_the_body_means_nothing_left(row: Outbox, desk: Desk, courier: Courier) -> None:
    desk.rcpt = "drop"
    assert send(row) == "ready" and courier.told == [] and desk.got == []


def test_a_line_that_breaks_after_the_body_is_for_a_person(row: Outbox, desk: Desk, courier: Courier) -> None:
    desk.data = "drop"
    assert send(row) == "ambiguous" and courier.told == [("ambiguous",)]
    assert send(row) == "ambiguous" and len(desk.got) == 1


def test_without_a_mail_server_it_waits(row: Outbox, courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_SMTP_HOST", "")
    assert send(row) == "ready" and row.attempts == 0
    assert Deadline.objects.get(kind="outbox.retry").due == NOON + timedelta(hours=6)


def test_an_address_that_opens_a_command_is_never_given_to_the_server(inside: Any, now: datetime, desk: Desk,
                                                                      courier: Courier) -> None:
    row = queue(inside.pk, to="x@y.example>\r\nRCPT TO:<z@y.example")
    assert send(row) == "failed" and desk.got == []


def test_the_courier_is_asked_last(row: Outbox, desk: Desk, courier: Courier) -> None:
    courier.word = outbox.May("wait", "paused")
    assert send(row) == "ready" and row.answer == "paused"
    courier.word = outbox.May("go")
    assert outbox.wake(row.case_id) == 1
    assert send(row) == "sent" and len(desk.got) == 1


def test_what_may_never_go_is_cancelled(row: Outbox, desk: Desk, courier: Courier) -> None:
    courier.word = outbox.May("drop", "hostile")
    assert send(row) == "cancelled" and courier.told == [("dropped", "hostile")] and desk.got == []


def test_an_erased_case_sends_nothing(row: Outbox, desk: Desk, courier: Courier) -> None:
    sealing.destroy_case_key(row.case_id, NOON)
    assert send(row) == "cancelled" and desk.got == []


class Killed(BaseException):
    pass


def die(*_: Any) -> Any:
    raise Killed


def test_killed_while_sending_is_ambiguous_for_the_next_run(row: Outbox, desk: Desk, courier: Courier,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(outbox.smtp, "submit", die)
        send(row)
    assert send(row) == "ambiguous" and courier.told == [("ambiguous",)] and desk.got == []


@pytest.mark.parametrize(("word", "state", "mails"), [("sent", "sent", 0), ("again", "ready", 1)])
def test_only_a_person_leads_out_of_ambiguous(row: Outbox, desk: Desk, courier: Courier, word: Any, state: str,
                                              mails: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(outbox.smtp, "submit", die)
        send(row)
    send(row)
    outbox.resolve(row, word, NOON)
    row.refresh_from_db()
    assert row.state == state
    assert send(row) == "sent" and len(desk.got) == mails
    with pytest.raises(outbox.NotAmbiguous):
        outbox.resolve(row, word, NOON)


@pytest.mark.parametrize(("ago", "made", "state"), [
    (timedelta(hours=1), timedelta(hours=-2), "ambiguous"), (timedelta(hours=1), timedelta(minutes=5), "sent"),
    (timedelta(days=4), timedelta(days=-9), "sent"), (None, timedelta(days=-9), "sent"),
])  # fmt: skip
def test_after_a_backup_was_put_back_a_letter_about_something_older_goes_past_a_person(
    inside: Any, now: datetime, desk: Desk, courier: Courier, ago: timedelta | None, made: timedelta, state: str
) -> None:
    """``ago``: when it was put back; ``made``: what the letter is about, told from then. It may have left between."""
    back = clock.wall() - (ago or timedelta())
    with role("efface_owner"):
        Installation.objects.update(restored_at=back if ago else None)
    row = queue(inside.pk)
    milliseconds = int((back + made).timestamp() * 1000)
    subject = uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))
    assert ids.born(subject) is not None and abs((ids.born(subject) or back) - back - made) < timedelta(seconds=1)
    Outbox.objects.filter(pk=row.pk).update(subject=subject)
    assert send(row) == state and len(desk.got) == (state == "sent")
    if state == "ambiguous":
        assert "backup was put back" in Outbox.objects.get(pk=row.pk).answer and courier.told == [("ambiguous",)]
        outbox.resolve(row, "again", now)
        assert send(row) == "sent" and len(desk.got) == 1, "a person looked: it goes, once"


def test_a_failed_job_is_given_back(row: Outbox) -> None:
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    with role("efface_engine"):
        assert outbox.rescue(NOON) == 0
    assert jobs() == 1
    with role("efface_engine"):
        outbox.rescue(NOON)
    assert jobs() == 1
