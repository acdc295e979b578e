"""What ``efface doctor`` says of the database."""

from __future__ import annotations

import socket
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from efface.engine.run import health
from efface.search.sources import known
from efface.search.sources.contract import Setup
from efface.takedown import planning
from tests.conftest import NOON, make_organisation, role

pytestmark = pytest.mark.django_db


def jobs_line() -> health.Finding:
    return next(line for line in health._database() if line.check == "jobs")


def test_jobs_that_failed_are_counted(inside: Any) -> None:
    planning.advance.defer(organisation=inside.pk, once="a", finding=uuid.uuid4(), notice="")
    assert jobs_line().level == "ok"
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    assert jobs_line().level == "warning" and jobs_line().words.startswith("1 jobs failed")


def test_old_facts_are_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from efface.engine.base import clock
    from efface.whereabouts import snapshots

    try:
        found = list(health._facts())
        assert [line.level for line in found] == ["ok"]
        monkeypatch.setattr(clock, "wall", lambda: datetime(2040, 1, 1, tzinfo=UTC))
        old = list(health._facts())
        assert {line.level for line in old} == {"warning"} and len(old) == len(snapshots.SNAPSHOTS)
        assert any("efface data refresh" in line.words for line in old) and any("update" in line.words for line in old)
    finally:
        snapshots.use(None)


def test_a_list_of_known_material_is_told_and_a_broken_one_with_what_it_costs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from efface.search.suspicion import known

    path = tmp_path / "list.txt"
    path.write_text(f"sha256 {'ab' * 32}\n")
    told = []
    for given in ("", str(path), str(tmp_path / "absent"), "http://lists.example/known"):
        known.forget_cache()
        monkeypatch.setenv("EFFACE_CHILD_LIST", given)
        told += list(health._child_list())
    known.forget_cache()
    assert [line.level for line in told] == ["note", "ok", "problem", "problem"]
    assert "nothing is crawled until this is mended" in told[2].words


def source_lines() -> dict[str, health.Finding]:
    return {line.check: line for line in health._search_sources()}


def configure(organisation: Any, name: str, on: bool = True, **given: str) -> None:
    known.configure(organisation.pk, name, Setup(**given), 50, on, "operator:command", NOON)


def test_every_source_is_told_before_anything_is_configured(inside: Any) -> None:
    lines = source_lines()
    assert set(lines) == set(known.configurable()) >= {"searxng", "keyed", "reverse"}
    assert {line.level for line in lines.values()} == {"note"}
    assert all("not set up" in line.words and "efface source set" in line.words for line in lines.values())


def test_a_configured_source_is_told_with_its_terms_and_whether_it_answers(
    inside: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def reached(address: str) -> str:
        asked.append(address)
        return "" if "own" in address else "nxdomain"

    monkeypatch.setattr(health, "_reached", reached)
    configure(inside, "searxng", endpoint="https://own.example/searx")
    configure(inside, "keyed", endpoint="https://paid.example/v1/web", key="k3y-of-ours", terms="section 4, read by A")
    lines = source_lines()
    assert (lines["searxng"].level, lines["searxng"].words) == ("ok", "on, no terms recorded, own.example answers")
    assert lines["keyed"].level == "warning" and "paid.example is not reached (nxdomain)" in lines["keyed"].words
    assert "terms recorded" in lines["keyed"].words and "switch it off" in lines["keyed"].words
    assert asked and sorted(asked) == ["https://own.example/", "https://paid.example/"], "each once, and no name"
    assert not any("k3y" in line.words for line in lines.values())


def test_a_source_that_is_off_is_not_asked_and_one_that_lacks_something_says_what(
    inside: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_reached", lambda address: pytest.fail("it is off"))
    configure(inside, "searxng", on=False, endpoint="https://own.example/")
    configure(inside, "keyed", on=False, endpoint="https://paid.example/v1")
    configure(inside, "reverse", endpoint="https://pictures.example/", terms="section 2, read by A")
    lines = source_lines()
    assert "off" in lines["searxng"].words and "needs key, terms" in lines["keyed"].words
    assert "no service for search by picture is built in" in lines["reverse"].words


def test_two_organisations_are_told_apart(inside: Any) -> None:
    other = make_organisation("another desk")
    assert f"searxng ({other.short})" in source_lines() and f"searxng ({inside.short})" in source_lines()


def test_without_a_fetcher_it_says_so(inside: Any) -> None:
    configure(inside, "searxng", endpoint="https://own.example/")
    assert "the fetcher does not run" in source_lines()["searxng"].words


@pytest.mark.parametrize("there", [True, False])
def test_tor_is_tried(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_TOR_PROXY", "")
    assert next(health._sources()).level == "note"
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        if not there:
            door.close()
        monkeypatch.setenv("EFFACE_TOR_PROXY", f"socks5://127.0.0.1:{port}")
        line = next(health._sources())
    assert line.level == ("ok" if there else "warning")
    assert ("takes no connection" in line.words) is not there
