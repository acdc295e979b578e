"""From a captured finding to a mail: planned, approved, complete, sent once."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, holds
from efface.cases.models import Purpose
from efface.console import waiting_takedown
from efface.engine.base import addresses, clock, outbox
from efface.engine.base.models import Deadline, Outbox
from efface.search.models import Finding
from efface.sites.hostility import NEVER_WRITTEN_TO
from efface.sites.models import ContactState, Delivery, Site
from efface.takedown import approving, facts, filing, planning, sending
from efface.takedown.models import Approval, Notice, Route
from tests.casework import FULL, PAGE, THUMB, make_case
from tests.conftest import NOON
from tests.takedown.conftest import HOST, OPERATOR, Office, dossier

pytestmark = pytest.mark.django_db


def test_a_captured_finding_is_planned_and_waits_for_a_person(office: Office) -> None:
    office.finding()
    office.work()
    assert list(Route.objects.values_list("role", "state")) == [
        ("operator", "active"), ("search", "active"), ("host", "planned"), ("host", "planned"),
        ("registrar", "planned"),
    ]  # fmt: skip
    assert {one.route.role: one.state for one in Notice.objects.select_related("route")} == {
        "operator": "draft", "search": "draft",
    }  # fmt: skip
    assert office.mails() == [] and Outbox.objects.count() == 0
    assert Deadline.objects.filter(kind="route.start", state="waiting").count() == 3


def test_an_approved_notice_is_a_complete_mail(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    notice = office.notice("operator")
    assert notice.state == "sent" and notice.sent_at == NOON and notice.clock_due is None
    [(sender, recipient, _)] = office.desk.got
    [mail] = office.desk.messages()
    assert recipient == "dmca@pictures.example"
    assert addresses.read(sender) == addresses.Signed("bounce", notice.pk)
    assert addresses.read(str(mail["Reply-To"])) == addresses.Signed("reply", notice.pk)
    assert mail["From"] == '"Example Helpline, Removal Desk" <removals@reply.helpline.example>'
    assert (mail["X-Efface-Step"], mail["X-Efface-Notice-Type"], mail["Auto-Submitted"]) == ("1", "us_tida", None)
    assert mail["Message-ID"] == outbox.message_id(f"notice:{notice.pk}")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert all(url in text for url in (PAGE, FULL, THUMB)) and notice.reference in text and "Subject A" not in text
    [attached] = mail.iter_attachments()
    assert attached.get_content_type() == "application/json"
    report = json.loads(attached.get_content())
    assert PAGE in base64.b64decode(report["evidence"][0]["payload"]).decode()
    assert Delivery.objects.get(value="dmca@pictures.example").state == ContactState.ACCEPTED
    assert office.happened("notice.sent") == 1


def test_every_job_may_run_again(office: Office) -> None:
    finding = office.finding()
    for _ in range(3):
        planning.request(finding)
        office.work()
    office.approve()
    office.work()
    for _ in range(3):
        planning.request(finding)
        for row in Outbox.objects.all():
            outbox.send(organisation=row.organisation_id, outbox=row.pk)
        office.work()
    assert Route.objects.count() == 5 and office.mails() == [("dmca@pictures.example", "1")]


def test_inside_an_approval_other_findings_go_without_a_click(office: Office) -> None:
    office.finding()
    office.work()
    assert office.approve(route__role="operator") == 1
    office.finding(page="http://pictures.example/v/2", media=("http://img.pictures.example/full/2.jpg",), thumbs=())
    office.hours(0.25)
    assert [to for to, _ in office.mails()] == ["dmca@pictures.example"] * 2
    assert Approval.objects.count() == 1


def test_an_approval_lets_the_others_that_wait_go_too(office: Office) -> None:
    for number in range(3):
        office.finding(page=f"http://pictures.example/v/{number}", thumbs=(),
                       media=(f"http://img.pictures.example/full/{number}.jpg",))  # fmt: skip
    office.work()
    one = Notice.objects.filter(route__role="operator").order_by("drafted_at").first()
    assert one is not None and approving.approve(one, office.user, NOON) == 3
    assert approving.approve(one, office.user, NOON) == 0
    office.work()
    assert len(office.mails()) == 1 and Notice.objects.filter(state="sent").count() == 3, "in one mail"


def test_another_case_needs_its_own_approval(office: Office, inside: Any) -> None:
    office.finding()
    office.work()
    office.approve()
    other = Office.__new__(Office)
    other.__dict__ = office.__dict__ | {"case": make_case(inside)}
    other.finding(page="http://pictures.example/v/7", media=("http://img.pictures.example/full/7.jpg",), thumbs=())
    other.work()
    assert Notice.objects.get(case=other.case, route__role="operator").state == "draft"


def test_nobody_is_told_the_same_twice(office: Office, inside: Any) -> None:
    """Two pages of one case, and a second case, share a picture: each address is named once to each recipient."""
    office.finding()
    office.finding(page="http://pictures.example/v/2")
    other = Office.__new__(Office)
    other.__dict__ = office.__dict__ | {"case": make_case(inside)}
    other.finding()
    office.work()
    office.approve()
    office.hours(30)
    named = [url for one in Notice.objects.filter(state="sent") for url in one.urls]
    assert sorted(named) == sorted([PAGE, FULL, THUMB, "http://pictures.example/v/2"])
    late = Route.objects.get(case=other.case, role="operator")
    assert (late.state, late.state_why) == ("done", "the recipient was told of these addresses in another notice")


def test_refused_is_not_asked_again(office: Office) -> None:
    finding = office.finding()
    office.work()
    notice = office.notice("operator")
    approving.refuse(notice, office.user, "she knows him", NOON)
    planning.request(finding)
    office.work()
    assert office.route("operator").state == "dropped" and Notice.objects.filter(route__role="operator").count() == 1
    with pytest.raises(approving.NotWaiting):
        approving.approve(notice, office.user, NOON)
    assert office.mails() == []


def test_a_form_is_prepared_and_filed_by_a_person(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="search")
    notice = office.notice("search")
    assert notice.state == "prepared" and Outbox.objects.count() == 0
    assert {"field", "label", "value"} == set(notice.answers[0])
    for _ in range(2):
        filing.mark_filed(notice, office.user, " 4-77 ", NOON)
    assert filing.allowed(notice, NOON)
    holds.place(office.case, reason="police", owner="unit", ends=NOON + timedelta(hours=20), actor="lead:1", now=NOON)
    assert not filing.allowed(notice, NOON)
    notice.refresh_from_db()
    assert (notice.state, notice.outside_reference, notice.sent_at) == ("filed", "4-77", NOON)
    assert office.happened("notice.filed") == 1


def test_what_nobody_knows_is_not_claimed(office: Office) -> None:
    """How the pictures were obtained is not known: nobody may write that she is not paid for them."""
    office.case.acquisition = "unknown"
    office.case.save(update_fields=["acquisition"])
    office.finding()
    office.work()
    route = office.route("search")
    assert route.state == "planned" and "paid" in route.state_why and office.happened("route.incomplete") == 1


def test_a_paused_case_sends_nothing_until_it_goes_on(office: Office) -> None:
    office.finding()
    office.work()
    consents.stop(office.case, "survivor", NOON)
    office.approve()
    office.hours(30)
    assert office.mails() == [] and Outbox.objects.get().state == "ready"
    consents.resume(office.case, "survivor", office.now)
    office.work()
    assert office.mails() == [("dmca@pictures.example", "1")]


def test_a_hold_stops_notices_and_ends_by_itself(office: Office) -> None:
    office.finding()
    office.work()
    holds.place(office.case, reason="police", owner="unit", ends=NOON + timedelta(hours=20), actor="lead:1", now=NOON)
    office.approve(route__role="operator")
    office.hours(18)
    assert office.mails() == []
    office.hours(12)
    assert office.mails() == [("dmca@pictures.example", "1")]


@pytest.mark.parametrize("purpose", [Purpose.NOTIFY, Purpose.CONTACT_OPERATOR])
def test_withdrawn_consent_takes_back_what_has_not_left(office: Office, purpose: Purpose) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    consents.withdraw(office.case, purpose, "survivor", NOON)
    office.hours(12)
    assert office.mails() == [] and office.notice("operator").state == "cancelled"
    consents.give(office.case, purpose, "survivor", office.now)
    office.hours(12)
    assert office.mails() == [("dmca@pictures.example", "1")]


@pytest.mark.parametrize("hostility", sorted(NEVER_WRITTEN_TO))
def test_a_hostile_operator_is_never_written_to(office: Office, hostility: str) -> None:
    """Also where the site turns out to be hostile after the approval, right before the mail leaves."""
    office.finding()
    office.work()
    office.approve()
    Site.objects.update(hostility=hostility)
    office.work()
    assert office.mails() == [] and office.notice("operator").state == "cancelled"


@pytest.mark.parametrize("hostility", sorted(NEVER_WRITTEN_TO))
def test_hostile_from_the_start_goes_straight_to_the_host(office: Office, hostility: str) -> None:
    office.finding()
    Site.objects.update(hostility=hostility)
    office.work()
    assert set(Notice.objects.values_list("route__role", flat=True)) == {"host", "search"}


def test_an_approval_taken_back_stops_what_waits(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    approval = Approval.objects.get()
    assert approving.revoke(approval, office.user, NOON) == 1 and approving.revoke(approval, office.user, NOON) == 0
    office.work()
    assert office.mails() == [] and office.notice("operator").state == "draft"
    office.approve(route__role="operator")
    office.work()
    assert office.mails() == [("dmca@pictures.example", "1")]


def test_a_dead_mailbox_is_followed_by_the_next_one_then_by_the_next_party(office: Office) -> None:
    office.desk.rcpt = "550 5.1.1 user unknown"
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    tried = Notice.objects.filter(route__role="operator").order_by("drafted_at", "pk")
    assert [(one.contact, one.state) for one in tried] == [
        ("dmca@pictures.example", "failed"), ("abuse@pictures.example", "failed"),
    ]  # fmt: skip
    assert office.route("operator").state == "dead"
    assert Delivery.objects.get(value="dmca@pictures.example").state == ContactState.HARD
    office.desk.rcpt = ""
    office.hours(6)
    office.approve(route__role="host")
    office.work()
    assert [to for to, _ in office.mails()] == ["abuse@host.example"]


@pytest.mark.parametrize(("answer", "state"), [("552 5.2.2 full", "full"), ("554 5.7.1 policy", "policy")])
def test_other_refusals_are_remembered_for_what_they_are(office: Office, answer: str, state: str) -> None:
    office.desk.rcpt = answer
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    assert Delivery.objects.get(value="dmca@pictures.example").state == state


def test_an_unclear_mail_waits_for_a_person(office: Office) -> None:
    office.desk.data = "drop"
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.hours(6)
    row = Outbox.objects.get()
    assert row.state == "ambiguous" and office.notice("operator").state == "ambiguous" and len(office.desk.got) == 1
    sending.resolve(row, "sent", office.user, office.now)
    notice = office.notice("operator")
    assert notice.state == "sent" and notice.sent_at == NOON
    office.work()
    assert len(office.desk.got) == 1


def test_an_unclear_mail_sent_again_keeps_its_name(office: Office) -> None:
    office.desk.data = "drop"
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    office.desk.data = ""
    sending.resolve(Outbox.objects.get(), "again", office.user, NOON)
    office.work()
    first, second = office.desk.messages()
    assert first["Message-ID"] == second["Message-ID"] and office.notice("operator").state == "sent"


def test_an_old_look_up_is_made_anew_and_a_site_that_moved_is_not_told_on(office: Office) -> None:
    """Approved after three days; meanwhile the site stands with another host."""
    office.finding()
    office.hours(50)
    assert Notice.objects.filter(route__party_key=HOST.key, state="draft").exists()
    from efface.whereabouts.model import Party

    later = Party("host", "host:AS64999", "Other", covers=["pictures.example"], contacts=HOST.contacts[:0])
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, later)
    office.now += timedelta(hours=60)
    office.approve(route__role="host")
    office.work()
    held = Notice.objects.get(route__party_key=HOST.key)
    assert office.mails() == [] and (held.state, held.approval) == ("held", None)
    assert held.state_why == "not in charge of it any more; now: nobody known"


def test_a_partial_look_up_ends_nothing(office: Office) -> None:
    finding = office.finding()
    office.work()
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, partial=["rdap ip: timeout"])
    planning.request(finding)
    office.work()
    assert Route.objects.get(party_key=HOST.key).state == "planned"


@pytest.mark.parametrize("stop", ["hold", "stopped", "consent"])
def test_a_form_that_may_not_be_filed_is_put_in_front_of_nobody(office: Office, stop: str) -> None:
    member: Any = None
    office.finding()
    office.work()
    office.approve(route__role="search")
    notice = office.notice("search")
    with clock.fixed(NOON):
        assert [one.id for one in waiting_takedown.filings(member)] == [notice.pk]
        assert list(waiting_takedown.drafts(member))
        if stop == "hold":
            holds.place(office.case, reason="police", owner="unit", ends=NOON + timedelta(hours=20), actor="lead:1",
                        now=NOON)  # fmt: skip
        elif stop == "stopped":
            Finding.objects.update(stopped="under 18")
        else:
            for purpose in ("notify", "contact_operator"):
                consents.withdraw(office.case, purpose, "survivor", NOON)
        assert list(waiting_takedown.filings(member)) == list(waiting_takedown.drafts(member)) == []
    Notice.objects.filter(pk=notice.pk).update(state="prepared")
    with pytest.raises(ValueError, match="cannot be filed now"):
        filing.mark_filed(notice, office.user, "4-77", NOON)
    notice.refresh_from_db()
    assert notice.state == "prepared" and notice.sent_at is None


def test_every_word_for_hostile_is_one_that_is_never_written_to() -> None:
    """A new kind of hostility must be put on one side or the other."""
    harmless = {Site.Hostility.UNKNOWN, Site.Hostility.COOPERATIVE}
    assert set(Site.Hostility) - harmless == NEVER_WRITTEN_TO


def test_a_word_on_another_domain_of_the_site_stops_the_mail_too(office: Office, now: Any) -> None:
    from efface.sites import hostility, merging, registry

    finding = office.finding()
    office.work()
    office.approve()
    other = registry.register("second.example", now)
    merging.merge(finding.site, other, "lead:1", now)
    hostility.declare(other, "doxxes", "exposed a helper", "lead:1", now)
    office.work()
    assert office.mails() == [] and office.notice("operator").state == "cancelled"


def test_her_own_address_is_known_to_the_look_up_only_as_a_digest(office: Office) -> None:
    finding = office.finding()
    finding.case.safe_contact = "Write to <Her.Name@mail-box.example>, not to +49 30 1."
    finding.case.save()
    assert facts.hers(finding.case) == {"her.name@mail-box.example"}
    task = planning._load(finding.pk, NOON)
    assert task is not None
    assert task.hers == [hashlib.sha256(b"her.name@mail-box.example").hexdigest()]
