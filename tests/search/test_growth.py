"""Nothing that a step of the crawl asks the database grows with what lies there: every statement has an index to go by,
however many rows there are. Told by the plans of the statements themselves, not by a clock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.cases import active
from efface.engine.base import deadlines, tenancy, training
from efface.search import coverage, media, sweep
from efface.search.crawl import Pace
from efface.search.models import Frontier, Media
from efface.sites import registry
from tests.conftest import role
from tests.search.scene import Page, StubMatcher, face, make_case
from tests.search.test_crawl import World
from tests.search.test_sweep import _case, _met

pytestmark = pytest.mark.django_db
LARGE = {
    "search_frontier", "search_sighting", "search_media", "search_sitelist", "sites_site", "sites_evidence",
    "engine_deadline", "engine_lease", "procrastinate_jobs",
}  # fmt: skip
"""Tables that grow with sites, pages and media."""
BY_TIME = {"sighting_fetched", "frontier_visited"}
"""Indexes for counting what was read lately: along these, all sites are met."""
_ORDER = re.compile(r" ORDER BY [^%]* LIMIT \d+$")
_EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT)\b", re.IGNORECASE)


def whole_reads(plan: dict[str, Any]) -> list[str]:
    """Large tables that a plan reads from one end to the other: without an index, or along one without a bound."""
    found = [name for child in plan.get("Plans", ()) for name in whole_reads(child)]
    kind, table = plan["Node Type"], plan.get("Relation Name", "")
    if kind == "Seq Scan" and table in LARGE:
        found.append(table)
    if kind in ("Index Scan", "Index Only Scan") and table in LARGE and "Index Cond" not in plan:
        found.append(f"{table} along {plan['Index Name']}")
    if plan.get("Index Name") in BY_TIME or (kind == "Bitmap Index Scan" and "Index Cond" not in plan):
        found.append(f"along {plan['Index Name']}")
    return found


def _told_large() -> None:
    """Have the planner believe in a million rows a page of each large table, until the test is rolled back. Of what
    stands in the columns it knows nothing, and might hope to meet one row of many at once: a table is read whole only
    where there is no index for it."""
    with role("efface_owner"), connection.cursor() as cursor:
        for table in sorted(LARGE):
            cursor.execute(
                "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s, 'relpages', 1,"
                " 'reltuples', 1000000::real)", [table]
            )  # fmt: skip
        for way in ("seqscan", "mergejoin", "hashjoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")


@contextmanager
def watching() -> Iterator[list[str]]:
    """Statements that read a large table as a whole, by the plans that are made where such tables are large."""
    found: list[str] = []
    _told_large()

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and _EXPLAINED.match(sql) and any(table in sql for table in LARGE):
            with connection.connection.cursor() as raw:
                # Of a table that is empty by now it would go along the order that is wanted.
                plans = raw.execute("EXPLAIN (FORMAT JSON) " + _ORDER.sub("", sql), params).fetchone()[0]
            plans = json.loads(plans) if isinstance(plans, str) else plans
            found.extend(f"{one}: {sql[:300]}" for one in whole_reads(plans[0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


@pytest.fixture(autouse=True)
def nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that a site may have would be read at its second visit too."""
    monkeypatch.setattr("efface.search.lists.LATEST", ())


@pytest.fixture
def world(now: datetime) -> World:
    # Something is known of another site: of an empty table a planner thinks what it likes.
    _met(registry.register("http://elsewhere.example/", now), 4, now)
    made = World(now)
    made.fetcher.pages = {"/": Page([f"/v/{n}" for n in range(6)], thumbs={"/t/1.jpg": ("p1~3", "/v/1")})}
    made.fetcher.pages |= {f"/v/{n}": Page(["/"], {f"/m/{n}.jpg": f"p{n}"}) for n in range(6)}
    made.fetcher.faces = {f"p{n}": 1 for n in range(6)}
    made.matcher.templates = 1
    return made


def test_a_visit_of_new_pages_reads_no_table_as_a_whole(world: World) -> None:
    with watching() as found:
        assert len(world.visit()) == 7
    assert found == []


def test_neither_does_planning_again_what_has_not_changed(world: World) -> None:
    world.visit()
    world.now = world.due()
    with watching() as found:
        assert world.visit() == ["/"]
    assert found == []


def test_neither_do_single_steps_that_wait_their_turn(world: World) -> None:
    with watching() as found:
        for _ in range(4):
            world.now += timedelta(minutes=1)
            world.visit(Pace(12, 1, 5.0, 24.0))
    assert found == []


def test_neither_does_claiming_sites_that_are_due(world: World, now: datetime) -> None:
    for number in range(5):
        registry.register(f"http://s{number}.example/", now)
    with watching() as found, role("efface_engine"):
        assert deadlines.fire(now + timedelta(minutes=1)) >= 6
    assert found == []


def test_neither_does_looking_up_media_nor_planning_a_site_s_sweep(
    world: World, organisation: Any, now: datetime
) -> None:
    world.visit()
    files = [bytes(one) for one in Media.objects.values_list("sha256", flat=True)[:3]]
    with watching() as found:
        assert len(media._stored(files)) == 3
    assert found == []
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, now, level="attested")
        face(case, [1.0, 0.0], now)
    lease = sweep.leases.take("sweep:here")
    with watching() as found:
        wanted = sweep.marking.Wanted(True, False, now + timedelta(hours=1))
        assert sweep.marking.mark(lease, {world.site.pk: now}, wanted, now) == 6
    assert found == []


@pytest.mark.parametrize("index", ["frontier_via", "search_media_sha256_key", "sighting_of_site", "deadline_due"])
def test_without_its_index_a_statement_is_found(world: World, now: datetime, index: str) -> None:
    """The guard itself: it goes off where an index is gone."""
    world.visit()
    world.now = world.due()
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        table = "search_media" if index.endswith("_key") else ""
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {index}" if table else f"DROP INDEX {index}")
    with watching() as found:
        if index == "deadline_due":
            with role("efface_engine"):
                deadlines.fire(now)
        elif index == "search_media_sha256_key":
            media._stored([b"1" * 32])
        else:
            world.visit()
    assert found, f"nothing was noticed without {index}"


def test_a_job_is_taken_by_its_lock_and_not_by_all_that_wait() -> None:
    """As Procrastinate asks (``procrastinate_fetch_job_v2``), with the statistics of a minute in which nothing
    waited."""
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'procrastinate_jobs', 'relpages', 1,"
            " 'reltuples', 100000::real), pg_clear_attribute_stats('public', 'procrastinate_jobs', 'lock', false),"
            " pg_clear_attribute_stats('public', 'procrastinate_jobs', 'status', false)"
        )
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT 1 FROM procrastinate_jobs other WHERE other.lock = 'visit:1'"
            " AND (other.status = 'doing' OR (other.status = 'todo' AND other.id < 7))"
            " AND other.status IN ('todo', 'doing')"
        )
        plan = cursor.fetchone()[0]
    assert "engine_jobs_by_lock" in json.dumps(plan) or "procrastinate_jobs_lock_idx" in json.dumps(plan)


def test_the_speed_of_the_crawl_is_counted_once_a_minute_for_everybody(world: World, now: datetime) -> None:
    world.visit()
    with watching_tables() as first:
        speed = coverage.speed_lately(now)
    with watching_tables() as second:
        assert coverage.speed_lately(now + timedelta(seconds=30)) == speed
    assert "search_frontier" in first and not second & LARGE
    Frontier.objects.update(due_at=now + timedelta(days=9))
    assert coverage.speed_lately(now + timedelta(minutes=1)).due == 0


def test_the_matcher_begins_without_a_look_at_media(world: World, organisation: Any, now: datetime) -> None:
    world.visit()
    with tenancy.organisation(organisation.pk):
        face(make_case(organisation, now, level="attested"), [1.0, 0.0], now)
    with watching_tables() as asked, role("efface_engine"):
        list(active.active_fingerprints(now, None, set()))
    assert asked and not asked & {"search_media", "search_sighting", "search_frontier", "sites_site"}


@contextmanager
def watching_tables() -> Iterator[set[str]]:
    """The tables that are asked."""
    found: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.update(re.findall(r"\b(?:search|sites|cases|engine|procrastinate)_[a-z]+\b", sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def test_one_site_more_adds_no_statement_to_the_planning_of_a_sweep(
    world: World, organisation: Any, now: datetime
) -> None:
    counts = []
    training.is_training(organisation.pk)  # asked once in a process
    for number in (3, 15):
        for place in range(number):
            _met(registry.register(f"http://n{number}-{place}.example/", now), 1, now)
        case, matcher = _case(organisation, now, worker=not counts), StubMatcher()
        matcher.templates = 1
        asked = 0

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            assert sweep.start(organisation.pk, case.pk, matcher, now) >= number
        counts.append(asked)
    assert counts[0] == counts[1], "up to twenty sites are one statement"
