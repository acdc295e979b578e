"""Which tables a backup holds, and how each organisation's rows are read: as the application's own role, one
organisation after another, through the same row rules as everything else. Nothing here goes round them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

#: Made anew by the migrations, or worth nothing on another day: sessions, caches, leases, signs of life.
LEFT_OUT = frozenset({
    "django_migrations", "django_content_type", "django_session", "auth_permission", "auth_group",
    "auth_group_permissions", "efface_cache", "engine_bucket", "engine_lease", "engine_worker", "engine_casekey",
    "accounts_signin", "procrastinate_events", "procrastinate_workers", "procrastinate_periodic_defers",
})  # fmt: skip
JOBS = "procrastinate_jobs"
CASE_KEYS = "engine_casekey"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns in order. ``owned``: under row rules that hold for the owner too; ``shared``: some rows
    are of no organisation."""

    name: str
    columns: tuple[str, ...]
    owned: bool
    shared: bool


_TABLES = """
SELECT c.relname, c.relforcerowsecurity, array_agg(a.attname::text ORDER BY a.attnum),
       bool_or(a.attname = 'organisation_id' AND NOT a.attnotnull)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY c.relname, c.relforcerowsecurity ORDER BY c.relname
"""


def present(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, Table]:
    rows = connection.execute(_TABLES).fetchall()
    return {str(name): Table(str(name), tuple(columns), bool(rules), bool(shared))  # type: ignore[arg-type]
            for name, rules, columns, shared in rows}  # fmt: skip


def organisations(connection: psycopg.Connection[tuple[object, ...]]) -> list[uuid.UUID]:
    return [row[0] for row in connection.execute("SELECT id FROM accounts_organisation ORDER BY id")]  # type: ignore[misc]


def parts(table: Table, organisations: list[uuid.UUID]) -> list[tuple[uuid.UUID | None, sql.Composed]]:
    """The questions that together read a table once: for whom the transaction acts (None: nobody), and what it asks."""
    columns = sql.SQL(", ").join(_column(table.name, one) for one in table.columns)
    whole = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(table.name))
    if table.name == JOBS:
        return [(None, whole + sql.SQL(" WHERE status IN ('todo', 'doing')"))]
    if not table.owned:
        return [(None, whole)]
    asked: list[tuple[uuid.UUID | None, sql.Composed]] = [
        (one, whole + sql.SQL(" WHERE organisation_id = {}").format(sql.Literal(str(one)))) for one in organisations
    ]
    if table.shared:
        asked.append((None, whole + sql.SQL(" WHERE organisation_id IS NULL")))
    return asked


def _column(table: str, column: str) -> sql.Composable:
    """Work that was under way is work to be done; whoever did it is gone."""
    if table == JOBS and column == "status":
        return sql.SQL("'todo'::procrastinate_job_status")
    if table == JOBS and column == "worker_id":
        return sql.SQL("NULL::bigint")
    return sql.Identifier(column)


def act_for(connection: psycopg.Connection[tuple[object, ...]], organisation: uuid.UUID | None) -> None:
    """Inside a transaction of the owner: see what the application sees for this organisation."""
    connection.execute("SET LOCAL ROLE efface_app")
    connection.execute("SELECT set_config('efface.org', %s, true)", [str(organisation or "")])


def ended(connection: psycopg.Connection[tuple[object, ...]]) -> dict[uuid.UUID, datetime]:
    """Cases erased and consents taken back, and when, of every organisation in this database."""
    found: dict[uuid.UUID, datetime] = {}
    for one in organisations(connection):
        act_for(connection, one)
        rows = connection.execute(
            "SELECT case_id, destroyed_at FROM engine_casekey WHERE destroyed_at IS NOT NULL "
            "UNION ALL SELECT id, withdrawn_at FROM cases_consent WHERE withdrawn_at IS NOT NULL"
        ).fetchall()
        found |= dict(rows)  # type: ignore[arg-type]
        act_as_owner(connection)
    return found


def act_as_owner(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute("RESET ROLE")
