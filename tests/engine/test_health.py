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
