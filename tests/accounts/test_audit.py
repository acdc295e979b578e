"""The audit chain notices every change."""

from __future__ import annotations

from typing import Any

from django.db import connection

from efface.accounts import audit
from tests.conftest import NOON, role


def test_a_whole_chain_and_a_broken_one(inside: Any) -> None:
    for number in range(4):
        audit.record(inside.pk, "caseworker:1", "case.opened", str(number), NOON)
    assert audit.verify(inside.pk) == []
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditentry NO FORCE ROW LEVEL SECURITY")
        cursor.execute("UPDATE accounts_auditentry SET action = 'nothing' WHERE number = 2")
    assert audit.verify(inside.pk) == ["entry 2 was altered"]
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditentry WHERE number = 3")
    assert "entry 3 is missing" in audit.verify(inside.pk)
