"""The audit chain notices every change: a row that was altered, removed, put elsewhere, or cut off at the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection

from efface.accounts import audit
from efface.accounts.models import AuditEntry, AuditHead
from tests.conftest import NOON, role

ALTERED = "the sealed head of the chain was altered, or belongs to another installation key"


@pytest.fixture
def chain(inside: Any) -> Any:
    for number in range(6):
        audit.record(inside.pk, "caseworker:1", "case.opened", str(number), NOON)
    assert audit.verify(inside.pk) == []
    return inside


def by_force(*statements: str) -> None:
    """As somebody who holds the database, past all rules."""
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("accounts_auditentry", "accounts_audithead"):
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        for one in statements:
            cursor.execute(one)


@pytest.mark.parametrize("change", [
    "action = 'nothing'", "actor = 'lead:2'", "subject = ''", "at = at + interval '1 second'",
    "digest = decode('00', 'hex')", "before = decode('00', 'hex')",
])  # fmt: skip
def test_a_row_that_was_changed_is_found(chain: Any, change: str) -> None:
    by_force(f"UPDATE accounts_auditentry SET {change} WHERE number = 3")
    assert any("entry 3" in one for one in audit.verify(chain.pk))


@pytest.mark.parametrize("number", range(1, 7))
def test_a_row_that_was_removed_is_found_wherever_it_stood(chain: Any, number: int) -> None:
    by_force(f"DELETE FROM accounts_auditentry WHERE number = {number}")
    assert audit.verify(chain.pk) != []


def test_the_end_that_was_cut_off_is_found(chain: Any) -> None:
    by_force("DELETE FROM accounts_auditentry WHERE number > 4")
    assert audit.verify(chain.pk) == ["the last entries are missing: the chain went on to entry 6"]
    by_force("DELETE FROM accounts_auditentry")
    assert audit.verify(chain.pk) == ["the last entries are missing: the chain went on to entry 6"]


def test_a_head_that_was_moved_or_taken_away_is_found(chain: Any) -> None:
    by_force("DELETE FROM accounts_auditentry WHERE number > 4",
             "UPDATE accounts_audithead SET number = 4, digest = "
             "(SELECT digest FROM accounts_auditentry WHERE number = 4)"
             )  # fmt: skip
    assert audit.verify(chain.pk) == [ALTERED]
    by_force("DELETE FROM accounts_audithead")
    assert audit.verify(chain.pk) == ["the sealed head of the chain is missing"]
    audit.record(chain.pk, "x", "y", "z", NOON)
    assert audit.verify(chain.pk) == ["the sealed head of the chain is missing"], "nothing mends it quietly"


def test_two_rows_that_changed_places_are_found(chain: Any) -> None:
    by_force(
        "UPDATE accounts_auditentry SET number = 100 WHERE number = 2",
        "UPDATE accounts_auditentry SET number = 2 WHERE number = 3",
        "UPDATE accounts_auditentry SET number = 3 WHERE number = 100",
    )
    assert len(audit.verify(chain.pk)) >= 2


def test_a_chain_that_was_written_anew_is_found(chain: Any) -> None:
    """Whoever holds the database can make digests that fit; the head's seal they cannot make."""
    before = b""
    for row in list(AuditEntry.objects.order_by("number")):
        action = "something.else" if row.number == 2 else row.action
        digest = audit._digest(before, chain.pk, row.number, row.at, row.actor, action, row.subject)
        by_force(f"UPDATE accounts_auditentry SET action = '{action}', before = decode('{before.hex()}', 'hex'), "
                 f"digest = decode('{digest.hex()}', 'hex') WHERE number = {row.number}")  # fmt: skip
        before = digest
    assert audit.verify(chain.pk) == ["the chain does not end where its sealed head says"]
    by_force(f"UPDATE accounts_audithead SET digest = decode('{before.hex()}', 'hex')")
    assert audit.verify(chain.pk) == [ALTERED]


def test_the_application_itself_can_only_append(chain: Any) -> None:
    from django.db import DatabaseError, transaction

    for statement in ("UPDATE accounts_auditentry SET action = 'x'", "DELETE FROM accounts_auditentry",
                      "DELETE FROM accounts_audithead", "TRUNCATE accounts_auditentry"):  # fmt: skip
        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_command_says_it_and_exits_with_one(chain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from efface.cli import people

    monkeypatch.setattr(people, "database", lambda _role: nullcontext())
    whole = CliRunner().invoke(people.audit, ["verify", "--json"])
    row = next(one for one in json.loads(whole.stdout) if one["organisation"] == chain.short)
    assert whole.exit_code == 0 and (row["entries"], row["problems"], row["head"]["number"]) == (6, [], 6)
    assert row["head"]["digest"] == bytes(AuditHead.objects.get().digest).hex()
    by_force("DELETE FROM accounts_auditentry WHERE number = 6")
    broken = CliRunner().invoke(people.audit, ["verify"])
    assert broken.exit_code == 1 and "the last entries are missing" in broken.stdout


def test_a_row_that_was_put_in_between_is_found(chain: Any) -> None:
    """With digests that fit from there on: only what comes after, or the head, tells."""
    for number in range(6, 2, -1):
        by_force(f"UPDATE accounts_auditentry SET number = {number + 1} WHERE number = {number}")
    before = AuditEntry.objects.get(number=2).digest
    digest = audit._digest(bytes(before), chain.pk, 3, NOON, "lead:9", "put.in", "x")
    by_force(
        "INSERT INTO accounts_auditentry (id, organisation_id, number, at, actor, action, subject, before, digest) "
        "SELECT gen_random_uuid(), organisation_id, 3, at, 'lead:9', 'put.in', 'x', "
        f"decode('{bytes(before).hex()}', 'hex'), decode('{digest.hex()}', 'hex') "
        "FROM accounts_auditentry WHERE number = 2"
    )
    assert audit.verify(chain.pk) != []


def test_what_was_noted_elsewhere_finds_what_no_seal_can(
    chain: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Somebody with database and key writes the whole chain anew, with a head that is sealed; or goes back a day."""
    from contextlib import nullcontext

    from efface.cli import people

    monkeypatch.setattr(people, "database", lambda _role: nullcontext())
    noted = tmp_path / "noted.json"
    assert CliRunner().invoke(people.audit, ["verify", "--json", str(noted)]).exit_code == 0
    again = ["verify", "--noted", str(noted)]
    audit.record(chain.pk, "caseworker:1", "case.opened", "later", NOON)
    assert CliRunner().invoke(people.audit, again).exit_code == 0, "it went on, and holds what was noted"
    by_force("DELETE FROM accounts_auditentry", "DELETE FROM accounts_audithead")
    audit.record(chain.pk, "caseworker:1", "nothing.happened", "0", NOON)
    assert audit.verify(chain.pk) == [] and CliRunner().invoke(people.audit, ["verify"]).exit_code == 0
    early = CliRunner().invoke(people.audit, again)
    assert early.exit_code == 1 and "entry 6, which was noted elsewhere, is not there" in early.stdout
    for number in range(8):
        audit.record(chain.pk, "caseworker:1", "nothing.happened", str(number), NOON)
    late = CliRunner().invoke(people.audit, again)
    assert late.exit_code == 1 and "entry 6 is not the one that was noted elsewhere" in late.stdout
    noted.write_text(noted.read_text().replace(chain.short, "taken-away"))
    gone = CliRunner().invoke(people.audit, again)
    assert gone.exit_code == 1 and "taken-away: 0 entries; the organisation" in gone.stdout.replace(", ", "; ")
    noted.write_text("[1]")
    assert CliRunner().invoke(people.audit, again).exit_code == 2


def test_a_chain_from_before_ends_were_sealed_gets_its_end_by_the_migration(chain: Any) -> None:
    from importlib import import_module
    from types import SimpleNamespace

    from django.apps import apps

    by_force("DELETE FROM accounts_audithead")
    migration = import_module("efface.accounts.migrations.0005_accounts_of_people")
    with role("efface_owner"):
        migration.seal_ends(apps, SimpleNamespace(connection=connection))
    assert audit.verify(chain.pk) == []
    audit.record(chain.pk, "x", "y", "z", NOON)
    assert audit.verify(chain.pk) == []
