"""Colleagues on one desk: notes, whose case it is, absence, second opinions, four eyes, undo, many at once, looks."""

from __future__ import annotations

import re
import sys
import types
import uuid
from datetime import timedelta
from typing import Any

import pytest

from efface.accounts import audit
from efface.accounts.models import Member
from efface.cases import absence, assigning, duty, erasing, notes
from efface.cases.models import Absence, Case, Note
from efface.console import filtering, queue, revealing, undoing
from efface.console.models import Look, Opinion, SavedView, Taken
from efface.engine.base import clock, sealing, tenancy
from efface.search.models import Finding, Match
from efface.sites.models import Membership, Network
from efface.takedown import agenda, approving, four_eyes
from efface.takedown.figures.exposure import Looks
from efface.takedown.models import Approval, FirstWord, Notice
from tests import people
from tests.console.test_queue import mark_of, take

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\u202e{{ case.name }} 'quoted' &amp; \x00"


def member_of(user: Any) -> Member:
    with tenancy.looking_up(user=str(user.pk)):
        return Member.objects.select_related("user").get(user=user)


@pytest.fixture
def first(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "caseworker", "First <b>Worker</b>")


@pytest.fixture
def second(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "caseworker", "Second Worker")


@pytest.fixture
def lead(organisation: Any, case: Any) -> Any:
    return people.worker(organisation, "lead", "The Lead")


# Notes


def test_a_note_is_sealed_shown_to_colleagues_and_kept_from_her(
    organisation: Any, first: Any, second: Any, now: Any
) -> None:
    opened = people.open_case(organisation)
    url = f"/console/cases/{opened.case.pk}/"
    client = people.signed_in(first)
    for _twice in range(2):
        assert client.post(url + "notes/", {"text": HOSTILE}).status_code == 302
    page = people.signed_in(second).get(url).content.decode()
    assert page.count("data-note=") == 1, "a form sent twice is one note"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page and "\u202e" not in page
    assert "First &lt;b&gt;Worker&lt;/b&gt;" in page
    hers = people.entered(opened.access_code)
    for part in ("/case/", "/case/timeline/", "/case/messages/"):
        assert b"alert(1)" not in hers.get(part).content
    with tenancy.organisation(organisation.pk):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM cases_note")
            assert b"alert" not in bytes(cursor.fetchone()[0])


def test_only_who_wrote_a_note_takes_it_back_and_its_text_is_gone(
    organisation: Any, case: Any, first: Any, second: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        note = notes.write(case, "call her on Monday", first, now)
    url = f"/console/cases/{case.pk}/notes/{note.pk}/back/"
    people.signed_in(second).post(url)
    with tenancy.organisation(organisation.pk):
        assert Note.objects.get(pk=note.pk).text == "call her on Monday"
    people.signed_in(first).post(url)
    with tenancy.organisation(organisation.pk):
        row = Note.objects.get(pk=note.pk)
        assert row.text is None and row.taken_back_at == now


def test_notes_and_opinions_go_with_the_case(organisation: Any, case: Any, first: Any, second: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        notes.write(case, "a note", first, now)
        match = people.make_match(case)
    people.signed_in(first).post(f"/console/opinions/match/{match.pk}/", {"question": "hers?"})
    with tenancy.organisation(organisation.pk):
        assert Opinion.objects.count() == 1
        erasing.erase(case, "lead:x", now)
        assert not Note.objects.exists() and not Opinion.objects.exists()


def test_another_organisation_reads_no_note_and_cannot_write_one(organisation: Any, case: Any, first: Any) -> None:
    other = people.make_organisation("Another Helpline")
    theirs = people.signed_in(people.worker(other, "lead"))
    assert theirs.post(f"/console/cases/{case.pk}/notes/", {"text": "x"}).status_code == 404
    with tenancy.organisation(other.pk):
        assert not Note.objects.exists()


# Whose case


def test_taking_and_giving_a_case(organisation: Any, case: Any, first: Any, second: Any, lead: Any, now: Any) -> None:
    url = f"/console/cases/{case.pk}/give/"
    one, other = people.signed_in(first), people.signed_in(second)
    assert "It is yours." in one.post(url, {"to": first.pk, "seen": ""}, follow=True).content.decode()
    # A page from before: somebody took it meanwhile.
    stale = other.post(url, {"to": second.pk, "seen": ""}, follow=True).content.decode()
    assert "Somebody gave this case to another person meanwhile" in stale
    assert "Only a lead" in other.post(url, {"to": lead.pk, "seen": first.pk}, follow=True).content.decode()
    assert (
        "Given." in one.post(url, {"to": second.pk, "seen": first.pk, "why": "I am away"}, follow=True).content.decode()
    )
    outside = people.worker(people.make_organisation("Another Helpline"), "caseworker")
    answer = other.post(url, {"to": outside.pk, "seen": second.pk}, follow=True).content.decode()
    assert "Please choose a caseworker or lead of this organisation" in answer
    other.post(url, {"to": "no id", "seen": second.pk})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=case.pk).worker_id == second.pk
        kinds = list(
            case.caseevents.filter(kind__startswith="case.").order_by("at", "pk").values_list("kind", flat=True)
        )
        assert kinds[-2:] == ["case.taken", "case.given"]


def test_all_cases_of_a_member_are_handed_over(organisation: Any, first: Any, second: Any, lead: Any, now: Any) -> None:
    mine = [people.open_case(organisation).case for _ in range(3)]
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk__in=[one.pk for one in mine]).update(worker=first)
        Case.objects.filter(pk=mine[0].pk).update(state="closed")
    of, to = member_of(first), member_of(second)
    given = {"member": of.pk, "to": to.pk, "why": "leaves"}
    refused = people.signed_in(second).post("/console/team/hand-over/", given)
    assert refused.status_code == 422 and "Only a lead" in refused.content.decode()
    answer = people.signed_in(lead).post("/console/team/hand-over/", given, follow=True).content.decode()
    assert "2 cases handed over." in answer
    again = people.signed_in(lead).post("/console/team/hand-over/", given, follow=True).content.decode()
    assert "There was no case to hand over." in again
    with tenancy.organisation(organisation.pk):
        assert Case.objects.filter(worker=second).count() == 2 and Case.objects.filter(worker=first).count() == 1
        assert audit.verify(organisation.pk) == []


# Absence


def test_an_absent_members_work_shows_at_the_substitute(
    organisation: Any, case: Any, first: Any, second: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(worker=first)
        people.make_match(case)
        of, to = member_of(first), member_of(second)
        mine = filtering.Filter(whose="mine")
        assert not queue.decisions(to, view=mine, now=now)
    client = people.signed_in(first)
    wrong = client.post("/console/team/away/", {"substitute": to.pk, "first": "2026-03-09", "last": "2026-03-02"})
    assert wrong.status_code == 422 and b"2026-03-09" in wrong.content
    assert (
        client.post(
            "/console/team/away/", {"substitute": of.pk, "first": "2026-03-02", "last": "2026-03-03"}
        ).status_code
        == 422
    )
    given = {"substitute": to.pk, "first": "2026-03-02", "last": "2026-03-04"}
    for _twice in range(2):
        assert client.post("/console/team/away/", given).status_code == 302
    with tenancy.organisation(organisation.pk):
        row = Absence.objects.get()
        assert [one.kind for one in queue.decisions(to, view=mine, now=now)] == ["match"]
        assert absence.users_of(to, now) == [second.pk, first.pk]
        assert absence.users_of(to, row.ends) == [second.pk], "the first moment after it is over"
    assert "stands in for you" in client.get("/console/queue/").content.decode()
    client.post(f"/console/team/away/{row.pk}/back/")
    with tenancy.organisation(organisation.pk):
        assert not queue.decisions(to, view=mine, now=now)


def test_the_substitute_of_a_substitute(organisation: Any, first: Any, second: Any, lead: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        a, b, c = member_of(first), member_of(second), member_of(lead)
        end = now + timedelta(days=3)
        absence.say(a, b, now - timedelta(days=1), end, a, now)
        absence.say(b, c, now - timedelta(days=1), end, b, now)
        assert set(absence.users_of(c, now)) == {lead.pk, first.pk, second.pk}
        absence.say(c, a, now - timedelta(days=1), end, c, now)
        assert lead.pk in absence.users_of(c, now), "all are away: nobody is followed for ever"
        with pytest.raises(absence.AbsenceRefused, match="away-already"):
            absence.say(a, c, now, end, a, now)
        with pytest.raises(absence.AbsenceRefused, match="not-your-absence"):
            absence.say(a, c, end, end + timedelta(days=1), b, now)


def test_clocks_of_the_absent_stand_in_the_substitutes_calendar(
    organisation: Any, case: Any, first: Any, second: Any, now: Any
) -> None:
    from efface.engine.base.models import Deadline
    from efface.takedown import timing

    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(worker=first)
        notice = people.make_notice(people.make_finding(case), state="sent", sent_at=now)
        Deadline.objects.create(
            organisation=organisation, case_id=case.pk, kind=timing.KIND, subject=notice.pk, key=f"x:{notice.pk}:y",
            due=now + timedelta(days=2), original_due=now + timedelta(days=2),
        )  # fmt: skip
        of, to = member_of(first), member_of(second)
        assert agenda.entries(to, now) == []
        absence.say(of, to, now, now + timedelta(days=9), of, now)
        assert len(agenda.entries(to, now)) == 1


def test_the_rota(organisation: Any, first: Any, lead: Any, now: Any) -> None:
    of = member_of(first)
    given = {"member": of.pk, "on": "2026-03-02", "from": "09:00", "to": "17:00"}
    assert people.signed_in(first).post("/console/team/shift/", given).status_code == 403
    client = people.signed_in(lead)
    for _twice in range(2):
        assert client.post("/console/team/shift/", given).status_code == 302
    assert client.post("/console/team/shift/", given | {"from": "16:00", "to": "23:00"}).status_code == 422
    assert client.post("/console/team/shift/", given | {"from": "late"}).status_code == 422
    with tenancy.organisation(organisation.pk):
        assert [one.member_id for one in duty.on_duty(now)] == [of.pk]
        night = duty.add(of, now + timedelta(hours=20), now + timedelta(hours=28), now)
    assert "First &lt;b&gt;Worker&lt;/b&gt;" in people.signed_in(first).get("/console/team/").content.decode()
    client.post(f"/console/team/shift/{night.pk}/off/")
    with tenancy.organisation(organisation.pk):
        assert duty.between(now + timedelta(hours=19), now + timedelta(hours=30)) == []


# Second opinions


def test_a_colleague_is_asked_and_both_words_are_shown(
    organisation: Any, case: Any, first: Any, second: Any, lead: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case)
    one, other = people.signed_in(first), people.signed_in(second)
    url = f"/console/opinions/match/{match.pk}/"
    for _twice in range(2):
        one.post(url, {"of": second.pk, "question": "Is it the same room? <i>"})
    with tenancy.organisation(organisation.pk):
        asked = Opinion.objects.get()
        assert queue.find(member_of(lead), "opinion", asked.pk) is None, "somebody else was asked"
        assert queue.find(member_of(first), "opinion", asked.pk) is None
    assert "A colleague asks what you think" in other.get("/console/queue/").content.decode()
    assert "Please fill in" in take(other, "opinion", asked.pk, "say", text=" ")
    assert "stands beside the decision" in take(other, "opinion", asked.pk, "say", text="I would ask her.")
    assert "Nothing was done a second time" in take(other, "opinion", asked.pk, "say", text="x", mark="0" * 16)
    page = one.get(f"/console/decision/match/{match.pk}/").content.decode()
    assert "Is it the same room? &lt;i&gt;" in page and "I would ask her." in page
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get(pk=match.pk).state == "candidate", "an opinion decides nothing"


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


def on_site(match: Match, domain: str) -> Match:
    match.sighting.site = people.make_site(domain)
    match.sighting.save()
    return match


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


# Looks


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Shown:
    png = b"\x89PNG tiny"
    headers = {"Content-Type": "image/png", "Cache-Control": "no-store"}


@pytest.fixture
def previews(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The room that shows pictures, with its promise kept in small: refuses what was confirmed, asks ``count``."""
    module = types.ModuleType("efface.search.previewing")

    def show(match: Any, source: Any, count: Any, known: Any, now: Any) -> Any:
        if match.state == "confirmed":
            raise _Refused("confirmed")
        if not count():
            raise _Refused("budget")
        return _Shown()

    module.show, module.PreviewRefused = show, _Refused  # type: ignore[attr-defined]
    module.WORDS = {"confirmed": "Nobody has to see it again.", "budget": "Enough for this shift."}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "efface.search.previewing", module)
    return module


def test_looks_are_counted_have_pauses_and_an_end(
    organisation: Any, case: Any, first: Any, previews: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, strong=False, score=29)
        revealing.set_rule(member_of(first), 3, 2, 10, now)
    client, url = people.signed_in(first), f"/console/look/{match.pk}/"
    page = client.get(f"/console/decision/match/{match.pk}/").content.decode()
    assert "Hold to look" in page and "<img" not in page and "3 looks left" in page
    assert client.get(url).status_code == 405
    answer = client.post(url)
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and answer.content == _Shown.png
    assert client.post(url).status_code == 200
    paused = client.post(url)
    assert paused.status_code == 409 and b"short pause" in paused.content
    with clock.fixed(now + timedelta(minutes=10)):
        assert client.post(url).status_code == 200
        ended = client.post(url)
        assert ended.status_code == 409 and b"Enough for this shift" in ended.content
        assert "looked at enough" in client.get(f"/console/decision/match/{match.pk}/").content.decode()
    with tenancy.organisation(organisation.pk):
        assert Look.objects.filter(member=member_of(first)).count() == 3
        assert revealing.budget(member_of(first), now + timedelta(days=1)).used == 0, "a new shift"
        assert revealing.looks_of(organisation.pk, now, now + timedelta(days=1)) == Looks(3, 1, 1)
        Match.objects.filter(pk=match.pk).update(state="confirmed")
    with clock.fixed(now + timedelta(days=1)):
        assert b"Nobody has to see it again" in client.post(url).content
    other = people.signed_in(people.worker(people.make_organisation("Another Helpline"), "lead"))
    assert other.post(url).status_code == 409


def test_without_the_room_that_shows_pictures_none_is_offered(
    organisation: Any, case: Any, first: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revealing, "_previewing", lambda: None)
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, strong=False, score=29)
    client = people.signed_in(first)
    assert "Hold to look" not in client.get(f"/console/decision/match/{match.pk}/").content.decode()
    assert client.post(f"/console/look/{match.pk}/").status_code == 409


def test_a_pause_follows_looks_that_lie_close_together(now: Any) -> None:
    rule = revealing.Rule(looks=10, pause_after=3, pause=timedelta(minutes=10))
    close = [now - timedelta(minutes=n) for n in range(3)]
    assert revealing.judge(close, rule, now).until == now + rule.pause
    apart = [now, now - timedelta(minutes=1), now - timedelta(minutes=30)]
    assert revealing.judge(apart, rule, now).until is None
    assert revealing.judge([], rule, now).left == 10


# Few questions


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


def test_workers_of_an_organisation_only(organisation: Any, first: Any, second: Any) -> None:
    with tenancy.organisation(organisation.pk):
        assert {one.user_id for one in assigning.workers()} >= {first.pk, second.pk}


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


def test_every_refusal_of_the_rooms_below_has_words() -> None:
    import inspect

    from efface.console import refusals

    said = {
        word for room in (notes, assigning, absence, duty)
        for word in re.findall(r'Refused\(\s*"([a-z-]+)"', inspect.getsource(room))
    }  # fmt: skip
    assert said == set(refusals.WORDS)
