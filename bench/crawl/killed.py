"""Three workers as hosts of their own, each with its data folder, scanner and matcher, against one PostgreSQL. Every
few seconds one of them is killed: the whole host, or the process that runs its jobs. What sites saw of it is counted
from the world's own log of requests.

A page whose worker died with it in its hands rests, and is asked for again after ``RESTS`` turns of its site:
that is the interval within which no page may be asked for twice here.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bench.crawl.asked import Seen, read
from bench.crawl.ours import Bench
from efface.engine.base import database, sealing
from efface.engine.run import processes, supervisor
from efface.search.resting import RESTS
from testbed.demo.world import World
from testbed.model import Site, load, parse_time
from testbed.world import generate

WORKERS, DELAY_S, EVERY_S = 3, 0.5, (2.0, 6.0)
PAGES, LONGEST_S = 400, 420.0
REST_S = DELAY_S * RESTS


class Unfinished(RuntimeError):
    """The crawl did not come to its end in time."""


@dataclass
class Host:
    """A worker with a data folder of its own."""

    number: int
    folder: Path
    environment: dict[str, str]
    descriptor: int
    process: subprocess.Popen[bytes] | None = None
    pids: dict[str, int] | None = None
    starts: int = 0

    def start(self) -> None:
        self.pids = None
        self.starts += 1
        with (self.folder / "host.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.crawl.host", "--world-fd", str(self.descriptor)],
                env=self.environment, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                pass_fds=(self.descriptor,), cwd=Path(__file__).parents[2], start_new_session=True,
                preexec_fn=supervisor.end_with_parent,
            )  # fmt: skip

    def look(self) -> None:
        """Note that it is ready, or start it again where it is gone."""
        assert self.process is not None and self.process.stdout is not None
        if self.process.poll() is not None:
            self.start()
        elif self.pids is None and select.select([self.process.stdout], [], [], 0)[0]:
            line = self.process.stdout.readline()
            if line:
                self.pids = json.loads(line)["pids"]

    def kill(self, whole: bool) -> bool:
        """As a power cut would, or as a crash of the process that runs the jobs."""
        assert self.process is not None
        pid = self.process.pid if whole else self._worker()
        if not pid:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            if whole:
                self.process.wait(10)
                self.pids = None
            return True
        return False

    def _worker(self) -> int:
        try:
            state = json.loads((self.folder / "run" / "w1" / "processes.json").read_text(encoding="ascii"))
            return int(state["pids"]["worker"])
        except (OSError, ValueError, KeyError):
            return 0

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def run(
    seed: int, tell: Callable[[str], None], *, sites: int = 24, pages: int = 260, least_kills: int = 12
) -> dict[str, Any]:  # fmt: skip
    """All figures. ``least_kills``: the killing goes on for so long, at least."""
    with tempfile.TemporaryDirectory(prefix="efface-bench-") as name:
        base = Path(name)
        base.chmod(0o711)
        generate(seed, sites, 3, None, 30, base / "world")
        log = base / "requests.log"
        log.touch()
        world = World(base / "world", "127.0.0.1:1", log)
        try:
            return _run(base, world, log, random.Random(seed), pages, least_kills, tell)
        finally:
            os.close(world.descriptor)
            world.stop()


def _run(
    base: Path, world: World, log: Path, rng: random.Random, pages: int, least_kills: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    chosen = slice_of(base / "world", world.ready["seeds"], pages)
    bench = Bench(base / "first", None)
    bench.folder.mkdir(mode=0o711)
    hosts: list[Host] = []
    try:
        bench.settle(world, [seed for seed, _ in chosen], ("hash_match",), datetime.now(UTC), DELAY_S, PAGES)
        _scheduler(bench, world, tell)
        hosts = [_host(base, number, world.descriptor) for number in range(1, WORKERS + 1)]
        for host in hosts:
            host.start()
        kills = _kill_until_done(bench, hosts, rng, least_kills, tell)
        left = _pages_left(bench)
        known = int(bench._one("SELECT count(*) FROM search_frontier WHERE wall NOT IN ('robots', 'stopped')"))
    finally:
        for host in hosts:
            host.stop()
        bench.stop()
    with log.open(encoding="utf-8") as lines:
        seen = read(lines, media_of(base / "world"), {site.domain for _, site in chosen})
    missed = [page for _, site in chosen for page in pages_of(site, world.start) if page not in seen.pages]
    return told(seen, kills, known, left + len(missed), hosts)


def told(seen: Seen, kills: int, known: int, lost: int, hosts: Sequence[Host]) -> dict[str, Any]:
    twice, soon = seen.twice_within(REST_S), seen.too_soon(DELAY_S)
    return {
        "workers": WORKERS, "kills": kills, "pages": known, "lost": lost, "fetched_twice": len(twice),
        "over_rate_sites": len(soon), "asked_again_after_rest": seen.again(), "interval_s": REST_S, "delay_s": DELAY_S,
        "sites": len(seen.hosts), "requests_for_pages": sum(map(len, seen.pages.values())),
        "starts": sum(host.starts for host in hosts), "twice": twice[:10], "over_rate": soon[:10],
    }  # fmt: skip


def slice_of(folder: Path, seeds: Sequence[str], pages: int) -> list[tuple[str, Site]]:
    """The first sites that answer everybody and together have as many pages. The one that hangs up in mid-answer is
    left to the catalogue: on a kept connection the HTTP library asks it once more, as RFC 9112 section 9.3.1 allows."""
    world = {site.domain: site for site in load(folder).sites}
    chosen: list[tuple[str, Site]] = []
    counted = 0
    for seed in seeds:
        site = world[urlsplit(seed).hostname or ""]
        if site.wall or site.dead_dns or site.hostile or not site.galleries:
            continue
        chosen.append((seed, site))
        counted += len(site.galleries) + 4
        if counted >= pages:
            break
    return chosen


def pages_of(site: Site, now: datetime) -> list[tuple[str, str]]:
    """Its galleries that lists lead to by now, as (host, path)."""
    open_ = [one for one in site.galleries if not one.hidden and parse_time(one.published_at) <= now]
    return [(site.domain, one.path) for one in open_]


def media_of(folder: Path) -> frozenset[str]:
    return frozenset(
        path for site in load(folder).sites for gallery in site.galleries for shot in gallery.shots
        for path in (shot.full_path, shot.thumb_path)
    )  # fmt: skip


def _scheduler(bench: Bench, world: World, tell: Callable[[str], None]) -> None:
    """The first host runs the database and the scheduler, and no worker. Who stands behind a site is asked rarely and
    in one go: what is counted here is the crawl, so that is left out."""
    bench.connection = bench._connect()
    bench.connection.execute("UPDATE engine_deadline SET state = 'cancelled' WHERE kind = 'site.lookup'")
    only = [one for one in processes.of_installation(world.descriptor) if one.name == "scheduler"]
    bench.supervisor = supervisor.Supervisor(server=bench.server, of=only, tell=tell)
    bench.supervisor.start(timeout=90)


def _host(base: Path, number: int, descriptor: int) -> Host:
    """Its data folder holds what an operator copies there, and nothing else."""
    first, folder = base / "first", base / f"host{number}"
    folder.mkdir(mode=0o711)
    (folder / "secrets").mkdir(mode=0o700)
    shutil.copy(first / "kind", folder / "kind")
    shutil.copy(first / "secrets" / "installation.key", folder / "secrets" / "installation.key")
    password = (sealing.secrets_folder() / "database-efface_owner").read_text(encoding="ascii")
    socket = quote(database.socket_folder())
    environment = processes.trusted_environment("efface_app") | {
        "EFFACE_DATA": str(folder),
        "EFFACE_DATABASE_URL": f"postgres://efface_owner:{password}@/{database.NAME}?host={socket}",
        "EFFACE_BROWSER": "false", "EFFACE_WORKERS": "3",
    }  # fmt: skip
    environment.pop("EFFACE_QUEUES", None)
    return Host(number, folder, environment, descriptor)


def _pages_left(bench: Bench) -> int:
    """Pages that were never read, or asked for in vain."""
    return int(
        bench._one(
            "SELECT count(*) FROM search_frontier"
            " WHERE (visited_at IS NULL OR asked_at IS NOT NULL) AND wall NOT IN ('robots', 'stopped')"
        )
    )


def _waits(bench: Bench) -> list[str]:
    """For each site with pages left: how many, how many of them rest, when its next visit is, and what came last."""
    assert bench.connection is not None
    rows = bench.connection.execute(
        "SELECT site.domain, count(*), count(page.asked_at), min(deadline.due), min(deadline.state),"
        " min(site.last_error), min(page.due_at)"
        " FROM search_frontier page JOIN sites_site site ON site.id = page.site_id"
        " LEFT JOIN engine_deadline deadline ON deadline.subject = site.id AND deadline.kind = 'site.visit'"
        " WHERE (page.visited_at IS NULL OR page.asked_at IS NOT NULL) AND page.wall NOT IN ('robots', 'stopped')"
        " GROUP BY site.domain"
    )  # fmt: skip
    return [" ".join(map(str, row)) for row in rows]


def _kill_until_done(
    bench: Bench, hosts: Sequence[Host], rng: random.Random, least_kills: int, tell: Callable[[str], None]
) -> int:
    """Kill one of those that work, every few seconds, until nothing is left to read."""
    kills, calm = 0, 0
    until, next_kill = time.monotonic() + LONGEST_S, 0.0
    while calm < 20:
        time.sleep(0.2)
        for host in hosts:
            host.look()
        ready = [host for host in hosts if host.pids is not None]
        now = time.monotonic()
        if not next_kill and ready:
            next_kill = now + rng.uniform(*EVERY_S)
        if next_kill and now >= next_kill and len(ready) > 1:
            host, whole = rng.choice(ready), rng.random() < 0.5
            if host.kill(whole):
                kills += 1
                what = "" if whole else ", its worker"
                tell(f"{kills}: host {host.number}{what}; {_pages_left(bench)} pages left")
            next_kill = now + rng.uniform(*EVERY_S)
        # A site whose visit waits until some page has rested is not through.
        done = kills >= least_kills and not _pages_left(bench) and not bench.visits_left(datetime.now(UTC))
        calm = calm + 1 if done else 0
        if now > until:
            left = f"{_pages_left(bench)} pages left after {LONGEST_S:.0f} s and {kills} kills"
            raise Unfinished(f"{left}: {_waits(bench)}")
    return kills
