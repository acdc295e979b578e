"""Several findings of a case at one desk leave in one mail, once; clocks, outcomes, answers stay each finding's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from efface.console import decide, heard, letters, story, waiting_takedown
from efface.engine.base import clock, outbox, smtp
from efface.engine.base.models import Outbox
from efface.takedown import approving, composing, courier, filing, inbox, sending, together
from efface.takedown.channels.email import recent
from efface.takedown.models import Approval, Inbound, Notice, Outcome, Route
from tests.casework import make_case
from tests.takedown.conftest import OPERATOR, Office, dossier
from tests.takedown.test_inbox import written

pytestmark = pytest.mark.django_db
N = 12
DESK = "dmca@pictures.example"


def many(office: Office, count: int = N) -> list[Any]:
    """Findings on one site whose operator alone is asked, planned and approved; nothing has left."""
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR)
    found = [
        office.finding(
            page=f"http://pictures.example/v/{n}", media=(f"http://img.pictures.example/full/{n}.jpg",), thumbs=(),
            pdq=f"{n:02x}" * 32,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    office.work()
    assert Notice.objects.filter(state="draft").count() == count
    return found


class Killed(BaseException):
    pass


def die(*_: Any, **__: Any) -> Any:
    raise Killed


def _after(function: Any) -> Any:
    def inner(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        raise Killed

    return inner


def test_twelve_findings_are_one_mail(office: Office) -> None:
    found = many(office)
    row = Notice.objects.order_by("drafted_at", "pk").first()
    assert row is not None
    with clock.fixed(office.now):
        from efface.takedown import approving

        assert approving.approve(row, office.user, office.now) == N, "one word covers the group"
    assert Approval.objects.count() == 1
    office.work()
    assert [to for to, _ in office.mails()] == [DESK]
    mail = office.desk.messages()[0]
    text = mail.get_body(("plain",)).get_content()
    assert all(str(one.page_url) in text for one in found)
    reports = [part for part in mail.walk() if part.get_content_type() == "application/json"]
    assert len(reports) == N and len({part.get_filename() for part in reports}) == N
    notices = list(Notice.objects.all())
    assert {one.state for one in notices} == {"sent"} and {one.sent_at for one in notices} == {office.now}
    assert sum(one.together_id is None for one in notices) == 1, "one of them is the mail's"
    assert office.happened("notice.sent") == N, "each finding has its own clock and its own outcome"
    lead = next(one for one in notices if one.together_id is None)
    message = Outbox.objects.get(subject=lead.pk)
    assert len(recent.recent(DESK, message, office.now + timedelta(minutes=1)).sent) == 1, "one mail at the desk's pace"


@pytest.fixture(scope="module", autouse=True)
def decoder() -> Iterator[None]:
    yield
    if inbox._decoder is not None:
        inbox._decoder.close()
        inbox._decoder = None


@pytest.mark.parametrize(
    ("where", "name", "after"),
    [(together, "gather", False), (together, "gather", True), (together, "_put", True), (composing, "compose", False),
     (courier, "_without_imagery", True), (smtp, "submit", False), (smtp, "submit", True), (outbox, "_end", False),
     (courier, "has_left", True)],
)  # fmt: skip
def test_killed_anywhere_it_leaves_once_and_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool
) -> None:
    many(office)
    office.approve()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(where, name, _after(getattr(where, name)) if after else die)
        office.work()
    for row in Outbox.objects.all():
        outbox.send(organisation=row.organisation_id, outbox=row.pk)
    office.hours(1)
    unclear = Outbox.objects.filter(state="ambiguous").first()
    if unclear is not None:
        assert {one.state for one in Notice.objects.all()} == {"ambiguous"}
        sending.resolve(unclear, "sent" if office.desk.got else "again", office.user, office.now)
        office.work()
    assert [to for to, _ in office.mails()] == [DESK]
    assert {one.state for one in Notice.objects.all()} == {"sent"}


def test_without_gathering_there_would_be_twelve(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_alike", lambda lead: [])
    monkeypatch.setattr(together, "wait", lambda one, now: None)
    many(office)
    office.approve()
    office.work()
    assert len(office.mails()) == N


def test_what_comes_later_is_gathered_for_a_moment(office: Office) -> None:
    """Under a standing approval each finding is planned for itself."""
    first = many(office, 1)[0]
    office.approve()
    office.work()
    for n in range(20, 25):
        office.finding(page=f"http://pictures.example/v/{n}", pdq=f"{n:02x}" * 32, thumbs=(),
                       media=(f"http://img.pictures.example/full/{n}.jpg",))  # fmt: skip
    office.work()
    assert len(office.mails()) == 1 and Notice.objects.filter(state="queued").count() == 5
    office.hours(0.5)
    assert len(office.mails()) == 2 and not Notice.objects.filter(state="queued").exists()
    assert str(first.page_url) not in office.desk.messages()[1].get_body(("plain",)).get_content()


def test_never_across_cases(office: Office, inside: Any) -> None:
    many(office, 3)
    other = make_case(inside)
    mine, office.case = office.case, other
    office.finding(page="http://pictures.example/v/77", pdq="77" * 32, thumbs=(), media=("http://a.example/77.jpg",))
    office.case = mine
    office.work()
    office.approve()
    office.work()
    office.hours(1)
    texts = [mail.get_body(("plain",)).get_content() for mail in office.desk.messages()]
    assert len(texts) == 2 and sum("v/77" in text for text in texts) == 1
    assert not [text for text in texts if "v/77" in text and "v/1\n" in text]


def sent(office: Office, count: int = 4) -> tuple[list[Any], Notice]:
    found = many(office, count)
    office.approve()
    office.work()
    return found, Notice.objects.get(together=None)


def answer(office: Office, lead: Notice, text: str, kind: str) -> Inbound:
    with clock.fixed(office.now):
        row = inbox.receive(lead, written(text), office.now)
        assert row is not None
        office.work()
        row.refresh_from_db()
        if row.handled_at is None:
            inbox.settle(row, kind, office.user, office.now)
    return row


def test_an_answer_settles_what_it_names(office: Office) -> None:
    found, lead = sent(office)
    answer(office, lead, f"We refuse {found[0].page_url} and {found[2].page_url}.", "refuses")
    states = {route.finding_id: route.state for route in Route.objects.all()}
    assert [states[one.pk] for one in found] == ["dead", "active", "dead", "active"]
    assert Outcome.objects.filter(removed=False).count() == 2


def test_an_answer_that_names_nothing_is_about_all(office: Office) -> None:
    _found, lead = sent(office)
    answer(office, lead, "We will not remove any of this.", "refuses")
    assert {route.state for route in Route.objects.all()} == {"dead"}


def test_an_answer_stands_at_each_finding_it_is_about(office: Office) -> None:
    found, lead = sent(office)
    row = answer(office, lead, f"We refuse {found[0].page_url} and {found[2].page_url}.", "refuses")
    notices = {one.finding_id: one for one in Notice.objects.all()}
    told = heard.by_notice(heard.heard(office.case))
    assert [len(told[notices[one.pk].pk]) for one in found] == [1, 0, 1, 0]
    (thread,) = letters.threads(office.case)
    (came,) = [one for one in thread.letters if not one.ours]
    assert len(thread.named) == 4 and notices[found[2].pk].reference in came.about
    assert notices[found[1].pk].reference not in came.about
    beside = told[notices[found[2].pk].pk][0]
    assert beside.mail == ("" if notices[found[2].pk] == lead else lead.reference) and row.because in beside.because
    events = office.case.caseevents.filter(kind="reply.received").values_list("subject", flat=True)
    assert set(events) == {notices[found[0].pk].pk, notices[found[2].pk].pk}
    shown = {told["finding"].pk: told for told in story.findings(office.case, office.now)}
    assert [len(_beside(shown[one.pk])) for one in found] == [1, 0, 1, 0]


def _beside(told: Any) -> list[Any]:
    return [one for route in told["routes"] for notice in route.notices.all() for one in notice.heard]


def test_before_a_person_says_what_it_is_they_read_to_what_it_applies(office: Office) -> None:
    found, lead = sent(office)
    with clock.fixed(office.now):
        for text in (f"Hm, well, {found[1].page_url}", "Hm, well, dear colleague"):
            assert inbox.receive(lead, written(text), office.now) is not None
        office.work()
        shown = list(waiting_takedown.replies(member(office)))
    applies = [next(fact.value for fact in one.facts if fact.name == "about") for one in shown]
    assert sum("1 of 4 findings" in one for one in applies) == 1
    assert sum("all 4 findings" in one for one in applies) == 1


def test_an_address_that_only_begins_alike_is_not_named(office: Office) -> None:
    found, lead = sent(office, 12)
    about = together.concerned(lead, f"Removed: {found[11].page_url}")
    assert [one.finding_id for one in about] == [found[11].pk], "v/1 is not v/12"
    about = together.concerned(lead, f"Thanks.\n> {found[3].page_url}\n> and more")
    assert len(about) == 12, "what is quoted names nobody"


def test_a_bounce_is_of_the_whole_mail(office: Office) -> None:
    found, lead = sent(office)
    with clock.fixed(office.now):
        for one in together.concerned(Notice.objects.get(pk=lead.pk), ""):
            inbox._act(one, "bounce", office.now)
    assert {one.state for one in Notice.objects.filter(contact=DESK)} == {"bounced"}
    office.work()
    assert Route.objects.filter(contact="abuse@pictures.example").count() == len(found)
    assert [to for to, _ in office.mails()] == [DESK, "abuse@pictures.example"], "the next mailbox, in one mail again"


def test_one_that_is_gone_meanwhile_is_not_in_the_next_try(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    found = many(office, 4)
    office.approve()
    with monkeypatch.context() as patch:
        patch.setattr(outbox.smtp, "submit", lambda *given: smtp.Answer("later", 451, "4.7.1 greylisted"))
        office.work()
    lead = Notice.objects.get(pk__in=Notice.objects.exclude(together=None).values("together"))
    waiting = Notice.objects.filter(together=lead).first()
    assert waiting is not None and len(office.desk.got) == 0
    type(found[0]).objects.filter(pk=waiting.finding_id).update(state="gone-confirmed")
    office.hours(1)
    assert [to for to, _ in office.mails()] == [DESK]
    text = office.desk.messages()[0].get_body(("plain",)).get_content()
    gone = next(one for one in found if one.pk == waiting.finding_id)
    assert f"{gone.page_url}\n" not in text and Notice.objects.filter(state="sent").count() == 3


def test_taken_back_between_two_tries_it_does_not_leave(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    many(office, 4)
    office.approve()
    with monkeypatch.context() as patch:
        patch.setattr(outbox.smtp, "submit", lambda *given: smtp.Answer("later", 451, "4.7.1 greylisted"))
        office.work()
    lead = Notice.objects.get(pk__in=Notice.objects.exclude(together=None).values("together"))
    member = Notice.objects.filter(together=lead).first()
    assert member is not None
    with clock.fixed(office.now):
        assert sending.take_back(member, "refused", office.now)
        assert sending.take_back(Notice.objects.get(pk=lead.pk), "refused", office.now)
    office.hours(1)
    assert len(office.mails()) == 1 and Notice.objects.filter(state="sent").count() == 2
    assert Notice.objects.filter(state="cancelled").count() == 2


def test_reminders_go_together_too(office: Office) -> None:
    found, _lead = sent(office)
    office.hours(24 * 3 + 1)
    steps = [step for _to, step in office.mails()]
    assert steps.count("1") == 1 and steps.count("2") <= 2, steps
    assert Notice.objects.filter(step=2, state="sent").count() == len(found)


def test_who_decides_is_told_before_that_one_mail_names_them_all(office: Office) -> None:
    found = many(office, 3)
    row = Notice.objects.order_by("drafted_at", "pk").first()
    assert row is not None
    with clock.fixed(office.now):
        group = together.company(row, ("draft", "queued"), office.now)
    assert len(group.others) == 2 and all(str(one.page_url) in str(group.made.text) for one in found)
    assert str(Notice.objects.get(pk=row.pk).text) != str(group.made.text), "nothing of it is kept"
    with clock.fixed(office.now):
        (told,) = list(waiting_takedown.drafts(member(office), only=row.pk))
    said = company_of(told)
    assert "2 other findings" in said[0] and all(one.reference in said[1] for one in group.others)
    assert told.text == group.made.text


def test_who_decides_about_another_desk_is_told_nothing_of_company(office: Office) -> None:
    many(office, 2)
    row, other = Notice.objects.order_by("drafted_at", "pk")
    Notice.objects.filter(pk=other.pk).update(contact="somebody@else.example")
    with clock.fixed(office.now):
        assert together.company(row, ("draft",), office.now).others == []
        (told,) = list(waiting_takedown.drafts(member(office), only=row.pk))
    assert company_of(told) == []


def forms(office: Office, count: int = 3) -> list[Notice]:
    """Prepared for one form: the operator's, approved."""
    many(office, count)
    Notice.objects.update(channel="form", contact="https://pictures.example/report")
    office.approve()
    rows = list(Notice.objects.order_by("drafted_at", "pk"))
    assert {one.state for one in rows} == {"prepared"}
    return rows


def test_one_form_takes_the_addresses_of_all(office: Office) -> None:
    rows = forms(office)
    with clock.fixed(office.now):
        (shown,) = list(waiting_takedown.filings(member(office)))
    assert [option.value for option in shown.options[:2]] == ["filed-all", "filed"]
    said = "\n".join(value for _, _, value in shown.answers)
    assert all(url in said for one in rows for url in (one.urls or ()))
    said_by_form = {"outside_reference": "F-77", "confirmation": "Thanks"}
    given = decide.Given(member(office), office.now, "filed-all", said_by_form)
    with clock.fixed(office.now):
        assert "3 findings" in decide._VERBS["filing"](shown.id, given)
    rows = list(Notice.objects.all())
    assert {(one.state, one.outside_reference) for one in rows} == {("filed", "F-77")}
    lead = Notice.objects.get(pk=shown.id)
    assert {one.together_id for one in rows} == {None, lead.pk}
    assert len(together.concerned(lead, "Thank you, we removed it.")) == 3
    with clock.fixed(office.now):
        assert list(waiting_takedown.filings(member(office))) == []


def test_a_form_that_takes_one_address_leaves_the_others_waiting(office: Office) -> None:
    forms(office)
    with clock.fixed(office.now):
        (shown,) = list(waiting_takedown.filings(member(office)))
        decide._VERBS["filing"](shown.id, decide.Given(member(office), office.now, "filed", {"outside_reference": "1"}))
        (then,) = list(waiting_takedown.filings(member(office)))
    assert then.id != shown.id and len(company_of(then)) == 2


def test_all_of_one_form_are_filed_or_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = forms(office)
    Notice.objects.filter(pk=others[-1].pk).update(state="cancelled")
    with clock.fixed(office.now), pytest.raises(approving.NotWaiting):
        filing.mark_all_filed(first, others, office.user, "F-1", office.now)
    assert {one.state for one in Notice.objects.all()} == {"prepared", "cancelled"}


def company_of(shown: Any) -> list[str]:
    return [fact.value for fact in shown.facts if fact.name.startswith("company")]


def member(office: Office) -> Any:
    class Stand:
        user, user_id, role, organisation_id = office.user, office.user.pk, "caseworker", office.case.organisation_id

    return Stand()
