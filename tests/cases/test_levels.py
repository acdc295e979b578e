"""From the conversation to the level, and everything that ends it: her word, a refusal, her stop, a face twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.accounts.models import Member
from efface.cases import active, attesting, consents, conversing, erasing, guarding, messages, opening, safety
from efface.cases.attesting import AttestationRefused
from efface.cases.may import may
from efface.cases.models import (
    Attestation,
    Case,
    CaseEvent,
    Conversation,
    FaceAlarm,
    Fingerprint,
    Purpose,
    SafetySign,
    SafetyWord,
)
from efface.engine.base import deadlines
from tests import people
from tests.conftest import NOON, role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORD = "Rosmarin"
GOOD = {"alone": "yes", "listening": "no", "word": "-", "wants": "yes", "face": "yes", "proof": "identity card"}


@pytest.fixture
def first(organisation: Any) -> Any:
    return people.worker(organisation, "caseworker", "First")


@pytest.fixture
def second(organisation: Any) -> Any:
    return people.worker(organisation, "caseworker", "Second", trained=False)


@pytest.fixture
def case(inside: Any) -> Case:
    case = opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON).case
    for purpose in (Purpose.TEXT_SEARCH, Purpose.HASH_MATCH):
        consents.give(case, purpose, "survivor", NOON)
    return case


def hold(case: Case, worker: Any, said: dict[str, str] | None = None, now: datetime = NOON) -> Conversation:
    """The conversation, with these answers."""
    row = conversing.begin(case, worker, "video", now)
    for step, given in (GOOD if said is None else said).items():
        row = conversing.answer(row, worker, step, given, now + timedelta(minutes=1))
    return row


def level(case: Case) -> str:
    return Case.objects.values_list("level", flat=True).get(pk=case.pk)


def fire(moment: datetime) -> None:
    with role("efface_engine"):
        deadlines.fire(moment)


def attested(case: Case, first: Any, second: Any) -> Attestation:
    """All the way to the level."""
    hold(case, first)
    attesting.approve(Attestation.objects.get(case=case, refused_at=None, stopped_at=None), second, NOON)
    fire(NOON + timedelta(hours=72))
    assert level(case) == "attested"
    return Attestation.objects.filter(case=case).latest("first_at")


def test_the_whole_way(case: Case, first: Any, second: Any) -> None:
    row = hold(case, first)
    assert (row.outcome, row.ended_at) == ("attested", NOON + timedelta(minutes=1))
    attestation = Attestation.objects.get()
    assert (attestation.proof_seen, attestation.spoke_alone, attestation.conversation) == ("identity card", True, row)
    assert attesting.shown(case, NOON).stage == "waits"
    attesting.approve(attestation, second, NOON)
    shown = attesting.shown(case, NOON)
    assert (shown.stage, shown.starts) == ("cooling", NOON + timedelta(hours=72))
    fire(NOON + timedelta(hours=71))
    assert level(case) == "declared" and not may(case, Purpose.TEXT_SEARCH, NOON + 71 * HOUR)
    fire(NOON + timedelta(hours=72))
    assert level(case) == "attested" and may(case, Purpose.TEXT_SEARCH, NOON + 72 * HOUR)


def test_only_a_trained_worker_holds_it(case: Case, second: Any) -> None:
    with pytest.raises(AttestationRefused, match="trained"):
        conversing.begin(case, second, "video", NOON)
    with pytest.raises(AttestationRefused, match="trained"):
        attesting.attest(case, second, spoke_alone=True, proof_seen="card", now=NOON)
    Member.objects.filter(user=second).update(trained_at=NOON)
    assert conversing.begin(case, second, "video", NOON).ended_at is None
    with pytest.raises(AttestationRefused, match="how you speak"):
        conversing.begin(case, second, "phone", NOON)


@pytest.mark.parametrize("change", [{"alone": "no"}, {"listening": "yes"}, {"wants": "no"}, {"face": "no"}])
def test_an_answer_that_is_not_right_ends_it_without_a_trace(case: Case, first: Any, change: dict[str, str]) -> None:
    before = CaseEvent.objects.filter(case=case).count()
    row = hold(case, first, GOOD | change)
    assert (row.outcome, row.said) == ("ended", {})
    assert not Attestation.objects.exists() and not SafetySign.objects.exists()
    assert CaseEvent.objects.filter(case=case).count() == before
    assert attesting.shown(case, NOON) == attesting.Shown()
    assert hold(case, first, now=NOON + DAY).outcome == "attested", "another day is as good"


def test_steps_are_not_skipped_and_a_forgotten_conversation_is_over(case: Case, first: Any, second: Any) -> None:
    row = conversing.begin(case, first, "video", NOON)
    assert conversing.answer(row, first, "proof", "card", NOON).said == {}
    assert conversing.answer(row, second, "alone", "yes", NOON).said == {}, "it is not her conversation"
    with pytest.raises(AttestationRefused, match="first"):
        conversing.answer(row, first, "alone", "", NOON)
    row = conversing.answer(row, first, "alone", "yes", NOON)
    assert conversing.begin(case, first, "video", NOON).pk == row.pk
    assert conversing.answer(row, first, "listening", "no", NOON + 4 * HOUR).outcome == "ended"
    assert conversing.open_one(case, first, NOON + 4 * HOUR) is None


def test_numbers_of_a_proof_are_not_written_down(case: Case, first: Any) -> None:
    with pytest.raises(AttestationRefused, match="number"):
        hold(case, first, GOOD | {"proof": "identity card L01X00T47"})
    row = conversing.open_one(case, first, NOON)
    assert row is not None
    assert conversing.answer(row, first, "proof", "identity card", NOON).outcome == "attested"


def test_a_refusal_has_a_reason_and_another_conversation_may_follow(case: Case, first: Any, second: Any) -> None:
    hold(case, first)
    attestation = Attestation.objects.get()
    with pytest.raises(AttestationRefused, match="why"):
        attesting.refuse(attestation, second, NOON, " ")
    with pytest.raises(AttestationRefused, match="second worker"):
        attesting.refuse(attestation, first, NOON, "I changed my mind")
    with pytest.raises(AttestationRefused, match="already"):
        conversing.begin(case, first, "video", NOON)
    attesting.refuse(attestation, second, NOON, "the voice seemed to come from two people")
    attestation.refresh_from_db()
    assert (attestation.refused_by, attestation.refused_why) == (second, "the voice seemed to come from two people")
    attesting.approve(attestation, second, NOON + DAY)
    fire(NOON + 5 * DAY)
    assert level(case) == "declared"
    assert hold(case, first, now=NOON + DAY).outcome == "attested"


@pytest.mark.parametrize("stage", ["waits", "cooling", "attested"])
def test_she_stops_it_at_any_time(case: Case, first: Any, second: Any, stage: str) -> None:
    if stage == "attested":
        attested(case, first, second)
    else:
        hold(case, first)
        if stage == "cooling":
            attesting.approve(Attestation.objects.get(), second, NOON)
    case.refresh_from_db()
    assert attesting.shown(case, NOON).stage == stage
    assert attesting.stop(case, "survivor", NOON + HOUR)
    case.refresh_from_db()
    assert attesting.shown(case, NOON + HOUR) == attesting.Shown()
    attesting.approve(Attestation.objects.get(), second, NOON + HOUR)
    fire(NOON + 9 * DAY)
    assert level(case) == "declared" and not may(case, Purpose.TEXT_SEARCH, NOON + HOUR)
    assert not attesting.stop(case, "survivor", NOON + HOUR)


# Her word.


def test_a_word_is_kept_as_a_proof_and_recognised_however_it_is_said(case: Case) -> None:
    safety.choose(case, " Rosmarin! ", NOON)
    row = SafetyWord.objects.get()
    assert row.proof.startswith("$argon2id$") and "osmarin" not in row.proof
    for said in ("rosmarin", "ROSMARIN.", "I like rosmarin, you know"):
        assert safety.heard(case, said), said
    for said in ("", "-", "rosemary", "rosmarins", "x" * 500):
        assert not safety.heard(case, said), said


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [("Żółta róża", "zolta roza"), ("różanka", "ro\u0301z\u0307anka"), ("Їжачок", "їжачок"), ("Камелія", "це КАМЕЛІЯ")],
)
def test_a_word_is_heard_however_its_accents_are_typed(case: Case, chosen: str, typed: str) -> None:
    safety.choose(case, chosen, NOON)
    assert safety.heard(case, typed) and not safety.heard(case, typed[:-1])


@pytest.mark.parametrize("unfit", ["", "ok", "please", "a b", "x" * 80, "hello", "Dziękuję", "Добрий день!"])
def test_a_word_that_would_be_said_by_chance_is_refused(case: Case, unfit: str) -> None:
    with pytest.raises(safety.UnfitWord, match="four letters"):
        safety.choose(case, unfit, NOON)


def test_whoever_holds_her_phone_cannot_make_her_word_void(case: Case) -> None:
    safety.choose(case, WORD, NOON)
    for number in range(8):
        safety.choose(case, f"another{number}", NOON + HOUR)
    assert SafetyWord.objects.count() == safety.MOST_WORDS
    assert safety.heard(case, WORD) and safety.heard(case, "another7")


def test_the_word_in_the_conversation_ends_it_like_any_other(case: Case, first: Any) -> None:
    safety.choose(case, WORD, NOON)
    safe = opening.open_case(case.organisation_id, "w", age="adult", country="DE", language="en", now=NOON).case
    ordinary = hold(safe, first, GOOD | {"alone": "no"})
    row = hold(case, first, GOOD | {"word": "it is about the rosmarin"})
    assert (row.outcome, row.said or {}, bool(row.ended_at)) == (ordinary.outcome, {}, True)
    assert SafetySign.objects.get().where == "conversation"
    assert not Attestation.objects.exists()
    kinds = set(CaseEvent.objects.filter(case=case).values_list("kind", flat=True))
    assert not [kind for kind in kinds if "sign" in kind or "safety" in kind or "attest" in kind]
    for worker in (first,):
        with pytest.raises(AttestationRefused, match="lead"):
            conversing.begin(case, worker, "video", NOON + DAY)


def test_the_word_typed_while_it_cools_off_or_later(case: Case, first: Any, second: Any) -> None:
    safety.choose(case, WORD, NOON)
    hold(case, first)
    attesting.approve(Attestation.objects.get(), second, NOON)
    before = attesting.shown(case, NOON + HOUR)
    messages.write(case, from_survivor=False, author="caseworker:1", text=WORD, now=NOON)
    assert not SafetySign.objects.exists(), "it is her word, not the worker's"
    messages.write(case, from_survivor=True, author="survivor", text="Rosmarin", now=NOON + HOUR)
    assert SafetySign.objects.get().where == "message"
    assert case.messages.get(from_survivor=True).read_at, "nobody is asked to answer it"
    assert attesting.shown(case, NOON + HOUR) == before, "her pages look as before"
    fire(NOON + 80 * HOUR)
    assert level(case) == "declared" and not may(case, Purpose.TEXT_SEARCH, NOON + 80 * HOUR)
    assert attesting.shown(case, NOON + 80 * HOUR).stage == "attested", "and go on as they would have"


def test_the_word_ends_a_level_that_stands_and_the_matcher_hears_of_it(case: Case, first: Any, second: Any) -> None:
    attested(case, first, second)
    safety.choose(case, WORD, NOON)
    enrol_text(case)
    assert kinds_in_use() == {"text"}
    messages.write(case, from_survivor=True, author="survivor", text=WORD, now=NOON + 80 * HOUR)
    assert kinds_in_use() == set()
    assert Fingerprint.objects.filter(case=case).exists(), "deleted names would be seen"


def enrol_text(case: Case) -> None:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind="text", age="adult", created=NOON)
    row.value = {"kind": "handle", "value": "quietlake_94"}
    row.save()


def kinds_in_use() -> set[str]:
    return {one.kind for one in active.active_fingerprints(NOON + 80 * HOUR)}


def test_a_lead_opens_the_way_again_or_keeps_it_shut(case: Case, first: Any, second: Any) -> None:
    attested(case, first, second)
    safety.signal(case, "message", NOON + DAY)
    sign = SafetySign.objects.get()
    with pytest.raises(ValueError, match="outcome"):
        safety.decide(sign, "whatever", "", "lead:1", NOON)
    safety.decide(sign, "stays", "", "lead:1", NOON + DAY)
    assert safety.closed(case)
    with pytest.raises(ValueError, match="already"):
        safety.decide(sign, "safe", "", "lead:1", NOON + DAY)
    safety.signal(case, "message", NOON + 2 * DAY)
    SafetySign.objects.filter(pk=sign.pk).delete()
    safety.decide(SafetySign.objects.get(), "safe", "spoke with her at the office", "lead:1", NOON + 2 * DAY)
    assert not safety.closed(case) and level(case) == "declared", "nothing comes back by itself"
    assert attesting.shown(case, NOON + 2 * DAY) == attesting.Shown()
    assert hold(case, first, now=NOON + 2 * DAY).outcome == "attested"


def test_without_the_check_of_the_sign_it_would_take_effect(
    case: Case, first: Any, second: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red: the guard in front of the level is what holds it back, should the stop itself have been missed."""
    hold(case, first)
    attesting.approve(Attestation.objects.get(), second, NOON)
    SafetySign.objects.create(organisation_id=case.organisation_id, case=case, at=NOON, where="message")
    fire(NOON + 72 * HOUR)
    assert level(case) == "declared"
    monkeypatch.setattr(safety, "closed", lambda _: False)
    deadlines.set_deadline(attesting.KIND, Attestation.objects.get().pk, NOON, organisation=case.organisation_id)
    fire(NOON + 73 * HOUR)
    assert level(case) == "attested"


# Faces in two cases, and faces that were blocked.


def alarm(case: Case, kind: str = "same") -> FaceAlarm:
    return FaceAlarm.objects.create(organisation_id=case.organisation_id, case=case, kind=kind, pair=b"1", at=NOON)


def test_an_alarm_stops_the_face_until_a_lead_has_decided(
    case: Case, first: Any, second: Any, organisation: Any
) -> None:
    from efface.accounts.models import FaceSearchPermission

    attested(case, first, second)
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    FaceSearchPermission.objects.create(
        organisation=organisation, impact_assessment="x", legal_basis="x", countries="DE", recorded_by=first,
        recorded_at=NOON,
    )  # fmt: skip
    at = NOON + 80 * HOUR
    assert may(case, Purpose.FACE_SEARCH, at)
    row = alarm(case)
    assert not may(case, Purpose.FACE_SEARCH, at) and may(case, Purpose.TEXT_SEARCH, at)
    guarding.decide(row, "goes-on", "the same person came to two desks", "lead:1", at)
    assert may(case, Purpose.FACE_SEARCH, at)
    with pytest.raises(ValueError, match="already"):
        guarding.decide(row, "ended", "", "lead:1", at)
    other = FaceAlarm.objects.create(organisation=organisation, case=case, kind="blocked", pair=b"2", at=at)
    guarding.decide(other, "ended", "it is not her", "lead:1", at)
    assert level(case) == "declared" and not may(case, Purpose.FACE_SEARCH, at)
    assert attesting.shown(case, at) == attesting.Shown()


def test_a_face_is_refused_without_a_word_of_whose_it_is(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_asked", [lambda model, vector: True])
    words = guarding.refusal(case, "m", [1.0], NOON)
    assert "cannot be made of these photos" in words and "block" not in words and "somebody" not in words
    guarding.refusal(case, "m", [1.0], NOON)
    row = FaceAlarm.objects.get()
    assert row.kind == "refused"
    guarding.decide(row, "goes-on", "x", "lead:1", NOON)
    assert guarding.refusal(case, "m", [1.0], NOON), "a lead does not undo somebody's block"
    assert FaceAlarm.objects.filter(outcome="").count() == 1, "and hears of the next try"


def test_nobody_to_ask_means_no_template(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(model: str, vector: Any) -> bool:
        raise guarding.CannotAsk("no matcher")

    for asked in ([], [silent]):
        monkeypatch.setattr(guarding, "_asked", asked)
        assert "try again" in guarding.refusal(case, "m", [1.0], NOON)
    assert not FaceAlarm.objects.exists()
    monkeypatch.setattr(guarding, "_asked", [lambda model, vector: False])
    assert guarding.refusal(case, "m", [1.0], NOON) == ""


# A case that only blocks.


def test_a_case_that_blocks_does_nothing_else(inside: Any, first: Any, second: Any) -> None:
    case = opening.open_case(inside.pk, "w", age="adult", country="DE", language="en", now=NOON, kind="block").case
    for purpose in Purpose.values:
        if purpose != Purpose.BLOCK_FACE:
            with pytest.raises(consents.WrongPurpose):
                consents.give(case, purpose, "survivor", NOON)
    consents.give(case, Purpose.BLOCK_FACE, "survivor", NOON)
    assert not may(case, Purpose.BLOCK_FACE, NOON), "it needs the conversation too: nobody blocks another's face"
    attested(case, first, second)
    at = NOON + 80 * HOUR
    assert [one for one in Purpose.values if may(case, one, at)] == [Purpose.BLOCK_FACE]
    row = Fingerprint(organisation=inside, case=case, kind="face", age="adult", created=NOON)
    row.value = {"model": "m", "vector": [1.0, 0.0], "photos": 3}
    row.save()
    assert kinds_in_use() == {"blocked"}, "not a kind by which anybody is found"
    consents.withdraw(case, Purpose.BLOCK_FACE, "survivor", at)
    assert kinds_in_use() == set() and not Fingerprint.objects.exists()


def test_no_other_case_can_block(case: Case) -> None:
    with pytest.raises(consents.WrongPurpose):
        consents.give(case, Purpose.BLOCK_FACE, "survivor", NOON)


def test_erasure_ends_all_of_it(case: Case, first: Any, second: Any) -> None:
    attested(case, first, second)
    safety.choose(case, WORD, NOON)
    safety.signal(case, "message", NOON)
    alarm(case)
    erasing.erase(case, "survivor", NOON)
    assert not SafetyWord.objects.exists()
    assert not SafetySign.objects.filter(outcome="").exists() and not FaceAlarm.objects.filter(outcome="").exists()
    assert level(case) == "declared"
