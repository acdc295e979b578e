"""The intake: where it leads, what it changes, what it is called, and what is heard in her words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.cases import alarm, classing, consents, drafts, erasing, intake, knowing, messages, opening, recovering
from efface.cases.intake_questions import INTAKE
from efface.cases.may import may
from efface.cases.models import Case, CaseEvent, CaseFact, Draft, Fingerprint, Purpose, RecoveryWord
from efface.engine.base import tenancy
from efface.law import load
from efface.takedown import facts
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(inside: Any) -> Case:
    return opening.open_case(
        inside.pk, "survivor", age="unknown", country="", language="en", now=NOON, by_herself=True
    ).case


def say(case: Case, **given: str) -> None:
    for name, value in given.items():
        ask = next(one for one in INTAKE if one.name == name)
        intake.keep(case, ask, value, "survivor", NOON)
    case.refresh_from_db()


def test_nowhere_is_she_asked_why() -> None:
    for ask in INTAKE:
        words = f"{ask.words} {ask.why} {' '.join(str(choice) for _, choice in ask.choices)}".lower()
        assert "why" not in words.split() and "did you" not in words and "should have" not in words


ANSWERS = {
    one.name: st.sampled_from([value for value, _ in one.choices] or ["DE", "x"]) | st.just(knowing.LEFT_OUT)
    for one in INTAKE
}


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(ANSWERS))
def test_every_way_through_ends_and_goes_back(given: dict[str, str]) -> None:
    """Whatever is answered: each question once, in order, one back is the one before, and every case has a lane."""
    known: dict[str, str] = {}
    seen: list[str] = []
    one = intake.following(known)
    while one is not None:
        assert one.name not in seen
        seen.append(one.name)
        known[one.name] = given[one.name]
        one = intake.following(known, after=one.name)
    assert intake.following(known) is None
    shown = [each.name for each in intake.asked(known)]
    for name, before in zip(shown[1:], shown, strict=False):
        found = intake.before(known, name)
        assert found is not None and found.name == before
    for age in ("adult", "minor", "unknown"):
        assert classing.lane_for(known, age) in classing.LANES
    assert classing.decide(known)[0].kind in classing.KINDS


def test_somebody_under_18_is_not_asked_about_the_pictures() -> None:
    names = {one.name for one in intake.asked({"age": "minor"})}
    assert "young_now" in names and not names & {"content", "taken_by", "obtained"}


@pytest.mark.parametrize(("said", "kind", "lane"), [
    ({}, "ncii", "published"),
    ({"demand": "money"}, "sextortion_financial", "sextortion"),
    ({"demand": "images", "publication_state": "published_public"}, "sextortion_sexual", "sextortion"),
    ({"demand": "obedience"}, "sextortion_control", "sextortion"),
    ({"publication_state": "threatened_only", "demand": "no"}, "ncii", "threat"),
    ({"content": "synthetic"}, "synthetic", "synthetic"),
    ({"content": "altered", "demand": "money"}, "sextortion_financial", "sextortion"),
    ({"taken_by": "secret"}, "covert", "published"),
    ({"obtained": "assault", "demand": "money"}, "assault", "assault"),
    ({"with_name": "yes"}, "doxxing", "published"),
    ({"demand": "money", "kind": "covert:survivor"}, "covert", "published"),
])  # fmt: skip
def test_what_it_is_called(said: dict[str, str], kind: str, lane: str) -> None:
    found = classing.decide(said)
    assert found[0].kind == kind and all(one.why for one in found)
    assert classing.lane_for(said, "adult") == lane
    assert classing.lane_for(said, "minor") == "minor", "under 18 comes before everything"


def test_kinds_and_lanes_have_words_and_the_law_knows_them() -> None:
    from efface.portal import lanes

    assert set(lanes.LANES) == set(classing.LANES) == set(classing.LANE_WORDS)
    assert {rule.kind for rule in classing.RULES} == set(classing.KINDS)
    assert set(classing.LAW.values()) <= set(load().words["abuse_type"])
    assert set(intake.HOW.values()) <= set(load().words["acquisition_path"])
    names = {one.name for one in INTAKE} | {"kind", "age"}
    for rule in classing.RULES:
        assert set(rule.when) <= names
    assert all(len(lanes.TICKED + name) <= CaseFact._meta.get_field("name").max_length for name in lanes.STEPS)


def test_answers_change_the_case_and_are_recorded(case: Case) -> None:
    say(case, country="ES", age="adult", obtained="video_call", demand="images")
    assert (case.country, case.age, case.acquisition) == ("ES", "adult", "webcam_or_live_sexting_capture")
    assert facts.case_facts(case, NOON).abuse_type == "sextortion_sexual"
    assert CaseEvent.objects.filter(case=case, kind="fact.answered").count() == 4
    say(case, demand="")
    assert facts.case_facts(case, NOON).abuse_type == "" and "demand" not in knowing.answers(case)
    assert intake.said(case)["demand"] == knowing.LEFT_OUT, "she is not asked a second time"


def test_a_person_changes_what_it_is_called_and_goes_back(case: Case) -> None:
    say(case, demand="money")
    classing.choose(case, "covert", "worker", "caseworker:1", NOON)
    assert classing.of(case)[0].kind == "covert" and classing.of(case)[0].by == "worker"
    assert [row.by for row in CaseFact.objects.filter(case=case, name="kind")] == ["caseworker:1"]
    classing.choose(case, "", "survivor", "survivor", NOON)
    assert classing.of(case)[0].kind == "sextortion_financial"
    with pytest.raises(knowing.Unanswerable):
        classing.choose(case, "her fault", "worker", "caseworker:1", NOON)


@pytest.mark.parametrize(("name", "value"), [
    ("demand", "everything"), ("age", "adult' OR 1=1"), ("country", "XX"), ("own_words", "x" * 5001),
])  # fmt: skip
def test_answers_that_are_none(case: Case, name: str, value: str) -> None:
    with pytest.raises(knowing.Unanswerable):
        say(case, **{name: value})
    assert CaseFact.objects.filter(case=case).count() == 0


def test_one_answer_turns_a_case_opened_as_adult_and_everything_stops(inside: Any) -> None:
    case = opening.open_case(inside.pk, "caseworker:1", age="adult", country="GB", language="en", now=NOON).case
    for purpose in Purpose.values:
        consents.give(case, purpose, "survivor", NOON)
    finding = people.make_finding(case)
    notice = people.make_notice(finding)
    Fingerprint.objects.create(organisation_id=inside.pk, case=case, kind="pdq", value=[], created=NOON)
    assert may(case, Purpose.HASH_MATCH, NOON)
    say(case, age="minor")
    assert case.age == "minor" and case.alarm_at == NOON
    assert [purpose for purpose in Purpose.values if may(case, purpose, NOON)] == []
    assert not Fingerprint.objects.filter(case=case).exists()
    finding.refresh_from_db()
    notice.refresh_from_db()
    assert finding.stopped and notice.state not in ("draft", "queued", "sent")
    assert classing.lane(case) == "minor"
    with pytest.raises(knowing.Unanswerable, match="Under 18 was said before"):
        say(case, age="adult")
    assert classing.lane(case) == "minor"


def test_danger_puts_the_case_first_until_a_worker_looked(case: Case) -> None:
    say(case, safe_now="no")
    assert case.danger and case.alarm_at == NOON
    say(case, safe_now="yes")
    assert case.danger, "somebody else may hold her phone"
    alarm.seen(case, "caseworker:1", NOON, danger=False)
    case.refresh_from_db()
    assert not case.danger and case.alarm_at is None


@pytest.mark.parametrize(("text", "kinds"), [
    ("I want to die.", {"self_harm"}), ("ich will nicht mehr leben", {"self_harm"}), ("QUIERO MORIR", {"self_harm"}),
    ("J’ai envie de mourir", {"self_harm"}), ("He’s outside and has a knife", {"danger"}),
    ("Er schlägt mich", {"danger"}), ("хочу померти", {"self_harm"}), ("أريد أن أموت", {"self_harm"}),
    ("Please remove the picture", set()), ("My diet is fine", set()), ("", set()), ("\x00‮" * 100, set()),
])  # fmt: skip
def test_what_is_heard_in_her_words(text: str, kinds: set[str]) -> None:
    assert alarm.heard(text) == kinds


def test_a_message_is_heard_too_but_not_ours(case: Case) -> None:
    messages.write(case, from_survivor=False, author="caseworker:1", text="Do you want to die?", now=NOON)
    case.refresh_from_db()
    assert not case.danger
    messages.write(case, from_survivor=True, author="survivor", text="I want to die", now=NOON)
    case.refresh_from_db()
    assert case.danger and case.alarm_at == NOON


@pytest.mark.parametrize("word", ["short", "a" * 101, "aaaaaaaaaa", "  \n ", "abababab"])
def test_recovery_words_that_protect_nobody(case: Case, word: str) -> None:
    with pytest.raises(recovering.WordRefused):
        recovering.set_word(case, word, "survivor", NOON)
    with pytest.raises(recovering.WordRefused):
        recovering.set_word(case, f"my {case.reference.lower()}", "survivor", NOON)


def test_the_way_back_is_the_number_with_the_word(organisation: Any) -> None:
    opened = people.open_case(organisation)
    with tenancy.organisation(organisation.pk):
        recovering.set_word(opened.case, "A blue  Kettle sings", "survivor", NOON)
        row = RecoveryWord.objects.get()
    assert row.proof.startswith("$argon2id$") and "kettle" not in row.proof
    number = opened.case.reference.lower().replace("-", " ")
    assert recovering.recover(number, "a blue kettle", NOON) is None
    assert recovering.recover("AAAA-BBBB", "a blue kettle sings", NOON) is None
    found = recovering.recover(number, "a BLUE kettle sings ", NOON)
    assert found is not None and found[1] == opened.case.pk
    assert opening.enter(opened.access_code) is None, "the old code ended"
    assert opening.enter(found[2]) == (organisation.pk, opened.case.pk)
    with tenancy.organisation(organisation.pk):
        recovering.forget_word(opened.case, "survivor", NOON)
    assert recovering.recover(number, "a blue kettle sings", NOON) is None


def test_drafts_are_kept_sealed_bounded_and_go_with_the_case(case: Case) -> None:
    assert drafts.keep(case, "/case/messages/write/", {"text": "half", "empty": " "}, NOON)
    assert drafts.keep(case, "/case/messages/write/", {"text": "half a line"}, NOON + timedelta(minutes=1))
    assert drafts.fields(case, "/case/messages/write/") == {"text": "half a line"}
    assert not drafts.keep(case, "/case/link/", {"url": "  "}, NOON)
    assert not drafts.keep(case, "/" * 121, {"a": "b"}, NOON)
    for number in range(40):
        drafts.keep(case, f"/case/{number}/", {"text": "x"}, NOON)
    assert Draft.objects.filter(case=case).count() == drafts.MOST
    recovering.set_word(case, "a blue kettle sings", "survivor", NOON)
    erasing.erase(case, "lead:1", NOON)
    assert not Draft.objects.filter(case=case).exists() and not RecoveryWord.objects.filter(case=case).exists()
