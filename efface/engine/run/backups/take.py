"""Making a backup: one moment of the database, read in one transaction while everything goes on."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import psycopg

from efface.engine.base import age, database, locking, objects, sealing, settings, tombstones
from efface.engine.run.backups import tables
from efface.engine.run.backups.tables import Table

FORMAT = 1
#: Secrets that a new machine makes for itself.
OWN_SECRETS = ("database-",)
Connection = psycopg.Connection[tuple[object, ...]]


class NotTaken(RuntimeError):
    """No backup was made; the message says why. What was there before is untouched."""


@dataclass
class Taken:
    """What a backup holds: rows by table, objects by digest, cases by key."""

    made_at: datetime
    rows: dict[str, int] = field(default_factory=dict)
    objects: int | None = None
    case_keys: int = 0
    tombstones: int = 0


def take(file: Path, keys: Path, recipients: age.Who, kind: str, now: datetime) -> Taken:
    """Write both files, whole or not at all, readable by this user alone. Raises ``NotTaken``."""
    for one in (file, keys):
        if one.exists():
            raise NotTaken(f"{one} exists already; a backup never writes over another")
    taken = Taken(now)
    try:
        with psycopg.connect(**database.dsn("efface_owner"), connect_timeout=10) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # One moment for both: a case has rows and key, or neither.
            with whole(file) as part, whole(keys) as keys_part:
                _database(part, recipients, connection, kind, taken)
                _keys(keys_part, recipients, connection, kind, taken)
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise NotTaken(f"the database could not be read: {said}") from None
    except OSError as error:
        raise NotTaken(f"{error.filename or file} cannot be written: {error.strerror}") from None
    return taken


@contextlib.contextmanager
def whole(file: Path) -> Iterator[IO[bytes]]:
    """A file that is there under its name only when it is complete and on the disk."""
    part = file.with_name(file.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class _Archive:
    """A sealed, compressed archive; its list with the digest of each part stands last."""

    def __init__(self, out: IO[bytes], recipients: age.Who) -> None:
        self._sealed = age.Writer(cast(Any, out), recipients)
        self._packed = gzip.GzipFile(filename="", mode="wb", fileobj=self._sealed, compresslevel=6, mtime=0)
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see close
        self.digests: dict[str, str] = {}

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._sealed.closed:
            # Broken off: what was written is no backup, and the archive's own end goes nowhere.
            self._packed.fileobj = cast(Any, io.BytesIO())
            with contextlib.suppress(ValueError, OSError):
                self._tar.close()
                self._packed.close()
        self._sealed.stop()

    def add(self, name: str, data: IO[bytes]) -> None:
        data.seek(0, io.SEEK_END)
        size = data.tell()
        data.seek(0)
        self.digests[name] = hashlib.file_digest(cast(Any, data), "sha256").hexdigest()
        data.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, data)

    def close(self, manifest: dict[str, Any]) -> None:
        self.add("manifest.json", io.BytesIO(json.dumps(manifest | {"digests": dict(self.digests)}).encode()))
        self._tar.close()
        self._packed.close()
        self._sealed.close()


def _database(out: IO[bytes], recipients: age.Who, connection: Connection, kind: str, taken: Taken) -> None:
    with _Archive(out, recipients) as archive:
        known = tables.present(connection)
        organisations = tables.organisations(connection)
        listed: dict[str, Any] = {}
        for name, table in known.items():
            if name in tables.LEFT_OUT:
                continue
            # Rows of one table at a time, in a file that has no name: what is written there is sealed only afterwards,
            # so it is kept in memory up to a size, and beyond that in the data folder's own file system.
            with tempfile.SpooledTemporaryFile(max_size=64 << 20, dir=str(settings.data_folder())) as held:
                taken.rows[name] = copy_out(connection, table, organisations, cast(Any, held))
                archive.add(f"tables/{name}", cast(Any, held))
            listed[name] = {"columns": list(table.columns), "rows": taken.rows[name], "owned": table.owned}
        digests = _objects()
        taken.objects = None if digests is None else len(digests)
        migrations = connection.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        archive.close({
            "format": FORMAT, "part": "database", "kind": kind, "made_at": taken.made_at.isoformat(), "tables": listed,
            "migrations": [list(row) for row in migrations], "objects": digests,
        })  # fmt: skip


def copy_out(connection: Connection, table: Table, organisations: list[uuid.UUID], out: IO[bytes]) -> int:
    """The table's rows as PostgreSQL's text, organisation by organisation. Returns how many."""
    count = 0
    for organisation, question in tables.parts(table, organisations):
        if table.owned:
            tables.act_for(connection, organisation)
        with connection.cursor() as cursor:
            with cursor.copy(_copy(question)) as rows:
                for chunk in rows:
                    out.write(chunk)
            count += max(0, cursor.rowcount)
        if table.owned:
            tables.act_as_owner(connection)
    return count


def _copy(question: Any) -> Any:
    from psycopg import sql

    return sql.SQL("COPY ({}) TO STDOUT").format(question)


def _objects() -> dict[str, list[Any]] | None:
    """Size and SHA-256 of every sealed object; None where the store does not list what it has."""
    store = objects.store()
    found: dict[str, list[Any]] = {}
    try:
        for name in store.names():
            try:
                data = store.read(name)
            except objects.ObjectMissing:
                continue  # removed meanwhile
            found[name.hex] = [len(data), hashlib.sha256(data).hexdigest()]
    except objects.StoreUnavailable:
        return None
    return found


def _keys(out: IO[bytes], recipients: age.Who, connection: Connection, kind: str, taken: Taken) -> None:
    with _Archive(out, recipients) as archive:
        table = tables.present(connection)[tables.CASE_KEYS]
        held = io.BytesIO()
        taken.case_keys = copy_out(connection, table, tables.organisations(connection), held)
        archive.add(f"tables/{table.name}", held)
        # A key that has a keeper is never written down beside it.
        sealed = locking.sealed_path().exists()
        for path in sorted(sealing.secrets_folder().glob("*")):
            left_out = path.name.startswith(OWN_SECRETS) or path.suffix == ".part"
            if path.is_file() and not left_out and not (sealed and path.name == "installation.key"):
                archive.add(f"secrets/{path.name}", io.BytesIO(path.read_bytes()))
        # What a crash may have kept out of the file stands in the database.
        tombstones.add(tables.ended(connection).items())
        stones = tombstones.read()
        taken.tombstones = len(stones)
        archive.close({
            "format": FORMAT, "part": "keys", "kind": kind, "made_at": taken.made_at.isoformat(), "sealed": sealed,
            "columns": list(table.columns), "case_keys": taken.case_keys,
            "tombstones": {str(case): at.isoformat() for case, at in stones.items()},
        })  # fmt: skip
