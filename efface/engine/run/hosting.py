"""One more worker, on this or another host: jobs, with a scanner and a matcher of its own, against one database.

Each takes a place of its own under ``run/``, so that several can work on one host. What it needs of its host: the data
folder with ``kind`` and ``secrets/installation.key``, and the way to the database.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from efface.engine.base import settings
from efface.engine.run import manage, processes, supervisor

MOST = 64
"""Workers on one host."""


@dataclass(frozen=True, slots=True)
class Place:
    """A worker's folder under ``run/`` and its number, from 1."""

    number: int
    folder: Path

    @property
    def name(self) -> str:
        return f"worker-{self.number}"


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """The first place nobody is in; ours until it ends, however it ends."""
    base = settings.run_folder()
    for number in range(1, MOST + 1):
        folder = base / f"w{number}"
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        try:
            yield Place(number, folder)
        finally:
            os.close(handle)
        return
    raise manage.NotReady(f"{MOST} workers run on this host already")


def serve(
    queues: Sequence[str], *, world_fd: int | None = None, ready: Callable[[Place, dict[str, int]], None],
    tell: Callable[[str], None] = lambda line: None,
) -> None:  # fmt: skip
    """Work until SIGTERM or SIGINT; then finish what is begun, or hand it back. ``ready`` is called once every process
    runs. Raises ``manage.NotReady`` and ``supervisor.StartFailed``."""
    manage.use_role("efface_app")
    manage.check_worker_host()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with place() as mine:
        os.environ["EFFACE_RUN"] = str(mine.folder)
        os.environ["EFFACE_QUEUES"] = ",".join(queues)
        running = supervisor.Supervisor(of=processes.of_worker(world_fd), name=mine.name, tell=tell)
        try:
            running.start()
            ready(mine, running.pids())
            ended.wait()
        finally:
            running.stop()
