"""A session in use lives on, one that is not ends, and neither costs a write with every request."""

from __future__ import annotations

from typing import Any

import pytest

from efface.accounts import doorkeeper
from tests import people

pytestmark = pytest.mark.django_db


def writes(client: Any, url: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return sum('UPDATE "django_session"' in one["sql"] for one in queries.captured_queries)


def test_a_session_is_written_once_a_minute(organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [600.0]
    monkeypatch.setattr(doorkeeper.time, "monotonic", lambda: clock[0])
    client = people.signed_in(people.worker(organisation, "lead"))
    client.get("/console/queue/")
    assert [writes(client, "/console/queue/") for _ in range(2)] == [0, 0]
    clock[0] += 61
    assert [writes(client, "/console/queue/") for _ in range(2)] == [1, 0]


def test_who_has_no_session_gets_none(db: None) -> None:
    from django.contrib.sessions.models import Session
    from django.test import Client

    client = Client()
    client.get("/")
    client.get("/case/")
    assert "s" not in client.cookies and not Session.objects.exists()


def test_an_idle_session_ends(organisation: Any, now: Any) -> None:
    from datetime import timedelta

    from django.contrib.sessions.models import Session

    client = people.signed_in(people.worker(organisation, "lead"))
    assert client.get("/console/queue/").status_code == 200
    for session in Session.objects.all():
        session.expire_date -= timedelta(days=1)
        session.save()
    assert client.get("/console/queue/").status_code == 302
