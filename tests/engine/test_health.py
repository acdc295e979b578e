"""What ``efface doctor`` says of the database."""

from __future__ import annotations

import socket
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from efface.engine.run import health, proxy
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


@pytest.mark.parametrize(("trusted", "https", "forwarders", "level", "part"), [
    ("", False, [], "ok", "no proxy"),
    ("", True, [], "problem", "EFFACE_TRUSTED_PROXY is empty"),
    ("", False, ["127.0.0.1"], "problem", "127.0.0.1 forwards requests"),
    ("10.0.0.9", True, ["10.0.0.2"], "problem", "10.0.0.2 forwards requests, but EFFACE_TRUSTED_PROXY is 10.0.0.9"),
    ("proxy.example", True, [], "problem", "no IP address"),
    ("*", True, [], "warning", "believes whatever"),
    ("10.0.0.9", False, [], "warning", "EFFACE_HTTPS is not"),
    ("10.0.0.9", True, [], "ok", "told apart"),
])  # fmt: skip
def test_a_proxy_that_is_not_known_is_told(
    trusted: str, https: bool, forwarders: list[str], level: str, part: str
) -> None:
    (found,) = proxy.examined(trusted, https, forwarders)
    assert found[0] == level and part in found[1]
    assert ("all visitors count as one" in found[1]) == (level == "problem")


def asked(app: Any, peer: str, **headers: str) -> str:
    """The address that the application sees behind the proxy."""
    seen: list[str] = []

    def inside(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    app(inside)({"REMOTE_ADDR": peer, "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "x",
                 "SERVER_PORT": "80", **headers}, lambda *_: None)  # fmt: skip
    return seen[0]


def test_who_forwards_to_the_web_process_is_noted(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "web-forwarders"
    monkeypatch.setattr(proxy, "note_file", lambda: notes)
    assert proxy.noted() == []
    apps: list[Any] = []

    def trusting(address: str) -> Any:
        return lambda inside: apps.append(proxy.behind(inside, address, notes)) or apps[-1]

    her = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}
    assert asked(trusting("10.0.0.9"), "10.0.0.9", **her) == "203.0.113.7" and proxy.noted() == []
    assert asked(trusting("10.0.0.9"), "10.0.0.2", **her) == "10.0.0.2" and proxy.noted() == ["10.0.0.2"]
    assert asked(trusting(""), "127.0.0.1", **her) == "127.0.0.1" and proxy.noted() == ["127.0.0.1"]
    assert asked(trusting(""), "203.0.113.8", **her) == "203.0.113.8" and proxy.noted() == [], "a visitor is not noted"
    assert asked(trusting(""), "127.0.0.1") == "127.0.0.1" and proxy.noted() == [], "nobody forwarded"
    notes.write_bytes(b"\xff\nno address")
    assert proxy.noted() == []


def test_documents_whose_text_is_not_found_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from efface.engine.run import processes
    from efface.vision import models

    monkeypatch.setattr(processes, "models_folder", lambda: tmp_path)
    told = next(line for line in health._models() if line.check == "covering")
    assert told.level == "note" and "ppocr-v6-det" in told.words and "everything but the face is covered" in told.words
    whole = [replace(row, state="installed") for row in models.verify(tmp_path, everything=True)]
    monkeypatch.setattr(models, "verify", lambda *_, **__: whole)
    assert next(line for line in health._models() if line.check == "covering").level == "ok"
