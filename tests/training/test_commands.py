"""``efface training``: made, joined, set back and ended, each with the database role it has on a real machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner, Result

from efface.accounts.models import AuditEntry, Member, Organisation
from efface.cases.models import Case
from efface.cli import training as command
from efface.cli.people import add_organisation
from efface.engine.base import tenancy
from efface.training import practising
from tests import people
from tests.conftest import role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    @contextmanager
    def database(name: str = "efface_app") -> Iterator[None]:
        with role(name):
            yield

    monkeypatch.setattr(command, "database", database)
    monkeypatch.setattr("efface.cli.people.database", database)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.training, list(arguments))


def test_from_beginning_to_end(organisation: Any, now: Any) -> None:
    made = run("add", "Example Helpline", "--short", "practice", "--country", "de", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["name"] == "Example Helpline (training)"
    school = Organisation.objects.get(short="practice")
    assert school.training and school.country == "DE"
    user = people.worker(organisation, "caseworker")
    for expected in (True, False):
        told = json.loads(run("join", user.email, "--organisation", "practice", "--json").stdout)
        assert told["made"] is expected and told["role"] == "caseworker"
    with tenancy.organisation(school.pk):
        member = Member.objects.select_related("organisation").get(user=user, organisation=school)
        practising.begin(member, "urgent", now)
    assert json.loads(run("reset", "practice", "--member", user.email, "--json").stdout)["cases"] == 2
    with tenancy.organisation(school.pk):
        practising.begin(member, "face", now)
    assert json.loads(run("reset", "practice", "--json").stdout)["cases"] == 1
    gone = json.loads(run("remove", "practice", "--json").stdout)
    assert gone == {"organisation": "practice", "cases": 0, "members": 2}
    with tenancy.organisation(school.pk):
        assert not Member.objects.filter(organisation=school).exists()
        assert not Case.objects.exclude(state="erased").exists()
        assert AuditEntry.objects.filter(action="training.removed").exists()
    with tenancy.organisation(organisation.pk):
        assert Member.objects.filter(user=user, organisation=organisation).exists()


def test_no_other_organisation_is_touched(organisation: Any, now: Any) -> None:
    case = people.open_case(organisation).case
    for words in (("reset",), ("remove",)):
        answer = run(*words, organisation.short)
        assert answer.exit_code == 1 and "no training organisation: nothing of it was touched" in answer.output
    user = people.worker(organisation)
    assert "no training organisation" in run("join", user.email, "--organisation", organisation.short).output
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=case.pk).state == Case.State.OPEN


def test_what_cannot_be_made_is_said(organisation: Any) -> None:
    for short in ("Upper", "-x", "a" * 23):
        assert "short name has small letters" in run("add", "X", "--short", short, "--country", "de").output
    assert "already" in run("add", "X", "--short", organisation.short, "--country", "de").output
    assert "there is no organisation" in run("reset", "nowhere").output
    assert run("add", "X", "--short", "once", "--country", "de").exit_code == 0
    assert "use `efface member add`" in run("join", "nobody@desk.example", "--organisation", "once").output


def test_a_usual_organisation_is_none_for_training() -> None:
    made = CliRunner().invoke(add_organisation, ["Real", "--short", "real", "--country", "de"])
    assert made.exit_code == 0, made.output
    assert not Organisation.objects.get(short="real").training
