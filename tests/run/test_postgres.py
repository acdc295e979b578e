"""Our own PostgreSQL: closed to the outside, comes back after SIGKILL, says what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from efface.engine.base import database, settings
from efface.engine.run import manage, postgres


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="efface-pg-"))
    if os.geteuid() == 0:
        path.chmod(0o711)
    monkeypatch.setenv("EFFACE_DATA", str(path))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_it_is_closed_restarts_after_a_kill_and_keeps_what_was_committed(folder: Path) -> None:
    manage.prepare_data_folder("demo")
    server = postgres.Server.of_installation()
    server.start()
    try:
        with server.connect() as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        assert stat.S_IMODE(Path(database.socket_folder()).stat().st_mode) == 0o700
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=database.socket_folder(), user="efface_app", password="wrong", dbname="efface")
        if os.geteuid() == 0:
            assert server.process is not None
            assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0
        second = postgres.Server.of_installation()
        with pytest.raises(postgres.PostgresFailed, match="running already"):
            second.start()
        assert server.process is not None
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server = postgres.Server.of_installation()
        server.start()
        with server.connect() as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
    finally:
        server.stop()


def test_it_waits_for_the_children_of_a_killed_server(folder: Path) -> None:
    manage.prepare_data_folder("demo")
    server = postgres.Server.of_installation()
    server.start()
    process = server.process
    assert process is not None
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    os.kill(child, signal.SIGSTOP)
    process.kill()
    process.wait()
    resumed = threading.Timer(1.5, os.kill, (child, signal.SIGCONT))
    resumed.start()
    try:
        server.start()
        assert postgres.ORPHANED in server.log.read_bytes()
        with server.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        resumed.cancel()
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_a_folder_that_nobody_may_enter_is_said_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = folder / "closed" / "data"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    monkeypatch.setenv("EFFACE_DATA", str(inner))
    manage.prepare_data_folder("demo")
    with pytest.raises(postgres.PostgresFailed, match="only root may enter"):
        postgres.Server.of_installation().start()


def test_the_kind_is_written_once(folder: Path) -> None:
    manage.prepare_data_folder("demo")
    manage.prepare_data_folder("demo")
    with pytest.raises(manage.KindMismatch):
        manage.prepare_data_folder("production")


def test_a_deep_folder_gets_a_short_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_DATA", str(folder / ("deep" * 30)))
    assert len(str(settings.database_socket_folder())) < 80
