"""A worker dies by SIGKILL while the message is on the wire. Real processes, real commits."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.engine.base import clock, outbox, tenancy
from efface.engine.base.models import Outbox
from tests.conftest import NOON, make_organisation, role
from tests.engine.test_outbox import Courier, queue
from tests.mailserver import serving


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, seen by other processes; everything of the organisations is emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, procrastinate_jobs, engine_deadline CASCADE")


def test_sigkill_in_the_middle(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A living sender is left alone; a killed one leaves an ambiguous message, and nothing is sent twice."""
    one = Courier()
    monkeypatch.setitem(outbox._couriers, "test", one)
    with serving(monkeypatch) as desk, clock.fixed(NOON):
        with transaction.atomic():
            organisation = make_organisation()
        with tenancy.organisation(organisation.pk):
            row = queue(organisation.pk)
        desk.hold = True
        child = os.fork()
        if child == 0:
            kept, connection.connection = connection.connection, None  # not ours to end
            outbox.send(organisation=row.organisation_id, outbox=row.pk)
            os._exit(1 if kept else 2)
        assert desk.holding.wait(20)
        with transaction.atomic(), role("efface_engine"):
            assert outbox.rescue(NOON) == 0
        outbox.send(organisation=row.organisation_id, outbox=row.pk)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = 0
        for _ in range(200):
            with transaction.atomic(), role("efface_engine"):
                found = outbox.rescue(NOON)
            if found:
                break
            connection.connection.execute("SELECT pg_sleep(0.02)")
        assert found == 1 and one.told == [("ambiguous",)]
        outbox.send(organisation=row.organisation_id, outbox=row.pk)
        with tenancy.organisation(organisation.pk):
            assert Outbox.objects.get().state == "ambiguous"
        desk.go.set()


@pytest.mark.django_db
def test_nothing_to_rescue_is_nothing() -> None:
    with role("efface_engine"):
        assert outbox.rescue(NOON) == 0


def test_two_senders_at_once_send_one_mail(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox._couriers, "test", Courier())
    with serving(monkeypatch) as desk, clock.fixed(NOON):
        with transaction.atomic():
            organisation = make_organisation()
        with tenancy.organisation(organisation.pk):
            rows = [queue(organisation.pk, key=f"k{number}") for number in range(5)]
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                kept, connection.connection = connection.connection, None  # not ours to end
                for row in rows:
                    outbox.send(organisation=row.organisation_id, outbox=row.pk)
                os._exit(0 if kept else 2)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        with tenancy.organisation(organisation.pk):
            assert set(Outbox.objects.values_list("state", flat=True)) <= {"sent", "ready", "sending"}
        for row in rows:
            outbox.send(organisation=row.organisation_id, outbox=row.pk)
        assert sorted(mail["Message-ID"] for mail in desk.messages()) == sorted(row.message_id for row in rows)
