"""Each exercise done as a careful worker does it, and as a hasty one, by the console's own pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import Member
from efface.cases.models import Case, Message, Note
from efface.console import queue
from efface.engine.base import clock, tenancy, training
from efface.search.models import Match
from efface.training import exercises, houses, judging, scenes
from efface.training.exercises import Exercise
from efface.training.judging import Deed
from efface.training.models import Practice
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
KEYS = tuple(exercises.all_of_them())


class Desk:
    """Somebody at the console, who does what the pages offer."""

    def __init__(self, client: Client, user: Any, school: Any) -> None:
        self.client, self.user, self.school = client, user, school
        self.at = NOON

    def begin(self, key: str) -> None:
        self.post(f"training/{key}/begin/")
        self.key = key

    def id(self, name: str) -> str:
        with tenancy.organisation(self.school.pk):
            practice = Practice.objects.get(exercise=self.key, member__user=self.user)
            return str(practice.content[name])

    def answer(self, kind: str, name: str, choice: str, **filled: str) -> None:
        with tenancy.organisation(self.school.pk):
            member = Member.objects.select_related("organisation").get(user=self.user)
            found = queue.find(member, kind, self.id(name))  # type: ignore[arg-type]
            assert found is not None, f"{kind} does not wait"
        given = {"mark": found.mark, "choice": choice, "why": "a reason", **filled}
        self.post(f"decision/{kind}/{self.id(name)}/take/", **given)

    def post(self, path: str, **given: Any) -> None:
        self.at += timedelta(minutes=1)
        with clock.fixed(self.at):
            done = self.client.post(f"/console/{path}", given)
        assert done.status_code in (200, 302) or path.startswith("look/"), (path, done.status_code)

    def case(self, path: str, **given: Any) -> None:
        self.post(f"cases/{self.id('case')}/{path}", **given)

    def verdict(self) -> judging.Verdict:
        with tenancy.organisation(self.school.pk):
            practice = Practice.objects.select_related("member").get(exercise=self.key, member__user=self.user)
            return judging.verdict(practice, exercises.all_of_them()[self.key], NOON)

    def page(self) -> str:
        return self.client.get(f"/console/training/{self.key}/").content.decode()

    def undo(self) -> None:
        from efface.console.models import Taken

        with tenancy.organisation(self.school.pk):
            latest = Taken.objects.filter(undone_at=None).order_by("-at")[0]
        self.post(f"undo/{latest.pk}/")

    def colleague(self) -> str:
        with tenancy.organisation(self.school.pk):
            return str(Member.objects.get(user__email__endswith=training.INVENTED).user_id)


@pytest.fixture
def desk(school: Any, trainee: Any, now: datetime) -> Desk:
    return Desk(people.signed_in(trainee), trainee, school)


def batch(one: Desk) -> None:
    with tenancy.organisation(one.school.pk):
        member = Member.objects.select_related("organisation").get(user=one.user)
        chosen = []
        for number in range(scenes.SISTERS):
            found = queue.find(member, "match", one.id(f"match{number}"))  # type: ignore[arg-type]
            assert found is not None
            chosen.append(f"match:{found.id}:{found.mark}")
    one.post(f"networks/{one.id('network')}/decide/", choice="confirm", why="", one=chosen)


def undo(one: Desk) -> None:
    one.answer("match", "match", "reject")
    one.undo()
    one.answer("match", "match", "confirm")


def extortion(one: Desk) -> None:
    one.case("evidence/demand/", kind="handle", value="@midnight.harbour.77", detail="chat")
    assert one.verdict().state == "open" and one.verdict().steps == (True, False, False)
    one.case("evidence/demand/", kind="amount", value="400 EUR", detail="")
    one.case("evidence/demand/", kind="deadline", value="Friday 18:00", detail="")


def handover(one: Desk) -> None:
    one.case("notes/", text="She wants the page gone before anything else.")
    one.case("give/", to=one.colleague(), seen=str(one.user.pk), why="I am away from Monday.")


def pack(one: Desk) -> None:
    text = exercises.all_of_them()["pack"].task["en"]
    one.case("packs/new/", **{"for": "police", "recipient": "Example police", "key": text.rpartition(" ")[2],
                              "parts": ["pages", "hashes"], "which": "all", "once": "t"})  # fmt: skip


def look(one: Desk) -> None:
    one.post(f"look/{one.id('match')}/")
    one.post(f"opinions/match/{one.id('match')}/", of="", question="The same room?")


def school_of(one: Desk) -> str:
    """As she wrote it in her message."""
    with tenancy.organisation(one.school.pk):
        text = str(Message.objects.get(case=one.id("case")).text)
    return next(word for word in text.split() if training.INVENTED in word).strip(".,")


CAREFUL: dict[str, Callable[[Desk], None]] = {
    "urgent": lambda one: one.answer("arrival", "case", "still"),
    "face": lambda one: one.answer("match", "match", "ask"),
    "look": look,
    "batch": batch,
    "undo": undo,
    "second": lambda one: one.answer("notice", "notice", "approve"),
    "wrong": lambda one: one.answer("notice", "notice", "refuse"),
    "claim": lambda one: one.answer("reply", "reply", "claims_removal"),
    "identity": lambda one: one.answer("reply", "reply", "asks_more"),
    "gone": lambda one: one.answer("conflict", "finding", "again"),
    "contact": lambda one: one.answer("telling", "telling", "again"),
    "avoided": lambda one: one.case("asking/avoid/", who=school_of(one)),
    "extortion": extortion,
    "minor": lambda one: one.case("age/", choice="minor"),
    "hold": lambda one: one.case("notes/", text="Held for the police, desk 4, five days."),
    "handover": handover,
    "police": lambda one: one.case("police/signal/", kind="threat", note="He has her address."),
    "pack": pack,
    "bounced": lambda one: one.answer("stuck", "finding", "plan"),
    "returned": lambda one: one.answer("match", "match", "confirm"),
    "hostile": lambda one: one.answer("site", "site", "extortionate"),
}


def lift(one: Desk) -> None:
    one.case(f"hold/{one.id('hold')}/lift/")


HASTY: dict[str, Callable[[Desk], None]] = {
    "urgent": lambda one: one.answer("arrival", "case", "calm"),
    "face": lambda one: one.answer("match", "match", "confirm"),
    "look": lambda one: one.answer("match", "match", "confirm"),
    "batch": lambda one: one.answer("match", "match0", "reject"),
    "second": lambda one: one.answer("notice", "notice", "refuse"),
    "wrong": lambda one: one.answer("notice", "notice", "approve"),
    "claim": lambda one: one.case("message/", text="Good news: it is gone."),
    "identity": lambda one: one.answer("reply", "reply", "refuses"),
    "gone": lambda one: one.answer("conflict", "finding", "live"),
    "contact": lambda one: one.answer("telling", "telling", "reached"),
    "minor": lambda one: one.answer("match", "match", "confirm"),
    "hold": lift,
    "handover": lambda one: one.case("give/", to="", seen=str(one.user.pk), why=""),
    "returned": lambda one: one.answer("match", "match", "reject"),
    "hostile": lambda one: one.answer("site", "site", "cooperative"),
}


def test_every_exercise_is_tried_here() -> None:
    assert set(CAREFUL) == set(KEYS) == set(scenes.SCENES)
    assert {key for key, one in exercises.all_of_them().items() if one.wrong} - set(HASTY) == {"police", "pack"}


@pytest.mark.parametrize("key", KEYS)
def test_done_as_a_careful_worker_does_it(desk: Desk, key: str) -> None:
    desk.begin(key)
    shown = desk.page()
    assert desk.verdict().state == "open" and ("Nothing decided yet" in shown or "steps done" in shown)
    CAREFUL[key](desk)
    assert desk.verdict().state == "done"
    assert "Well done" in desk.page()
    assert "1 of 21 done" in desk.client.get("/console/training/").content.decode()


@pytest.mark.parametrize("key", sorted(HASTY))
def test_done_in_haste_it_says_why_not_and_can_be_begun_again(desk: Desk, key: str) -> None:
    desk.begin(key)
    HASTY[key](desk)
    found = desk.verdict()
    assert found.state == "careful"
    shown = desk.page()
    assert "Look again." in shown and "nothing came of it" in shown
    desk.begin(key)
    assert desk.verdict().state == "open"
    CAREFUL[key](desk)
    assert desk.verdict().state == "done"


@pytest.mark.parametrize("key", KEYS)
def test_the_page_it_leads_to_is_there(desk: Desk, key: str) -> None:
    desk.begin(key)
    opens = exercises.all_of_them()[key].opens
    link = next(part for part in desk.page().split('href="') if "To the page" in part[:200]).partition('"')[0]
    shown = desk.client.get(link)
    assert shown.status_code == 200 and opens["page"].partition("-")[0] in link.replace("networks", "network")
    assert b"decided already" not in shown.content


def test_undone_in_time_it_is_not_held_against_anybody(desk: Desk) -> None:
    desk.begin("face")
    desk.answer("match", "match", "confirm")
    assert desk.verdict().state == "careful"
    desk.undo()
    assert desk.verdict().state == "open"
    desk.answer("match", "match", "ask")
    assert desk.verdict().state == "done"


def test_begun_again_it_is_as_it_was(desk: Desk) -> None:
    def lies() -> list[tuple[str, str, float]]:
        with tenancy.organisation(desk.school.pk):
            rows = Match.objects.filter(case__state=Case.State.OPEN).select_related("sighting__site")
            return sorted((row.page_url, row.sighting.site.domain, row.score) for row in rows)  # type: ignore

    desk.begin("batch")
    first = lies()
    batch(desk)
    desk.begin("batch")
    assert lies() == first and len(first) == scenes.SISTERS
    with tenancy.organisation(desk.school.pk):
        assert Practice.objects.get(exercise="batch").times == 2


def test_each_member_has_cases_of_their_own(desk: Desk, school: Any) -> None:
    other = people.worker(school, "caseworker", "Otto Other")
    desk.begin("face")
    CAREFUL["face"](desk)
    second = Desk(people.signed_in(other), other, school)
    assert "0 of 21 done" in second.client.get("/console/training/").content.decode()
    second.begin("face")
    assert second.verdict().state == "open" and second.id("match") != desk.id("match")


def test_reset_and_remove(desk: Desk, school: Any, trainee: Any) -> None:
    desk.client.post("/console/training/all/")
    with tenancy.organisation(school.pk):
        before = Case.objects.exclude(state="erased").count()
    assert before >= len(KEYS) and houses.reset(school, NOON) == before
    with tenancy.organisation(school.pk):
        assert not Practice.objects.exists() and not Case.objects.exclude(state="erased").exists()
        assert not Note.objects.exists()
    desk.begin("face")
    cases, members = houses.remove(school, NOON)
    assert (cases, members) == (1, 2)
    assert desk.client.get("/console/training/").status_code == 403


def test_a_caseworker_of_a_helpline_goes_there_and_back(organisation: Any, school: Any, now: datetime) -> None:
    user = people.worker(organisation, "caseworker", "Kim Both")
    with tenancy.organisation(school.pk):
        there = Member.objects.create(organisation=school, user=user, role="caseworker")
    with tenancy.organisation(organisation.pk):
        here = Member.objects.get(user=user, organisation=organisation)
    client = people.signed_in(user)
    page = client.get("/console/training/").content.decode()
    assert "Go to Example Helpline (training)" in page and "training-band" not in page
    assert client.post("/console/training/switch/", {"to": str(here.pk)}).status_code == 404
    key = client.session.session_key
    assert client.post("/console/training/switch/", {"to": str(there.pk)}).status_code == 302
    assert client.session.session_key != key
    page = client.get("/console/training/").content.decode()
    assert "training-band" in page and "Back to work: Example Helpline" in page
    client.post("/console/training/switch/", {"to": str(here.pk)})
    assert "training-band" not in client.get("/console/queue/").content.decode()
    stranger = people.signed_in(people.worker(organisation))
    assert stranger.post("/console/training/switch/", {"to": str(there.pk)}).status_code == 404


def test_judging_is_a_matter_of_what_stands() -> None:
    one = Exercise("x", {}, {"en": ""}, {"en": ""}, {"en": ""}, (("a.good", "a.fine"), ("b.done",)), {"en": ""},
                   {"a.bad": {"en": "no"}})  # fmt: skip

    def after(*actions: str) -> judging.Verdict:
        return judging.judge(one, [Deed(NOON + timedelta(minutes=n), action, "s") for n, action in enumerate(actions)])

    assert after() == judging.Verdict("open", (False, False))
    assert after("a.fine").steps == (True, False)
    assert after("a.good", "b.done").state == "done"
    assert after("a.bad", "a.good", "b.done") == judging.Verdict("careful", (True, True), "a.bad")
    assert after("a.bad", "a.undone", "a.good", "b.done").state == "done"
    assert after("a.bad", "b.undone").state == "careful"


def test_what_was_written_down_must_be_what_she_said(desk: Desk) -> None:
    desk.begin("avoided")
    desk.case("asking/avoid/", who="somebody-else.invalid")
    assert desk.verdict().state == "open"
    CAREFUL["avoided"](desk)
    assert desk.verdict().state == "done"
    desk.begin("extortion")
    desk.case("evidence/demand/", kind="handle", value="@nobody.in.particular", detail="")
    assert desk.verdict().steps == (False, False, False)


def test_every_exercise_speaks_both_languages_and_no_other_steps_than_there_are() -> None:
    for one in exercises.all_of_them().values():
        for words in (one.title, one.learn, one.task, one.well, *one.wrong.values()):
            assert set(words) == {"en", "de"} and all(words.values()), one.key
        assert one.steps and all(one.steps)


def test_they_are_found(desk: Desk) -> None:
    shown = desk.client.post("/console/find/", {"q": "many at once"}).content.decode()
    assert "/console/training/batch/" in shown
