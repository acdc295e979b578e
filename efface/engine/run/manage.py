"""Making an installation: database, secrets, tables, kind. Each step may be run again."""

from __future__ import annotations

import os
from datetime import datetime

from django.core.management import call_command

from efface.engine.base import database, locking, sealing, settings


class KindMismatch(RuntimeError):
    """The data folder was made as another kind of installation."""


class KeyMismatch(RuntimeError):
    """The key in the data folder is not the one this database was made with."""


class Locked(RuntimeError):
    """The installation key is with its keeper."""


class NotReady(RuntimeError):
    """This host lacks something that a worker needs; the message says what, and where to get it."""


def use_role(role: str) -> None:
    """Say as whom this process connects, before Django is set up."""
    os.environ["EFFACE_DATABASE_ROLE"] = role


def setup_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    import django

    django.setup()


def prepare_data_folder(kind: str) -> None:
    """Make the data folder and its secrets, and write the kind of installation into it once."""
    folder = settings.data_folder()
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    if locking.is_locked():
        raise Locked("this installation is locked; `efface unlock` gives its key back")
    if not locking.sealed_path().exists():
        sealing.make_secret("installation.key")
    sealing.installation_key.cache_clear()
    mark = folder / "kind"
    if not mark.exists():
        mark.write_text(kind + "\n", encoding="ascii")
    found = mark.read_text(encoding="ascii").strip()
    if found != kind:
        raise KindMismatch(f"{folder} belongs to a {found} installation, not {kind}; choose another EFFACE_DATA")


def kind_of_folder() -> str:
    """The kind written in the data folder; "" where there is none yet."""
    try:
        return (settings.data_folder() / "kind").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def migrate(kind: str, now: datetime, virtual_now: datetime | None = None) -> None:
    """Create or update the tables, as the owner, and write the installation's kind into the database once."""
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_installation (id, kind, created, virtual_now) VALUES (1, %s, %s, %s) "
            "ON CONFLICT (id) DO NOTHING",
            [kind, now, virtual_now],
        )
        cursor.execute("SELECT kind FROM engine_installation WHERE id = 1")
        found = cursor.fetchone()[0]
        if found != kind:
            raise KindMismatch(f"the database belongs to a {found} installation, not {kind}")
        cursor.execute("UPDATE engine_installation SET key_mark = %s WHERE key_mark IS NULL", [_key_mark()])
        cursor.execute("SELECT key_mark FROM engine_installation WHERE id = 1")
        if bytes(cursor.fetchone()[0]) != _key_mark():
            raise KeyMismatch(_OTHER_KEY)


_OTHER_KEY = (
    "the installation key in the data folder is not the one this database was made with: nothing could be read, and "
    "what was written could be read by nobody else; copy secrets/installation.key from the first host"
)


def _key_mark() -> bytes:
    return sealing.digest("installation", "key")


def check_worker_host() -> str:
    """Whether this host can work for the installation: its key, its kind, a database that is the same. Returns the
    kind. Raises ``NotReady`` with what to do; after ``use_role``, before Django is set up."""
    import psycopg

    folder = settings.data_folder()
    try:
        sealing.installation_key()
    except sealing.KeyMissing:
        raise NotReady(
            f"there is no installation key in {sealing.secrets_folder()}; copy secrets/installation.key from the host "
            "where `efface init` was run, readable by this user alone"
        ) from None
    kind = kind_of_folder()
    if not kind:
        raise NotReady(f"{folder / 'kind'} is missing; copy it from the host where `efface init` was run")
    try:
        with psycopg.connect(**database.dsn(database.process_role()), connect_timeout=5) as connection:
            row = connection.execute("SELECT kind, key_mark FROM engine_installation WHERE id = 1").fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    except psycopg.errors.UndefinedColumn:
        raise NotReady("the tables are older than this version; run `efface up` or `efface init` first") from None
    except psycopg.OperationalError as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[-1]
        where = "" if settings.get("database_url") else "; set EFFACE_DATABASE_URL to the database of the first host"
        raise NotReady(f"the database does not answer ({said}){where}") from None
    if row is None:
        raise NotReady("the database has no installation in it; run `efface init` on the first host")
    if row[0] != kind:
        raise NotReady(f"the database belongs to a {row[0]} installation, this host's data folder to a {kind} one")
    if row[1] is not None and bytes(row[1]) != _key_mark():
        raise NotReady(_OTHER_KEY)
    return kind
