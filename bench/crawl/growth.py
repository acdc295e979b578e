"""What a hundred times the sites and media cost a step of the crawl: the same work, on the same sites, in a small and
in a large database.

Every figure is of the product's own code with real rows in the bench's own PostgreSQL; only what answers on the network
is left out (``tools``): a fetcher that takes a page and is gone, that says it has not changed, or that brings a hundred
media. Each round is rolled back, so that every one meets the same; what writing to the disk costs is therefore left
out, and does not depend on what lies there. A round works on sites that no round before has touched.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString, cast

from bench.crawl.filling import BLOCK, Size, World, domain, grow, list_url, sha_of
from bench.installed import NOW, Place, become, installation

WANTED = 3.0
"""A step in the large database takes at most so many times as long as in the small one."""
SMALLER = 100
BATCH, ROUNDS = 4, 9
"""Sites of a round, rounds of each operation."""
LOOKED_UP = 100
SMALL = "efface_small"
TABLES = ("search_media", "search_sighting", "search_frontier", "search_sitelist", "search_sitelore", "sites_site",
          "sites_evidence", "engine_deadline", "engine_lease", "procrastinate_jobs")  # fmt: skip


class TooSmall(ValueError):
    """With so few sites or media there is nothing to compare."""


@dataclass(slots=True)
class Measured:
    """Of one operation, in the small and in the large database, of each round: seconds by the clock, and of a
    processor (ours and the database's)."""

    clock: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    processor: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    @property
    def ratio(self) -> float:
        return self._ratio(self.clock)

    @property
    def processor_ratio(self) -> float:
        return self._ratio(self.processor)

    @property
    def ms(self) -> tuple[float, float]:
        return tuple(round(statistics.median(one) * 1000, 2) for one in self.clock)  # type: ignore[return-value]

    def _ratio(self, both: tuple[list[float], list[float]]) -> float:
        small, large = map(statistics.median, both)
        return round(large / small, 2)


@dataclass(frozen=True, slots=True)
class Standing:
    """A database: its name, and what is in it."""

    name: str
    world: World


def sizes(media: int, sites: int) -> tuple[Size, Size, Size]:
    """The small world, the one whose sweep is planned as a whole, and the large one. Raises ``TooSmall``."""
    least = Size(max(media // SMALLER, 1), max(sites // SMALLER, 1))
    if sites < 100 or media < sites * 20:
        raise TooSmall("--sites must be 100 or more, with at least 20 media (--media) for each")
    if least.sites < BLOCK:
        least = Size(media * BLOCK // sites, BLOCK)
    middle = Size(max(media // 10, least.media), max(sites // 10, least.sites))
    return least, middle, Size(media, sites)


def run(
    media: int, sites: int, seed: int, tell: Callable[[str], None], models: Path | None, rounds: int = ROUNDS
) -> dict[str, Any]:
    """All figures. ``models``: of faces, with which a sweep is carried out on loopback, to know what that costs; None
    leaves it out. Raises ``TooSmall``, ``carried.CannotCarry``."""
    wanted = sizes(media, sites)
    with installation() as place:
        result = _measure(place, wanted, seed, rounds, tell)
    if models is None:
        return result
    from bench.crawl.carried import measure

    return with_cost(result, measure(seed, models, tell))


def _measure(
    place: Place, wanted: tuple[Size, ...], seed: int, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    from efface.engine.base import database
    from efface.engine.run import postgres
    from testbed.demo.memory import Peak

    server = postgres.Server.of_installation()
    world, loads, sweeps = World(seed, NOW), {}, []
    peak = Peak(lambda: [os.getpid(), _server_pid(place)], every=1.0)
    small = None
    for size in dict.fromkeys(wanted):
        _use(database.NAME)
        grow(world, size, lambda: server.connect(database.NAME))
        loads[f"{world.media} media, {len(world.ids)} sites"] = round(world.took_s, 1)
        tell(f"{world.media} media, {world.sightings} sightings, {world.pages} pages in {world.took_s:.0f} s")
        if small is None:
            with server.connect() as raw:
                raw.execute(cast(LiteralString, f"CREATE DATABASE {SMALL} TEMPLATE {database.NAME}"))
            small = Standing(SMALL, replace(world, ids=list(world.ids)))
        if size == wanted[-1]:
            # Before anything else is written: what a sweep leaves behind is no part of a table's size.
            tables = _tables(world)
            both = small, Standing(database.NAME, world)
            steps = _all(server, STEPS, both, rounds, tell)
            screens = _all(server, SCREENS, both, min(rounds, 3), tell)
            _use(database.NAME)
        sweeps.append(_sweep(place, world))
        tell(f"a sweep is planned: {sweeps[-1]}")
    assert small is not None
    return told(small.world, world, steps, screens, sweeps, rounds) | {
        "load_s": loads, "peak_mb": round(peak.stop() / 1e6, 1), "tables_mb_per_million": tables,
        "all_tables_mb_per_million": round(sum(one["table"] + one["indexes"] for one in tables.values()), 1),
    }  # fmt: skip


def _server_pid(place: Place) -> int:
    return int((place.folder / "postgres" / "postmaster.pid").read_text().split()[0])


def _use(name: str, role: str = "efface_app") -> None:
    """Another connection, to this database."""
    from django.db import connection

    become(role)
    connection.settings_dict["NAME"] = name


Step = Callable[[World, int], "Timed"]
"""Works on the sites of a round."""


_BACKLOG = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    SELECT 'crawl', 'search.jobs.visit', 0, 'visit:' || subject, 'visit:' || subject,
        jsonb_build_object('site', subject)
    FROM engine_deadline WHERE kind = 'site.visit' AND state = 'waiting' AND due <= %s ORDER BY due
"""


@contextmanager
def _prepared(server: Any, step: Step, databases: Iterable[str]) -> Iterator[None]:
    """For ``_take``, a queue in both databases that is as long as there are sites due, analysed as autovacuum would."""
    if step is not _take:
        yield
        return
    for name in databases:
        with server.connect(name) as raw:
            raw.execute(_BACKLOG, [NOW])
            raw.execute("ANALYZE procrastinate_jobs")
    yield
    for name in databases:
        with server.connect(name) as raw:
            raw.execute("DELETE FROM procrastinate_jobs")


@contextmanager
def _undone() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Timed:
    """Seconds within it, by the clock and of a processor: this thread's and the database's at the other end."""

    clock = processor = 0.0

    def __enter__(self) -> Timed:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._schedule = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
        self._began = time.perf_counter(), self._spent()
        return self

    def __exit__(self, *_: object) -> None:
        self.clock = time.perf_counter() - self._began[0]
        self.processor = self._spent() - self._began[1]

    def _spent(self) -> float:
        return time.thread_time() + int(self._schedule.read_text().split()[0]) / 1e9


def _all(
    server: Any, steps: Mapping[str, Step], both: tuple[Standing, Standing], rounds: int, tell: Callable[[str], None]
) -> dict[str, Measured]:
    found = {}
    for name, step in steps.items():
        with _prepared(server, step, [one.name for one in both]):
            one = found[name] = _paired(step, both, rounds)
        tell(f"{name}: {one.ms} ms, {one.ratio} by the clock, {one.processor_ratio} of a processor")
    return found


def _paired(step: Step, both: tuple[Standing, Standing], rounds: int) -> Measured:
    """Small and large take turns: what else the machine does meets both."""
    found = Measured()
    role = "efface_engine" if step is _claim else "efface_app"
    for number in range(rounds):
        for place, one in enumerate(both):
            _use(one.name, role)
            step(one.world, number + 1)  # fills the connection's caches, on other sites; not counted
            timed = step(one.world, number)
            found.clock[place].append(timed.clock)
            found.processor[place].append(timed.processor)
    return found


def chosen(world: World, number: int) -> list[uuid.UUID]:
    """The sites of a round: active ones of the first block, that do not back off."""
    from efface.sites.models import Site

    rows = Site.objects.filter(pk__in=world.ids[:50], state="active", backoff_until=None).order_by("domain")
    keys = list(rows.values_list("pk", flat=True))
    return [keys[(number * BATCH + place) % len(keys)] for place in range(BATCH)]


def _claim(world: World, number: int) -> Timed:
    """Deadlines of a batch of sites, with the job of each visit."""
    from efface.engine.base import deadlines

    with _undone(), Timed() as timed:
        fired = deadlines.fire(NOW, BATCH)
    if fired != BATCH:
        raise RuntimeError("no batch of sites is due")
    return timed


def _take(world: World, number: int) -> Timed:
    """A worker takes jobs while those of all sites that are due wait (``_BACKLOG``)."""
    from django.db import connection

    with _undone(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        worker = cursor.fetchone()[0]
        with Timed() as timed:
            for _ in range(BATCH):
                cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['crawl']::varchar[], %s)", [worker])
                if cursor.fetchone()[0] is None:
                    raise RuntimeError("no job waits")
    return timed


def _visit(world: World, number: int, answer: Callable[[Any], Any], last: bool = False) -> Timed:
    from efface.search import crawl
    from efface.search.crawl import Pace
    from efface.search.pages import Tools
    from efface.sites.models import Site

    with _undone():
        sites = chosen(world, number)
        if last:
            Site.objects.filter(pk__in=sites).update(visit_began=NOW, pages_left=1)
        fetcher = Fetcher(answer)
        tools = Tools(fetcher, Matcher(), once=True, patience_s=0)
        pace = Pace(pages=400, step=1, delay_s=5.0, hours=24.0)
        with Timed() as timed:
            for site in sites:
                crawl.visit(site, tools, pace, NOW)
    if fetcher.asked != BATCH:
        raise RuntimeError(f"{fetcher.asked} pages were asked for, of {BATCH} sites")
    return timed


def _next_page(world: World, number: int) -> Timed:
    """A visit begins: what the site is known to show, its next page, noted as asked for; the deadline of its next
    step."""
    return _visit(world, number, gone)


def _replan(world: World, number: int) -> Timed:
    """The last page of a visit, a list, has not changed: when is it due again, when the site?"""
    return _visit(world, number, same, last=True)


def _save(world: World, number: int) -> Timed:
    """A page with a hundred media, half of them met before, and with sixty links."""
    return _visit(world, number, full)


def _dedupe(world: World, number: int) -> Timed:
    """Which of a hundred media are known?"""
    from efface.search import media

    # Half of them are new; the others are met again, anywhere.
    keys = [sha_of(f"new/{number}/{place}") for place in range(LOOKED_UP // 2)]
    some = [(number * 50 + place) % len(world.ids) for place in range(LOOKED_UP // 2)]
    keys += [sha_of(f"{site}/0-0") for site in some]
    with _undone(), Timed() as timed:
        stored = media._stored(keys)
    if len(stored) != len(set(some)):
        raise RuntimeError(f"{len(stored)} of {len(set(some))} known media were found")
    return timed


def _sweep_batch(world: World, number: int) -> Timed:
    """Marking the pages of a batch of sites."""
    from efface.engine.base import leases
    from efface.search import marking

    with _undone():
        lease = leases.take(f"sweep:{uuid.uuid4()}")
        sites = chosen(world, number)
        with Timed() as timed:
            marking.mark(lease, dict.fromkeys(sites, NOW), marking.Wanted(True, False, NOW), NOW)
    return timed


STEPS: dict[str, Step] = {
    "claim_sites": _claim, "take_jobs": _take, "next_page": _next_page, "replan": _replan, "save_page": _save,
    "look_up_100_media": _dedupe, "sweep_batch": _sweep_batch,
}  # fmt: skip


def _coverage(world: World, number: int) -> Timed:
    from efface.search import coverage
    from efface.search.revisit import PAGES_A_DAY

    with _undone(), Timed() as timed:
        coverage.sites("", "", NOW, PAGES_A_DAY)
        coverage.counts(NOW, PAGES_A_DAY)
    return timed


def _speed(world: World, number: int) -> Timed:
    from efface.search import coverage

    with _undone(), Timed() as timed:
        coverage.speed(NOW)
    return timed


SCREENS: dict[str, Step] = {"coverage": _coverage, "coverage_speed": _speed}


def _sweep(place: Place, world: World) -> dict[str, Any]:
    """A whole sweep for one new face, planned and undone."""
    from efface.engine.base import clock, tenancy
    from efface.search import sweep
    from efface.search.models import Frontier, Media

    with _undone(), clock.fixed(NOW):
        with tenancy.organisation(place.organisation):
            _enrol_face(place)
        with Timed() as timed:
            pages = sweep.start(place.organisation, place.case, Matcher(), NOW)
        marked = Frontier.objects.filter(sweep=True)
        if marked.count() != pages:
            raise RuntimeError(f"{pages} pages were to be marked, and {marked.count()} are")
        media = Media.objects.filter(sightings__page_digest__in=marked.values("digest")).distinct().count()
        return {"known_media": world.media, "pages": pages, "media_on_them": media, "plan_s": round(timed.clock, 2),
                "plan_cpu_s": round(timed.processor, 2)}  # fmt: skip


def _enrol_face(place: Place) -> None:
    from efface.accounts.models import FaceSearchPermission, User
    from efface.cases import consents
    from efface.cases.models import Case, Fingerprint

    case = Case.objects.get(pk=place.case)
    Case.objects.filter(pk=case.pk).update(level="attested", age="adult")
    case.refresh_from_db()
    user = User.objects.create_user("coordinator@example.org", None, name="Coordinator One", created=NOW)
    FaceSearchPermission.objects.create(
        organisation_id=place.organisation, impact_assessment="bench", legal_basis="bench", countries="DE",
        recorded_by=user, recorded_at=NOW,
    )  # fmt: skip
    consents.give(case, "face_search", "survivor", NOW)
    row = Fingerprint(organisation_id=place.organisation, case=case, kind="face", age="adult", created=NOW)
    row.value = {"model": "bench", "vector": [1.0] + [0.0] * 191, "photos": 3}
    row.save()


class Fetcher:
    """Answers at once; ``asked`` counts the pages it was asked for."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer, self.asked = answer, 0

    def robots(self, request: Any) -> Any:
        from efface.net.protocol import FetchFacts, Robots

        return Robots(FetchFacts(request.origin, status=200), [True] * len(request.urls))

    def listed(self, request: Any) -> Any:
        raise RuntimeError("no list is due here")

    def scan(self, request: Any) -> Any:
        self.asked += 1
        return self.answer(request)


class Matcher:
    """Holds everything, resembles nothing."""

    def watch(self) -> Any:
        from efface.search.matcher.hits import Watch

        return Watch("1", pictures=1, faces=1)

    def compare(self, question: Any) -> Any:
        from efface.search.matcher.hits import Hits

        return Hits("1")

    def missing(self, fingerprints: list[str]) -> list[str]:
        return []


def gone(request: Any) -> Any:
    from efface.net.client import FetcherGone

    raise FetcherGone("its page is in its hands")


def same(request: Any) -> Any:
    from efface.net.protocol import FetchFacts, Scan

    return Scan(FetchFacts(request.url, request.url, 304), not_modified=True)


def full(request: Any) -> Any:
    import random

    from efface.net.protocol import FetchFacts, MediaRef, Picture, Scan, ScannedMedia

    some = random.Random(request.url)
    number = int(request.url.split("/")[2].split(".")[0].removeprefix("s"))
    media = []
    for place in range(LOOKED_UP):
        ref = MediaRef(f"http://cdn.{domain(number)}/m/n{place}.jpg")
        sha = sha_of(f"{number}/{place // 3}-{place % 3}" if place % 2 else f"{request.url}/{place}").hex()
        pdq = [some.randbytes(32).hex() for _ in range(8)]
        picture = Picture(sha, "", 90_000, "image/jpeg", 1200, 800, pdq, 90, place % 3)
        media.append(ScannedMedia(ref, FetchFacts(ref.url, ref.url, 200), picture))
    links = [f"{list_url(number, 0)}v/{place}-another-morning" for place in range(60)]
    return Scan(FetchFacts(request.url, request.url, 200), "Mornings", "Some words", links=links, media=media)


def _tables(world: World) -> dict[str, Any]:
    """Megabytes of each table with its indexes, for a million media."""
    from django.db import connection

    found: dict[str, Any] = {}
    million = world.media / 1e6
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT pg_table_size(oid), pg_indexes_size(oid), reltuples FROM pg_class WHERE oid = %s::regclass",
                [table],
            )  # fmt: skip
            data, indexes, rows = cursor.fetchone()
            found[table] = {"table": round(data / 1e6 / million, 1), "indexes": round(indexes / 1e6 / million, 1),
                            "rows": round(rows / million)}  # fmt: skip
    return found


def told(
    small: World, large: World, steps: dict[str, Measured], screens: dict[str, Measured], sweeps: list[dict[str, Any]],
    rounds: int,
) -> dict[str, Any]:
    worst = max(steps, key=lambda name: steps[name].ratio)
    return {
        "growth_ratio": steps[worst].ratio, "worst": worst, "wanted": WANTED,
        "sizes": [[one.media, len(one.ids)] for one in (small, large)],
        "steps": {name: _told(one) for name, one in steps.items()},
        "screens": {name: _told(one) for name, one in screens.items()},
        "sweeps": sweeps,
        "note": f"medians of {rounds} rounds of {BATCH} sites, turn by turn in both databases, rolled back "
                "(look_up_100_media: one look-up a round); the fetcher and the matcher answer at once",
    }  # fmt: skip


def _told(one: Measured) -> dict[str, Any]:
    small, large = one.ms
    return {"ratio": one.ratio, "processor_ratio": one.processor_ratio, "small_ms": small, "large_ms": large}


def with_cost(result: dict[str, Any], carried: dict[str, Any]) -> dict[str, Any]:
    """What planning each sweep costs beside carrying it out, at what its sample took for a page; in seconds of a
    processor, both."""
    each = carried["cpu_s"] / carried["pages"]
    for one in result["sweeps"]:
        one["carry_out_cpu_s"] = round(each * one["pages"], 1)
        one["plan_share"] = round(one["plan_cpu_s"] / one["carry_out_cpu_s"], 5)
    chosen_ = result["sweeps"][min(1, len(result["sweeps"]) - 1)]
    return result | {"sweep_plan_share": chosen_["plan_share"], "sweep_carried_out": carried}


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
