"""A sweep: harm first, resumed after a kill, never in the way of what is new, and honest about how far it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from efface.engine.base import statements, tenancy
from efface.engine.base.models import Deadline
from efface.search import frontier, marking, sweep, urls
from efface.search.crawl import Pace
from efface.search.models import Frontier, Media, Sighting, Sweep
from efface.search.sweep import Harm
from efface.sites import registry
from efface.sites.models import Site
from tests.conftest import role
from tests.search.scene import Page, StubMatcher, face, make_case
from tests.search.test_crawl import World

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def test_harm_comes_first() -> None:
    known = [Harm(2, "unknown"), Harm(1, "cooperative"), Harm(0, "hostile"), Harm(0, "unknown"), Harm(0, "cooperative")]
    assert [sweep.harm(one) for one in known] == sorted(sweep.harm(one) for one in known)
    assert len({sweep.harm(one) for one in known}) == len(known)


@given(st.dictionaries(st.uuids(), st.integers(1, 5000), min_size=1, max_size=6), st.integers(1, 400))
def test_the_end_is_never_before_what_the_budget_allows(left: dict[uuid.UUID, int], pages: int) -> None:
    end = sweep.ends(began=NOW, pages=sum(left.values()), left_by_site=left, pages_a_visit=pages, now=NOW)
    assert end is not None and end > NOW
    visits = (end - NOW) / timedelta(hours=6)
    assert visits * max(1, pages // 2) >= max(left.values())


def test_a_slow_sweep_is_said_to_be_slow_and_a_finished_one_has_no_end() -> None:
    later = NOW + timedelta(days=10)
    end = sweep.ends(began=NOW, pages=200, left_by_site={uuid.uuid4(): 100}, pages_a_visit=400, now=later)
    assert end == later + timedelta(days=10)
    assert sweep.ends(began=NOW, pages=200, left_by_site={}, pages_a_visit=12, now=later) is None


@pytest.fixture(autouse=True)
def nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that a site may have would be read at its second visit too."""
    monkeypatch.setattr("efface.search.lists.LATEST", ())


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {"/": Page([f"/v/{n}" for n in range(8)])}
    made.fetcher.pages |= {f"/v/{n}": Page([], {f"/m/{n}.jpg": f"p{n}"}) for n in range(8)}
    made.fetcher.faces = {f"p{n}": 1 for n in range(8)}
    made.matcher.templates = 1
    yield made


def _case(organisation: Any, now: datetime, worker: bool = True) -> Any:
    from efface.accounts.models import FaceSearchPermission, User

    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, now, level="attested")
        face(case, [1.0, 0.0], now)
        if worker:
            user = User.objects.create_user("w@helpline.example", "x", name="W", created=now)
            FaceSearchPermission.objects.create(
                organisation=organisation, impact_assessment="done", legal_basis="consent", countries="DE",
                recorded_by=user, recorded_at=now,
            )  # fmt: skip
    return case


@pytest.mark.django_db
def test_a_sweep_leaves_half_of_a_visit_to_what_is_new_and_takes_the_rest_when_nothing_is(
    world: World, organisation: Any
) -> None:
    world.visit()
    case = _case(organisation, world.now)
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 8
    world.fetcher.pages["/"] = Page([f"/v/{n}" for n in range(8)] + [f"/n/{n}" for n in range(8)])
    world.fetcher.pages |= {f"/n/{n}": Page([], {f"/mm/{n}.jpg": f"q{n}"}) for n in range(8)}
    world.now += timedelta(hours=1)
    read = [path for path in world.visit(Pace(9, 9, 0.0, 24.0)) if path != "/"]
    assert len(read) == 8 and [sum(path.startswith(kind) for path in read) for kind in ("/v/", "/n/")] == [4, 4]
    del world.fetcher.pages["/n/0"]
    Frontier.objects.filter(visited_at=None).delete()
    read = [path for path in world.next_visit() if path.startswith("/v/")]
    assert len(read) == 4, "with nothing new, the sweep has the whole visit"


@pytest.mark.django_db
@pytest.mark.parametrize("step", [1, 9])
def test_the_share_is_kept_across_steps(world: World, organisation: Any, step: int) -> None:
    world.visit()
    case = _case(organisation, world.now)
    sweep.start(organisation.pk, case.pk, world.matcher, world.now)
    for number in range(8):
        frontier.ensure(world.site, f"http://quiet-lake.example/n/{number}", world.now)
    world.now += timedelta(hours=1)
    read: list[str] = []
    for _ in range(20):
        if len(read) < 9:
            read += world.visit(Pace(9, step, 0.0, 24.0))
    assert sum(path.startswith("/n/") for path in read) == 4


@pytest.mark.django_db
def test_planning_that_was_killed_goes_on_and_nothing_is_read_twice(
    world: World, organisation: Any, monkeypatch: Any
) -> None:
    world.visit()
    case = _case(organisation, world.now)
    began = world.now + timedelta(minutes=1)
    with monkeypatch.context() as patch:
        def killed(*_: Any) -> int:
            raise KeyboardInterrupt

        patch.setattr(marking, "mark", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep.start(organisation.pk, case.pk, world.matcher, began)
    with tenancy.organisation(organisation.pk):
        told = sweep.progress(case, 12, began)
        assert told is not None and told.planning and told.percent == 0
    later = began + timedelta(hours=1)
    Frontier.objects.filter(digest=urls.digest("http://quiet-lake.example/v/0")).update(visited_at=later)
    assert sweep.start(organisation.pk, case.pk, world.matcher, later) == 7, "one was read since it began"
    with tenancy.organisation(organisation.pk):
        assert Sweep.objects.count() == 1


@pytest.mark.django_db
def test_progress_is_told_while_it_goes_on(world: World, organisation: Any) -> None:
    world.visit()
    case = _case(organisation, world.now)
    sweep.start(organisation.pk, case.pk, world.matcher, world.now)
    with tenancy.organisation(organisation.pk):
        told = sweep.progress(case, 12, world.now)
        assert told is not None and (told.pages, told.left, told.percent) == (8, 8, 0)
        assert told.ends == world.now + timedelta(hours=12)
        Site.objects.update(state="paused")
        held = sweep.progress(case, 12, world.now)
        assert held is not None and (held.held, held.ends) == (8, None)
        Site.objects.update(state="active")
    world.now += timedelta(hours=1)
    world.visit(Pace(5, 5, 0.0, 24.0))
    with tenancy.organisation(organisation.pk):
        told = sweep.progress(case, 12, world.now)
        assert told is not None and (told.left, told.percent) == (4, 50)
    world.next_visit()
    with tenancy.organisation(organisation.pk):
        told = sweep.progress(case, 12, world.now)
        assert told is not None and (told.left, told.percent, told.ends) == (0, 100, None)


@pytest.mark.django_db
def test_sites_where_harm_was_done_are_visited_first(organisation: Any, now: datetime) -> None:
    for domain, hostility in (("a.example", "cooperative"), ("b.example", "unknown"), ("c.example", "extortionate")):
        _met(registry.register(f"http://{domain}/", now), 1, now)
        Site.objects.filter(domain=domain).update(hostility=hostility)
    case = _case(organisation, now)
    matcher = StubMatcher()
    matcher.templates = 1
    assert sweep.start(organisation.pk, case.pk, matcher, now) == 3
    order = Deadline.objects.filter(kind=registry.VISIT).order_by("due").values_list("subject", flat=True)
    domains = [Site.objects.get(pk=pk).domain for pk in order]
    assert domains == ["c.example", "b.example", "a.example"]


def _met(site: Site, pages: int, now: datetime, each: int = 1) -> None:
    """``pages`` pages, each with ``each`` pictures of a face."""
    rows = [frontier._row(site.pk, f"http://{site.domain}/p/{n}", uuid.uuid4().bytes, 1, now) for n in range(pages)]
    for row in rows:
        row.visited_at = row.read_at = now - timedelta(days=1)
    Frontier.objects.bulk_create(rows, batch_size=2000)
    media = [
        Media(sha256=uuid.uuid4().bytes + uuid.uuid4().bytes, faces=1, faces_seen=True, first_seen=now, last_seen=now)
        for _ in range(pages * each)
    ]  # fmt: skip
    Media.objects.bulk_create(media, batch_size=2000)
    Sighting.objects.bulk_create(
        [
            Sighting(media=one, site=site, page_digest=rows[n // each].digest, media_digest=one.sha256, first_seen=now,
                     last_seen=now)
            for n, one in enumerate(media)
        ],
        batch_size=2000,
    )  # fmt: skip


@pytest.mark.django_db
def test_planning_goes_by_keys_where_the_tables_are_believed_to_be_empty(organisation: Any, now: datetime) -> None:
    """As after a look at tables that were empty, or whose rows were not yet seen by others: the planner expects one row
    of each, and any index would do. The statement as it would be written without a thought takes an hour here."""
    for number in range(20):
        _met(registry.register(f"http://s{number}.example/", now), 20, now, each=4)
    _believed_empty()
    asked = {"sites": list(Site.objects.values_list("pk", flat=True)), "unreadable": list(marking.UNREADABLE),
             "faces": True, "others": False, "now": now, "began": now, "first": 1, "then": 2}  # fmt: skip
    keys = {"sighting_of_site", "search_media_pkey", "search_frontier_digest_key"}
    assert _indexes(marking._SHOWN, asked) == keys
    given = {"now": now, "began": now, "priority": 1, "pages": [uuid.uuid4() for _ in range(3)]}
    assert _indexes(marking._MARK, given) == {"search_frontier_pkey"}
    assert _indexes(marking._SHOWN.replace("OFFSET 0", ""), asked) != keys, "the test itself sees it"
    case, matcher = _case(organisation, now), StubMatcher()
    matcher.templates = 1
    assert sweep.start(organisation.pk, case.pk, matcher, now) == 400


def _believed_empty() -> None:
    with role("efface_owner"), connection.cursor() as cursor:
        for table in ("search_frontier", "search_sighting", "search_media"):
            cursor.execute(
                "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s::text, 'relpages',"
                " greatest(1, pg_relation_size(%s::regclass) / 8192)::int, 'reltuples', 0::real)", [table, table]
            )  # fmt: skip


def _indexes(statement: str, given: dict[str, Any]) -> set[str]:
    """Indexes by which a statement would go; "whole" for a table read without one."""

    def of(plan: dict[str, Any]) -> set[str]:
        below = {name for child in plan.get("Plans", ()) for name in of(child)}
        if "Index Name" in plan:
            return below | {plan["Index Name"] if "Index Cond" in plan else f"along {plan['Index Name']}"}
        return below | ({"whole"} if plan["Node Type"] == "Seq Scan" else set())

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement, given)
        plans = cursor.fetchone()[0]
    return of((json.loads(plans) if isinstance(plans, str) else plans)[0]["Plan"])


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_ends_and_the_sweep_is_put_off(
    world: World, organisation: Any, monkeypatch: Any
) -> None:
    world.visit()
    case = _case(organisation, world.now)
    monkeypatch.setattr(marking, "MOST_S", 0.05)
    with monkeypatch.context() as patch:
        patch.setattr(marking, "_MARK", marking._MARK.replace("WHERE id", "WHERE pg_sleep(2) IS NOT NULL AND id"))
        assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 0
    assert not Frontier.objects.filter(sweep=True).exists(), "all or nothing"
    with tenancy.organisation(organisation.pk):
        put_off = Deadline.objects.get(kind=sweep.DUE)
    assert put_off.due > world.now
    monkeypatch.setattr(marking, "MOST_S", 60)
    assert sweep.start(organisation.pk, case.pk, world.matcher, put_off.due) == 8
    with tenancy.organisation(organisation.pk):
        assert Sweep.objects.get().planned_at == put_off.due


@pytest.mark.django_db
def test_what_waits_for_another_sweep_is_counted_and_not_written_again(world: World, organisation: Any) -> None:
    world.visit()
    first, second = (_case(organisation, world.now, worker=one) for one in (True, False))
    assert sweep.start(organisation.pk, first.pk, world.matcher, world.now) == 8
    versions = set(statements.select("SELECT ctid::text FROM search_frontier WHERE sweep", []))
    assert sweep.start(organisation.pk, second.pk, world.matcher, world.now + timedelta(minutes=1)) == 8
    assert set(statements.select("SELECT ctid::text FROM search_frontier WHERE sweep", [])) == versions


@pytest.mark.django_db
def test_many_pages_are_marked_some_at_a_time(world: World, organisation: Any, monkeypatch: Any) -> None:
    world.visit()
    case = _case(organisation, world.now)
    monkeypatch.setattr(marking, "AT_ONCE", 3)
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 8


@pytest.mark.slow
@pytest.mark.django_db
def test_planning_a_sweep_of_ten_thousand_media_costs_next_to_nothing(organisation: Any, now: datetime) -> None:
    """Against carrying it out at 10 ms of CPU a medium, which decoding and detecting alone exceed. A hundred thousand
    are measured by the bench of growth."""
    import time

    for number in range(50):
        _met(registry.register(f"http://s{number}.example/", now), 50, now, each=4)
    case = _case(organisation, now)
    matcher = StubMatcher()
    matcher.templates = 1
    began = time.perf_counter()
    count = sweep.start(organisation.pk, case.pk, matcher, now)
    took = time.perf_counter() - began
    assert count == 2_500
    assert took < 0.01 * 10_000 * 0.010, f"planned {count} pages of 10000 media in {took:.2f} s"
