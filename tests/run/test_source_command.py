"""``efface source``: what is configured of a source beyond the crawl, in words and in JSON, and never a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from efface.accounts.models import AuditEntry
from efface.cli import source as command
from efface.engine.base import tenancy
from efface.search.models import SourceSetup
from efface.search.sources import known
from efface.sites.models import Site
from tests.conftest import make_organisation

pytestmark = pytest.mark.django_db
ONION = "expyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzzd.onion"
KEY = "word-of-the-service"


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    """The test's own database is the running installation; every command works as the application."""

    @contextmanager
    def database(role: str = "") -> Iterator[None]:
        assert role == "efface_app"
        yield

    monkeypatch.setattr(command, "database", database)
    monkeypatch.delenv("EFFACE_TOR_PROXY", raising=False)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command.source, [str(one) for one in arguments])


def answer(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: object) -> str:
    """The one line that says what would do."""
    result = run(*arguments)
    assert result.exit_code == 1 and result.output.startswith("Error: "), result.output
    assert len(result.output.splitlines()) == 1 and KEY not in result.output
    return result.output


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    return path


def _row(organisation: Any, name: str) -> SourceSetup:
    with tenancy.organisation(organisation.pk):
        return SourceSetup.objects.get(source=name)


def test_every_source_is_listed_with_what_it_needs_and_sends(organisation: Any) -> None:
    rows = {one["name"]: one for one in answer("list")["sources"]}
    assert set(rows) == set(known.SOURCES)
    assert all(not one["on"] for one in rows.values())
    assert rows["keyed"]["needs"] == rows["keyed"]["missing"] and "key" in rows["keyed"]["needs"]
    assert rows["searxng"]["sends"] == "names" and rows["searxng"]["consent"] == "text_search"
    told = run("list").output
    assert "searxng: off; sends names; missing: endpoint" in told and "reported: always there" in told


def test_a_source_is_set_listed_and_switched_off_with_nothing_lost(organisation: Any, key: Path) -> None:
    given = ("--endpoint", "https://search.example/q", "--key-file", key, "--terms", "terms page, read", "--a-day", 7)
    told = answer("set", "keyed", "--organisation", organisation.short, *given, "--on")
    assert told == {"name": "keyed", "on": True, "a_day": 7}
    row = _row(organisation, "keyed")
    assert (row.endpoint, row.key, row.terms, row.a_day, row.on) == (
        "https://search.example/q", KEY, "terms page, read", 7, True,
    )  # fmt: skip
    listed = run("list", "--organisation", organisation.short)
    assert "keyed: on; sends names" in listed.output and KEY not in listed.output
    assert KEY not in json.dumps(answer("list", "--organisation", organisation.short))
    off = run("set", "keyed", "--organisation", organisation.short, "--off")
    assert off.output == "keyed is off.\n"
    row = _row(organisation, "keyed")
    assert (row.endpoint, row.key, row.a_day, row.on) == ("https://search.example/q", KEY, 7, False)


def test_what_is_not_given_stays_as_it_was(organisation: Any, key: Path) -> None:
    first = ("--endpoint", "https://search.example/q", "--key-file", key, "--terms", "read", "--a-day", 7, "--on")
    run("set", "keyed", "--organisation", organisation.short, *first)
    told = answer("set", "keyed", "--organisation", organisation.short, "--endpoint", "https://other.example/q")
    assert told == {"name": "keyed", "on": True, "a_day": 7}
    assert _row(organisation, "keyed").endpoint == "https://other.example/q"


def test_a_new_one_is_off_with_fifty_questions_a_day(organisation: Any) -> None:
    told = answer("set", "searxng", "--organisation", organisation.short, "--endpoint", "https://search.example")
    assert told == {"name": "searxng", "on": False, "a_day": 50}


def test_each_organisation_has_its_own(organisation: Any) -> None:
    other = make_organisation("Second")
    run("set", "searxng", "--organisation", organisation.short, "--endpoint", "https://search.example", "--on")
    both = [
        next(row["on"] for row in answer("list", "--organisation", one.short)["sources"] if row["name"] == "searxng")
        for one in (organisation, other)
    ]
    assert both == [True, False]
    assert not any(row["on"] for row in answer("list")["sources"]), "nobody's, where no organisation is named"


def test_who_switched_it_stands_in_the_audit_chain_without_the_key(organisation: Any, key: Path) -> None:
    given = ("--endpoint", "https://search.example/q", "--key-file", key, "--terms", "read", "--on")
    run("set", "keyed", "--organisation", organisation.short, *given)
    with tenancy.organisation(organisation.pk):
        entry = AuditEntry.objects.get(action="source.on")
    assert (entry.actor, entry.subject) == ("operator:command", "keyed")


def test_what_cannot_be_says_what_would_do(organisation: Any, tmp_path: Path) -> None:
    here = ("--organisation", organisation.short)
    assert "needs endpoint" in refused("set", "searxng", *here, "--on")
    assert "the sources that can be configured are" in refused("set", "nonsense", *here, "--on")
    assert "the sources that can be configured are" in refused("set", "reported", *here, "--on")
    assert "there is no organisation nobody" in refused("set", "searxng", "--organisation", "nobody", "--on")
    assert "there is no organisation nobody" in refused("list", "--organisation", "nobody")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "key file" in refused("set", "keyed", *here, "--key-file", binary)
    assert run("set", "keyed", *here, "--key-file", tmp_path / "absent").exit_code == 2
    assert run("set", "searxng").exit_code == 2
    with tenancy.organisation(organisation.pk):
        assert not SourceSetup.objects.exists()


def test_an_onion_site_is_known_only_with_a_tor_client(monkeypatch: pytest.MonkeyPatch, organisation: Any) -> None:
    assert "EFFACE_TOR_PROXY" in refused("onion", ONION)
    assert not Site.objects.exists()
    monkeypatch.setenv("EFFACE_TOR_PROXY", "socks5://127.0.0.1:9")
    assert "not an onion address" in refused("onion", "https://clear.example/")
    told = answer("onion", ONION)
    assert told["domain"] == ONION and str(Site.objects.get().pk) == told["id"]
    assert run("onion", ONION).output == f"{ONION} is visited next.\n"
    assert Site.objects.count() == 1
