"""Who may open a case, set from the command line."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from efface.accounts.models import Organisation
from efface.cli import people as cli
from tests.conftest import make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch: Any) -> Any:
    from contextlib import contextmanager

    from tests.conftest import role

    @contextmanager
    def inside(_role: str) -> Any:
        with role("efface_owner"):
            yield

    monkeypatch.setattr(cli, "database", inside)
    return lambda *words: CliRunner().invoke(cli.portal, list(words))


def test_a_portal_is_opened_and_named(run: Any) -> None:
    one, other = make_organisation(), make_organisation("Another Helpline")
    answer = run(one.short, "--by-herself", "--host", "Help.Example.org")
    assert answer.exit_code == 0 and "help.example.org" in answer.output
    one.refresh_from_db()
    assert one.opens_herself and one.portal_host == "help.example.org"
    assert "already" in run(other.short, "--host", "help.example.org").output
    assert "host name alone" in run(other.short, "--host", "https://x.example/").output
    assert "no organisation" in run("nobody").output
    run(one.short, "--with-a-worker")
    assert list(Organisation.objects.filter(opens_herself=True)) == []
    assert Organisation.objects.get(pk=one.pk).portal_host == "help.example.org", "what was not named stays"
