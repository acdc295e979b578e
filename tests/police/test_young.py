"""The police, for somebody who was under 18: her own wish, heard by one, confirmed by another, by her age today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.cases import consents, erasing
from efface.cases.may import may, may_many
from efface.cases.models import Case, Consent, PoliceWish, Purpose
from efface.engine.base import tenancy
from efface.evidence.packs import making
from efface.evidence.referrals import referring, young
from efface.law import load
from tests import people
from tests.police.conftest import order
from tests.police.test_referring import fire

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("said", "missing"), [
    (young.Said("", 20, True, True), "who"), (young.Said("herself", None, True, True), "old"),
    (young.Said("herself", 121, True, True), "old"), (young.Said("herself", 20, alone=True), "hurt"),
    (young.Said("herself", 20, risks=True), "alone"), (young.Said("herself", 15, True, True), "guardian"),
    (young.Said("guardian", 19, True, True, "x"), "of age"), (young.Said("guardian", 9, True, True), "heard"),
    (young.Said("both", 15, risks=True), "alone"),
])  # fmt: skip
def test_what_is_missing_is_said(said: young.Said, missing: str) -> None:
    assert missing in young.problem(said, 18)


@pytest.mark.parametrize("said", [
    young.Said("herself", 18, True, True), young.Said("herself", 15, True, True, why="he is the one who did it"),
    young.Said("both", 15, True, True), young.Said("guardian", 4, risks=True, why="she is four"),
])  # fmt: skip
def test_what_is_enough(said: young.Said) -> None:
    assert young.problem(said, 18) == ""


@settings(deadline=None)
@given(st.sampled_from(["herself", "both", "guardian"]), st.integers(0, 120), st.booleans(), st.booleans(),
       st.sampled_from(["", " ", "why"]), st.integers(14, 21))  # fmt: skip
def test_nobody_under_age_decides_unheard(who: str, age: int, alone: bool, risks: bool, why: str, of_age: int) -> None:
    said = young.Said(who, age, alone, risks, why)
    if young.problem(said, of_age) == "":
        assert risks and (alone or who == "guardian") and (who != "guardian" or (age < of_age and why.strip()))
        assert who != "herself" or age >= of_age or why.strip()


def test_the_age_is_that_of_the_place_and_says_whether_it_was_checked() -> None:
    assert young.of_age("").age == 18 and not young.of_age("").sure and young.of_age("").place == ""
    law = load()
    ages = {one.id: one.majority.age for one in law.jurisdictions.values() if one.majority}
    assert len(set(ages.values())) > 1, "places differ, so this test can fail"
    for code, years in ages.items():
        assert young.of_age(code).age == years


@pytest.fixture
def within(organisation: Any, now: datetime) -> Any:
    with tenancy.organisation(organisation.pk):
        yield people.open_case(organisation, age="minor", country="DE").case


WANTS = young.Said("herself", 24, True, True)


def state(case: Case) -> list[str]:
    return list(PoliceWish.objects.filter(case=case).order_by("at").values_list("state", flat=True))


def test_nothing_goes_before_a_lead_who_did_not_note_it_confirms(within: Case, now: datetime) -> None:
    consents.give(within, "police", "survivor", now)
    answer = may(within, Purpose.POLICE, now)
    assert not answer and "hears the wish" in answer.reason
    row = young.note(within, WANTS, "lead:one", now)
    assert not may(within, Purpose.POLICE, now)
    for actor in ("lead:one", "caseworker:two"):
        with pytest.raises(young.CannotNote, match="lead"):
            young.decide(row, True, actor, now)
    young.decide(row, True, "lead:two", now)
    assert may(within, Purpose.POLICE, now) and may_many([within.pk], ["police"], now)[within.pk, "police"]
    with pytest.raises(young.CannotNote, match="already"):
        young.decide(row, True, "lead:two", now)


def test_it_opens_the_police_and_nothing_else(within: Case, now: datetime) -> None:
    for purpose in consents.purposes(within.kind):
        consents.give(within, purpose, "survivor", now)
    young.decide(young.note(within, WANTS, "caseworker:one", now), True, "lead:two", now)
    allowed = {one for one in consents.purposes(within.kind) if may(within, one, now)}
    assert allowed == {"police"}


def test_addresses_go_and_nothing_more(within: Case, now: datetime) -> None:
    officer = people.worker(within.organisation, "investigator", "Officer One")
    young.decide(young.note(within, WANTS, "caseworker:one", now), True, "lead:two", now)
    row = referring.refer(within, order(officer, parts=("name", "pages", "proof")), "caseworker:one", now)
    assert row.ground == "consent" and row.parts == ["pages"]
    with pytest.raises(referring.CannotRefer):
        referring.pack(row, "lead:two", now)
    for ground in ("", "§ 138 StGB"):
        assert "under 18" in making.allowed(within, "police", True, ground, now)


def test_it_ends_by_itself_and_is_heard_anew_when_taken_back(within: Case, now: datetime) -> None:
    young.decide(young.note(within, WANTS, "caseworker:one", now), True, "lead:two", now)
    assert not may(within, Purpose.POLICE, now + timedelta(days=young.DAYS))
    consents.withdraw(within, "police", "survivor", now)
    assert state(within) == ["ended"] and not may(within, Purpose.POLICE, now)
    consents.give(within, "police", "survivor", now)
    assert not may(within, Purpose.POLICE, now), "given anew, it is heard anew"
    young.note(within, WANTS, "caseworker:one", now)


def test_a_consent_for_longer_does_not_make_the_wish_longer(within: Case, now: datetime) -> None:
    consents.give(within, "police", "survivor", now)
    young.decide(young.note(within, WANTS, "caseworker:one", now), True, "lead:two", now)
    day = now + timedelta(days=young.DAYS - 5)
    consents.renew(within, "police", "survivor", day)
    assert may(within, Purpose.POLICE, day)
    fire(now + timedelta(days=young.DAYS))
    later = now + timedelta(days=young.DAYS, minutes=1)
    assert state(within) == ["ended"] and not may(within, Purpose.POLICE, later)


def test_noted_once_and_refused_is_a_word(within: Case, now: datetime) -> None:
    row = young.note(within, WANTS, "caseworker:one", now)
    with pytest.raises(young.CannotNote, match="already"):
        young.note(within, WANTS, "caseworker:one", now)
    young.decide(row, False, "lead:two", now)
    assert state(within) == ["refused"] and not Consent.objects.filter(case=within, purpose="police").exists()


def test_of_an_adult_and_of_an_erased_case_nothing_is_noted(organisation: Any, within: Case, now: datetime) -> None:
    with pytest.raises(young.CannotNote, match="18 or older"):
        young.note(people.open_case(organisation).case, WANTS, "caseworker:one", now)
    young.note(within, WANTS, "caseworker:one", now)
    erasing.erase(within, "survivor", now)
    assert not PoliceWish.objects.filter(case=within).exists()
