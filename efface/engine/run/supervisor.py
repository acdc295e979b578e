"""Starts, watches, restarts and stops the processes of an installation.

A process that ends is started again after a pause that doubles up to half a minute. When the supervisor dies, however
it dies, the kernel ends its children (PR_SET_PDEATHSIG), so nothing is left running unwatched.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from efface.engine.base import settings
from efface.engine.run import postgres, processes

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_AFTER = 0.2, 30.0, 30.0
STOP_S = 10.0
_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


class StartFailed(RuntimeError):
    """A process did not become ready; the message names it and the log to read."""


def end_with_parent() -> None:
    """Run in a child before its program: it ends when the thread that started it does, and dumps no core."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass
class Child:
    process: processes.Process
    log: Path
    running: subprocess.Popen[bytes] | None = None
    ready: threading.Event | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    restart_at: float = 0.0
    starts: int = 0


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it wrote nothing"


class Supervisor:
    """``start`` returns when every process said it is ready; ``watch`` keeps them running until ``stop``. ``of``: which
    processes, all of an installation where None; ``name`` stands before the names of their logs."""

    def __init__(
        self, *, world_fd: int | None = None, server: postgres.Server | None = None,
        of: Sequence[processes.Process] | None = None, name: str = "", tell: Callable[[str], None] = lambda line: None,
    ) -> None:  # fmt: skip
        self.server = server
        self.tell = tell
        logs = settings.data_folder() / "logs"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.children = {
            process.name: Child(process, logs / f"{name and name + '-'}{process.name}.log")
            for process in (processes.of_installation(world_fd) if of is None else of)
        }
        self.stopping = threading.Event()
        self.lock = threading.Lock()

    def start(self, timeout: float = 180.0) -> None:
        for child in self.children.values():
            self._launch(child)
        until = time.monotonic() + timeout
        for child in self.children.values():
            while child.ready is None or not child.ready.wait(0.05):
                if child.running is not None and child.running.poll() is not None:
                    raise StartFailed(f"{child.process.name} ended at once ({_last_line(child.log)}); see {child.log}")
                if time.monotonic() > until:
                    raise StartFailed(f"{child.process.name} did not become ready; see {child.log}")
        self._write_state()
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()

    def _launch(self, child: Child) -> None:
        process = child.process
        child.ready = threading.Event()
        for descriptor in process.descriptors:
            # A restarted process reads it from the beginning again.
            os.lseek(descriptor, 0, os.SEEK_SET)
        with child.log.open("ab") as log_file:
            child.log.chmod(0o600)
            child.running = subprocess.Popen(
                process.command, env=process.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log_file, pass_fds=process.descriptors, start_new_session=True, cwd="/",
                preexec_fn=end_with_parent,
            )  # fmt: skip
        child.started = time.monotonic()
        child.starts += 1
        threading.Thread(target=self._read, args=(child, child.running, child.ready), daemon=True).start()

    @staticmethod
    def _read(child: Child, running: subprocess.Popen[bytes], ready: threading.Event) -> None:
        """Standard output: the first line that begins with the ready word counts, the rest goes to the log."""
        assert running.stdout is not None
        with child.log.open("ab") as log_file:
            for line in running.stdout:
                if line.decode(errors="replace").startswith(child.process.ready_line):
                    ready.set()
                else:
                    log_file.write(line)
                    log_file.flush()

    def _watch(self) -> None:
        while not self.stopping.wait(0.1):
            now = time.monotonic()
            if self.server is not None and not self.server.is_alive():
                self._bring_back_database()
            for child in self.children.values():
                with self.lock:
                    if self.stopping.is_set() or child.running is None:
                        continue
                    if child.running.poll() is None:
                        if now - child.started > HEALTHY_AFTER:
                            child.pause = FIRST_PAUSE
                        continue
                    if not child.restart_at:
                        log.warning("%s ended (%s); starting it again", child.process.name, child.running.returncode)
                        self.tell(f"{child.process.name} ended and is started again")
                        child.restart_at = now + child.pause
                        child.pause = min(child.pause * 2, LONGEST_PAUSE)
                    elif now >= child.restart_at:
                        child.restart_at = 0.0
                        self._start_again(child)

    def _start_again(self, child: Child) -> None:
        """This thread must live as long as the supervisor does: what it started ends with it."""
        try:
            self._launch(child)
            self._write_state()
        except OSError as error:
            log.error("%s could not be started: %s", child.process.name, error)
            child.restart_at = time.monotonic() + child.pause

    def _bring_back_database(self) -> None:
        assert self.server is not None
        log.error("the database ended; starting it again")
        self.tell("the database ended and is started again")
        try:
            self.server.start()
        except (OSError, postgres.PostgresFailed) as error:
            log.error("the database could not be started: %s", error)
            self.stopping.wait(2.0)

    def kill(self, name: str) -> bool:
        """SIGKILL a process, as a crash would. It is started again."""
        child = self.children[name]
        with self.lock:
            if child.running is None or child.running.poll() is not None:
                return False
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.running.pid, signal.SIGKILL)
            return True

    def is_whole(self) -> bool:
        """Every process runs and has said it is ready."""
        with self.lock:
            return all(
                child.running is not None and child.running.poll() is None and child.ready is not None
                and child.ready.is_set() for child in self.children.values()
            )  # fmt: skip

    def pids(self) -> dict[str, int]:
        pids = {name: child.running.pid for name, child in self.children.items() if child.running}
        if self.server and self.server.process:
            pids["postgres"] = self.server.process.pid
        return pids

    def _write_state(self) -> None:
        path = settings.run_folder() / "processes.json"
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps({"pids": self.pids()}), encoding="ascii")
        temporary.replace(path)

    def stop(self) -> None:
        """Ask every process to end, those first that lean on the others, so that they can finish what they began;
        those that do not are killed."""
        self.stopping.set()
        with self.lock:
            running = [child for child in reversed(self.children.values()) if child.running]
        self._end([child.running for child in running if child.running and child.process.ends_first])
        self._end([child.running for child in running if child.running and not child.process.ends_first])
        with contextlib.suppress(OSError):
            (settings.run_folder() / "processes.json").unlink()
        if self.server:
            self.server.stop()

    @staticmethod
    def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                one.terminate()
        until = time.monotonic() + STOP_S
        for one in running:
            try:
                one.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.pid, signal.SIGKILL)
                one.wait(5)
