"""The supervisor: starts, restarts after a kill, stops, and says which process did not come up."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from efface.engine.run import processes, supervisor

SCRIPT = "import sys, time; print('ready', flush=True); print('a line', flush=True); time.sleep(600)"


def process(name: str, code: str = SCRIPT) -> processes.Process:
    return processes.Process(name, [sys.executable, "-c", code], {"PATH": "/usr/bin"})


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[supervisor.Supervisor]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    monkeypatch.setattr(processes, "of_installation", lambda world_fd=None: [process("one"), process("two")])
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)
    held = supervisor.Supervisor()
    held.start(timeout=20)
    yield held
    held.stop()


def until(condition: object, seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_a_killed_process_is_started_again(running: supervisor.Supervisor) -> None:
    before = running.pids()
    assert running.kill("one")
    assert until(lambda: running.pids()["one"] != before["one"] and running.is_whole())
    assert running.pids()["two"] == before["two"]
    assert running.children["one"].starts == 2


def test_stopping_ends_all(running: supervisor.Supervisor) -> None:
    pids = running.pids().values()
    running.stop()
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 5)


def test_output_goes_to_a_log_that_only_we_can_read(running: supervisor.Supervisor) -> None:
    log = running.children["one"].log
    assert until(lambda: "a line" in log.read_text())
    assert log.stat().st_mode & 0o077 == 0


def test_a_process_that_ends_at_once_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    broken = process("web", "import sys; sys.stderr.write('no port'); sys.exit(3)")
    monkeypatch.setattr(processes, "of_installation", lambda world_fd=None: [broken])
    held = supervisor.Supervisor()
    with pytest.raises(supervisor.StartFailed, match=r"web ended at once \(no port\)"):
        held.start(timeout=20)
    held.stop()


def test_the_scanner_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    monkeypatch.setenv("EFFACE_DATABASE_URL", "postgres://u:secret@h/d")
    scanner = next(one for one in processes.of_installation() if one.name == "scanner")
    assert not [name for name in scanner.environment if name.startswith(("EFFACE", "DJANGO", "HOME"))]
    assert "secret" not in str(scanner)
    assert "--world-fd" not in scanner.command
