"""What comes back by mail: kept once, read in the sandbox, acted on where it is certain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection

from efface.engine.base import addresses, objects, sealing
from efface.engine.base.models import Deadline
from efface.search.models import Finding
from efface.sites import hostility
from efface.sites.models import ContactObservation, Delivery, Site
from efface.takedown import inbox
from efface.takedown.models import Check, Inbound, Notice, Publication, Route
from efface.whereabouts.model import Party
from testbed.replies import compose
from tests.conftest import NOON
from tests.takedown.conftest import OPERATOR, Office, dossier, mail, observation

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def decoder() -> Iterator[None]:
    yield
    if inbox._decoder is not None:
        inbox._decoder.close()
        inbox._decoder = None


@pytest.fixture
def sent(office: Office) -> Notice:
    office.finding()
    office.work()
    office.approve()
    office.work()
    return office.notice("operator")


def written(text: str, automatic: bool = False, subject: str = "Re: your report") -> bytes:
    mail = EmailMessage()
    mail["From"] = "Desk <dmca@pictures.example>"
    mail["To"], mail["Subject"] = "r@reply.helpline.example", subject
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(text)
    return mail.as_bytes()


def come(office: Office, notice: Notice, raw: bytes) -> Inbound:
    inbox.receive(notice, raw, office.now)
    office.work()
    return Inbound.objects.filter(notice=notice).latest("at", "pk")


ACK = "This is an automatic message to confirm that we received your report. A ticket was opened."
REMOVED = "We have reviewed your report and removed the content at the URLs you listed."
MORE = "We need more information before we can act. Please send us the exact URL of each picture."
FORM = MORE + " Please use our web form for that."
NO = "We will not remove this content."


def test_the_same_mail_is_kept_once(office: Office, sent: Notice) -> None:
    raw = written(ACK, automatic=True)
    assert inbox.receive(sent, raw, NOON) is not None
    assert inbox.receive(sent, raw, NOON) is None
    row = Inbound.objects.get()
    assert objects.get(row.case_id, row.raw) == raw
    office.work()
    inbox.read(organisation=row.organisation_id, inbound=row.pk)
    assert office.happened("reply.received") == 1


def test_it_rests_sealed(office: Office, sent: Notice) -> None:
    row = come(office, sent, written("A very odd sentence indeed."))
    assert row.text and "odd sentence" in row.text and row.sender == "dmca@pictures.example"
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, sender, subject_line, because FROM takedown_inbound")
        kept = b"".join(bytes(value or b"") for value in cursor.fetchone())
    assert b"odd" not in kept and b"pictures.example" not in kept
    stored = objects.store().read(row.raw)
    assert b"odd sentence" not in stored


def test_a_confirmation_of_receipt_changes_nothing_but_what_is_known(office: Office, sent: Notice) -> None:
    row = come(office, sent, written(ACK, automatic=True))
    assert (row.kind, row.handled_by) == ("acknowledged", "engine")
    assert Delivery.objects.get(value="dmca@pictures.example").state == "acknowledged"
    office.hours(54)
    assert office.notice("operator", 2).state == "sent"


def test_a_claim_of_removal_is_looked_at_now(office: Office, sent: Notice) -> None:
    office.fetcher.answers["observe"] = lambda request: observation(404, 404, request=request)
    count = Check.objects.count()
    office.now += timedelta(hours=2)
    row = come(office, sent, written(REMOVED))
    assert row.kind == "claims_removal" and row.handled_at == office.now
    assert Check.objects.count() == count + 1 and Finding.objects.get().state == "gone-provisional"


def test_a_claim_that_is_not_so_brings_a_reminder_next_day(office: Office, sent: Notice) -> None:
    come(office, sent, written(REMOVED))
    office.hours(30)
    assert office.notice("operator", 2).state == "sent" and Finding.objects.get().state == "live"


@pytest.mark.parametrize(("text", "kind"), [(FORM, "asks_more"), (NO, "refuses"), ("Mumble.", "other")])
def test_what_needs_thought_waits_for_a_person(office: Office, sent: Notice, text: str, kind: str) -> None:
    row = come(office, sent, written(text))
    assert row.kind == kind and row.handled_at is None and row.because
    assert office.route("operator").state == "active"


def test_settled_as_asking_for_more_says_everything_again(office: Office, sent: Notice) -> None:
    row = come(office, sent, written(FORM))
    for _ in range(2):
        inbox.settle(row, "asks_more", office.user, office.now)
        office.work()
    assert [step for _, step in office.mails()] == ["1", "2"]


def test_settled_as_refusal_goes_to_the_next_party(office: Office, sent: Notice) -> None:
    row = come(office, sent, written(NO))
    inbox.settle(row, "refuses", office.user, office.now)
    office.hours(6)
    assert Route.objects.get(role="operator").state == "dead"
    assert Notice.objects.filter(route__role="host").exists()
    row.refresh_from_db()
    assert row.handled_by == f"user:{office.user.pk}" and office.happened("reply.settled") == 1


def test_a_counter_notice_ends_our_part(office: Office, sent: Notice) -> None:
    row = come(office, sent, written("Mumble."))
    inbox.settle(row, "counter_notice", office.user, office.now)
    assert "lawyer" in Route.objects.get(role="operator").state_why
    with pytest.raises(inbox.NoSuchKind):
        inbox.settle(row, "nonsense", office.user, office.now)


def bounce(notice: Notice) -> bytes:
    data = {"desk": notice.contact, "company": "x", "tone": "bounce", "text": "5.1.1", "message_id": "<x@y>",
            "subject": "s", "to": addresses.bounce(notice.pk)}  # fmt: skip
    return compose("dsn", data, NOON).data


def test_a_bounce_leads_to_the_next_mailbox_of_the_party(office: Office, sent: Notice) -> None:
    row = come(office, sent, bounce(sent))
    assert (row.kind, row.handled_by) == ("bounce", "engine")
    sent.refresh_from_db()
    assert sent.state == "bounced" and Delivery.objects.get(value=sent.contact).state == "hard"
    assert [to for to, _ in office.mails()] == ["dmca@pictures.example", "abuse@pictures.example"]
    assert not Deadline.objects.filter(kind__in=["notice.chaser", "notice.clock"], subject=sent.pk, state="waiting")
    second = office.notice("operator")
    come(office, second, bounce(second))
    assert Route.objects.get(role="operator").state == "dead"


def test_who_asks_money_is_never_written_to_again(office: Office, sent: Notice) -> None:
    row = come(office, sent, written("Removal costs 299 USD per picture, payable in bitcoin in advance."))
    assert row.handled_at is None and row.kind == "refuses"
    assert Site.objects.get().hostility == "extortionate"
    office.hours(24 * 10)
    assert [to for to, _ in office.mails()] == ["dmca@pictures.example"]
    assert Route.objects.get(role="operator").state == "dead"


def test_a_network_that_names_the_host_adds_a_way(office: Office) -> None:
    cdn = Party("cdn", "cdn:edge", "Edge", covers=["pictures.example"], contacts=[mail("abuse@edge.example")])
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, cdn, behind="Edge")
    office.finding()
    office.work()
    office.approve()
    office.work()
    text = ("Edge is a network provider offering a pass-through service and does not host the content. The hosting "
            "provider of the site is Hidden; its abuse contact is abuse@hidden.example. Any copy in our cache has been "
            "purged.")  # fmt: skip
    row = come(office, office.notice("cdn"), written(text))
    assert ContactObservation.objects.filter(value="abuse@hidden.example", role="host").exists(), row.because
    office.hours(54)
    assert Notice.objects.get(contact="abuse@hidden.example").state == "draft"


@pytest.mark.parametrize("raw", [b"", b"\x00" * 1000, b"From: \xff\xfe\r\n\r\n\xff", b"A: b\n" * 5000,
                                 b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 400])  # fmt: skip
def test_hostile_mail_ends_in_front_of_a_person(office: Office, sent: Notice, raw: bytes) -> None:
    row = come(office, sent, raw)
    assert row.kind and row.handled_at is None
    assert office.route("operator").state == "active"


def test_there_is_an_end_to_one_notice_s_mail(office: Office, sent: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_MAILS", 2)
    for number in range(2):
        inbox.receive(sent, written(str(number)), NOON)
    with pytest.raises(inbox.TooMany):
        inbox.receive(sent, written("3"), NOON)


def test_killed_between_reading_and_keeping(office: Office, sent: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> Any:
        raise Killed

    row = inbox.receive(sent, written(REMOVED), NOON)
    assert row is not None
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(inbox, "_handled", die)
        office.work()
    row.refresh_from_db()
    assert row.kind == "" and office.happened("reply.received") == 0
    inbox.read(organisation=row.organisation_id, inbound=row.pk)
    row.refresh_from_db()
    assert row.kind == "claims_removal" and office.happened("reply.received") == 1


def test_an_erased_case_keeps_nothing(office: Office, sent: Notice) -> None:
    sealing.destroy_case_key(sent.case_id, NOON)
    with pytest.raises(sealing.KeyMissing):
        inbox.receive(sent, written(ACK), NOON)
    assert Inbound.objects.count() == 0


PASSPORT = "Before we can act, we need more information. Please send us a copy of her passport."
LUMEN = "We have received your notice. Your notice was published in the Lumen database."


def test_who_asks_for_a_passport_gets_an_attestation_and_everything_once_more(office: Office, sent: Notice) -> None:
    assert come(office, sent, written(PASSPORT)).handled_by == "engine"
    answer = Notice.objects.get(route=sent.route, step=2)
    said = str(answer.text)
    assert answer.state == "sent" and answer.approval_id == sent.approval_id, "inside the same approval"
    assert str(answer.subject_line).startswith("Re: ") and "We do not pass on identity documents" in said
    assert "Two members of our staff" not in said, "nobody has established it in this case"
    assert all(url in said for url in answer.urls)
    again = come(office, sent, written(PASSPORT + " Still waiting."))
    assert again.handled_at is None, "a second time a person answers"
    assert Notice.objects.filter(route=sent.route).count() == 2
    inbox.settle(again, "asks_more", office.user, office.now)
    office.work()
    assert Notice.objects.get(route=sent.route, step=3).state == "sent"
    last = come(office, answer, written(PASSPORT + " And still."))
    inbox.settle(last, "asks_more", office.user, office.now)
    office.work()
    assert Notice.objects.filter(route=sent.route).count() == 4
    come(office, answer, written(PASSPORT + " For ever."))
    assert Notice.objects.filter(route=sent.route).count() == 4


def test_who_was_reminded_and_then_asks_is_answered_all_the_same(office: Office, sent: Notice) -> None:
    office.hours(80)
    assert office.notice("operator", 2).state == "sent"
    come(office, sent, written(MORE))
    third = office.notice("operator", 3)
    assert third.state == "sent" and "all of them stand in full" in str(third.text)


def test_an_automatic_mail_is_never_answered(office: Office, sent: Notice) -> None:
    row = come(office, sent, written(PASSPORT, automatic=True))
    assert row.handled_at is None
    assert not Notice.objects.filter(route=sent.route, step=2).exists()


def test_an_operator_who_publishes_our_notice_is_not_written_to_again(office: Office, sent: Notice) -> None:
    come(office, sent, written(LUMEN))
    office.work()
    shown = Publication.objects.get()
    assert (shown.how, shown.notice_id, shown.seen_at) == ("reply", sent.pk, None)
    assert Site.objects.get(pk=sent.finding.site_id).hostility == Site.Hostility.PUBLISHES
    sent.route.refresh_from_db()
    assert sent.route.state in ("dead", "dropped")
    come(office, sent, written(LUMEN + " Once more."))
    assert Publication.objects.count() == 1


def test_a_page_that_shows_the_reply_address_shows_the_notice(office: Office, sent: Notice) -> None:
    site = Site.objects.get(pk=sent.finding.site_id)
    made_up = addresses.reply(sent.pk).replace(".", ".a", 1)
    assert hostility.shows_notice(site, f"They wrote to us from {made_up}!", office.now) == ""
    assert not Publication.objects.exists()
    text = f"Legal threats we got: Reply to {addresses.reply(sent.pk).upper()}."
    assert hostility.shows_notice(site, text, office.now) == addresses.reply(sent.pk)
    assert Publication.objects.get().how == "page"
    site.refresh_from_db()
    assert site.hostility == Site.Hostility.PUBLISHES
