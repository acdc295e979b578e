"""The letters of a case: both sides, what a reply is taken for, and what follows when a notice is shown to others."""

from __future__ import annotations

from typing import Any

from efface.engine.base import tenancy
from efface.sites.models import Site
from efface.takedown.models import Inbound, Notice, Publication
from tests import people
from tests.conftest import NOON

HTML = "<img src=https://tracker.example/x.gif><script>alert(1)</script> Please send a copy of her passport."


def world(organisation: Any) -> tuple[Any, Notice]:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case))
        Notice.objects.filter(pk=notice.pk).update(state="sent", sent_at=NOON)
        notice.refresh_from_db()
        row = Inbound(organisation_id=organisation.pk, case_id=case.pk, notice=notice, at=NOON, raw=notice.pk,
                      digest=b"d", kind="asks_more", confidence=0.5)  # fmt: skip
        row.sender, row.subject_line, row.text, row.because = "desk@a.example", "Re: <b>", HTML, "Please send it."
        row.save()
    return case, notice


def test_both_sides_are_read_as_text_with_what_they_ask_for(organisation: Any, now: Any) -> None:
    case, notice = world(organisation)
    page = people.signed_in(people.worker(organisation, "caseworker")).get(f"/console/cases/{case.pk}/letters/")
    text = page.content.decode()
    assert notice.reference in text and "an identity document" in text and "Say what it is" in text
    assert "<script>alert" not in text and "<img src=https://tracker" not in text
    assert text.count("data-letter=") == 2


def test_without_letters_it_says_what_will_stand_there(organisation: Any, now: Any) -> None:
    case = people.open_case(organisation).case
    page = people.signed_in(people.worker(organisation, "caseworker")).get(f"/console/cases/{case.pk}/letters/")
    assert "Nothing has been sent yet" in page.content.decode()


def test_a_reply_s_decision_shows_the_answer_that_would_go(organisation: Any, now: Any) -> None:
    world(organisation)
    row = Inbound.objects
    with tenancy.organisation(organisation.pk):
        reply = row.get()
    page = people.signed_in(people.worker(organisation, "caseworker")).get(f"/console/decision/reply/{reply.pk}/")
    assert "We do not pass on identity documents" in page.content.decode()


def test_a_person_notes_that_a_notice_is_shown_to_others_and_it_waits_to_be_seen(organisation: Any, now: Any) -> None:
    case, notice = world(organisation)
    lead = people.signed_in(people.worker(organisation, "lead"))
    url = f"/console/cases/{case.pk}/letters/{notice.pk}/shown/"
    assert "Say where" in lead.post(url, {"where": " "}, follow=True).content.decode()
    assert lead.post(url, {"where": "https://a.example/legal"}).status_code == 302
    with tenancy.organisation(organisation.pk):
        shown = Publication.objects.get()
        assert (shown.how, shown.where) == ("person", "https://a.example/legal")
        operator = notice.route.role == "operator"
        assert (Site.objects.get(pk=notice.finding.site_id).hostility == "publishes") is operator
    assert "Our notice is shown to others" in lead.get("/console/queue/").content.decode()
    page = lead.get(f"/console/decision/publication/{shown.pk}/")
    mark = page.context["decision"].mark
    take = f"/console/decision/publication/{shown.pk}/take/"
    assert lead.post(take, {"choice": "seen", "mark": mark}).status_code == 302
    with tenancy.organisation(organisation.pk):
        shown.refresh_from_db()
        assert shown.seen_at == now
