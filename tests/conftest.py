"""Fixtures every room uses: organisations, cases, a fixed clock, database roles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest

from tests import axe

# Speed belongs in bench/: on a busy machine an example may take any time.
hypothesis.settings.register_profile("efface", deadline=None)
hypothesis.settings.load_profile("efface")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What axe found on the pages, where a test of this run looked."""
    every = [one for rows in terminalreporter.stats.values() for one in rows]
    reports = [one for one in every if getattr(one, "when", "") == "call"]
    found = [value for one in reports for name, value in one.user_properties if name == "axe"]
    if found:
        terminalreporter.section("axe, by page and language")
        for line in axe.table(found):
            terminalreporter.line(line)
    ended = [one for one in every if getattr(one, "when", "") == "teardown"]
    desk = [value for one in ended for name, value in one.user_properties if name == "axe_views"]
    if desk:
        terminalreporter.section("axe, by view")
        for line in axe.views(desk, axe.pages_of_members()):
            terminalreporter.line(line)


@pytest.fixture(autouse=True)
def _seen(record_property: Any) -> Iterator[None]:
    """What a test looked at goes into its report."""
    axe.SEEN.clear()
    yield
    if axe.SEEN:
        record_property("axe_views", list(axe.SEEN))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the test database as the owner, then go on as the app: the owner's rights would hide what it may not do."""
    from django.db import connection

    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO engine_installation (id, kind, created) VALUES (1, 'demo', '2026-01-01T00:00Z') "
                "ON CONFLICT DO NOTHING"
            )
        connection.close()
        connection.settings_dict["OPTIONS"]["options"] = "-c role=efface_app"
    yield
    with django_db_blocker.unblock():
        connection.close()
        del connection.settings_dict["OPTIONS"]["options"]


@pytest.fixture
def now() -> Iterator[datetime]:
    from efface.engine.base import clock

    with clock.fixed(NOON):
        yield NOON


@contextmanager
def role(name: str) -> Iterator[None]:
    """Become another database role inside the running transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('role', %s, true)", [name])
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, true)", [before])


def make_organisation(name: str = "Example Helpline") -> Any:
    from efface.accounts.models import Organisation

    with role("efface_owner"):
        return Organisation.objects.create(
            name=name, short=f"org-{uuid.uuid4().hex[:8]}", country="DE", signatory="Removal Desk", created=NOON
        )


@pytest.fixture
def organisation(db: None) -> Any:
    return make_organisation()


@pytest.fixture
def inside(organisation: Any) -> Iterator[Any]:
    """The test runs inside the organisation's rows."""
    from efface.engine.base import tenancy

    with tenancy.organisation(organisation.pk):
        yield organisation
