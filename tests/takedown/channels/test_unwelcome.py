"""A contact written down by hand is checked against those who must never hear of it: at once, and when it is used."""

from __future__ import annotations

from typing import Any

import pytest

from efface.cases import avoiding
from efface.cases.models import Case
from efface.search.models import Finding
from efface.sites.models import Site
from efface.takedown import facts
from efface.takedown.channels import doing, steps
from efface.takedown.channels.models import Step
from efface.takedown.channels.steps import StepRefused
from tests.casework import make_case, make_finding
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
WHO = "caseworker:1"
SUSPECTS = ("John Doe", "his-shop.example", "john@mail.example", "+49 170 1234567")


@pytest.fixture
def case(inside: Any) -> Case:
    made = make_case(inside)
    for one in SUSPECTS:
        avoiding.add(made, one, "survivor", NOON)
    return made


@pytest.fixture
def finding(case: Case) -> Finding:
    return make_finding(case)


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ("john@mail.example", ""), ("JOHN+desk@mail.example", ""), ("mailto:john@mail.example", ""),
        ("write to john@mail.example, please", ""), ("john [at] mail [dot] example", ""),
        ("https://www.his-shop.example/contact", ""), ("info@sales.his-shop.example", ""),
        ("see his-shop.example.", ""), ("0170 1234567", ""), ("tel:+491701234567", ""),
        ("Main Street 5\n12345 Town\nphone 0170 123 45 67", ""), ("j.doe.john@elsewhere.example", ""),
        ("", "Doe, John"), ("Example Ltd\nc/o John Doe\nMain Street 5", ""), ("\uff4aohn@mail.example", ""),
    ],
)  # fmt: skip
def test_who_must_never_hear_of_it_is_refused_however_it_is_typed(case: Case, contact: str, name: str) -> None:
    with pytest.raises(StepRefused, match="must never hear"):
        steps.add(case, "regulator", NOON, by=WHO, notice_type="dpa_complaint", role="regulator", name=name,
                  contact=contact)  # fmt: skip
    assert not Step.objects.exists()


@pytest.mark.parametrize(
    ("contact", "name"),
    [("desk@authority.example", "Authority"), ("Main Street 5\n12345 Town", "Johnson Authority"), ("", ""),
     ("https://authority.example/form?case=17", "Data protection"), ("030 99887766", "")],
)  # fmt: skip
def test_others_are_not_kept_out(case: Case, contact: str, name: str) -> None:
    assert facts.unwelcome(case, contact, name) == ""


def test_her_own_address_and_the_hostile_operators_are_no_desk(case: Case, finding: Finding) -> None:
    case.safe_contact = "E-Mail:anna@x.org"
    case.save()
    assert "her own" in facts.unwelcome(case, "Anna@X.org")
    Site.objects.filter(pk=finding.site_id).update(hostility="extortionate")
    finding.site.refresh_from_db()
    assert "operator" in facts.unwelcome(case, "abuse@pictures.example", "", finding)


def test_it_is_asked_again_when_it_is_done(case: Case, finding: Finding) -> None:
    step = steps.add(case, "regulator", NOON, by=WHO, notice_type="dpa_complaint", role="regulator",
                     contact="desk@authority.example", finding=finding)  # fmt: skip
    with pytest.raises(StepRefused, match="must never hear"):
        doing.addressed(step.pk, "john@mail.example", WHO, NOON)
    step.refresh_from_db()
    assert step.contact == "desk@authority.example"
    avoiding.add(case, "authority.example", "survivor", NOON)
    assert not steps.may_do(step, NOON)
    with pytest.raises(StepRefused, match="must never hear"):
        doing.done(step.pk, WHO, NOON)
    assert Step.objects.get().state == "todo"


def test_without_the_check_it_would_have_gone_there(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "unwelcome", lambda *given: "")
    step = steps.add(case, "regulator", NOON, by=WHO, notice_type="dpa_complaint", role="regulator",
                     contact="john@mail.example")  # fmt: skip
    assert doing.done(step.pk, WHO, NOON).state == "done"
