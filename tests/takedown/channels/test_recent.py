"""What is known of mail to a recipient, and the last look at what is about to leave: real rows, a real server."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import deadlines, outbox, sealing
from efface.engine.base.models import Outbox
from efface.engine.run import health
from efface.takedown.channels.email import pace, recent
from efface.takedown.models import Notice
from tests.casework import make_case, make_finding
from tests.conftest import NOON
from tests.people import make_notice
from tests.takedown.channels.test_email import JPEG, mail
from tests.takedown.conftest import Office

pytestmark = pytest.mark.django_db


def message(notice: Notice, state: str = "ready", answer: str = "", **more: Any) -> Outbox:
    row = Outbox(
        organisation_id=notice.organisation_id, case_id=notice.case_id, kind="notice", subject=notice.pk,
        key=f"notice:{notice.pk}", message_id=f"<{notice.pk}@desk.example>", state=state, answer=answer, created=NOON,
        **more,
    )  # fmt: skip
    row.recipient = notice.contact
    row.save()
    return row


@pytest.fixture
def finding(inside: Any) -> Any:
    return make_finding(make_case(inside))


def test_a_server_that_asks_for_less_holds_back_the_others_to_it(finding: Any) -> None:
    told = message(make_notice(finding, state="queued", contact="abuse@host.example"), answer="450 4.7.1 slow down")
    due = NOON + timedelta(minutes=15)
    deadlines.set_deadline("outbox.retry", told.pk, due, key=outbox._retry_key(told.pk))
    row = message(make_notice(finding, state="queued", contact="dmca@HOST.example"))
    assert recent.recent("dmca@HOST.example", row, NOON).slower_until == due
    assert recent.recent("abuse@host.example", told, NOON).slower_until is None, "it does not wait for itself"
    assert recent.recent("abuse@otherhost.example", row, NOON).slower_until is None
    Outbox.objects.filter(pk=told.pk).update(answer="450 mailbox busy")
    assert recent.recent("dmca@host.example", row, NOON).slower_until is None, "one full mailbox is no rate"


def test_a_server_that_takes_nothing_from_us_is_left_alone_for_a_day(finding: Any) -> None:
    said = "554 5.7.1 blocked using a blocklist"
    message(make_notice(finding, state="failed", contact="abuse@host.example"), "failed", said, sending_at=NOON)
    row = message(make_notice(finding, state="queued", contact="other@host.example"))
    assert recent.recent("other@host.example", row, NOON).shut_at == NOON
    assert recent.recent("other@host.example", row, NOON + pace.SENDER_PAUSE).shut_at is None
    Outbox.objects.filter(state="failed").update(answer="550 5.1.1 no such user")
    assert recent.recent("other@host.example", row, NOON).shut_at is None


def test_what_left_to_the_address_is_counted(finding: Any) -> None:
    for minutes in (5, 50, 2_000):
        make_notice(finding, state="sent", sent_at=NOON - timedelta(minutes=minutes))
    row = message(make_notice(finding, state="queued"))
    assert len(recent.recent("abuse@host.example", row, NOON).sent) == 2


def test_a_reminder_waits_for_the_morning_of_the_recipient_and_a_first_notice_does_not(finding: Any) -> None:
    night = NOON.replace(hour=23)
    for step, waits in ((1, False), (2, True)):
        notice = make_notice(finding, state="queued", contact=f"{step}@host.example", step=step)
        notice.route.country = "DE"
        found = recent.wait(notice, message(notice), night)
        assert (found is not None) is waits
        if found is not None:
            assert found.until == NOON.replace(hour=6) + timedelta(days=1)


def test_a_picture_that_got_into_a_message_does_not_leave(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    row = Outbox.objects.get()
    smuggled: Any = mail("Notice.", (JPEG, "image", "jpeg", "a.jpg"))
    row.message = {"sender": "b@desk.example", "data": base64.b64encode(smuggled).decode()}
    row.save()
    office.work()
    notice = office.notice("operator")
    assert office.mails() == [] and notice.state == "cancelled" and "image/jpeg" in notice.state_why


def test_a_night_that_cannot_be_read_keeps_nothing_back_and_doctor_says_so(
    finding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFFACE_QUIET_HOURS", "late")
    notice = make_notice(finding, state="queued", step=2)
    notice.route.country = "DE"
    assert recent.wait(notice, message(notice), NOON.replace(hour=23)) is None
    assert [one.level for one in health._desks() if one.check == "quiet_hours"] == ["problem"]


def test_doctor_names_a_set_up_for_tickets_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sealing, "secrets_folder", lambda: tmp_path)
    assert [one.level for one in health._desks()] == ["note"]
    (tmp_path / "tickets.toml").write_text("[[desk]]\nname = 1\n")
    assert [one.level for one in health._desks()] == ["problem"]
