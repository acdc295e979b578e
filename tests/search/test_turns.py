"""Many workers: one visits a site at a time, no page is asked for twice within its interval, a late one writes
nothing, and the site's rate holds whoever dies."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from efface.engine.base import leases, tenancy
from efface.engine.base.models import Deadline
from efface.net.client import FetcherGone
from efface.net.protocol import Scan, ScanRequest
from efface.search import marking, reported, sweep, turns
from efface.search.crawl import Pace
from efface.search.matcher.client import MatcherUnavailable
from efface.search.models import Frontier, Media, Sighting
from efface.sites.models import Site
from tests.search.scene import Page, StubFetcher, StubMatcher, make_case
from tests.search.test_crawl import PACE, World

pytestmark = pytest.mark.django_db
SLOW = Pace(pages=12, step=1, delay_s=10.0, hours=24.0)
REST = turns.resting(10.0)


@pytest.fixture
def world(now: Any) -> World:
    made = World(now)
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/2"]),
        "/v/1": Page([], {"/m/1.jpg": "one"}),
        "/v/2": Page([], {"/m/2.jpg": "two"}),
    }
    return made


def others_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody who holds something is dead; this process is another worker."""
    monkeypatch.setattr(leases, "_me", (os.getpid(), uuid.uuid4()))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_lease SET until = until - interval '1 hour'")


class Slow(StubFetcher):
    """While it reads ``at``, something else happens."""

    def __init__(self, before: StubFetcher, at: str, meanwhile: Any) -> None:
        super().__init__()
        self.pages, self.at, self.meanwhile = before.pages, at, meanwhile

    def scan(self, request: ScanRequest) -> Scan:
        if self._path(request.url) == self.at:
            self.meanwhile()
        return super().scan(request)


def written() -> tuple[int, ...]:
    return (
        Media.objects.count(), Sighting.objects.count(), Frontier.objects.count(),
        Frontier.objects.filter(read_at__isnull=False).count(), sum(Site.objects.values_list("day_pages", flat=True)),
    )  # fmt: skip


@pytest.mark.parametrize("pace", [SLOW, PACE], ids=["page by page", "whole visit"])
def test_a_worker_that_comes_back_late_writes_nothing(
    world: World, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Any] = []

    def meanwhile() -> None:
        others_take_over(monkeypatch)
        leases.take(f"site:{world.site.pk}", at=world.now + timedelta(hours=1))
        noted.append((written(), world.due()))

    world.fetcher = Slow(world.fetcher, "/", meanwhile)
    world.visit(pace)
    assert world.fetcher.scanned == ["/"] and len(noted) == 1
    assert (written(), world.due()) == noted[0]


def test_while_one_visits_a_site_another_worker_does_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def meanwhile() -> None:
        mine = leases.me()
        monkeypatch.setattr(leases, "_me", (os.getpid(), uuid.uuid4()))
        seen.append(World.visit(other, SLOW))
        monkeypatch.setattr(leases, "_me", (os.getpid(), mine))

    other = World.__new__(World)
    other.__dict__ = {**world.__dict__, "fetcher": StubFetcher()}
    world.fetcher = Slow(world.fetcher, "/", meanwhile)
    assert world.visit(SLOW) == ["/"]
    assert seen == [[]] and other.fetcher.scanned == []


def test_the_next_page_waits_for_its_turn_whoever_asks(world: World) -> None:
    world.visit(SLOW)
    world.now += timedelta(seconds=4)
    assert world.visit(SLOW) == []
    assert world.due() == world.now + timedelta(seconds=6)
    world.now = world.due()
    assert len(world.visit(SLOW)) == 1


def killed_while_reading(world: World) -> str:
    """The worker is gone with a page in its hands: nothing of this process is written from there on. Which page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "give_back", lambda *_, **__: None)
        patch.setattr(StubFetcher, "scan", killed)
        with pytest.raises(KeyboardInterrupt):
            world.visit(SLOW)
    return world.fetcher.scanned[-1]


def killed(self: StubFetcher, request: ScanRequest) -> Scan:
    self.scanned.append(self._path(request.url))
    raise KeyboardInterrupt


def test_a_page_whose_worker_died_is_read_after_its_rest_and_not_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.visit(SLOW)
    world.now = world.due()
    began = world.now
    lost = killed_while_reading(world)
    others_take_over(monkeypatch)
    asked: list[tuple[str, float]] = []
    for _ in range(30):
        world.now = max(world.due(), world.now + timedelta(seconds=10))
        asked += [(path, (world.now - began).total_seconds()) for path in world.visit(SLOW)]
        if Frontier.objects.filter(read_at=None).count() == 0:
            break
    assert [path for path, _ in asked] == [*{"/v/1", "/v/2"} - {lost}, lost]
    assert asked[1][1] >= REST.total_seconds()
    assert Media.objects.count() == 2
    assert Site.objects.get().day_pages == 4, "what was asked for counts, whatever came of it"


def test_the_visit_waits_for_a_page_that_rests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed_while_reading(world) == "/"
    asked_at = world.now
    others_take_over(monkeypatch)
    world.now += timedelta(seconds=30)
    assert world.visit(SLOW) == []
    assert world.due() == asked_at + REST
    world.now = world.due()
    assert world.visit(SLOW) == ["/"]


def test_the_rate_holds_after_a_death(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.visit(SLOW)
    world.now = world.due()
    killed_while_reading(world)
    others_take_over(monkeypatch)
    world.now += timedelta(seconds=5)
    assert world.visit(SLOW) == []
    assert world.due() == world.now + timedelta(seconds=5)


def test_a_fetcher_that_ended_with_the_page_is_not_asked_for_it_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def gone(request: ScanRequest) -> Scan:
        asked.append(request.url)
        raise FetcherGone("ended")

    world.visit(SLOW)
    world.now = world.due()
    began = world.now
    with monkeypatch.context() as patch:
        patch.setattr(world.fetcher, "scan", gone)
        world.visit(SLOW)
    assert len(asked) == 1
    world.now = world.due()
    assert set(world.visit(SLOW)) == {"/v/1", "/v/2"} - {asked[0].removeprefix(world.fetcher.host)}
    world.now = world.due()
    assert world.visit(SLOW) == [] and world.due() == began + REST


def test_where_our_own_fetcher_or_matcher_is_gone_the_visit_goes_on_in_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies with its host may see the others die first: its site does not wait for hours."""

    def gone(*_: Any) -> Any:
        raise MatcherUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(world.matcher, "watch", gone)
        assert world.visit(SLOW) == []
    assert world.due() == world.now + timedelta(minutes=1)
    world.now = world.due()
    assert world.visit(SLOW) == ["/"]


def test_a_reported_link_waits_for_its_sites_turn(world: World, organisation: Any) -> None:
    from efface.cases.models import ReportedLink
    from efface.search.pages import Tools

    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        link = ReportedLink(organisation=organisation, case=case, by="survivor", at=world.now)
        link.url = "http://quiet-lake.example/v/2"
        link.save()
    mine = leases.take(f"site:{world.site.pk}")
    tools = Tools(world.fetcher, StubMatcher(), patience_s=0.0)
    real = Pace(pages=12, step=1, delay_s=10.0, hours=24.0, real=True)
    assert reported.follow(organisation.pk, link.pk, tools, world.now, real) == ""
    with tenancy.organisation(organisation.pk):
        due = Deadline.objects.get(kind=reported.DUE).due
    assert world.fetcher.scanned == [] and timedelta(0) < due - world.now <= timedelta(seconds=21)
    leases.give_back(mine)
    assert reported.follow(organisation.pk, link.pk, tools, world.now, real) == "seen: not recognised"
    with pytest.raises(leases.Held):
        leases.take(f"site:{world.site.pk}")


def test_a_sweep_is_planned_by_one_worker_and_a_late_one_marks_nothing(
    world: World, organisation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.search.scene import picture

    world.visit()
    Frontier.objects.update(due_at=world.now + timedelta(days=9))
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        monkeypatch.setattr(sweep, "usable", lambda org, case, kinds, purpose, now: [picture])
    mark = marking.mark

    def late(lease: leases.Lease, *rest: Any) -> int:
        others_take_over(monkeypatch)
        leases.take(lease.key)
        return mark(lease, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "await_fingerprints", lambda *_: True)
        patch.setattr(marking, "mark", late)
        assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 0
        assert Frontier.objects.filter(sweep=True).count() == 0
        others_take_over(monkeypatch)
        patch.setattr(marking, "mark", mark)
        assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 2
    assert Frontier.objects.filter(sweep=True).count() == 2
