"""``efface sites``: what people type answers in words and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from efface.cli import sites as command
from efface.sites import contacts, registry
from efface.sites.models import Site
from efface.whereabouts.model import Contact, Dossier, Party

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    """The test's own database is the running installation."""

    @contextmanager
    def database(_role: str = "") -> Iterator[None]:
        yield

    monkeypatch.setattr(command, "database", database)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command.sites, [str(one) for one in arguments])


def answer(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_list_is_tried_taken_in_and_listed(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"url;type\nhttps://www.a.example/;tube\nnonsense;\nb.example;forum\n")
    assert answer("import", file, "--dry-run")["added"] == 2 and not Site.objects.exists()
    told = run("import", file)
    assert told.exit_code == 0 and "2 sites added" in told.output and "line 3:" in told.output
    assert answer("import", file)["known"] == 2
    assert [one["domain"] for one in answer("list", "--type", "tube")] == ["a.example"]
    assert [one["domain"] for one in answer("list", "b.ex")] == ["b.example"]


@pytest.mark.parametrize("data", [b"PK\x03\x04xx", b"[" * 50_000, b"", b"a" * 13_000_000])
def test_what_is_no_list_ends_in_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "list"
    file.write_bytes(data)
    result = run("import", file)
    assert result.exit_code == 1 and result.output.startswith("Error: ") and len(result.output.splitlines()) == 1
    assert run("import", tmp_path / "absent").exit_code != 0


def test_one_site_is_shown_merged_split_and_looked_up(now: Any) -> None:
    for domain in ("a.example", "b.example"):
        registry.register(domain, now)
    desk = Contact("email", "abuse@host.example", "rdap", confidence=0.8)
    contacts.observe(Dossier("http://a.example/", "a.example", "a.example", parties=[
        Party("host", "host:AS1", "Hosting", covers=["a.example"], contacts=[desk])]), now)  # fmt: skip
    shown = answer("show", "https://www.a.example/x")
    (row,) = shown["parties"][0]["contacts"]
    assert (row["value"], row["state"], row["removed_30"]["n"]) == ("abuse@host.example", "untested", 0)
    assert "abuse@host.example" in run("show", "a.example").output
    assert answer("merge", "b.example", "a.example") == {"alias": "b.example", "site": "a.example"}
    assert answer("show", "b.example")["alias_of"] == "a.example"
    assert run("merge", "b.example", "a.example").exit_code == 1
    assert answer("split", "b.example")["site"] == "b.example"
    assert answer("lookup", "a.example")["asked"]
    for wrong in ("c.example", "127.0.0.1"):
        assert run("show", wrong).exit_code == 1


def test_facts_travel_by_file(tmp_path: Path, organisation: Any, now: Any) -> None:
    site = registry.register("a.example", now)
    Site.objects.filter(pk=site.pk).update(kind="tube")
    file = tmp_path / "facts.json"
    given = answer("export", "--signed", file, "--organisation", organisation.short)
    assert given["sites"] == 1
    Site.objects.filter(pk=site.pk).update(kind="unknown")
    asked = run("import-facts", file)
    assert asked.exit_code == 1 and "is not known here" in asked.output
    assert run("import-facts", file, "--pin", "0" * 64).exit_code == 1
    taken = answer("import-facts", file, "--pin", given["fingerprint"])
    assert taken["types"] == 1 and Site.objects.get().kind == "tube"
    assert run("import-facts", file).exit_code == 1
    assert answer("withdraw-facts", taken["import"])["changed"] == 1 and Site.objects.get().kind == "unknown"
    assert run("export", "--signed", file, "--organisation", "nobody").exit_code == 1
