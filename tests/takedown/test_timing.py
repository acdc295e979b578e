"""Clocks of real notices: what starts them, what follows when they end, and who decides that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.accounts.models import Member
from efface.cases import events, holds
from efface.cases.models import Case
from efface.engine.base import clock
from efface.engine.base.models import Deadline
from efface.takedown import agenda, clocks, filing, inbox, ladder, overdue, timing
from efface.takedown.approving import NotWaiting
from efface.takedown.clocks import ClockError
from efface.takedown.models import ClockFact, Inbound, Notice, Route
from tests.conftest import NOON
from tests.takedown.conftest import OPERATOR, Office, dossier, observation

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def sent(office: Office) -> Notice:
    """The operator's notice (48 hours from receipt), approved and gone."""
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    return office.notice("operator")


def waiting(notice: Notice) -> dict[str, datetime]:
    rows = Deadline.objects.filter(kind=timing.KIND, subject=notice.pk, state="waiting")
    return {one.key.rpartition(":")[2]: one.due for one in rows}


def happened(office: Office, notice: Notice, kind: str, at: datetime, how: str = "reply") -> bool:
    with clock.fixed(office.now):
        return timing.say(notice.pk, kind, at, how, office.user, office.now)


def reply(office: Office, notice: Notice, kind: str, at: datetime | None = None) -> Inbound:
    at = at or office.now
    row = Inbound.objects.create(
        organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, at=at, raw=notice.pk,
        digest=f"{kind}{at}".encode(),
    )  # fmt: skip
    with clock.fixed(at):
        inbox.settle(row, kind, office.user, at)
    return row


def retyped(notice: Notice, kind: str, country: str = "") -> Notice:
    """The notice as one of another law. Clocks are counted from the type alone."""
    Notice.objects.filter(pk=notice.pk).update(notice_type=kind)
    Route.objects.filter(pk=notice.route_id).update(notice_type=kind, country=country)
    return Notice.objects.select_related("route", "finding").get(pk=notice.pk)


def test_sending_starts_no_clock_that_runs_from_receipt(office: Office) -> None:
    notice = sent(office)
    assert notice.state == "sent" and notice.clock_due is None and waiting(notice) == {}
    office.until(NOON + 47 * HOUR)
    assert office.happened("notice.overdue") == 0


@pytest.mark.parametrize("kind", ["acknowledged", "claims_removal", "asks_more", "forwards"])
def test_whoever_answers_has_received(office: Office, kind: str) -> None:
    notice = sent(office)
    reply(office, notice, kind, NOON + HOUR)
    notice.refresh_from_db()
    assert waiting(notice) == {"main": NOON + 49 * HOUR} and notice.clock_due == NOON + 49 * HOUR
    assert notice.clock_basis == "47 U.S.C. 223a(a)(3)"
    reply(office, notice, "acknowledged", NOON + 5 * HOUR)
    assert waiting(notice) == {"main": NOON + 49 * HOUR}


@pytest.mark.parametrize("kind", ["delay", "other", "feedback"])
def test_what_proves_nothing_starts_nothing(office: Office, kind: str) -> None:
    notice = sent(office)
    reply(office, notice, kind, NOON + HOUR)
    assert waiting(notice) == {} and not ClockFact.objects.exists()


def test_overdue_is_exact_and_reminds_inside_the_approval(office: Office) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    ladder.chase_at(notice, NOON + timedelta(days=90))  # only the law's clock speaks here
    office.until(NOON + 49 * HOUR - timedelta(seconds=1))
    assert office.happened("notice.overdue") == 0
    office.until(NOON + 49 * HOUR)
    assert office.happened("notice.overdue") == 1
    notice.refresh_from_db()
    assert notice.overdue_at == NOON + 49 * HOUR
    office.work()
    assert office.notice("operator", 2).state == "sent"


def test_without_an_approval_that_stands_the_reminder_waits_for_a_person(office: Office) -> None:
    from efface.takedown import approving
    from efface.takedown.models import Approval

    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    ladder.chase_at(notice, NOON + timedelta(days=90))
    approving.revoke(Approval.objects.get(), office.user, NOON + HOUR)
    office.until(NOON + 50 * HOUR)
    assert office.notice("operator", 2).state == "draft" and len(office.mails()) == 1


def test_a_hold_of_ours_stops_us_and_not_the_clock(office: Office) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    ladder.chase_at(notice, NOON + timedelta(days=90))
    hold = holds.place(office.case, reason="they asked", owner="police", ends=NOON + timedelta(days=20),
                       actor="caseworker:1", now=NOON + 2 * HOUR)  # fmt: skip
    office.until(NOON + 75 * HOUR)
    assert office.happened("notice.overdue") == 1 and len(office.mails()) == 1
    assert waiting(notice) == {"main": NOON + (49 + 48) * HOUR}  # asked again every day
    with clock.fixed(office.now):
        holds.lift(hold, "caseworker:1", office.now)
    office.until(NOON + 100 * HOUR)
    assert office.happened("notice.overdue") == 1
    assert ("dmca@pictures.example", "2") in office.mails()


def test_what_may_be_gone_is_not_called_late_and_what_is_back_is(office: Office) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    ladder.chase_at(notice, NOON + timedelta(days=90))
    office.fetcher.answers["observe"] = lambda request: observation(404, 404, request=request)
    office.until(NOON + 60 * HOUR)
    assert office.happened("notice.overdue") == 0 and "main" in waiting(notice)
    office.fetcher.answers["observe"] = lambda request: observation(request=request)
    office.until(NOON + 99 * HOUR)
    assert office.happened("notice.overdue") == 1


def test_a_date_that_is_not_sure_is_put_before_a_person_and_nobody_is_written_to(office: Office) -> None:
    notice = retyped(sent(office), "gdpr_erasure", "SE")
    ladder.chase_at(notice, NOON + timedelta(days=365))
    happened(office, notice, "receipt", NOON, "delivery-report")
    Route.objects.exclude(pk=notice.route_id).update(state="dropped")
    before = len(office.mails())
    office.until(NOON + timedelta(days=35))
    assert office.happened("notice.overdue") == 1 and office.happened(overdue.ASKED) == 1
    assert len(office.mails()) == before
    with clock.fixed(office.now):
        overdue.answer(notice.pk, "wait", "", office.user, office.now)
        assert office.happened(overdue.ANSWERED) == 1


def test_a_question_of_theirs_moves_the_deadline_and_the_answer_brings_it_back(office: Office) -> None:
    notice = retyped(sent(office), "gdpr_erasure", "FR")
    happened(office, notice, "receipt", NOON)
    first = waiting(notice)["main"]
    office.now = NOON + 48 * HOUR
    happened(office, notice, "identity_asked", NOON + 24 * HOUR)
    assert waiting(notice) == {}
    office.now = NOON + 96 * HOUR
    happened(office, notice, "identity_given", NOON + 90 * HOUR)
    assert waiting(notice)["main"] > first
    asked = ClockFact.objects.get(kind="identity_asked")
    assert timing.take_back(asked.pk, office.user, office.now)
    assert waiting(notice)["main"] == first and not timing.take_back(asked.pk, office.user, office.now)


def test_a_letter_that_asks_who_she_is_stops_it_until_our_answer_leaves(office: Office) -> None:
    notice = sent(office)
    happened(office, notice, "receipt", NOON)
    row = Inbound.objects.create(
        organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, at=NOON + HOUR, raw=notice.pk,
        digest=b"asks", text="Please send us a copy of your identity card before we can act.",
    )  # fmt: skip
    office.now = NOON + 2 * HOUR
    with clock.fixed(office.now):
        inbox.settle(row, "asks_more", office.user, office.now)
    assert not ClockFact.objects.filter(kind="identity_asked").exists()  # our reading of a letter alone stops nothing
    office.work()
    assert office.notice("operator", 2).state == "sent"
    facts = {one.kind: one.at for one in ClockFact.objects.filter(notice=notice)}
    assert facts["identity_asked"] == NOON + HOUR and facts["identity_given"] == NOON + 2 * HOUR
    # The law of this notice knows no such stop; where one does, these two hours do not count.
    assert waiting(notice) == {"main": NOON + 48 * HOUR}
    assert retyped(notice, "gdpr_erasure", "FR") and clocks.holds(timing.known(notice)) != []


def test_a_place_with_a_clock_of_its_own_has_that(office: Office) -> None:
    notice = retyped(sent(office), "tos_report", "NG")
    happened(office, notice, "receipt", NOON)
    assert waiting(notice) == {"main": NOON + 24 * HOUR}


def test_the_time_of_somebody_else_is_put_before_a_person(office: Office) -> None:
    """The uploader's two days are over: the provider may act, and a person decides what to write."""
    notice = retyped(sent(office), "jp_removal_request", "JP")
    Route.objects.exclude(pk=notice.route_id).update(state="dropped")
    ladder.chase_at(notice, NOON + timedelta(days=90))
    happened(office, notice, "provider_inquiry", NOON)
    assert set(waiting(notice)) == {"stage.0"}
    office.until(NOON + 100 * HOUR)
    assert office.happened("notice.overdue") == 0 and office.happened(overdue.ASKED) == 1
    assert len(office.mails()) == 1


def test_a_counter_notice_closes_the_way_and_opens_its_own_window(office: Office) -> None:
    notice = retyped(sent(office), "us_dmca_512c", "US")
    reply(office, notice, "counter_notice", NOON + HOUR)
    notice.refresh_from_db()
    assert office.route("operator").state == "dead" and notice.clock_due is None
    window = waiting(notice)
    assert set(window) == {"restore_from", "restore_until"}
    assert (window["restore_from"] - NOON).days == 14 and window["restore_until"] > window["restore_from"]
    asked = sum(op == "observe" for op, _ in office.fetcher.asked)
    office.until(window["restore_from"])
    assert office.happened("clock.restore_from") == 1 and office.happened("notice.overdue") == 0
    assert sum(op == "observe" for op, _ in office.fetcher.asked) > asked
    with pytest.raises(NotWaiting):
        overdue.answer(notice.pk, "remind", "", office.user, office.now)
    overdue.answer(notice.pk, "noted", "a lawyer looks at it", office.user, office.now)


@pytest.mark.parametrize(
    ("kind", "at", "how", "words"),
    [
        ("receipt", NOON + 3 * HOUR, "post", "lies ahead"), ("receipt", NOON.replace(tzinfo=None), "post", "no zone"),
        ("receipt", NOON - HOUR, "post", "before our notice left"), ("lunch", NOON, "post", "what happened"),
        ("receipt", NOON, "dream", "how you know"), ("sending", NOON, "post", "what happened"),
    ],
)  # fmt: skip
def test_what_cannot_be_changes_nothing(office: Office, kind: str, at: Any, how: str, words: str) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON)
    before = waiting(notice)
    office.now = NOON + HOUR
    with pytest.raises(ClockError, match=words):
        happened(office, notice, kind, at, how)
    assert waiting(notice) == before and ClockFact.objects.count() == 1 and len(office.mails()) == 1


def test_nothing_can_have_begun_with_what_has_not_left(office: Office) -> None:
    office.finding()
    office.work()
    draft = office.notice("operator")
    with pytest.raises(ClockError, match="has not left"):
        happened(office, draft, "receipt", NOON)


def test_the_number_a_form_gives_proves_that_they_have_it(office: Office) -> None:
    office.finding()
    office.work()
    office.approve()
    form = Notice.objects.get(state="prepared")
    filing.mark_filed(form, office.user, "CASE-1", NOON)
    assert ClockFact.objects.get(notice=form).how == "form"
    assert timing.counted(form) == ()  # a search engine has no clock, whatever it confirms


def test_saying_it_twice_is_once_and_the_deadline_is_fired_once(office: Office) -> None:
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR)
    notice = sent(office)
    office.now = NOON + HOUR
    assert happened(office, notice, "receipt", NOON) and not happened(office, notice, "receipt", NOON)
    office.until(NOON + 48 * HOUR)
    notice = Notice.objects.select_related("route").get(pk=notice.pk)
    timing.recount(notice, office.now)
    assert waiting(notice) == {} and office.happened("notice.overdue") == 1


def test_a_closed_case_has_no_clocks(office: Office) -> None:
    notice = retyped(sent(office), "us_dmca_512c", "US")
    reply(office, notice, "counter_notice", NOON + HOUR)
    Case.objects.filter(pk=office.case.pk).update(state="closed")
    events.record(office.case, "case.closed", "caseworker:1", now=NOON + 2 * HOUR)
    assert waiting(notice) == {}


def test_what_is_stopped_has_no_clocks_not_even_a_window(office: Office) -> None:
    notice = retyped(sent(office), "us_dmca_512c", "US")
    reply(office, notice, "counter_notice", NOON + HOUR)
    finding = notice.finding
    type(finding).objects.filter(pk=finding.pk).update(stopped="under 18")
    events.record(office.case, "finding.stopped", "survivor", subject=finding.pk, now=NOON + 2 * HOUR)
    assert waiting(notice) == {}


def test_in_a_calendar_an_end_stays_where_it_was_however_often_it_is_asked_about(office: Office) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    ladder.chase_at(notice, NOON + timedelta(days=90))
    holds.place(office.case, reason="they asked", owner="police", ends=NOON + timedelta(days=20), actor="caseworker:1",
                now=NOON + 2 * HOUR)  # fmt: skip
    lead = Member(organisation=office.case.organisation, user=office.user, role="lead")
    def end_of_law(now: datetime) -> agenda.Entry:
        """Besides it stands the end of the hold."""
        return next(one for one in agenda.entries(lead, now) if one.at != NOON + timedelta(days=20))

    before = end_of_law(NOON + 2 * HOUR)
    office.until(NOON + 75 * HOUR)
    assert waiting(notice)["main"] > NOON + 75 * HOUR
    after = end_of_law(office.now)
    assert before.at == after.at == NOON + 49 * HOUR and before.uid == after.uid


def test_an_early_deadline_is_put_right_and_never_acted_on(office: Office) -> None:
    notice = sent(office)
    reply(office, notice, "acknowledged", NOON + HOUR)
    Deadline.objects.filter(kind=timing.KIND).update(due=NOON + 2 * HOUR, original_due=NOON + 2 * HOUR)
    office.until(NOON + 3 * HOUR)
    assert office.happened("notice.overdue") == 0 and waiting(notice) == {"main": NOON + 49 * HOUR}


@pytest.mark.parametrize(
    ("channel", "events"),
    [("email", {"sending"}), ("form", {"sending", "filing"}), ("post", {"sending"}), ("phone", set()),
     ("api", {"sending", "receipt", "filing", "acknowledgement"})],
)  # fmt: skip
def test_what_has_happened_when_it_leaves_is_what_its_channel_says(channel: str, events: set[str]) -> None:
    assert set(timing.left(channel)) == events


def test_a_mail_that_left_is_no_receipt_for_channel_or_clock() -> None:
    from dataclasses import replace

    from efface.takedown.channels import contract, registry

    mail = registry.channel("email")
    assert contract.problems(mail, "email") == []
    early = replace(mail, starts={**mail.starts, "receipt": "sent"})
    assert "from receipt" in " ".join(contract.problems(early, "email"))
