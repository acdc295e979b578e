"""A platform asks whether a picture is on the list: yes or no, and nothing that could be used to find out more."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from efface.api import asking
from efface.cases import consents, erasing, uses
from efface.cases.models import Case, Fingerprint, Purpose
from efface.engine.base import clock, tenancy
from efface.engine.base.limits import Limit
from efface.partners import canaries, keys, lookups
from efface.partners.models import LookupBrink, LookupDay, Partner, Scope
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


def beside(step: int) -> str:
    """A hash just beside the border of hers, another one for each step."""
    return apart(HERS, 29 + step % 6, step)


def test_feeling_along_the_border_halts_the_key_until_a_person_looked(
    asks: Api, case: Case, organisation: Any, now: Any, partner: Partner
) -> None:
    """Somebody who knows one hash that matches wants to find out hers: must ask where yes turns to no."""
    answers = [asks.post("/lookup", {"hashes": [beside(step)]}).status_code for step in range(30)]
    assert answers == [200] * lookups.BRINKS_OF_ONE + [403] * (30 - lookups.BRINKS_OF_ONE)
    with tenancy.organisation(organisation.pk):
        partner.refresh_from_db()
        assert partner.halted_at == now and "border" in partner.halted_why
        assert keys.resume_lookups(partner, "coordinator:x", now)
        assert not keys.resume_lookups(partner, "coordinator:x", now)
    assert known(asks, beside(31)) == [apart_is_near(31)]


def apart_is_near(step: int) -> bool:
    return 29 + step % 6 <= 31


def test_all_at_once_tells_no_more_than_one_after_the_other(
    asks: Api, case: Case, organisation: Any, partner: Partner
) -> None:
    """A hundred questions beside the border in one request would tell a hundred of its bits: none is answered, and
    that it was asked is kept although the answer is an error."""
    answer = asks.post("/lookup", {"hashes": [beside(step) for step in range(100)]})
    assert answer.status_code == 403 and "matches" not in answer.json()
    with tenancy.organisation(organisation.pk):
        partner.refresh_from_db()
        assert partner.halted_at is not None and LookupDay.objects.get().brinks == 100
    assert asks.post("/lookup", {"hashes": [HERS]}).status_code == 403


def test_a_few_a_day_for_many_days_are_noticed_too(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    """256 bits at five a day would be hers within two months."""
    answered = 0
    for day in range(60):
        with clock.fixed(now + timedelta(days=day)):
            answered += [asks.post("/lookup", {"hashes": [beside(5 * day + one)]}).status_code
                         for one in range(5)].count(200)  # fmt: skip
    assert answered == lookups.BRINKS_OF_ONE


@pytest.mark.parametrize("same", ["agreement", "name"])
def test_many_keys_of_one_platform_count_as_one(
    organisation: Any, case: Case, now: Any, same: str
) -> None:
    asks = []
    with tenancy.organisation(organisation.pk):
        for number in range(8):
            name = "A Platform" if same == "name" else f"Team {number}"
            agreement = "Paper 9" if same == "agreement" else f"paper {number}"
            asks.append(Api(keys.make(organisation.pk, name, [Scope.LOOKUP], 30, "c", now, agreement).key))
    answers = [asks[step % 8].post("/lookup", {"hashes": [beside(step)]}).status_code for step in range(24)]
    assert answers.count(200) == lookups.BRINKS_OF_ONE and answers[-1] == 403
    with tenancy.organisation(organisation.pk):
        agreement = "PAPER 9" if same == "agreement" else "another"
        late = Api(keys.make(organisation.pk, "a platform", [Scope.LOOKUP], 30, "c", now, agreement).key)
        other = Api(keys.make(organisation.pk, "Somebody Else", [Scope.LOOKUP], 30, "c", now, "elsewhere").key)
    assert late.post("/lookup", {"hashes": [HERS]}).status_code == 403, "a new key is no way round a halt"
    assert known(other, HERS) == [True], "who has nothing to do with it asks on"


def test_a_key_that_ended_is_not_forgotten(organisation: Any, case: Case, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        first = keys.make(organisation.pk, "A Platform", [Scope.LOOKUP], 30, "c", now, "Paper 9")
    assert Api(first.key).post("/lookup", {"hashes": [beside(step) for step in range(16)]}).status_code == 200
    with tenancy.organisation(organisation.pk):
        keys.revoke(first.partner, "c", now)
        second = keys.make(organisation.pk, "A Platform", [Scope.LOOKUP], 30, "c", now, "Paper 9")
    assert Api(second.key).post("/lookup", {"hashes": [beside(16)]}).status_code == 403


def test_one_picture_that_is_everywhere_counts_once(asks: Api, case: Case, partner: Partner, organisation: Any) -> None:
    """A copy that was changed so much that it lies beside the border, uploaded a hundred times."""
    for _ in range(50):
        assert known(asks, beside(0), beside(0).upper()) == [True, True]
    with tenancy.organisation(organisation.pk):
        partner.refresh_from_db()
        assert partner.halted_at is None and LookupBrink.objects.count() == 1


def test_what_was_asked_beside_a_fingerprint_goes_with_it(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    known(asks, beside(0))
    with tenancy.organisation(organisation.pk):
        assert bytes.fromhex(beside(0)) != bytes(LookupBrink.objects.get().digest)
        erasing.erase(case, "survivor", now)
        assert not LookupBrink.objects.exists()


def test_no_consent_and_no_match_are_the_same_answer(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    """To the byte, in body and headers, and with the same work for the database."""
    def ask(hash: str) -> tuple[bytes, dict[str, str], int]:
        with CaptureQueriesContext(connection) as seen:
            answer = asks.post("/lookup", {"hashes": [hash]})
        return answer.content, dict(answer.headers), len(seen)

    ask(a_hash(70))  # what is made once a day is made
    hit, miss = ask(HERS), ask(a_hash(71))
    assert len(hit[0]) == len(miss[0]) and hit[1:] == miss[1:]
    with tenancy.organisation(organisation.pk):
        consents.withdraw(case, Purpose.PLATFORM_MATCH, "survivor", now)
    denied, other = ask(HERS), ask(a_hash(72))
    assert denied == other and denied[0] == miss[0]


def test_the_look_ups_of_a_platform_have_one_pace_whichever_key_asks(
    organisation: Any, case: Case, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASKED", Limit("test-lookup", 5, 1000.0))
    with tenancy.organisation(organisation.pk):
        asks = [Api(keys.make(organisation.pk, f"Team {one}", [Scope.LOOKUP], 30, "c", now, "Paper 9").key)
                for one in range(4)]  # fmt: skip
    answers = [asks[step % 4].post("/lookup", {"hashes": [a_hash(step)]}).status_code for step in range(8)]
    assert answers == [200] * 5 + [429] * 3


def test_a_day_s_share_is_that_of_all_keys(
    organisation: Any, case: Case, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "MOST_A_DAY", 3)
    with tenancy.organisation(organisation.pk):
        one, two = (Api(keys.make(organisation.pk, "A Platform", [Scope.LOOKUP], 30, "c", now, "P").key) for _ in "12")
    assert known(one, HERS, HERS) == [True, True]
    assert two.post("/lookup", {"hashes": [HERS, HERS]}).status_code == 429
    assert known(two, HERS) == [True]


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


def tell() -> None:
    """Do what waits to be told, as a worker would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [lookups.told.name])
        waiting = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]
    for args in waiting:
        lookups.told(**args)


def test_she_reads_that_a_platform_asked(asks: Api, case: Case, organisation: Any, now: Any) -> None:
    known(asks, HERS, a_hash(3))
    tell()
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
