"""Decisions: what is shown, what an answer does, and that a second answer does nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.cases import consents, messages
from efface.console import decide, glance, queue
from efface.console.words import reply_kinds
from efface.engine.base import tenancy
from efface.engine.base.models import Outbox
from efface.search.models import Finding, Match
from efface.takedown.models import Inbound, Notice
from tests import people

pytestmark = pytest.mark.django_db


def mark_of(client: Client, kind: str, id: Any) -> str:
    content = client.get(f"/console/decision/{kind}/{id}/").content.decode()
    found = re.search(r'name="mark" value="([0-9a-f]+)"', content)
    assert found, content
    return found[1]


def take(client: Client, kind: str, id: Any, choice: str, **filled: str) -> str:
    """Answer as the form on the page would; returns the page that comes after."""
    given = {"mark": filled.pop("mark", "") or mark_of(client, kind, id), "choice": choice, **filled}
    return client.post(f"/console/decision/{kind}/{id}/take/", given, follow=True).content.decode()


def test_every_kind_can_be_answered() -> None:
    assert set(queue.KINDS) == set(decide.kinds()) == set(glance._wide())


def test_an_empty_queue_costs_few_questions(
    organisation: Any, case: Any, desk: Client, django_assert_max_num_queries: Any
) -> None:
    desk.get("/console/queue/")
    with django_assert_max_num_queries(17):
        assert "Nothing waits for you" in desk.get("/console/queue/").content.decode()


def test_a_match_shows_facts_and_reasons_but_no_picture_and_no_link(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_match(case, page="https://pictures.example/a?<script>alert(1)</script>")
    page = desk.get("/console/queue/").content.decode()
    assert 'data-kind="match"' in page
    assert re.search(r'data-fact="kind">pdq<', page) and re.search(r'data-fact="distance">4<', page)
    assert re.search(r'data-fact="strong">yes<', page)
    assert "4 of 256 bits differ, the limit is 31" in page
    assert "hxxps://pictures[.]example/a?&lt;script&gt;" in page
    assert "<img" not in page and "https://pictures.example" not in page and "<script>alert" not in page


def test_confirming_makes_a_finding_once(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
    mark = mark_of(desk, "match", match.pk)
    assert "Confirmed." in take(desk, "match", match.pk, "confirm", mark=mark)
    assert "Nothing was done a second time" in take(desk, "match", match.pk, "confirm", mark=mark)
    assert "Nothing was done a second time" in take(desk, "match", match.pk, "reject", mark=mark)
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.filter(match=match).count() == 1
        assert Match.objects.get(pk=match.pk).state == "confirmed"


def test_two_workers_on_one_decision(organisation: Any, case: Any, desk: Client) -> None:
    other = people.signed_in(people.worker(organisation, "lead"))
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, kind="face", score=0.7)
    first, second = mark_of(desk, "match", match.pk), mark_of(other, "match", match.pk)
    with tenancy.organisation(organisation.pk):
        Match.objects.filter(pk=match.pk).update(kind="pdq", score=3)
    assert "changed since you opened it" in take(desk, "match", match.pk, "reject", mark=first)
    assert "changed since you opened it" in take(other, "match", match.pk, "reject", mark=second)
    assert "Rejected." in take(other, "match", match.pk, "reject")
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).decided_by.startswith("lead:")


def test_what_a_consent_does_not_cover_is_not_confirmed(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
        consents.withdraw(case, "hash_match", "survivor", now)
    page = take(desk, "match", match.pk, "confirm")
    assert "There is no consent for this." in page
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == "candidate"


def test_a_paused_case_waits_for_nobody(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
        mark = mark_of(desk, "match", match.pk)
        consents.stop(case, "survivor", now)
    assert 'form class="decision"' not in desk.get("/console/queue/").content.decode()
    assert "Nothing was done a second time" in take(desk, "match", match.pk, "confirm", mark=mark)


def test_a_notice_is_shown_whole_with_who_learns_what(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case))
    page = desk.get(f"/console/decision/notice/{notice.pk}/").content.decode()
    for words in (
        "abuse@host.example",
        "Example Hosting",
        "Every line of it.",
        "It hosts the page.",
        "the address of the page",
    ):
        assert words in page


def test_a_notice_that_changed_is_not_approved_unread(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case))
        mark = mark_of(desk, "notice", notice.pk)
        notice.text = "Another text."
        notice.save()
    assert "changed since you opened it" in take(desk, "notice", notice.pk, "approve", mark=mark)
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "draft"


def test_refusing_a_notice_needs_a_reason(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case))
    assert "Please fill in" in take(desk, "notice", notice.pk, "refuse")
    assert "Refused." in take(desk, "notice", notice.pk, "refuse", why="wrong host")
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "cancelled"


def test_filing_a_form(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(
            people.make_finding(case), state="prepared", channel="form", contact="https://search.example/removal"
        )
    page = desk.get("/console/queue/").content.decode()
    assert re.search(r'data-fact="form-url">https://search.example/removal<', page)
    assert re.search(r'data-field="urls">https://pictures.example/p/2<', page)
    assert "Noted as filed." in take(desk, "filing", notice.pk, "filed", outside_reference="R-123")
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).outside_reference == "R-123"


def test_age_is_for_leads_only(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case, age="unknown")
    assert 'data-kind="age"' not in desk.get("/console/queue/").content.decode()
    assert "Nothing was done" in take(desk, "age", finding.pk, "adult", mark="0", why="she said so")
    lead = people.signed_in(people.worker(organisation, "lead"))
    assert "Please fill in" in take(lead, "age", finding.pk, "adult")
    assert "Noted." in take(lead, "age", finding.pk, "adult", why="she said so on the phone")
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.get(pk=finding.pk).age == "adult"


def test_under_18_stops_the_finding(organisation: Any, case: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case, age="unknown")
    take(lead, "age", finding.pk, "minor")
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.get(pk=finding.pk).stopped


def test_an_ambiguous_send_is_settled_by_a_person(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case), state="ambiguous")
        row = Outbox(
            organisation=organisation,
            case_id=case.pk,
            kind="notice",
            subject=notice.pk,
            key="k",
            message_id="<m@efface>",
            state="ambiguous",
            created=now,
            sending_at=now,
        )
        row.recipient, row.message = "abuse@host.example", "raw"
        row.save()
    page = desk.get("/console/queue/").content.decode()
    assert "&lt;m@efface&gt;" in page
    take(desk, "send", row.pk, "sent")
    with tenancy.organisation(organisation.pk):
        assert Outbox.objects.get(pk=row.pk).state == "sent"


def test_an_unclear_reply_is_read_as_text(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case), state="sent", sent_at=now)
        mail = Inbound(
            organisation=organisation,
            case_id=case.pk,
            notice=notice,
            at=now,
            raw=notice.pk,
            digest=b"1",
            kind="refuses",
            confidence=0.5,
        )
        mail.sender, mail.subject_line = "abuse@host.example", "Re: <b>your</b> notice"
        mail.text, mail.because = "No.\u202egnp.exe <img src=x> https://evil.example/", "No."
        mail.save()
    page = desk.get("/console/queue/").content.decode()
    assert "&lt;img src=x&gt;" in page and "\u202e" not in page and "<img" not in page
    assert 'href="https://evil' not in page
    assert 'value="refuses" class="primary"' in page


@pytest.mark.parametrize("kind", sorted(reply_kinds()))
def test_whatever_a_person_says_of_a_reply_is_understood(
    organisation: Any, case: Any, desk: Client, now: Any, kind: str
) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case), state="sent", sent_at=now)
        mail = Inbound(
            organisation=organisation, case_id=case.pk, notice=notice, at=now, raw=notice.pk, digest=b"1", kind="other"
        )
        mail.sender, mail.subject_line, mail.text, mail.because = "abuse@host.example", "Re", "Hm.", "Hm."
        mail.save()
    take(desk, "reply", mail.pk, kind)
    with tenancy.organisation(organisation.pk):
        done = Inbound.objects.get(pk=mail.pk)
    assert done.kind == kind
    assert done.handled_at is not None


def test_a_message_is_answered(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        message = messages.write(case, from_survivor=True, author="survivor", text="Are you there?", now=now)
    assert "Please fill in" in take(desk, "message", message.pk, "answer")
    assert "Answer sent." in take(desk, "message", message.pk, "answer", text="Yes, we are.")
    with tenancy.organisation(organisation.pk):
        assert [one.text for one in case.messages.order_by("at", "id")] == ["Are you there?", "Yes, we are."]


def test_order_is_danger_then_harm_then_age(organisation: Any, case: Any, now: Any) -> None:
    lead = people.worker(organisation, "lead")
    danger = people.open_case(organisation, danger=True).case
    with tenancy.organisation(organisation.pk):
        from efface.accounts.models import Member

        member = Member.objects.get(user=lead)
        people.make_match(case, strong=False, score=28, page="https://a.example/1", at=now - timedelta(days=9))
        people.make_match(case, page="https://a.example/2", at=now)
        people.make_match(case, page="https://a.example/3", at=now - timedelta(days=1))
        people.make_match(danger, strong=False, score=28, page="https://a.example/4", at=now)
        shown = [one for one in queue.decisions(member) if one.kind == "match"]
    pages = [next(fact.value for fact in one.facts if fact.name == "page")[-1] for one in shown]
    assert pages == ["4", "3", "2", "1"]


def test_a_site_is_judged_for_everybody(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        site = people.make_finding(case).site
    take(desk, "site", site.pk, "hostile")
    site.refresh_from_db()
    assert site.hostility == "hostile"
    assert "Nothing to decide here" in desk.get(f"/console/decision/site/{site.pk}/").content.decode()


def test_a_conflict_is_looked_at_again(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case, state="conflict")
        people.make_check(finding, state="conflict")
    page = desk.get("/console/queue/").content.decode()
    assert "The page still serves the picture." in page
    take(desk, "conflict", finding.pk, "live", why="seen by the host")
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.get(pk=finding.pk).state == "live"


@pytest.mark.parametrize("choice", ["", "delete", "confirm\x00"])
def test_an_answer_that_is_none(organisation: Any, case: Any, desk: Client, choice: str) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
    assert "Please choose one of the answers." in take(desk, "match", match.pk, choice)
    assert desk.post(f"/console/decision/nonsense/{match.pk}/take/").status_code == 404


def test_the_queue_page_asks_a_bounded_number_of_questions(
    organisation: Any, case: Any, desk: Client, django_assert_max_num_queries: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        for number in range(12):
            people.make_match(case, page=f"https://a.example/{number}")
            people.make_notice(people.make_finding(case, page=f"https://b.example/{number}"))
    with django_assert_max_num_queries(60):
        page = desk.get("/console/queue/").content.decode()
    assert page.count('data-kind="') == queue.SHOWN and re.search(r'data-fact="count">25<', page)


def test_a_long_queue_shows_its_most_urgent_part(
    organisation: Any, case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "SHOWN", 2)
    with tenancy.organisation(organisation.pk):
        for number in range(3):
            people.make_match(case, page=f"https://a.example/{number}")
    page = desk.get("/console/queue/").content.decode()
    assert page.count('data-kind="') == 2 and "One more waits" in page
    assert desk.get("/console/queue/?page=2").content.decode().count('data-kind="') == 1
    assert desk.get("/console/queue/?page=x").content.decode().count('data-kind="') == 2


def test_the_page_notices_that_the_queue_changed(organisation: Any, case: Any, desk: Client) -> None:
    found = re.search(r'hx-get="(/console/queue/fresh/\?seen=\w+[^"]*)"', desk.get("/console/queue/").content.decode())
    assert found and "has changed" not in desk.get(found[1]).content.decode()
    with tenancy.organisation(organisation.pk):
        people.make_match(case)
    assert "has changed" in desk.get(found[1]).content.decode()


def test_a_link_that_led_to_nothing_is_settled_by_a_person(
    organisation: Any, case: Any, desk: Client, now: Any
) -> None:
    from efface.cases import links
    from efface.cases.models import ReportedLink

    with tenancy.organisation(organisation.pk):
        link = links.report(case, "https://pictures.example/gone", "survivor", now)
        fine = links.report(case, "https://pictures.example/fine", "survivor", now)
        ReportedLink.objects.filter(pk=link.pk).update(handled_at=now, outcome="no answer")
        ReportedLink.objects.filter(pk=fine.pk).update(handled_at=now, outcome="matched")
    page = desk.get("/console/queue/").content.decode()
    assert "hxxps://pictures[.]example/gone" in page and "example/fine" not in page
    mark = mark_of(desk, "link", link.pk)
    assert "looks at it again" in take(desk, "link", link.pk, "again", mark=mark)
    assert "Nothing was done a second time" in take(desk, "link", link.pk, "again", mark=mark)
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.filter(handled_at=None).count() == 1


def test_where_nobody_is_left_to_ask_a_person_is(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    from efface.cases import events

    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case)
        events.record(case, "finding.exhausted", "engine", subject=finding.pk, now=now)
    assert 'data-kind="stuck"' in desk.get("/console/queue/").content.decode()
    assert "Please fill in" in take(desk, "stuck", finding.pk, "noted")
    take(desk, "stuck", finding.pk, "noted", why="calling the host")
    assert 'data-kind="stuck"' not in desk.get("/console/queue/").content.decode()
    with tenancy.organisation(organisation.pk):
        events.record(case, "finding.exhausted", "engine", subject=finding.pk, now=now + timedelta(days=9))
    assert 'data-kind="stuck"' in desk.get("/console/queue/").content.decode()


def test_what_is_typed_cannot_break_anything(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
        notice = people.make_notice(people.make_finding(case))
    assert "Rejected." in take(desk, "match", match.pk, "reject", why="a\x00b\u202e\nc" + "x" * 5000)
    assert "Refused." in take(desk, "notice", notice.pk, "refuse", why="no\x00")
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).decided_why.startswith("a b c")
    for url in ("/console/cases/?q=%00&page=-4", "/console/sites/?q=%00%27", "/console/queue/fresh/?seen=%00"):
        assert desk.get(url).status_code == 200


def test_a_case_opened_by_herself_waits_and_danger_comes_first(organisation: Any, desk: Client, now: Any) -> None:
    from efface.cases import alarm, intake
    from efface.cases.models import Case

    with tenancy.organisation(organisation.pk):
        quiet = people.open_case(organisation, by_herself=True).case
        afraid = people.open_case(organisation, by_herself=True, age="unknown").case
        for name, value in (("demand", "money"), ("own_words", "Please be quick."), ("safe_now", "no")):
            ask = next(one for one in intake.INTAKE if one.name == name)
            intake.keep(afraid, ask, value, "survivor", now)
    page = desk.get("/console/queue/").content.decode()
    assert page.index(afraid.reference) < page.index(quiet.reference)
    assert "She says that she is in danger" in page and "blackmail for money" in page and "Please be quick." in page
    mark = re.search(rf'data-id="{afraid.pk}".*?name="mark" value="([^"]+)"', page, re.DOTALL)
    assert mark
    answer = desk.post(f"/console/decision/arrival/{afraid.pk}/take/", {"choice": "calm", "mark": mark[1]}, follow=True)
    assert b"It is yours" in answer.content
    with tenancy.organisation(organisation.pk):
        afraid = Case.objects.get(pk=afraid.pk)
        assert (afraid.danger, afraid.alarm_at) == (False, None) and afraid.worker is not None
        alarm.raise_for(afraid, "survivor", now)
    assert "She says that she is in danger" in desk.get("/console/queue/").content.decode(), "alarmed again"


def test_a_worker_sets_the_kind_and_it_is_recorded(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    url = f"/console/cases/{case.pk}/asking/"
    assert desk.post(url + "kind/", {"kind": "assault"}).status_code == 302
    page = desk.get(url).content.decode()
    assert "an assault was recorded" in page and "a worker" in page
    assert desk.post(url + "kind/", {"kind": "nonsense"}).status_code == 422
