"""Answers at the desk: four eyes, undo, many at once; what the queue shows, and how few questions it asks."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, messages, notes
from efface.cases.models import Case
from efface.console import casework, queue, undoing
from efface.console.models import SavedView, Taken
from efface.engine.base import clock, sealing, tenancy
from efface.search.models import Finding, Match
from efface.sites.models import Membership, Network
from efface.takedown import approving, four_eyes
from efface.takedown.models import Approval, FirstWord, Notice
from tests import people
from tests.console.desks import HOSTILE, member_of, on_site
from tests.console.test_queue import mark_of, take

pytestmark = pytest.mark.django_db


# Four eyes


def test_a_first_notice_waits_for_a_second_person(
    organisation: Any, case: Any, first: Any, second: Any, lead: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case), channel="form")
    settings = {"four_eyes": "on", "looks": 12, "pause_after": 4, "pause_minutes": 10}
    assert people.signed_in(first).post("/console/desk-rules/", settings).status_code == 403
    assert people.signed_in(lead).post("/console/desk-rules/", settings).status_code == 302
    one, other = people.signed_in(first), people.signed_in(second)
    stale = mark_of(other, "notice", notice.pk)
    assert "a second person reads it before it goes" in take(one, "notice", notice.pk, "approve")
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "draft" and not Approval.objects.exists()
    assert "a second person reads it before it goes" in take(one, "notice", notice.pk, "approve"), "nor twice the same"
    assert f"notice-{notice.pk}" not in one.get("/console/queue/").content.decode()
    assert "changed since you opened it" in take(other, "notice", notice.pk, "approve", mark=stale)
    assert "First &lt;b&gt;Worker" in other.get(f"/console/decision/notice/{notice.pk}/").content.decode()
    assert "Approved." in take(other, "notice", notice.pk, "approve")
    with tenancy.organisation(organisation.pk):
        assert Approval.objects.get().by_id == second.pk and FirstWord.objects.get().by_id == first.pk
        again = people.make_notice(people.make_finding(case, page="https://pictures.example/z"), channel="form")
        again.route.party_key = notice.route.party_key
        again.route.save()
        assert approving.approve(again, first, now) != approving.SECOND_PERSON, "it is not the first one any more"


def test_a_text_that_changed_since_the_first_word_needs_a_new_one(
    organisation: Any, case: Any, first: Any, second: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        four_eyes.switch(organisation.pk, True, first, "lead:x", now)
        notice = people.make_notice(people.make_finding(case), channel="form")
        assert approving.approve(notice, first, now) == approving.SECOND_PERSON
        notice.text = "Something else."
        notice.save()
        assert approving.approve(notice, second, now) == approving.SECOND_PERSON
        assert not Approval.objects.exists()
        assert approving.approve(notice, first, now) == 1


# Undo


def test_answers_are_undone_as_long_as_nothing_left(
    organisation: Any, case: Any, first: Any, second: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
    client = people.signed_in(first)
    take(client, "match", match.pk, "confirm")
    with tenancy.organisation(organisation.pk):
        taken = Taken.objects.get()
        finding = Finding.objects.get(match=match)
    people.signed_in(second).post(f"/console/undo/{taken.pk}/")
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == "confirmed", "nobody undoes what somebody else said"
    assert "Undone." in client.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    assert "undone already" in client.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == "candidate"
        finding.refresh_from_db()
        assert finding.stopped
    take(client, "match", match.pk, "confirm")
    with tenancy.organisation(organisation.pk):
        finding.refresh_from_db()
        assert finding.stopped == "" and Finding.objects.count() == 1
        people.make_notice(finding, state="sent", sent_at=now)
        last = Taken.objects.get(undone_at=None)
    assert "A letter has gone out already" in client.post(f"/console/undo/{last.pk}/", follow=True).content.decode()
    with clock.fixed(now + undoing.UNDO_FOR):
        assert "its time is over" in client.post(f"/console/undo/{last.pk}/", follow=True).content.decode()


def test_an_approval_is_undone_until_it_has_left(organisation: Any, case: Any, first: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case), channel="form")
    client = people.signed_in(first)
    take(client, "notice", notice.pk, "approve")
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "prepared"
        taken = Taken.objects.get()
    assert "Undone." in client.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "draft"
    take(client, "notice", notice.pk, "approve")
    with tenancy.organisation(organisation.pk):
        Notice.objects.filter(pk=notice.pk).update(state="filed")
        taken = Taken.objects.get(undone_at=None)
    assert "It has left already" in client.post(f"/console/undo/{taken.pk}/", follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        assert Notice.objects.get(pk=notice.pk).state == "filed"
        assert Approval.objects.filter(revoked_at=None).exists(), "the approval under which it left stands"


# Many at once


@pytest.fixture
def network(organisation: Any, case: Any, now: Any) -> Any:
    network = Network.objects.create(name="sites of one operator", created=now)
    for name in ("one.example", "two.example"):
        site = people.make_site(name)
        Membership.objects.create(network=network, site=site, since=now, same="group")
    Membership.objects.create(network=network, site=people.make_site("likely.example"), since=now, same="")
    return network


def test_many_findings_of_one_proven_network(
    organisation: Any, case: Any, network: Any, first: Any, second: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        sure = [on_site(people.make_match(case, page=f"https://x.example/{n}"), "one.example") for n in range(3)]
        weak = on_site(people.make_match(case, page="https://x.example/w", strong=False, score=30), "two.example")
        likely = on_site(people.make_match(case, page="https://x.example/l"), "likely.example")
    client, url = people.signed_in(first), f"/console/networks/{network.pk}/decide/"
    page = client.get(url).content.decode()
    listed = re.findall(r'name="one" value="([^"]+)"', page)
    assert {one.split(":")[1] for one in listed} == {str(one.pk) for one in sure}
    assert str(weak.pk) not in page and str(likely.pk) not in page
    take(people.signed_in(second), "match", sure[0].pk, "reject")
    answer = client.post(url, {"one": listed, "choice": "confirm"}, follow=True).content.decode()
    assert "2 decided" in answer and "This was decided already" in answer
    again = client.post(url, {"one": listed, "choice": "confirm"}, follow=True).content.decode()
    assert "(3)" in again
    with tenancy.organisation(organisation.pk):
        states = [Match.objects.get(pk=one.pk).state for one in (*sure, weak, likely)]
        assert states == ["rejected", "confirmed", "confirmed", "candidate", "candidate"]
        batch = Taken.objects.exclude(batch=None).first().batch
    client.post(f"/console/undo/{batch}/")
    with tenancy.organisation(organisation.pk):
        states = [Match.objects.get(pk=one.pk).state for one in sure]
        assert states == ["rejected", "candidate", "candidate"]


def test_a_batch_takes_no_answer_it_does_not_offer(organisation: Any, case: Any, network: Any, first: Any) -> None:
    with tenancy.organisation(organisation.pk):
        sure = [on_site(people.make_match(case, page=f"https://x.example/{n}"), "one.example") for n in range(2)]
    client, url = people.signed_in(first), f"/console/networks/{network.pk}/decide/"
    listed = re.findall(r'name="one" value="([^"]+)"', client.get(url).content.decode())
    assert len(listed) == 2
    for wrong in ({"one": listed, "choice": "ask"}, {"one": ["age:x:y"], "choice": "confirm"}, {"choice": "confirm"}):
        client.post(url, wrong)
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.filter(pk__in=[one.pk for one in sure]).exclude(state="candidate").exists()


# Views and finding


def test_a_view_is_saved_for_oneself_and_dropped(organisation: Any, case: Any, first: Any, second: Any) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_match(case)
        people.make_notice(people.make_finding(case))
    client = people.signed_in(first)
    page = client.get("/console/queue/?kind=notice&kind=nonsense&whose=evil").content.decode()
    assert 'data-kind="notice"' in page and 'data-kind="match"' not in page
    for _twice in range(2):
        client.post("/console/queue/views/save/", {"name": "<b>evening</b>", "query": "kind=notice"})
    assert "&lt;b&gt;evening" in client.get("/console/queue/").content.decode()
    assert "evening" not in people.signed_in(second).get("/console/queue/").content.decode()
    with tenancy.organisation(organisation.pk):
        row = SavedView.objects.get()
    people.signed_in(second).post(f"/console/queue/views/{row.pk}/drop/")
    with tenancy.organisation(organisation.pk):
        assert SavedView.objects.exists()
    client.post(f"/console/queue/views/{row.pk}/drop/")
    with tenancy.organisation(organisation.pk):
        assert not SavedView.objects.exists()


def test_people_in_danger_come_first_however_much_waits(organisation: Any, case: Any, first: Any, now: Any) -> None:
    danger = people.open_case(organisation, danger=True).case
    with tenancy.organisation(organisation.pk):
        from efface.cases import consents

        consents.give(danger, "hash_match", "survivor", now)
        for n in range(3):
            people.make_match(case, page=f"https://x.example/{n}", at=now - timedelta(days=9))
        late = people.make_match(danger, page="https://x.example/d")
        Case.objects.filter(pk=danger.pk).update(worker=first)
        found = queue.KINDS["match"][1](member_of(first), case=queue.Within(most=2))
        assert next(iter(found)).id == late.pk


def test_finding_by_reference_site_address_and_word(organisation: Any, case: Any, first: Any) -> None:
    from efface.search import urls

    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, page="https://pictures.example/secret/7")
        Match.objects.filter(pk=match.pk).update(page_digest=urls.digest("https://pictures.example/secret/7"))
    client = people.signed_in(first)

    def found(wanted: str) -> str:
        return client.post("/console/find/", {"q": wanted}).content.decode()

    assert f'href="/console/cases/{case.pk}/"' in found(case.reference.lower())
    assert f'href="/console/cases/{case.pk}/"' in found("hxxps://pictures[.]example/secret/7")
    assert f'href="/console/cases/{case.pk}/"' not in found("https://pictures.example/secret/8")
    assert "/console/sites/" in found("pictures.ex")
    assert "/console/help/#undo" in found("undone")
    assert "Nothing was found." in found(HOSTILE) and "<script>alert" not in found(HOSTILE)
    other = people.signed_in(people.worker(people.make_organisation("Another Helpline"), "lead"))
    assert case.reference not in other.post(
        "/console/find/", {"q": "https://pictures.example/secret/7"}
    ).content.decode().replace(f'value="{case.reference}"', "")


# Few questions


def test_forms_to_one_desk_leave_no_page_empty(organisation: Any, case: Any, first: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        other = people.open_case(organisation).case
        consents.give(other, "notify", "survivor", now)
        for number in range(3 * queue.SHOWN):
            finding = people.make_finding(case, page=f"https://pictures.example/f/{number}")
            people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal")
        finding = people.make_finding(other, page="https://pictures.example/of-somebody-else")
        last = people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal",
                                  at=now + timedelta(minutes=1))  # fmt: skip
        messages.write(case, from_survivor=True, author="survivor", text="Hello?", now=now)
    client = people.signed_in(first)
    told = re.search(r'data-fact="count">(\d+)', client.get("/console/queue/").content.decode())
    count = int(told[1]) if told else 0
    pages = [client.get(f"/console/queue/?page={n + 1}").content.decode() for n in range(-(-count // queue.SHOWN))]
    assert all('form class="decision' in page for page in pages)
    assert any(str(last.pk) in page for page in pages), "the form of another case has its place"
    page = client.get(f"/console/cases/{case.pk}/").content.decode()
    assert "Hello?" in page and 'data-fact="more-waits"' not in page
    with tenancy.organisation(organisation.pk):
        for number in range(casework.AT_ONCE):
            people.make_match(case, page=f"https://pictures.example/m/{number}")
    assert 'data-fact="more-waits"' in client.get(f"/console/cases/{case.pk}/").content.decode()


def test_a_longer_queue_costs_no_more_questions(
    organisation: Any, first: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from efface.cases import consents

    client, counted = people.signed_in(first), []
    for _round in range(2):
        with tenancy.organisation(organisation.pk):
            for _n in range(4):
                case = people.open_case(organisation).case
                people.make_match(case, page=f"https://x.example/{uuid.uuid4()}")
                people.make_notice(people.make_finding(case, page=f"https://x.example/{uuid.uuid4()}"))
                people.make_finding(case, state="conflict", page=f"https://x.example/{uuid.uuid4()}")
                people.make_finding(case, age="unknown", page=f"https://x.example/{uuid.uuid4()}")
                form = people.make_finding(case, page=f"https://x.example/{uuid.uuid4()}")
                people.make_notice(form, state="prepared", channel="form", contact=f"https://{uuid.uuid4()}.example/")
                consents.give(case, "notify", "survivor", now)
        client.get("/console/queue/")
        sealing.forget_case_keys()
        with CaptureQueriesContext(connection) as asked:
            client.get("/console/queue/")
        counted.append(len(asked))
    assert counted[1] <= counted[0], "a question for each row"


def test_a_case_with_more_findings_costs_no_more_questions(organisation: Any, case: Any, first: Any, now: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counted = people.signed_in(first), []
    for _round in range(2):
        with tenancy.organisation(organisation.pk):
            for _n in range(3):
                finding = people.make_finding(case, page=f"https://x.example/{uuid.uuid4()}")
                people.make_notice(finding, state="sent", sent_at=now)
                people.make_check(finding)
                notes.write(case, f"note {uuid.uuid4()}", first, now)
        client.get(f"/console/cases/{case.pk}/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/console/cases/{case.pk}/")
        counted.append(len(asked))
    assert counted[1] <= counted[0], "a question for each row"


def test_many_cases_at_once_get_the_same_answer_as_each_alone(organisation: Any, now: Any) -> None:
    """The one question every use asks has a way to ask it of many: both say the same of everything that decides."""
    from efface.cases import consents, holds
    from efface.cases.may import may, may_many
    from efface.cases.models import FaceAlarm, Purpose

    people.permit_faces(organisation)
    cases = [
        people.open_case(organisation, age=age).case for age in ("adult", "adult", "adult", "minor", "unknown", "adult")
    ]
    with tenancy.organisation(organisation.pk):
        for one in cases[:5]:
            for purpose in ("hash_match", "notify", "face_search"):
                consents.give(one, purpose, "survivor", now - timedelta(days=1))
        consents.withdraw(cases[1], "notify", "survivor", now)
        holds.place(cases[0], reason="x", owner="x", ends=now + timedelta(hours=1), actor="lead:x", now=now)
        Case.objects.filter(pk=cases[2].pk).update(level="attested")
        Case.objects.filter(pk=cases[5].pk).update(state="paused")
        FaceAlarm.objects.create(organisation=organisation, case=cases[2], kind="blocked", pair=b"x", at=now)
        wanted = [*Purpose.values, "no such use"]
        for moment in (now, now + timedelta(days=4000)):
            many = may_many([one.pk for one in cases], wanted, moment)
            for one in cases:
                for purpose in wanted:
                    assert many[one.pk, purpose] == may(one, purpose, moment), (one.reference, purpose)
        nobody = uuid.uuid4()
        assert not may_many([nobody], ["notify"], now)[nobody, "notify"]
