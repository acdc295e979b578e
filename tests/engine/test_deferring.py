"""Many jobs are enqueued with one statement: each once, in order, and none lost to another's copy."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from efface.engine.base.jobs import NoOrganisation, Wanted
from efface.search import jobs
from tests.conftest import role

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = (uuid.UUID(int=number) for number in (1, 2, 3))


def _waiting() -> list[tuple[str, str, int]]:
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'site', lock, priority FROM procrastinate_jobs WHERE task_name = 'search.jobs.visit'"
            " ORDER BY id"
        )
        return list(cursor.fetchall())


def _wanted(site: uuid.UUID, rank: int = 0) -> Wanted:
    return Wanted({"site": site}, f"visit:{site}", f"visit:{site}", rank)


def test_each_is_enqueued_once_in_order() -> None:
    jobs.visit.defer(once=f"visit:{TWO}", lock=f"visit:{TWO}", site=TWO)
    jobs.visit.defer_many([_wanted(ONE, 1), _wanted(TWO), _wanted(THREE, -1), _wanted(ONE)])
    assert _waiting() == [
        (str(TWO), f"visit:{TWO}", 0), (str(ONE), f"visit:{ONE}", 1), (str(THREE), f"visit:{THREE}", -1),
    ]  # fmt: skip
    jobs.visit.defer_many([_wanted(ONE)])
    jobs.visit.defer_many([])
    assert len(_waiting()) == 3


def test_a_copy_that_comes_meanwhile_costs_no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.visit.defer(once=f"visit:{TWO}", lock=f"visit:{TWO}", site=TWO)
    monkeypatch.setattr("efface.engine.base.jobs._WAITING", "SELECT ''::text WHERE %s IS NULL")  # seen by nobody yet
    jobs.visit.defer_many([_wanted(ONE), _wanted(TWO), _wanted(THREE)])
    assert {site for site, _, _ in _waiting()} == {str(ONE), str(TWO), str(THREE)}
    assert len(_waiting()) == 3


def test_jobs_of_an_organisation_are_not_enqueued_together() -> None:
    with pytest.raises(NoOrganisation):
        jobs.follow.defer_many([Wanted({"link": ONE})])
