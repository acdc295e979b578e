"""Putting a backup back. What was erased or taken back since stays so; what may have been sent is not sent again.

Order: both files are proven; the secrets come back; what this installation knows of erasures is written down; the
tables are made as they were, filled in one transaction, and brought up to date; every erased case is erased again.
Interrupted at any moment, it is run again from the start; until it is through, nothing else begins (``unfinished``).
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from efface.engine.base import database, objects, sealing, settings, tombstones
from efface.engine.run import manage
from efface.engine.run.backups import tables
from efface.engine.run.backups.reading import Opened

Say = Callable[[str], None]


class Refused(RuntimeError):
    """It was not begun; the message says why, and what would let it."""


@dataclass
class Restored:
    rows: int = 0
    erased_again: int = 0
    taken_back_again: int = 0
    unclear_messages: int = 0
    cases_without_key: int = 0
    objects_missing: list[str] = field(default_factory=list)
    objects_altered: list[str] = field(default_factory=list)
    objects_checked: int | None = None


def unfinished() -> Path:
    """The mark of a restore that is not through."""
    return settings.data_folder() / "restore-unfinished"


def check_pair(data: Opened, keys: Opened) -> None:
    """Raises ``Refused`` where the two do not belong together."""
    if data.manifest["kind"] != keys.manifest["kind"]:
        raise Refused("the two files are of two kinds of installation")
    if datetime.fromisoformat(keys.manifest["made_at"]) < datetime.fromisoformat(data.manifest["made_at"]):
        raise Refused(
            "the keys are older than the database: cases opened between the two could never be read. Take the keys "
            "made with this database, or newer ones"
        )


def place_secrets(data: Opened, keys: Opened, *, over: bool) -> None:
    """Kind and secrets of the backup, on a machine that has none, or (``over``) in place of those here."""
    folder = settings.data_folder()
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    kind = manage.kind_of_folder()
    if kind and kind != data.manifest["kind"]:
        raise Refused(f"{folder} belongs to a {kind} installation, the backup to a {data.manifest['kind']} one")
    secrets = sealing.secrets_folder()
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = dict(_secrets(keys))
    here = secrets / "installation.key"
    if "installation.key" in held and here.exists() and here.read_bytes() != held["installation.key"] and not over:
        raise Refused("this machine has another installation key already; --over puts the backup's in its place")
    for name, value in held.items():
        _put(secrets / name, value)
    if not kind:
        _put(folder / "kind", (data.manifest["kind"] + "\n").encode())
    sealing.installation_key.cache_clear()


def _secrets(keys: Opened) -> list[tuple[str, bytes]]:
    found = []
    for name, data in keys.parts(lambda one: one.startswith("secrets/")):
        plain = name.removeprefix("secrets/")
        if not plain or plain.startswith(".") or "/" in plain:
            raise Refused("the file of keys names a place outside the folder of secrets")
        found.append((plain, data.read()))
    return found


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def is_used(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Whether this database holds an organisation: then it is somebody's."""
    known = tables.present(connection)
    if "accounts_organisation" not in known:
        return False
    return connection.execute("SELECT 1 FROM accounts_organisation LIMIT 1").fetchone() is not None


def note_erasures(keys: Opened, more: Path | None) -> None:
    """Everything that is known of erased cases and consents taken back, into the file beside the database: from the
    database that is here now, from the file of keys, and from a file that was kept elsewhere. Raises
    ``tombstones.Damaged``."""
    found = {uuid.UUID(case): datetime.fromisoformat(at) for case, at in keys.manifest["tombstones"].items()}
    if more is not None:
        found |= tombstones.read(more)
    with psycopg.connect(**database.dsn("efface_owner"), connect_timeout=10) as connection:
        known = tables.present(connection)
        # What an interrupted restore left is half made; what stood there before it is written down already.
        if not unfinished().exists() and tables.CASE_KEYS in known and "accounts_organisation" in known:
            found |= tables.ended(connection)
    tombstones.add(found.items())


def put_back(data: Opened, keys: Opened, now: datetime, say: Say) -> Restored:
    """Everything after the refusals. Connects as the owner; Django is set up by the caller. Raises ``Refused`` where
    the tables of the backup are newer than this version."""
    _check_migrations(data)
    unfinished().touch(mode=0o600)
    say("making the tables as they were")
    _empty()
    _migrate_to(data)
    say("filling them")
    done = Restored()
    with psycopg.connect(**database.dsn("efface_owner"), connect_timeout=10) as connection:
        done.rows = _fill(connection, data, keys)
    say("bringing them up to date")
    manage.migrate(data.manifest["kind"], now)
    say("erasing again what was erased")
    done.erased_again, done.cases_without_key = _erase_again(now)
    done.taken_back_again = _take_back_again()
    done.unclear_messages = _nothing_twice(now)
    say("comparing sealed objects with their digests")
    _compare(data, done)
    unfinished().unlink()
    return done


def _check_migrations(data: Opened) -> None:
    from django.db.migrations.loader import MigrationLoader

    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {})
    unknown = [f"{app} {name}" for app, name in data.manifest["migrations"] if (app, name) not in known]
    if unknown:
        raise Refused(f"the backup was made by a newer version of Efface (it knows {unknown[0]}); use that one")


def _empty() -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()


def _migrate_to(data: Opened) -> None:
    """The tables as they were when the backup was made: every migration it names, and no other."""
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader

    wanted = {(app, name) for app, name in data.manifest["migrations"]}
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    if wanted >= set(graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
        return
    for app, name in sorted(wanted):
        if not any(child.key in wanted and child.key[0] == app for child in graph.node_map[app, name].children):
            call_command("migrate", app, name, interactive=False, verbosity=0)


def _fill(connection: psycopg.Connection[tuple[object, ...]], data: Opened, keys: Opened) -> int:
    """All rows in one transaction, as the owner, whom forced row rules would hold back: they are not forced until the
    end of it. What migrations wrote by themselves is taken out first."""
    known = tables.present(connection)
    listed: dict[str, Any] = dict(data.manifest["tables"])
    for name in listed:
        if name not in known:
            raise Refused(f"the backup has a table that its migrations do not make: {name}")
    owned = [name for name in [*listed, tables.CASE_KEYS] if known[name].owned]
    for name in owned:
        connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("TRUNCATE {} CASCADE").format(
            sql.SQL(", ").join(sql.Identifier(one) for one in [*listed, tables.CASE_KEYS])
        )
    )
    connection.execute("SET CONSTRAINTS ALL DEFERRED")
    rows = 0
    for opened, columns in ((data, None), (keys, tuple(keys.manifest["columns"]))):
        for name, stream in opened.parts(lambda one: one.startswith("tables/")):
            table = name.removeprefix("tables/")
            rows += _copy_in(connection, table, columns or tuple(listed[table]["columns"]), stream)
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name in owned:
        connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(sql.Identifier(name)))
    _sequences(connection)
    return rows


def _copy_in(
    connection: psycopg.Connection[tuple[object, ...]], table: str, columns: tuple[str, ...], rows: Any
) -> int:
    names = sql.SQL(", ").join(sql.Identifier(one) for one in columns)
    with connection.cursor() as cursor:
        question = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with cursor.copy(question) as copy:
            while chunk := rows.read(1 << 20):
                copy.write(chunk)
        return max(0, cursor.rowcount)


def _sequences(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Counters go on after the highest number that came back."""
    rows = connection.execute(
        "SELECT s.relname, t.relname, a.attname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN "
        "('a', 'i') JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = "
        "d.refobjsubid WHERE s.relkind = 'S' AND t.relnamespace = 'public'::regnamespace"
    ).fetchall()
    for sequence, table, column in rows:
        connection.execute(
            sql.SQL("SELECT setval({}::regclass, GREATEST((SELECT max({}) FROM {}), 1))").format(
                sql.Literal(f'public."{sequence}"'), sql.Identifier(str(column)), sql.Identifier(str(table))
            )
        )


def _as_app() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'efface_app', false)")


def _erase_again(now: datetime) -> tuple[int, int]:
    """Every case that is known to be erased and came back with the rows. Returns how many, and how many cases have no
    key at all: nothing of theirs can be read."""
    from efface.accounts.models import Organisation
    from efface.cases import erasing
    from efface.cases.models import Case
    from efface.engine.base import tenancy
    from efface.engine.base.models import CaseKey

    stones = tombstones.read()
    _as_app()
    erased = without = 0
    for one in Organisation.objects.all():
        with tenancy.organisation(one.pk):
            rows = Case.objects.exclude(state=Case.State.ERASED)
            destroyed = set(CaseKey.objects.exclude(destroyed_at=None).values_list("case_id", flat=True))
            for case in rows.filter(pk__in=destroyed | set(stones)):
                erasing.erase(case, "engine:restore", stones.get(case.pk, now))
                erased += 1
            kept = set(CaseKey.objects.values_list("case_id", flat=True))
            without += rows.exclude(pk__in=kept).count()
    return erased, without


def _take_back_again() -> int:
    """Every consent that is known to be taken back and came back with the rows. Returns how many."""
    from efface.accounts.models import Organisation
    from efface.cases import consents
    from efface.cases.models import Consent
    from efface.engine.base import tenancy

    stones, count = tombstones.read(), 0
    for one in Organisation.objects.all():
        with tenancy.organisation(one.pk):
            for row in Consent.objects.select_related("case").filter(pk__in=stones, withdrawn_at=None):
                count += consents.withdraw(row.case, row.purpose, "engine:restore", stones[row.pk])
    return count


def _nothing_twice(now: datetime) -> int:
    """A message that waited when the backup was made may have left since: a person decides. Returns how many."""
    from efface.accounts import audit
    from efface.accounts.models import Organisation
    from efface.engine.base import tenancy
    from efface.engine.base.models import Installation, Outbox

    unclear = 0
    for one in Organisation.objects.all():
        with tenancy.organisation(one.pk):
            waiting = Outbox.objects.filter(state__in=(Outbox.State.READY, Outbox.State.SENDING))
            unclear += waiting.update(state=Outbox.State.AMBIGUOUS, sending_at=now)
            audit.record(one.pk, "operator:command", "backup.restored", "", now)
    Installation.objects.filter(pk=1).update(restored_at=now, locked_at=None)
    return unclear


def _compare(data: Opened, done: Restored) -> None:
    digests = data.manifest["objects"]
    if digests is None:
        return
    store, done.objects_checked = objects.store(), len(digests)
    for name, (_, wanted) in digests.items():
        try:
            found = store.read(uuid.UUID(name))
        except (objects.ObjectMissing, objects.StoreUnavailable):
            done.objects_missing.append(name)
            continue
        if hashlib.sha256(found).hexdigest() != wanted:
            done.objects_altered.append(name)
