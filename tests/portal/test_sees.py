"""What she sees and says: news, how much she hears, review in small portions, undo, links, threads, record."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from efface.cases import events, messages, own, reaching, rota, telling
from efface.cases.models import CaseEvent, Message, ReportedLink, Telling
from efface.cases.reaching import Rules
from efface.engine.base import clock, tenancy
from efface.evidence.models import Capture
from efface.portal import writing
from efface.search import deciding, reporting, revising
from efface.search.models import Finding, Match
from efface.takedown import saying
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_counted(db: Any) -> None:
    cache.clear()


def page(client: Client, url: str = "/case/") -> str:
    return client.get(url).content.decode()


def ask(case: Any, number: int, **more: Any) -> list[Any]:
    return [people.make_match(case, state="asked", page=f"https://pictures.example/q/{one}", **more)
            for one in range(number)]  # fmt: skip


# -- what she hears of ----------------------------------------------------------------------------------------------


def test_a_return_is_shown_once_as_news(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case, state="reappeared")
        events.record(opened.case, "finding.reappeared", "engine", subject=finding.pk, now=now, episode=2)
    assert "Something came back. We have started again." in page(her)
    assert "New since you were here" not in page(her)


@pytest.mark.parametrize(("told", "seen"), [("everything", 3), ("gone", 1), ("nothing", 0)])
def test_she_chooses_how_much_she_sees(
    organisation: Any, opened: Any, her: Client, now: Any, told: str, seen: int
) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_finding(opened.case, page="https://pictures.example/a")
        people.make_finding(opened.case, age="unknown", page="https://pictures.example/b", kind="face")
        people.make_finding(opened.case, state="gone-confirmed", page="https://pictures.example/c")
        ask(opened.case, 2)
        events.record(opened.case, "finding.confirmed", "engine", now=now)
    her.post("/case/contact/told/", {"told": told})
    shown, later = page(her), page(her, "/case/timeline/")
    assert shown.count("data-finding=") == seen
    assert ("form.candidate" in shown or 'class="candidate"' in shown) is (told == "everything")
    assert ("A page was confirmed as yours." in later) is (told == "everything")
    assert ("You chose to hear less" in later) is (told != "everything")
    assert page(her, "/case/?show=all").count("data-finding=") == 3
    assert her.post("/case/contact/told/", {"told": "some"}).status_code == 404


def test_the_contact_page_keeps_what_was_typed_and_says_what_is_wrong(
    organisation: Any, opened: Any, her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "E-mail is not offered here" in page(her, "/case/contact/")
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    shown = page(her, "/case/contact/")
    assert 'A mail comes from <bdi dir="ltr">post@plain.example</bdi>.' in shown and "Nothing goes out." in shown
    given = {"channel": "mail", "to": "her <b>@", "from_hour": "9", "to_hour": "18", "days": ["0", "1"],
             "zone": "Europe/Berlin", "words": "own", "own": "Plants", "reader": "me"}  # fmt: skip
    answer = her.post("/case/contact/", given)
    shown = answer.content.decode()
    assert answer.status_code == 422 and "does not look like an e-mail address" in shown and "her &lt;b&gt;@" in shown
    for wrong in ({"from_hour": "x"}, {"from_hour": "24"}, {"days": []}, {"zone": "../etc"}, {"own": "Your pictures"}):
        assert her.post("/case/contact/", given | {"to": "her@mail-box.example"} | wrong).status_code == 422, wrong
    answer = her.post("/case/contact/", given | {"to": "her@mail-box.example"}, follow=True).content.decode()
    assert 'One mail goes to <bdi dir="ltr">her@mail-box.example</bdi>.' in answer and "Plants" in answer
    her.post("/case/contact/try/")
    with tenancy.organisation(organisation.pk):
        assert [row.occasion for row in Telling.objects.all()] == ["trial"]
        assert reaching.rules(opened.case.__class__.objects.get()).days == (0, 1)


def test_news_by_telephone_is_work_in_the_queue_within_her_hours(organisation: Any, opened: Any, now: Any) -> None:
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    with tenancy.organisation(organisation.pk):
        reaching.set_rules(opened.case, Rules(channel="phone", to="+49 30 1234 567", from_hour=14, to_hour=16,
                                              reader="maybe"), "survivor", now)  # fmt: skip
        telling.tell(opened.case, "returned", opened.case.pk, now)
    assert "+49 30 1234 567" not in page(desk, "/console/queue/")
    with clock.fixed(NOON + timedelta(hours=2)):
        shown = page(desk, "/console/queue/")
        assert "+49 30 1234 567" in shown and "Reminder" in shown and "Perhaps somebody else too" in shown
        mark = re.search(r'name="mark" value="(\w+)"', shown)
        with tenancy.organisation(organisation.pk):
            row = Telling.objects.get()
        assert mark is not None
        desk.post(reverse("console:take", args=["telling", row.pk]), {"mark": mark[1], "choice": "reached"})
        assert "+49 30 1234 567" not in page(desk, "/console/queue/")
    with tenancy.organisation(organisation.pk):
        assert Telling.objects.get().state == "sent"


# -- review ---------------------------------------------------------------------------------------------------------


def test_five_at_a_time_and_how_many_wait(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        ask(opened.case, 7)
    shown = page(her)
    assert shown.count('class="candidate"') == 5 and "7 questions wait." in shown and "5 are shown at a time." in shown
    her.post("/case/contact/told/", {"pace": "1"})
    assert page(her).count('class="candidate"') == 1
    for wrong in ("0", "7", "many", "-1"):
        assert her.post("/case/contact/told/", {"pace": wrong}).status_code == 404


def test_not_now_is_asked_again_in_a_week_or_when_she_wants(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        [match] = ask(opened.case, 1)
    her.post(f"/case/answer/{match.pk}/", {"choice": "later"})
    assert 'class="candidate"' not in page(her) and "You left one question for later." in page(her)
    with clock.fixed(NOON + timedelta(days=7)):
        assert 'class="candidate"' in page(people.entered(opened.access_code))
    her.post("/case/answer/later/")
    assert 'class="candidate"' in page(her)


@pytest.mark.parametrize("choice", ["me", "not-me", "own"])
def test_an_answer_can_be_taken_back_for_a_while(organisation: Any, opened: Any, her: Client, choice: str) -> None:
    with tenancy.organisation(organisation.pk):
        [match] = ask(opened.case, 1)
    her.post(f"/case/answer/{match.pk}/", {"choice": choice, "age": "adult"})
    assert "Your last answers" in page(her)
    her.post(f"/case/answer/{match.pk}/undo/")
    assert 'class="candidate"' in page(her) and "data-finding=" not in page(her)
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get().state == "asked"
        assert [one.stopped for one in Finding.objects.all()] == ([revising.TAKEN_BACK] if choice == "me" else [])
    her.post(f"/case/answer/{match.pk}/", {"choice": "me", "age": "adult"})
    with tenancy.organisation(organisation.pk):
        assert [(one.stopped, one.age) for one in Finding.objects.all()] == [("", "adult")]


def test_an_answer_stays_when_its_time_is_over_or_a_letter_left_or_somebody_was_a_child(
    organisation: Any, opened: Any, her: Client, now: datetime
) -> None:
    with tenancy.organisation(organisation.pk):
        late, sent, minor = ask(opened.case, 3)
        for match, age in ((late, "adult"), (sent, "adult"), (minor, "minor")):
            deciding.answer(match, "me", age, "survivor", now)
        people.make_notice(Finding.objects.get(match=sent), state="sent", sent_at=now)
    said = {
        name: her.post(f"/case/answer/{match.pk}/undo/", follow=True).content.decode()
        for name, match in (("sent", sent), ("minor", minor))
    }
    assert "A letter has gone out already." in said["sent"] and "under 18 the answer stays" in said["minor"]
    with clock.fixed(now + revising.UNDO_FOR):
        client = people.entered(opened.access_code)
        assert "used already" in client.post(f"/case/answer/{late.pk}/undo/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert set(Match.objects.values_list("state", flat=True)) == {"confirmed"}
        stranger = people.open_case(organisation).case
        [other] = ask(stranger, 1)
    assert her.post(f"/case/answer/{other.pk}/undo/").status_code == 404


def test_many_of_one_site_at_once(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        rows = ask(opened.case, 4)
        [other] = ask(people.open_case(organisation).case, 1)
    assert 'Answer all 4 questions about <bdi dir="ltr">pictures.example</bdi> at once' in page(her)
    ids = [row.pk for row in (*rows[:3], other)]
    answer = her.post("/case/answer/many/", {"match": ids, "choice": "not-me"}, follow=True)
    assert "3 answers are noted." in answer.content.decode()
    again = her.post("/case/answer/many/", {"match": ids, "choice": "me", "age": "adult"}, follow=True)
    assert "answered already" in again.content.decode()
    with tenancy.organisation(organisation.pk):
        assert sorted(Match.objects.values_list("state", flat=True)) == ["asked", "asked"] + ["rejected"] * 3
    assert her.post("/case/answer/many/", {"match": ["x"], "choice": "me"}).status_code == 404
    assert her.post("/case/answer/many/", {"match": ids, "choice": "all"}).status_code == 404


# -- marked as gone -------------------------------------------------------------------------------------------------


def test_her_word_starts_a_look_and_is_no_verdict(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case)
    for said in ("We look now", "You told us a moment ago"):
        assert said in her.post(f"/case/gone/{finding.pk}/", follow=True).content.decode()
    shown = page(her)
    assert "You told us that it is gone. We look" in shown and "It is still there." in shown
    with tenancy.organisation(organisation.pk):
        assert Finding.objects.get().state == "live"
        assert CaseEvent.objects.filter(kind=saying.SAID).count() == 1
        people.make_check(finding, at=now + timedelta(minutes=5))
    assert "You told us that it is gone" not in page(her)


def test_no_look_where_none_may_be_taken(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        unknown = people.make_finding(opened.case, age="unknown", kind="face")
    assert "how old you were" in her.post(f"/case/gone/{unknown.pk}/", follow=True).content.decode()
    her.post("/case/pause/", {"choice": "stop"})
    assert "Everything is paused." in her.post(f"/case/gone/{unknown.pk}/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert not CaseEvent.objects.filter(kind=saying.SAID).exists()
        other = people.make_finding(people.open_case(organisation).case, page="https://pictures.example/z")
    assert her.post(f"/case/gone/{other.pk}/").status_code == 404


# -- links ----------------------------------------------------------------------------------------------------------

PASTED = """https://pictures.example/1  https://pictures.example/2?utm_source=x
look at this one: pictures.example/3
https://PICTURES.example/1
just words here
https://example.org/her/album
http://localhost/case/
javascript:alert(1)
https://pictures.example/old
"""


def test_many_links_each_told_about(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        own.add(opened.case, "https://example.org/her", "survivor", now)
        people.make_match(opened.case, page="https://pictures.example/old", state="rejected")
        said = reporting.report_many(opened.case, PASTED, "survivor", now)
    assert [(one.typed[:30], one.outcome) for one in said] == [
        ("https://pictures.example/1", "taken"), ("https://pictures.example/2?utm", "taken"),
        ("pictures.example/3", "taken"), ("https://PICTURES.example/1", "twice"), ("just words here", "nonsense"),
        ("https://example.org/her/album", "own"), ("http://localhost/case/", "nonsense"),
        ("javascript:alert(1)", "nonsense"), ("https://pictures.example/old", "known"),
    ]  # fmt: skip
    with tenancy.organisation(organisation.pk):
        ReportedLink.objects.filter(pk=ReportedLink.objects.order_by("pk")[0].pk).update(
            handled_at=now, outcome="matched"
        )
    shown = page(her, "/case/links/")
    assert "1 of 3 pages were looked at." in shown and '<a href="https' not in shown


def test_pasted_twice_nothing_is_taken_twice_and_nonsense_stays_to_be_mended(
    organisation: Any, opened: Any, her: Client
) -> None:
    for count in ("2 pages were taken.", "0 pages were taken."):
        answer = her.post("/case/link/", {"url": "pictures.example/1\npictures.example/2\n<b>nonsense</b>"})
        shown = answer.content.decode()
        assert count in shown and "&lt;b&gt;nonsense&lt;/b&gt;</textarea>" in shown
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.count() == 2
    assert her.post("/case/link/", {"url": "  "}).status_code == 422
    lots = "\n".join(f"pictures.example/n/{number}" for number in range(reporting.MOST + 1))
    assert "More than 50 at once" in her.post("/case/link/", {"url": lots}).content.decode()


# -- messages -------------------------------------------------------------------------------------------------------


def test_threads_keep_together_what_belongs_together(organisation: Any, opened: Any, her: Client, now: Any) -> None:
    her.post("/case/messages/write/", {"text": "First question", "topic": "question"})
    her.post("/case/messages/write/", {"text": "A worry", "topic": "worry"})
    with tenancy.organisation(organisation.pk):
        first, worry = Message.objects.order_by("pk")
        messages.write(opened.case, from_survivor=False, author="caseworker:1", text="About the first", now=now,
                       about=first)  # fmt: skip
        messages.write(opened.case, from_survivor=False, author="caseworker:1", text="Goes on", now=now)
        found = messages.threads(opened.case, survivor_reads=True)
        assert [[line.text for line in one.messages] for one in found] == [
            ["First question", "About the first", "Goes on"], ["A worry"],
        ]  # fmt: skip
        assert [one.unread for one in found] == [2, 0]
        stranger = messages.write(people.open_case(organisation).case, from_survivor=True, author="s", text="x",
                                  now=now)  # fmt: skip
    her.post("/case/messages/write/", {"text": "Hers alone", "thread": str(stranger.pk)})
    with tenancy.organisation(organisation.pk):
        assert Message.objects.get(case=opened.case, author="survivor", about=None, topic="worry") == worry
        last = Message.objects.filter(case=opened.case).order_by("pk").last()
        assert last is not None and last.about_id is None
    assert "Something worries me" in page(her, "/case/messages/")


def test_hostile_text_is_only_text(organisation: Any, opened: Any, her: Client) -> None:
    text = "</textarea><script>alert(1)</script>\u202egnp.exe\u2066 https://evil.example/ {{ case.name }}\x00"
    her.post("/case/messages/write/", {"text": text})
    desk = people.signed_in(people.worker(organisation, "caseworker"))
    for shown in (page(her, "/case/messages/"), page(desk, f"/console/cases/{opened.case.pk}/")):
        assert "<script>alert" not in shown and "&lt;script&gt;alert(1)" in shown
        assert "\u202e" not in shown and "\u2066" not in shown and "{{ case.name }}" in shown
        assert 'href="https://evil.example' not in shown


def test_until_when_an_answer_can_be_expected(opened: Any, her: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    her.post("/case/messages/write/", {"text": "Is it there?"})
    shown = page(her, "/case/messages/")  # Monday noon, desk from nine to five, eight hours: Tuesday noon
    assert "You can expect an answer by" in shown and "3 March 2026, 12:00" in shown
    with clock.fixed(NOON + timedelta(days=2)):
        assert "longer than it should" in page(people.entered(opened.access_code), "/case/messages/")
    for value in ("", "weekdays"):
        monkeypatch.setenv("EFFACE_DESK_HOURS", value)
        assert "can expect" not in page(her, "/case/messages/")
    assert writing.answer_by(None, NOON) is None


@pytest.mark.parametrize("text", ["1-5", "5-1 9-17", "1-5 17-9", "0-8 9-17", "1-5 9-25"])
def test_hours_of_a_desk_that_cannot_be_read(text: str) -> None:
    with pytest.raises(rota.NoDesk, match="1-5 9-17"):
        rota.parse(text, "UTC", 8)


def test_an_answer_over_a_weekend() -> None:
    desk = rota.parse("1-5 9-17", "Europe/Berlin", 8)
    assert desk is not None
    friday = datetime.fromisoformat("2026-03-06T15:00+00:00")  # four in Berlin: one hour is left
    assert rota.expected(desk, friday) == datetime.fromisoformat("2026-03-09T15:00+00:00")


# -- the record -----------------------------------------------------------------------------------------------------


@pytest.fixture
def proven(organisation: Any, opened: Any, now: Any) -> Any:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case, page="https://pictures.example/p/2?x=<b>&y=" + "long" * 40)
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_check(finding)
        Capture.objects.create(
            organisation_id=organisation.pk, case=opened.case, finding=finding, episode=1, at=now, warc=finding.pk,
            warc_sha256="ab" * 32, warc_bytes=1, stamped_at=now,
        )  # fmt: skip
    return finding


def test_the_record_holds_what_she_chose_and_no_link(opened: Any, her: Client, proven: Any) -> None:
    answer = her.post("/case/timeline/record/", {"part": ["pages", "proof", "letters", "looks"], "look": "page"})
    shown = answer.content.decode()
    assert "hxxps://pictures[.]example/p/2?x=&lt;b&gt;" in shown and "ab" * 32 in shown
    assert "Example Hosting" in shown and 'href="http' not in shown and "Your case was opened." not in shown
    shown = her.post("/case/timeline/record/", {"part": ["happened"], "look": "page"}).content.decode()
    assert "pictures[.]example" not in shown and "ab" * 32 not in shown and "Your case was opened." in shown


@pytest.mark.parametrize("language", ["ar", "en", "de", "es"])
def test_the_record_is_a_tagged_pdf_without_links(opened: Any, her: Client, proven: Any, language: str) -> None:
    answer = her.post(
        "/case/timeline/record/", {"part": ["pages", "proof", "letters", "looks", "happened"], "look": "pdf"},
        headers={"accept-language": language},
    )  # fmt: skip
    assert answer.headers["Content-Type"] == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    assert "notes.pdf" in answer.headers["Content-Disposition"]
    assert answer.content[:5] == b"%PDF-" and b"/StructTreeRoot" in answer.content
    assert b"/URI" not in answer.content and b"/Link" not in answer.content
    assert f"({language}".encode() in answer.content or f"/Lang ({language})".encode() in answer.content


def test_the_same_facts_have_the_same_digest(organisation: Any, opened: Any, proven: Any, now: Any) -> None:
    from efface.takedown.record import gathering

    with tenancy.organisation(organisation.pk):
        made = [gathering.gather(opened.case, parts, now, str, ()).digest
                for parts in (["pages"], ["pages"], ["pages", "proof"])]  # fmt: skip
    assert made[0] == made[1] != made[2]
