"""One press stops everything: each thing that would otherwise be done to a case is tried while it is paused. After
Continue each is possible again, so that none of these could pass by chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from efface.cases import active, consents
from efface.cases.models import Case, Purpose
from efface.engine.base import tenancy
from efface.evidence import capturing
from efface.search import deciding, lookback, sweep
from efface.search.models import Match
from efface.search.sources import asking
from efface.takedown import courier, planning, verifying
from efface.takedown.channels import steps
from tests import people
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(organisation: Any, now: datetime) -> Case:
    case: Case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        Case.objects.filter(pk=case.pk).update(level="attested")
        for purpose in (Purpose.HASH_MATCH, Purpose.COPY_MATCH, Purpose.TEXT_SEARCH, Purpose.NOTIFY):
            consents.give(case, purpose, "survivor", NOON)
        for kind, value in (
            ("pdq", {"pdq": ["f0" * 32] * 8, "sha256": "1" * 64, "md5": ""}),
            ("text", {"kind": "handle", "value": "quietlake_94"}),
        ):
            row = case.fingerprints.model(
                organisation=organisation, case=case, kind=kind, age="adult", created=NOON
            )  # fmt: skip
            row.value = value
            row.save()
        case.refresh_from_db()
    return case


def matcher(case: Case) -> bool:
    with role("efface_engine"):
        return bool(list(active.active_fingerprints(NOON, case.pk)))


def usable(kind: str, purpose: str) -> Callable[[Case], bool]:
    return lambda case: bool(lookback.usable(case.organisation_id, case.pk, (kind,), purpose, NOON))


def sweeps(case: Case) -> bool:
    held = SimpleNamespace(missing=lambda wanted: [])
    sweep.start(case.organisation_id, case.pk, held, NOON)  # type: ignore[arg-type]
    with tenancy.organisation(case.organisation_id):
        found = case.sweeps.exists()
        case.sweeps.all().delete()
    return bool(found)


def asks_sources(case: Case) -> bool:
    """Whether it is asked again next week."""
    from efface.engine.base.models import Deadline

    with tenancy.organisation(case.organisation_id):
        Deadline.objects.filter(kind=asking.DUE, subject=case.pk).delete()
    asking.ask(case.organisation_id, case.pk, SimpleNamespace(), None, NOON)  # type: ignore[arg-type]
    with tenancy.organisation(case.organisation_id):
        return Deadline.objects.filter(kind=asking.DUE, subject=case.pk).exists()


def sends(case: Case) -> bool:
    """Whether a letter that was approved would leave, as far as the case has a say (``test_sending`` sends one)."""
    with tenancy.organisation(case.organisation_id):
        return bool(steps.may(case, Purpose.NOTIFY, NOON)) and bool(courier.may(case, Purpose.NOTIFY, NOON))


def checks(case: Case) -> bool:
    with tenancy.organisation(case.organisation_id):
        finding = case.findings.first() or people.make_finding(case)
        finding.case.refresh_from_db()
        return verifying.allowed(finding, NOON)


def captures(case: Case) -> bool:
    with tenancy.organisation(case.organisation_id):
        finding = case.findings.first() or people.make_finding(case)
        finding.case.refresh_from_db()
        return any(capturing.may(finding.case, purpose, NOON) for purpose in capturing.USES)


def plans(case: Case) -> bool:
    with tenancy.organisation(case.organisation_id):
        return bool(planning.may(case, Purpose.NOTIFY, NOON))


def asked(case: Case) -> bool:
    with tenancy.organisation(case.organisation_id):
        Match.objects.filter(case=case).delete()
        match = people.make_match(case, page="https://pictures.example/p/77")
        try:
            deciding.ask(match, "caseworker:1", NOON)
        except deciding.DecisionRefused:
            return False
        return True


DOINGS = {
    "the matcher": matcher, "looking back": usable("pdq", "hash_match"), "names": usable("text", "text_search"),
    "sweeps": sweeps, "search services": asks_sources, "letters": sends, "checks": checks, "proof": captures,
    "plans": plans, "questions to her": asked,
}  # fmt: skip


@pytest.mark.parametrize("doing", DOINGS)
def test_it_stops_and_goes_on(case: Case, doing: str) -> None:
    does = DOINGS[doing]
    assert does(case), "before"
    with tenancy.organisation(case.organisation_id):
        consents.stop(case, "survivor", NOON)
    assert not does(case)
    with tenancy.organisation(case.organisation_id):
        consents.resume(case, "survivor", NOON)
    assert does(case), "after Continue"
