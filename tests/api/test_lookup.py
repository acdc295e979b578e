"""A platform asks whether a picture is on the list: yes or no, and nothing that could be used to find out more."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, uses
from efface.cases.models import Case, Fingerprint, Purpose
from efface.engine.base import tenancy
from efface.partners import canaries, keys, lookups
from efface.partners.models import LookupDay, Partner, Scope
from efface.portal import words
from tests import people
from tests.api.conftest import Api, make_partner

pytestmark = pytest.mark.django_db


def a_hash(seed: int) -> str:
    return f"{sum(1 << bit for bit in random.Random(seed).sample(range(256), 128)):064x}"


def apart(hash: str, bits: int, seed: int = 1) -> str:
    """So many bits away, as many set as cleared."""
    value, given = int(hash, 16), random.Random(seed)
    ones = given.sample([bit for bit in range(256) if value >> bit & 1], bits // 2)
    zeros = given.sample([bit for bit in range(256) if not value >> bit & 1], bits - bits // 2)
    for bit in ones + zeros:
        value ^= 1 << bit
    return f"{value:064x}"


HERS, VIEWS = a_hash(1), [a_hash(seed) for seed in range(1, 9)]


@pytest.fixture(autouse=True)
def on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "true")


@pytest.fixture
def case(organisation: Any, now: Any) -> Case:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        consents.give(case, Purpose.PLATFORM_MATCH, "survivor", now)
        enrol(case)
    return case


def enrol(case: Case, views: list[str] = VIEWS, age: str = "adult") -> Fingerprint:
    row = Fingerprint(
        organisation_id=case.organisation_id, case=case, kind="pdq", age=age, created=case.opened_at, quality=90
    )
    row.value = {"pdq": views, "sha256": "0" * 64}
    row.save()
    return row


def known(asks: Api, *hashes: str) -> list[bool]:
    answer = asks.post("/lookup", {"hashes": list(hashes)})
    assert answer.status_code == 200, answer.content
    return answer.json()["matches"]


def test_it_says_yes_to_copies_in_any_view_and_no_to_others(asks: Api, case: Case) -> None:
    asked = [HERS, apart(HERS, 30), apart(VIEWS[5], 12), apart(HERS, 60), a_hash(99)]
    assert known(asks, *asked) == [True, True, True, False, False]


def _no_consent(case: Case, now: Any) -> None:
    consents.withdraw(case, Purpose.PLATFORM_MATCH, "survivor", now)


def _other_consent(case: Case, now: Any) -> None:
    _no_consent(case, now)
    consents.give(case, Purpose.HASH_MATCH, "survivor", now)
    consents.give(case, Purpose.HASH_LISTS, "survivor", now)


def _set(**values: Any) -> Callable[[Case, Any], None]:
    return lambda case, now: Case.objects.filter(pk=case.pk).update(**values) and None


def _print(**values: Any) -> Callable[[Case, Any], None]:
    return lambda case, now: Fingerprint.objects.filter(case=case).update(**values) and None


@pytest.mark.parametrize("undo", [
    _no_consent, _other_consent, _set(state="paused"), _set(state="closed"), _set(age="unknown"), _set(age="minor"),
    _set(kind="block"), _print(age="minor"), _print(kind="md5"),
])  # fmt: skip
def test_what_may_not_be_used_is_not_known_from_the_next_question_on(
    asks: Api, case: Case, organisation: Any, now: Any, undo: Any
) -> None:
    assert known(asks, HERS) == [True]
    with tenancy.organisation(organisation.pk):
        undo(case, now)
    assert known(asks, HERS) == [False]


def test_the_rule_is_the_one_of_may(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    """Read over all cases at once for speed, it must never say more than ``may`` does."""
    from efface.cases.may import may

    with tenancy.organisation(organisation.pk):
        assert may(case, Purpose.PLATFORM_MATCH, now)
        late = now + timedelta(days=400)
        assert not may(case, Purpose.PLATFORM_MATCH, late)
        assert lookups._allowed(organisation.pk, late)[0] == []


def test_of_another_organisation_nothing_is_known(case: Case, now: Any) -> None:
    other = people.make_organisation("Another Helpline")
    assert known(Api(make_partner(other).key), HERS) == [False]


def test_answers_have_one_length(asks: Api, case: Case) -> None:
    sizes = {len(asks.post("/lookup", {"hashes": pair}).content)
             for pair in ([HERS, HERS], [HERS, a_hash(50)], [a_hash(51), a_hash(52)])}  # fmt: skip
    assert len(sizes) == 1
    both = [asks.get("/m/lookup", signal=one, signal_type="pdq") for one in (HERS, a_hash(50))]
    assert [one.json() for one in both] == [["EFFACE_NCII"], []]
    assert len({len(one.content) for one in both}) == 1


def test_there_is_no_raw_look_up(asks: Api, case: Case) -> None:
    assert asks.get("/m/raw_lookup", signal=HERS, signal_type="pdq").status_code == 404


def test_off_unless_switched_on_and_only_with_the_scope(
    asks: Api, asks_with: Any, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asks_with(Scope.CASES_READ).post("/lookup", {"hashes": [HERS]}).status_code == 403
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "false")
    answer = asks.post("/lookup", {"hashes": [HERS]})
    assert answer.status_code == 503 and answer.json()["type"].endswith(":off")


def test_a_key_for_look_ups_needs_an_agreement(organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk), pytest.raises(keys.NotMade, match="agreement"):
        keys.make(organisation.pk, "A Platform", [Scope.LOOKUP], 30, "coordinator:x", now)


@pytest.mark.parametrize("bad", ["0" * 64, "f" * 64, "0" * 42 + "f" * 22])
def test_what_is_no_hash_of_a_picture_is_refused_before_comparing(asks: Api, case: Case, bad: str) -> None:
    answer = asks.post("/lookup", {"hashes": [HERS, bad]})
    assert answer.status_code == 422 and answer.json()["at"] == [1]


@pytest.mark.parametrize("body", [
    {"hashes": []}, {"hashes": ["xyz"]}, {"hashes": [HERS] * 101}, {"hashes": [HERS], "signal_type": "md5"},
    {"hashes": [HERS], "distance": 60}, {"hashes": HERS},
])  # fmt: skip
def test_bad_input_is_told(asks: Api, body: Any) -> None:
    assert asks.post("/lookup", body).status_code == 422


def test_feeling_along_the_border_halts_the_key_until_a_person_looked(
    asks: Api, case: Case, organisation: Any, now: Any, partner: Partner
) -> None:
    """Somebody who knows one hash that matches wants to find out hers: must ask where yes turns to no."""
    answers = [asks.post("/lookup", {"hashes": [apart(HERS, 29 + step % 6, step)]}).status_code for step in range(40)]
    assert answers.count(200) == lookups.BRINKS_A_DAY + 1 and answers[-1] == 403
    with tenancy.organisation(organisation.pk):
        partner.refresh_from_db()
        assert partner.halted_at == now and "border" in partner.halted_why
        assert keys.resume_lookups(partner, "coordinator:x", now)
        assert not keys.resume_lookups(partner, "coordinator:x", now)


def test_honest_questions_never_halt_it(asks: Api, case: Case, organisation: Any, partner: Partner) -> None:
    for step in range(20):
        known(asks, *[a_hash(1000 + step * 50 + one) for one in range(40)], apart(HERS, 8, step), apart(HERS, 14, step))
    with tenancy.organisation(organisation.pk):
        partner.refresh_from_db()
        day = LookupDay.objects.get()
    assert partner.halted_at is None and (day.asked, day.known, day.brinks, day.canaries) == (840, 40, 0, 0)


@pytest.mark.parametrize("recipient", canaries.RECIPIENTS)
def test_a_canary_halts_the_key_and_is_answered_like_any_other(
    asks: Api, organisation: Any, partner: Partner, recipient: str
) -> None:
    with tenancy.organisation(organisation.pk):
        planted = canaries.of(organisation.pk, recipient)
    assert known(asks, planted) == [True]
    assert asks.post("/lookup", {"hashes": [a_hash(7)]}).status_code == 403
    with tenancy.organisation(organisation.pk):
        assert LookupDay.objects.get().canaries == 1


def test_canaries_differ_and_look_like_hashes(organisation: Any) -> None:
    other = people.make_organisation("Another Helpline")
    made = [canaries.of(one.pk, name) for one in (organisation, other) for name in canaries.RECIPIENTS]
    assert len(set(made)) == len(made)
    assert all(int(one, 16).bit_count() == 128 and len(one) == 64 for one in made)


def test_a_day_has_an_end(asks: Api, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST_A_DAY", 3)
    assert known(asks, HERS, HERS) == [True, True]
    answer = asks.post("/lookup", {"hashes": [HERS, HERS]})
    assert answer.status_code == 429 and "tomorrow" in answer.json()["detail"]


def test_she_reads_that_a_platform_asked(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    known(asks, HERS, a_hash(3))
    with tenancy.organisation(organisation.pk):
        (use,) = uses.history(case, Purpose.PLATFORM_MATCH, now)
    assert words.use_words(use, Purpose.PLATFORM_MATCH).endswith("on our list: Example Shelter.")


def test_her_switch_is_there_only_where_a_platform_may_ask(
    organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = people.entered(people.open_case(organisation).access_code)
    line = b"Answer platforms that ask about a picture"
    assert line not in client.get("/case/allow/").content
    make_partner(organisation)
    assert line in client.get("/case/allow/").content
    monkeypatch.setenv("EFFACE_PLATFORM_LOOKUP", "false")
    assert line not in client.get("/case/allow/").content


def test_it_takes_as_long_for_a_known_hash_as_for_another(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    """What is done is the same: each hash is compared with the whole list, whatever was found before."""
    seen: list[int] = []
    real = lookups._nearest

    def watched(asked: Any, known: Any) -> Any:
        seen.append(len(asked) * len(known))
        return real(asked, known)

    with tenancy.organisation(organisation.pk), pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookups, "_nearest", watched)
        partner = Partner.objects.get()
        for hashes in ([HERS] * 5, [a_hash(60 + one) for one in range(5)]):
            lookups.ask(partner, hashes, now)
    assert seen[:2] == seen[2:]
