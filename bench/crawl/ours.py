"""Our side: an installation in a folder of its own, crawling a world with the processes that ``efface up`` starts."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from efface.engine.base import database, sealing, settings
from efface.engine.run import manage, postgres, processes, supervisor
from testbed.demo.installation import Installation
from testbed.demo.memory import Peak, children_of, cpu_seconds
from testbed.demo.world import World

OPENS = timedelta(hours=1)
"""The first visits are due this long after the world's start: everything is up and rehearsed by then."""
NEEDED = ("scanner", "matcher", "scheduler", "worker")
LONGEST_S = 1500.0
EVERYTHING = ("hash_match", "copy_match", "face_search", "notify")


class Stuck(RuntimeError):
    """The crawl did not come to its end in time."""


@dataclass(frozen=True, slots=True)
class Crawled:
    """``pages`` that were there and were read, ``media`` fetched and fingerprinted; processor and wall-clock seconds;
    ``parts`` the processor seconds of each process; ``found``: (key of the subject, address of the page) of every
    match."""

    pages: int
    media: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    parts: dict[str, float]
    found: set[tuple[str, str]]

    @property
    def pages_per_cpu_s(self) -> float:
        return self.pages / self.cpu_s

    @property
    def media_per_cpu_s(self) -> float:
        return self.media / self.cpu_s


class Bench(Installation):
    """An installation that only crawls, with as many workers as wanted. Made in ``folder``."""

    def __init__(self, folder: Path, models: Path | None, workers: int = 1, at_once: int = 3) -> None:
        super().__init__(folder, 0, models)
        self.workers, self.at_once = workers, at_once
        self.cases: dict[str, str] = {}

    def settle(
        self, world: World, sites: Sequence[str], consents: Sequence[str], opens: datetime | None, delay_s: float,
        pages: int,
    ) -> None:  # fmt: skip
        """Configure and make it, for a crawl of these sites (front pages). ``opens``: when the first visits are due by
        the machine's own clock; None for a clock that is moved by hand."""
        self.configure(world)
        os.environ.update(
            EFFACE_CRAWL_PAGES=str(pages), EFFACE_CRAWL_DELAY=str(delay_s), EFFACE_WORKERS=str(self.at_once),
            EFFACE_QUEUES="crawl",
        )  # fmt: skip
        settings.forget_cache()
        manage.prepare_data_folder("demo")
        if self.models and not processes.models_folder().exists():
            processes.models_folder().symlink_to(self.models)
        self.server = postgres.Server.of_installation()
        self.server.start()
        start, first = (world.start, world.start + OPENS) if opens is None else (datetime.now(UTC), opens)
        plan = {
            "start": start.isoformat(), "opens": first.isoformat(), "driven": opens is None, "sites": list(sites),
            "subjects": world.ready["subjects"], "models": str(self.models or ""), "consents": list(consents),
        }  # fmt: skip
        self.cases = json.loads(self._python("bench.crawl.furnish", json.dumps(plan), "efface_owner"))

    def _python(self, module: str, given: str, role: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module], input=given, text=True, capture_output=True, check=False,
            env=processes.trusted_environment(role), cwd=Path(__file__).parents[2],
        )  # fmt: skip
        if done.returncode:
            raise supervisor.StartFailed(f"{module} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def start(self, world: World, tell: Any) -> None:
        """Scanner, matcher, scheduler and workers: what a crawl needs."""
        assert self.server is not None
        made = supervisor.Supervisor(world_fd=world.descriptor, server=self.server, tell=tell)
        made.children = {name: child for name, child in made.children.items() if name in NEEDED}
        for number in range(2, self.workers + 1):
            first = made.children["worker"]
            name = f"worker-{number}"
            made.children[name] = supervisor.Child(
                replace(first.process, name=name), first.log.with_name(f"{name}.log")
            )  # fmt: skip
        self.supervisor = made
        made.start(timeout=90)
        self.connection = self._connect()

    def _connect(self) -> Any:
        import psycopg

        password = (sealing.secrets_folder() / "database-efface_engine").read_text(encoding="ascii")
        return psycopg.connect(
            host=database.socket_folder(), user="efface_engine", password=password, dbname=database.NAME,
            autocommit=True,
        )  # fmt: skip

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far of each process with all below it."""
        assert self.supervisor is not None
        return {name: cpu_seconds(children_of([pid])) for name, pid in self.supervisor.pids().items()}

    def visits_left(self, now: datetime) -> int:
        return int(
            self._one(
                "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
                " AND queue_name = 'crawl')"
                " + (SELECT count(*) FROM engine_deadline WHERE state = 'waiting' AND kind = 'site.visit'"
                " AND due <= %s)",
                [now],
            )
        )

    def crawl(self, now: datetime) -> Crawled:
        """Everything that is due at ``now``. Raises ``Stuck``."""
        peak = Peak(lambda: self.supervisor.pids().values() if self.supervisor else [], every=0.5)
        before, began = self.cpu(), time.monotonic()
        self.drive(now)
        calm = 0
        while calm < 3:
            time.sleep(0.5)  # asking costs the database something
            calm = calm + 1 if not self.visits_left(now) else 0
            if time.monotonic() - began > LONGEST_S:
                raise Stuck(f"{self.visits_left(now)} visits left after {LONGEST_S:.0f} s")
        wall, after = time.monotonic() - began, self.cpu()
        peak.sample()
        parts = {name: round(after[name] - before.get(name, 0.0), 2) for name in after}
        return Crawled(
            pages=int(self._one("SELECT count(*) FROM search_frontier WHERE visited_at IS NOT NULL AND status = 200")),
            media=int(self._one("SELECT count(DISTINCT media_digest) FROM search_sighting")),
            cpu_s=round(sum(parts.values()), 2), wall_s=round(wall, 1), peak_mb=round(peak.stop() / 1e6, 1),
            parts=parts, found=self.found(),
        )  # fmt: skip

    def found(self) -> set[tuple[str, str]]:
        keys = {case: key for key, case in self.cases.items()}
        rows = json.loads(self._python("bench.crawl.tell", "", "efface_app"))
        return {(keys[case], page) for case, page in rows if case in keys}


@contextlib.contextmanager
def crawling(
    folder: Path, world: World, sites: Sequence[str], models: Path | None, *, workers: int = 1,
    consents: Sequence[str] = EVERYTHING, opens: datetime | None = None, delay_s: float = 0.02,
    pages: int = 400,
) -> Iterator[Bench]:  # fmt: skip
    """A bench that is up, and is gone afterwards."""
    folder.mkdir(mode=0o711, parents=True)
    made = Bench(folder, models, workers)
    try:
        made.settle(world, sites, consents, opens, delay_s, pages)
        made.start(world, lambda line: print(line, file=sys.stderr, flush=True))
        yield made
    finally:
        made.stop()
