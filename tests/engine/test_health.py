"""What ``efface doctor`` says of the database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from efface.engine.run import health
from efface.takedown import planning
from tests.conftest import role

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
