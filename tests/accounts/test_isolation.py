"""One organisation never meets another, in the database itself: for every table with an organisation, as the
application's own role. The list of tables is made from the models, so a new one without a rule fails here."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from efface.engine.base import rows, tenancy
from tests.conftest import NOON, make_organisation, role

pytestmark = pytest.mark.django_db


def owned() -> list[type[models.Model]]:
    """Every model whose rows are an organisation's."""
    return [
        model for model in apps.get_models(include_auto_created=True)
        if any(field.name == "organisation" for field in model._meta.get_fields())
    ]  # fmt: skip


OWNED = owned()
TABLES = [pytest.param(model, id=model._meta.db_table) for model in OWNED]


def test_the_list_is_not_empty_and_the_database_agrees() -> None:
    """Every table that has the column is in the list, also one that a migration made by hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
                       "AND column_name = 'organisation_id'")  # fmt: skip
        there = {row[0] for row in cursor.fetchall()}
    assert there == {model._meta.db_table for model in OWNED} and len(there) > 40


_made: dict[str, int] = {}


def value_of(field: models.Field[Any, Any], organisation: Any) -> Any:
    """Something a column takes. What it points to is not looked at: the constraint is deferred, the row never kept."""
    if field.name == "organisation":
        return organisation.pk
    if field.null and not field.primary_key:
        return None
    if isinstance(field, models.ForeignKey | models.UUIDField | models.OneToOneField):
        return uuid.uuid4()
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.DateTimeField):
        return NOON
    if isinstance(field, models.DateField):
        return date(2026, 3, 2)
    if isinstance(field, models.JSONField):
        return "{}"
    if isinstance(field, models.BinaryField):
        return uuid.uuid4().bytes
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        _made["n"] = _made.get("n", 0) + 1
        return _made["n"] % 30_000
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.1"
    if hasattr(field, "base_field"):
        return []
    return uuid.uuid4().hex[: field.max_length or 32]


def row_of(model: type[models.Model], organisation: Any) -> dict[str, Any]:
    found = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField) or getattr(field, "generated", False):
            continue
        found[field.column] = value_of(field, organisation)
    return found


def insert(cursor: Any, model: type[models.Model], row: dict[str, Any]) -> None:
    names = ", ".join(f'"{one}"' for one in row)
    cursor.execute(
        f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({", ".join(["%s"] * len(row))})', list(row.values())
    )


@pytest.fixture
def two(db: None) -> tuple[Any, Any]:
    return make_organisation("A"), make_organisation("B")


def planted(model: type[models.Model], organisation: Any) -> Any:
    """A row of an organisation, put there past all rules by the owner. Returns its key."""
    row = row_of(model, organisation)
    with role("efface_owner"), connection.cursor() as cursor:
        # Rules are not forced, and no other than the organisation is looked up, for the length of this transaction.
        cursor.execute(f'ALTER TABLE "{model._meta.db_table}" NO FORCE ROW LEVEL SECURITY')
        for (constraint,) in _checks(cursor, model):
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{constraint}"')
        insert(cursor, model, row)
        cursor.execute(f'ALTER TABLE "{model._meta.db_table}" FORCE ROW LEVEL SECURITY')
    return row.get(model._meta.pk.column)  # type: ignore[union-attr]


def _checks(cursor: Any, model: type[models.Model]) -> list[tuple[str]]:
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')",
        [model._meta.db_table],
    )
    return list(cursor.fetchall())


def tried(sql: str, *values: Any) -> int:
    """Rows a statement reached as the application; -1 where the database refused it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)
    except DatabaseError:
        return -1


@pytest.mark.parametrize("model", TABLES)
def test_in_a_nothing_of_b_is_read_written_changed_or_deleted(model: type[models.Model], two: tuple[Any, Any]) -> None:
    a, b = two
    table = f'"{model._meta.db_table}"'
    theirs, ours = planted(model, b), planted(model, a)
    where = f'WHERE "{model._meta.pk.column}" = %s' if theirs else "WHERE organisation_id = %s"  # type: ignore[union-attr]
    key, own = (theirs, ours) if theirs else (b.pk, a.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "efface_app"
    with tenancy.organisation(a.pk):
        assert tried(f"SELECT 1 FROM {table} {where}", own) == 1, "what is ours is seen: the question is a real one"
        assert tried(f"SELECT 1 FROM {table} {where}", key) == 0
        assert tried(f"UPDATE {table} SET organisation_id = %s {where}", a.pk, key) <= 0
        assert tried(f"UPDATE {table} SET organisation_id = %s {where}", b.pk, own) == -1, "nor given away"
        assert tried(f"DELETE FROM {table} {where}", key) <= 0
        refused = False
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                insert(cursor, model, row_of(model, b))
        except DatabaseError as error:
            refused = "row-level security" in str(error) or "permission denied" in str(error)
        assert refused, "a row of theirs is not written from here"
    with tenancy.organisation(b.pk):
        assert tried(f"SELECT 1 FROM {table} {where}", key) == 1, "and it is still there"
    with tenancy.nobody():
        assert tried(f"SELECT 1 FROM {table} WHERE organisation_id IN (%s, %s)", a.pk, b.pk) == 0
    _forget()


def _forget() -> None:
    """The rows point nowhere; they go before the end of the test looks."""
    transaction.set_rollback(True)


@pytest.mark.parametrize("model", TABLES)
def test_row_rules_are_on_forced_and_for_both_roles_only(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
                       [model._meta.db_table])  # fmt: skip
        assert cursor.fetchone() == (True, True)
        cursor.execute("SELECT policyname, roles::text[], qual, with_check FROM pg_policies WHERE tablename = %s "
                       "AND permissive = 'PERMISSIVE'", [model._meta.db_table])  # fmt: skip
        found = {name: (list(who), qual, check) for name, who, qual, check in cursor.fetchall()}
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname IN ('efface_app', 'efface_engine')")
        assert cursor.fetchall() == [(False, False)] * 2
    assert set(found) <= {"tenant", "engine"} and found["tenant"][0] == ["efface_app"]
    assert "efface.org" in found["tenant"][1] and "efface.org" in found["tenant"][2]


def test_a_new_table_without_a_rule_is_refused(db: None) -> None:
    """What a migration would do that forgot to say whose the rows are."""
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE forgotten (id int, organisation_id uuid)")
        with pytest.raises(rows.UnprotectedTable, match="forgotten"):
            rows.protect()
        with pytest.raises(AssertionError):
            test_the_list_is_not_empty_and_the_database_agrees()


@pytest.mark.parametrize("how", ["DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"])
def test_a_table_whose_rules_were_switched_off_is_found(db: None, how: str) -> None:
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_member {how}")
    from efface.accounts.models import Member

    with pytest.raises(AssertionError):
        test_row_rules_are_on_forced_and_for_both_roles_only(Member)


def test_a_rule_that_lets_everybody_in_is_found(two: tuple[Any, Any]) -> None:
    from efface.accounts.models import Programme

    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("DROP POLICY tenant ON accounts_programme")
        cursor.execute("CREATE POLICY tenant ON accounts_programme TO efface_app USING (true) WITH CHECK (true)")
    with pytest.raises(AssertionError):
        test_in_a_nothing_of_b_is_read_written_changed_or_deleted(Programme, two)
    transaction.set_rollback(True)
