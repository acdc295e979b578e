"""The crawl over real DNS, HTTP, the sandboxed decoder and the matcher's socket, in the testbed's hostile world."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from efface.cases import consents, fingerprints
from efface.cases.active import Active
from efface.cases.models import Fingerprint
from efface.engine.base import clock, tenancy
from efface.engine.base.models import Deadline
from efface.net.client import Fetcher, FetcherUnavailable
from efface.net.decoder import Decoder
from efface.net.protocol import Limits, Want
from efface.search import crawl, revisit
from efface.search.crawl import Pace
from efface.search.matcher.client import Matcher
from efface.search.matcher.holding import Holding
from efface.search.matcher.index import Index
from efface.search.matcher.memory import Memory
from efface.search.matcher.server import Server
from efface.search.models import Frontier, Match
from efface.search.pages import Tools
from efface.sites import registry
from efface.sites.models import Site
from testbed.model import World, load, parse_time
from testbed.world import generate
from tests.search.scene import make_case

pytestmark = pytest.mark.django_db
SITES, SUBJECTS = 10, 2


@dataclass
class Outside:
    """A running world and a fetcher in it."""

    world: World
    folder: Path
    ready: dict[str, Any]
    fetcher: Fetcher


@contextlib.contextmanager
def _process(command: list[str], **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    process = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.DEVNULL, env=environment, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _await(check: Any, seconds: float = 40.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(FetcherUnavailable, FileNotFoundError, ValueError):
            return check()
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("world")
    generate(5, SITES, SUBJECTS, None, 90, folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with _process(["testbed.serve", "--dir", str(folder)], **quiet):
        ready = _await(lambda: json.loads((folder / "ready.json").read_text()))
        reader, writer = os.pipe()
        with os.fdopen(writer, "w") as stream:
            threading.Thread(target=lambda: (stream.write(json.dumps(ready["world"])), stream.flush())).start()
            path = str(folder / "f.sock")
            command = ["efface.net.fetcher", "--socket", path, "--world-fd", str(reader)]
            command += ["--faces-socket", str(folder / "faces.sock")]
            with _process(command, pass_fds=[reader], **quiet):
                os.close(reader)
                time.sleep(0.2)
                stream.close()
                client = Fetcher(path, timeout_s=120)
                _await(client.ping)
                yield Outside(load(folder), folder, ready, client)


@contextlib.contextmanager
def _matcher(folder: Path, rows: list[Active]) -> Iterator[Matcher]:
    holding = Holding(Memory())
    holding.index = Index(rows, {})
    loop, up, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    work = Server(holding).serve(folder, stop, up.set)
    thread = threading.Thread(target=lambda: loop.run_until_complete(work))
    thread.start()
    assert up.wait(5)
    yield Matcher(folder / "matcher.sock")
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


def _enrol(organisation: Any, outside: Outside, now: datetime) -> dict[str, Any]:
    """Case of each subject, with the pictures on her device."""
    decoder = Decoder(models=None)
    cases = {}
    for subject in outside.world.subjects:
        case = make_case(organisation, now)
        files = [(outside.folder / name).read_bytes() for name in subject.files]
        consents.give(case, "copy_match", "survivor", now)
        read = decoder.decode_pictures(files, Want.PRINT)
        enrolled = fingerprints.enrol_pictures(case, read, subject.files, "adult", "survivor", now)
        assert enrolled.pdq == enrolled.local == len(files)
        cases[subject.key] = case
    decoder.close()
    return cases


def test_everything_that_stands_is_found_and_nothing_else(organisation: Any, outside: Outside) -> None:
    now = parse_time(outside.world.start)
    with tenancy.organisation(organisation.pk):
        cases = _enrol(organisation, outside, now)
        rows = [
            Active(row.pk, row.case_id, row.organisation_id, row.kind, row.value) for row in Fingerprint.objects.all()
        ]
    sites = [registry.register(url, now) for url in outside.ready["seeds"]]
    pace = Pace(pages=30, step=30, delay_s=0.0, hours=24.0)
    pages, seconds = 0, 0.0
    with _matcher(outside.folder, rows) as matcher, clock.fixed(now):
        tools = Tools(outside.fetcher, matcher, Limits(total_s=3.0), patience_s=5.0)
        for _ in range(2):
            for site in sites:
                began = time.thread_time()
                pages += crawl.visit(site.pk, tools, pace, now)
                seconds += time.thread_time() - began
    open_ = [site for site in outside.world.sites if not site.wall and not site.dead_dns]
    reached = {site.domain for site in open_}
    standing = [
        item for item in outside.world.items
        if not item.of and item.site in reached and parse_time(item.published_at) <= now
    ]  # fmt: skip
    planted = {(cases[item.subject].pk, item.page_urls[0]) for item in standing}
    edited = {
        (cases[item.subject].pk, item.page_urls[0]) for item in standing if item.kind in ("cropped", "screenshot")
    }
    with tenancy.organisation(organisation.pk):
        found = {(match.case_id, match.page_url) for match in Match.objects.all()}
        kinds = Counter(match.kind for match in Match.objects.all())
        assert all(match.strong for match in Match.objects.filter(kind="pdq"))
    assert len(planted) >= 8
    assert found <= planted and planted - edited <= found
    # Made-up pictures are smooth: one edited copy of them may be too much for local features.
    assert len(edited & found) >= len(edited) - 1 >= 2
    assert kinds["pdq"] and kinds["local"]
    walled = Site.objects.filter(domain__in=[site.domain for site in outside.world.sites if site.wall])
    assert {site.last_error for site in walled} == {"challenge"}
    assert not Frontier.objects.filter(site__in=walled, read_at__isnull=False).exists()
    assert Deadline.objects.filter(kind=registry.VISIT, due__gt=now, due__lte=now + timedelta(days=7)).count() == SITES
    assert seconds / pages < 0.1, f"{1000 * seconds / pages:.0f} ms of a worker's time a page"


DAILY = Pace(pages=5, step=5, delay_s=0.0, hours=24.0)
"""Less than such a site has lists and pages."""


def _advance(outside: Outside, moment: datetime) -> None:
    """Let everything happen in the world that is due by then."""
    control = outside.ready["control"]
    place = urlsplit(control["url"])
    line = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=60)
    headers = {"Authorization": f"Bearer {control['token']}", "Content-Type": "application/json"}
    line.request("POST", "/advance", json.dumps({"now": moment.isoformat()}), headers)
    assert line.getresponse().status == 200
    line.close()


@pytest.mark.slow
def test_a_new_copy_on_a_site_with_a_daily_budget_is_noticed_within_one_visit_cycle(
    organisation: Any, outside: Outside
) -> None:
    """It is on the first visit after it appeared, while pages that are due again wait for more than the budget."""
    start = parse_time(outside.world.start)
    wanted = {
        item.page_urls[0]: item for item in outside.world.items
        if item.kind in ("exact", "recompressed", "mirrored") and not item.of
        and start < parse_time(item.published_at) < start + timedelta(days=25)
    }  # fmt: skip
    hosts = {item.site for item in wanted.values()}
    assert len(wanted) >= 4 and len(hosts) >= 2
    with tenancy.organisation(organisation.pk):
        _enrol(organisation, outside, start)
        rows = [
            Active(row.pk, row.case_id, row.organisation_id, row.kind, row.value) for row in Fingerprint.objects.all()
        ]
    sites = [registry.register(url, start) for url in outside.ready["seeds"] if urlsplit(url).hostname in hosts]
    late, waits, crowded = {}, {}, 0
    with _matcher(outside.folder, rows) as matcher:
        tools = Tools(outside.fetcher, matcher, Limits(total_s=5.0), patience_s=5.0)
        for step in range(26 * 4):
            now = start + timedelta(hours=6 * step)
            _advance(outside, now)
            for site in sites:
                due = Deadline.objects.get(subject=site.pk, kind=registry.VISIT).due
                if due > now:
                    continue
                appeared = [
                    url for url, item in wanted.items()
                    if item.site == site.domain and parse_time(item.published_at) <= now and url not in late
                ]  # fmt: skip
                if appeared:
                    # Everything known is due again, and has been for long.
                    known = Frontier.objects.filter(site=site, depth__gt=0)
                    known.update(due_at=now - timedelta(days=30))
                    crowded += known.count() > DAILY.pages
                with clock.fixed(now):
                    crawl.visit(site.pk, tools, DAILY, now)
                with tenancy.organisation(organisation.pk):
                    met = {match.page_url for match in Match.objects.all()}
                for url in appeared:
                    late[url] = url not in met
                    waits[url] = now - parse_time(wanted[url].published_at)
    assert late.keys() == wanted.keys() and not any(late.values()), late
    assert crowded >= 2, "the budget was too small for all that waited"
    assert max(waits.values()) <= timedelta(hours=revisit.LONGEST_VISIT_H) + timedelta(hours=6)
