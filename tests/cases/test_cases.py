"""Opening, entering, consenting, attesting: the rules that everything else asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.accounts.models import FaceSearchPermission, Member, User
from efface.cases import active, attesting, consents, erasing, holds, links, messages, opening
from efface.cases.may import decide, may
from efface.cases.models import Attestation, Case, CaseEvent, Fingerprint, Hold, Purpose
from efface.engine.base import deadlines, sealing, tenancy
from tests.conftest import NOON, make_organisation, role

DAY = timedelta(days=1)


def make_case(organisation: Any, age: str = "adult", **more: Any) -> opening.Opened:
    return opening.open_case(organisation.pk, "caseworker:1", age=age, country="de", language="en", now=NOON, **more)


def make_user(name: str = "w", organisation: Any = None) -> User:
    """Somebody with an account; in an organisation, a trained caseworker."""
    user = User.objects.create_user(f"{name}@example.org", "a long password", name=name, created=NOON)
    if organisation is not None:
        Member.objects.create(organisation=organisation, user=user, role="caseworker", trained_at=NOON)
    return user


@pytest.fixture
def case(inside: Any) -> Iterator[Case]:
    yield make_case(inside).case


def test_the_code_opens_its_case_and_no_other(organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        first, second = make_case(organisation), make_case(organisation)
    assert opening.enter(first.access_code) == (organisation.pk, first.case.pk)
    assert opening.enter(second.access_code.upper().replace("-", " ")) == (organisation.pk, second.case.pk)
    assert opening.enter("aaaa-bbbb-cccc-dddd") is None
    assert opening.enter("") is None
    half_right = first.access_code[:9] + second.access_code[9:]
    assert opening.enter(half_right) is None


def test_a_new_code_ends_the_old_one(organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        opened = make_case(organisation)
        fresh = opening.new_access_code(opened.case, NOON)
    assert opening.enter(opened.access_code) is None
    assert opening.enter(fresh) is not None


def test_the_portal_sees_its_own_case_only(organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        first, second = make_case(organisation), make_case(organisation)
        messages.write(second.case, from_survivor=True, author="survivor", text="mine", now=NOON)
    with tenancy.organisation(organisation.pk, first.case.pk):
        assert list(Case.objects.values_list("pk", flat=True)) == [first.case.pk]
        assert CaseEvent.objects.exclude(case=first.case).count() == 0


OPEN = {
    "kind": "help", "face_alarm": False, "state": "open",
    "level": "attested", "age": "adult", "consented_until": NOON + DAY, "face_search_on": True,
    "on_hold": False, "purpose": "face_search", "now": NOON,
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"state": "paused"}, {"state": "closed"}, {"level": "declared"}, {"age": "unknown"}, {"age": "minor"},
        {"consented_until": None}, {"consented_until": NOON}, {"face_search_on": False}, {"purpose": "anything else"},
        {"purpose": "notify", "on_hold": True}, {"face_alarm": True}, {"kind": "block"}, {"purpose": "block_face"},
    ],
)  # fmt: skip
def test_may_fails_closed(change: dict[str, Any]) -> None:
    assert decide(**OPEN)
    refused = decide(**(OPEN | change))
    assert not refused
    assert refused.reason


def test_hash_match_needs_no_attestation() -> None:
    assert decide(**(OPEN | {"purpose": "hash_match", "level": "declared", "face_search_on": False}))


def test_may_reads_the_database_at_this_moment(case: Case) -> None:
    assert not may(case, Purpose.HASH_MATCH, NOON)
    consents.give(case, Purpose.HASH_MATCH, "survivor", NOON)
    assert may(case, Purpose.HASH_MATCH, NOON)
    consents.stop(case, "survivor", NOON)
    consents.stop(case, "survivor", NOON)
    assert not may(case, Purpose.HASH_MATCH, NOON)
    consents.resume(case, "survivor", NOON)
    consents.withdraw(case, Purpose.HASH_MATCH, "survivor", NOON)
    assert not may(case, Purpose.HASH_MATCH, NOON + DAY)


def test_another_organisations_case_is_a_no(case: Case) -> None:
    consents.give(case, Purpose.HASH_MATCH, "survivor", NOON)
    with tenancy.organisation(make_organisation("B").pk):
        assert not may(case, Purpose.HASH_MATCH, NOON)


def enrol(case: Case, kind: str = "pdq") -> None:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind=kind, created=NOON, age="adult")
    row.value = {"pdq": ["0" * 64] * 8}
    row.save()


def active_kinds() -> set[str]:
    with role("efface_engine"):
        return {one.kind for one in active.active_fingerprints(NOON)}


def test_active_fingerprints_follow_consent(case: Case) -> None:
    enrol(case)
    enrol(case, "face")
    assert active_kinds() == set()
    consents.give(case, Purpose.HASH_MATCH, "survivor", NOON)
    consents.give(case, Purpose.FACE_SEARCH, "survivor", NOON)
    assert active_kinds() == {"pdq"}, "a face needs an attested case and the organisation's permission"
    Case.objects.filter(pk=case.pk).update(level="attested")
    FaceSearchPermission.objects.create(
        organisation_id=case.organisation_id, impact_assessment="x", legal_basis="x", countries="DE",
        recorded_by=make_user(), recorded_at=NOON,
    )  # fmt: skip
    assert active_kinds() == {"pdq", "face"}
    consents.withdraw(case, Purpose.FACE_SEARCH, "survivor", NOON)
    assert active_kinds() == {"pdq"}
    consents.stop(case, "survivor", NOON)
    assert active_kinds() == set()


def test_attestation_needs_two_workers_and_three_days(case: Case, organisation: Any) -> None:
    first, second = make_user("first", organisation), make_user("second", organisation)
    with pytest.raises(attesting.AttestationRefused):
        attesting.attest(case, first, spoke_alone=False, proof_seen="passport, redacted", now=NOON)
    attestation = attesting.attest(case, first, spoke_alone=True, proof_seen="passport, redacted", now=NOON)
    with pytest.raises(attesting.AttestationRefused, match="second worker"):
        attesting.approve(attestation, first, NOON)
    attesting.approve(attestation, second, NOON)
    attesting.approve(attestation, second, NOON + DAY)

    def fire(moment: datetime) -> str:
        with role("efface_engine"):
            deadlines.fire(moment)
        return Case.objects.get(pk=case.pk).level

    assert fire(NOON + timedelta(hours=71)) == "declared"
    assert fire(NOON + timedelta(hours=72)) == "attested"


def test_erasure_leaves_nothing_readable(case: Case) -> None:
    messages.write(case, from_survivor=True, author="survivor", text="please", now=NOON)
    enrol(case)
    Case.objects.filter(pk=case.pk).update(danger=True, acquisition="hacked")
    holds.place(case, reason="her trial", owner="unit 4", ends=NOON + DAY, actor="lead:1", now=NOON)
    attesting.attest(case, make_user("first", case.organisation), spoke_alone=True, proof_seen="her passport", now=NOON)
    erasing.erase(case, "lead:1", NOON)
    assert Fingerprint.objects.count() == 0
    row = Case.objects.get(pk=case.pk)
    assert (row.state, row.country, row.acquisition, row.danger) == ("erased", "", "unknown", False)
    assert list(Hold.objects.values_list("reason", "owner")) == [("", "")]
    assert Attestation.objects.get().proof_seen == ""
    assert case.messages.get().text is None
    with pytest.raises(sealing.KeyMissing):
        sealing.case_key(case.pk)


def test_events_and_audit_are_append_only(case: Case) -> None:
    for table in ("cases_caseevent", "accounts_auditentry"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege('efface_app', %s, 'UPDATE'), "
                           "has_table_privilege('efface_app', %s, 'DELETE')", [table, table])  # fmt: skip
            assert cursor.fetchone() == (False, False)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://example.com/a", "http://exa mple.com", "http://[", "https://nodot/"]
)
def test_a_link_that_is_none_is_refused_kindly(case: Case, url: str) -> None:
    with pytest.raises(messages.Unusable, match="https://"):
        links.report(case, url, "survivor", NOON)


def test_a_link_without_scheme_is_understood(case: Case) -> None:
    assert links.report(case, " example.com/v/1 ", "survivor", NOON).url == "https://example.com/v/1"
