"""A site sees no more than its rate, whoever asks: crawl, check, capture and look-up beside each other, in processes of
their own, against a site on loopback that writes down when each page was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from efface.engine.base import clock, leases, settings, tenancy
from efface.engine.base.models import Deadline
from efface.evidence import capturing, fetching
from efface.evidence.models import Capture
from efface.net.client import Fetcher
from efface.net.protocol import Limits
from efface.net.spacing import Spacing
from efface.search import crawl, rules
from efface.search.crawl import Pace
from efface.search.models import Finding, Frontier
from efface.search.pages import Tools
from efface.sites import jobs as site_jobs
from efface.sites import registry, turns
from efface.sites.models import Site
from efface.takedown import planning, verifying
from efface.takedown.models import Check
from tests.casework import make_case, make_finding
from tests.conftest import make_organisation, role
from tests.net.internet import Internet, Request, answer, running
from tests.net.test_process import FULL, THUMB, fetcher
from tests.search.scene import StubMatcher
from tests.takedown.conftest import Office

REST_S = 0.5
SLACK_S = 0.02
FOR_S = 12.0
HOST = "quiet-lake.example"
SCENE = (
    "<html><head><title>Picture {n}</title></head><body><nav>Menu: home, new, popular</nav><main><h1>Picture {n}</h1>"
    "<p>A page about picture {n} with words of its own, long enough to be told from all the others there are.</p>"
    "{links}<a href='/contact'>contact</a><a href='/m/{n}.jpg'><img src='/t/{n}.jpg'></a></main></body></html>"
)


class Log:
    """When which page was asked for. Pictures are part of their page, and robots.txt of the first page of a visit."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []

    def handler(self, request: Request) -> bytes:
        path = request.target.split("?")[0]
        if path.endswith(".jpg"):
            return answer(FULL if path.startswith("/m/") else THUMB, mime="image/jpeg")
        if path == "/robots.txt":
            return answer(b"User-agent: *\nAllow: /\n", mime="text/plain")
        self.asked.append((time.monotonic(), path))
        known = path == "/" or (path.startswith("/v/") and path[3:].isdigit() and int(path[3:]) < 40)
        if not known:
            return answer(b"<html><body><p>There is nothing here.</p></body></html>", 404)
        number = int(path[3:] or 0) if path != "/" else 0
        links = "".join(f"<a href='/v/{n}'>picture {n}</a>" for n in range(1, 40)) if path == "/" else ""
        return answer(SCENE.format(n=number, links=links).encode())

    def least(self) -> float:
        """The shortest time between two pages."""
        return min((b - a for (a, _), (b, _) in pairwise(sorted(self.asked))), default=0.0)


class World:
    """A site that is crawled, with a finding on it. ``at_once`` runs what it is given, each in a process of its own."""

    def __init__(self, internet: Internet, client: Fetcher) -> None:
        self.log = Log()
        internet.add(HOST, self.log.handler)
        self.client = client
        with transaction.atomic():
            self.organisation = make_organisation()
        with tenancy.organisation(self.organisation.pk):
            case = make_case(self.organisation)
            self.finding = make_finding(
                case, f"http://{HOST}/v/1", (f"http://{HOST}/m/1.jpg",), (f"http://{HOST}/t/1.jpg",)
            )
        self.site = Site.objects.get(domain=HOST)

    def crawls(self) -> None:
        tools = Tools(self.client, StubMatcher(), Limits(total_s=5), patience_s=0.0, once=True)
        pace = Pace(pages=400, step=1, delay_s=REST_S, hours=24.0, real=True)
        until = time.monotonic() + FOR_S
        while time.monotonic() < until:
            crawl.visit(self.site.pk, tools, pace, clock.now())
            time.sleep(0.05)  # the scheduler is not faster

    def checks(self) -> None:
        time.sleep(1)
        self._until_done(lambda: verifying.check(organisation=self.organisation.pk, finding=self.finding.pk), Check)

    def captures(self) -> None:
        time.sleep(1.2)
        self._until_done(lambda: capturing.capture(organisation=self.organisation.pk, finding=self.finding.pk), Capture)

    def looks_up(self) -> None:
        time.sleep(1.4)
        for _ in range(20):
            site_jobs.look_up(site=self.site.pk)
            if Site.objects.filter(pk=self.site.pk, looked_up_at__isnull=False).exists():
                return
            time.sleep(0.3)

    def _until_done(self, job: Callable[[], None], kind: Any) -> None:
        """A job that is put off comes again."""
        for _ in range(20):
            job()
            with tenancy.organisation(self.organisation.pk):
                if kind.objects.filter(finding=self.finding).exists():
                    return
            time.sleep(0.3)

    def at_once(self, *works: Callable[[], None]) -> None:
        connection.ensure_connection()
        children = [_child(work) for work in works]
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert ended == [0] * len(works)

    def done(self) -> tuple[int, int, int]:
        """Checks, captures, and pages that were crawled."""
        with tenancy.organisation(self.organisation.pk):
            checked = Check.objects.filter(finding=self.finding).count()
            kept = Capture.objects.filter(finding=self.finding).count()
        return checked, kept, Frontier.objects.filter(site=self.site, visited_at__isnull=False).count()


def _child(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        connection.connection = None  # not ours to end
        code = 1
        try:
            threading.Thread(target=_lives, daemon=True).start()
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def _lives() -> None:
    """As a worker does: what it holds lasts."""
    while True:
        leases.keep()
        time.sleep(2)


@pytest.fixture(scope="module")
def running_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Fetcher]]:
    with running() as internet:
        more = {"module": "efface.whereabouts.fetcher"}
        with fetcher(internet, tmp_path_factory.mktemp("f"), "--no-browser", **more) as (client, _):
            client.timeout_s = 30.0
            yield internet, client


@pytest.fixture
def world(
    running_one: tuple[Internet, Fetcher], django_db_setup: None, django_db_blocker: Any,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> Iterator[World]:  # fmt: skip
    internet, client = running_one
    monkeypatch.setenv("EFFACE_CRAWL_DELAY", str(REST_S))
    monkeypatch.setenv("EFFACE_OBJECTS", str(tmp_path))
    monkeypatch.setattr(fetching, "fetcher", lambda: client)
    monkeypatch.setattr(site_jobs, "fetcher", lambda: client)
    monkeypatch.setattr(verifying, "matcher", StubMatcher)
    with django_db_blocker.unblock():
        try:
            yield World(internet, client)
        finally:
            with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
                cursor.execute(
                    "TRUNCATE engine_lease, engine_deadline, sites_site, cases_case, accounts_organisation,"
                    " procrastinate_jobs CASCADE"
                )


@pytest.mark.slow
def test_a_site_sees_no_more_than_its_rate_whoever_asks(world: World) -> None:
    world.at_once(world.crawls, world.checks, world.captures, world.looks_up)
    checked, kept, crawled = world.done()
    assert (checked, kept) == (1, 1) and crawled >= 2
    assert "/contact" in [path for _, path in world.log.asked], "the look-up reads the site's contact page"
    assert len(world.log.asked) >= 15
    assert world.log.least() >= REST_S - SLACK_S


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["no turn", "no spacing", "own turn"])
def test_a_broken_guard_is_seen(world: World, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if broken == "no turn":
        monkeypatch.setattr(turns, "asking", lambda *_, **__: contextlib.nullcontext(REST_S))
    elif broken == "no spacing":
        real = turns.asking
        monkeypatch.setattr(turns, "asking", lambda *given, **more: real(*given, **{**more, "pages": 1}))
    else:
        monkeypatch.setattr(turns, "_key", lambda site: f"site:{site}:{uuid.uuid4()}")
    world.at_once(world.crawls, world.checks, world.captures, world.looks_up)
    assert world.log.least() < REST_S - SLACK_S


def test_pages_of_an_operation_lie_apart_and_those_of_different_sites_do_not_wait() -> None:
    async def go() -> list[tuple[str, float]]:
        spacing, begins = Spacing(0.2, lambda url: url[0]), []

        async def one(url: str) -> None:
            async with spacing.turn(url):
                begins.append((url, time.monotonic()))

        await asyncio.gather(*(one(url) for url in ("a1", "a2", "b1", "a3")))
        return begins

    begins = asyncio.run(go())
    ours = [at for url, at in begins if url[0] == "a"]
    assert all(b - a >= 0.19 for a, b in pairwise(ours)) and len(ours) == 3
    assert dict(begins)["b1"] - ours[0] < 0.1


def test_whoever_is_waited_for_goes_before_the_crawl(world: World) -> None:
    """The crawl comes for a turn at its moment exactly; a check that waited gets it all the same."""
    with turns.of(world.site.pk, clock.now(), rest_s=1.0, real=True):
        pass
    key = turns.key_of(world.site.pk)
    claim = turns._claim(key)
    assert claim is not None
    time.sleep(1.05)
    with pytest.raises(leases.Held) as held, turns.of(world.site.pk, clock.now(), rest_s=1.0, real=True):
        pass
    assert held.value.wait_s >= 1.0
    with turns.asking([world.site.start_url], clock.now(), first=True):
        pass
    leases.drop(claim)


def test_first_in_line_is_never_sooner_than_the_rate(world: World) -> None:
    with turns.of(world.site.pk, clock.now(), rest_s=1.0, real=True):
        pass
    ended = time.monotonic()
    with turns.asking([world.site.start_url], clock.now(), first=True, pages=2) as pace_s:
        assert time.monotonic() - ended >= 0.95 and pace_s == REST_S


def test_a_job_waits_no_longer_than_it_may(world: World) -> None:
    mine = leases.take(turns.key_of(world.site.pk))
    began = time.monotonic()
    with pytest.raises(leases.Held), turns.asking([world.site.start_url], clock.now(), first=True, wait_s=0.5):
        pass
    assert time.monotonic() - began < 2
    leases.give_back(mine)
    with tenancy.organisation(world.organisation.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM engine_lease WHERE key LIKE 'first:%%'")
        assert cursor.fetchone()[0] == 0, "who goes away does not keep the crawl from its turn"


@pytest.mark.django_db
def test_what_was_decided_for_a_site_counts_for_checks_too(inside: Any, now: datetime) -> None:
    site = registry.register(f"http://{HOST}/", now)
    assert turns.rest_of(site, now) == settings.get("crawl_delay")
    rules.decide(site, rules.Decision("This site is on a slow line.", delay_s=40.0), inside.pk, "coordinator", now)
    assert turns.rest_of(site, now) == 40.0
    site.robots_delay = 60.0
    assert turns.rest_of(site, now) == 60.0


def test_a_site_rests_for_a_worker_that_died_until_its_fetcher_is_through(world: World) -> None:
    held = turns.asking([world.site.start_url], clock.now(), first=True, pages=2)
    held.__enter__()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_lease SET until = until - interval '1 hour'")
    with pytest.raises(leases.Held) as refused, turns.of(world.site.pk, clock.now(), rest_s=REST_S, real=True):
        pass
    assert refused.value.wait_s > turns.LONGEST_S - 5
    held.__exit__(None, None, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("job", "kind"),
    [(verifying.check, "finding.check"), (capturing.capture, "capture.again"), (planning.advance, "finding.plan")],
)
def test_what_finds_its_site_busy_asks_nothing_and_comes_again_soon(
    office: Office, job: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def busy(addresses: Any, *_: Any, **__: Any) -> Iterator[float]:
        assert next(iter(addresses)) == finding.page_url
        raise leases.Held(7.0)
        yield 0.0

    finding = office.finding()
    if kind == "finding.plan":
        office.work()
    elif kind == "capture.again":
        Finding.objects.filter(pk=finding.pk).update(episode=2)  # nothing of this one is kept yet
    asked = len(office.fetcher.asked)
    with monkeypatch.context() as patch, clock.fixed(office.now):
        patch.setattr(turns, "asking", busy)
        job(organisation=finding.organisation_id, finding=finding.pk)
    assert len(office.fetcher.asked) == asked
    due = Deadline.objects.get(kind=kind, subject=finding.pk, state="waiting").due
    assert due == office.now + timedelta(seconds=7)


@pytest.mark.django_db
def test_a_look_up_that_finds_its_site_busy_comes_again_soon(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def busy(*_: Any, **more: Any) -> Iterator[float]:
        assert more["first"] is False, "nobody waits for it"
        raise leases.Held(7.0)
        yield 0.0

    site = registry.register(f"http://{HOST}/", now)
    monkeypatch.setattr(turns, "asking", busy)
    site_jobs.look_up(site=site.pk)
    due = Deadline.objects.get(kind=registry.LOOKUP, subject=site.pk, state="waiting").due
    assert due == now + timedelta(seconds=7)
