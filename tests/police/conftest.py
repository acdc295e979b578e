from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from efface.cases import consents
from efface.engine.base import tenancy
from efface.evidence.referrals import referring
from tests import people


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def scene(organisation: Any, now: Any) -> Any:
    """A case she wants with the police, a lead, two investigators; the first was given the case."""
    one = SimpleNamespace(organisation=organisation, case=people.open_case(organisation).case)
    one.other = people.open_case(organisation).case
    one.lead, one.worker = people.worker(organisation, "lead"), people.worker(organisation)
    one.officer = people.worker(organisation, "investigator", "Officer One")
    one.stranger = people.worker(organisation, "investigator", "Officer Two")
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify", "police"):
            consents.give(one.case, purpose, "survivor", now)
        one.finding = people.make_finding(one.case)
        one.foreign = people.make_finding(one.other, page="https://pictures.example/p/other")
        one.referral = referring.refer(one.case, order(one.officer), f"lead:{one.lead.pk}", now)
    return one


def order(officer: Any, **more: Any) -> referring.Order:
    given = {"parts": ("pages", "proof", "demands"), "days": 10, "risks_told": True, **more}
    return referring.Order(officer.pk, "Cyber Unit, Example City", given.pop("parts"), **given)
