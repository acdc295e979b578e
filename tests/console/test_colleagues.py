"""Colleagues on one desk: notes, whose case it is, absence and the rota, second opinions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from efface.accounts import audit
from efface.cases import absence, assigning, duty, erasing, notes
from efface.cases.models import Absence, Case, Note
from efface.console import filtering, queue
from efface.console.models import Opinion
from efface.engine.base import tenancy
from efface.search.models import Match
from efface.takedown import agenda
from tests import people
from tests.console.desks import HOSTILE, member_of
from tests.console.test_queue import take

pytestmark = pytest.mark.django_db


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


def test_workers_of_an_organisation_only(organisation: Any, first: Any, second: Any) -> None:
    with tenancy.organisation(organisation.pk):
        assert {one.user_id for one in assigning.workers()} >= {first.pk, second.pk}


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


def test_every_refusal_of_the_rooms_below_has_words() -> None:
    import inspect

    from efface.console import refusals

    said = {
        word for room in (notes, assigning, absence, duty)
        for word in re.findall(r'Refused\(\s*"([a-z-]+)"', inspect.getsource(room))
    }  # fmt: skip
    assert said == set(refusals.WORDS)
