"""The table judges what the real fetcher sees on the testbed: nothing is gone before it is, nothing is missed."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from efface.net.client import Fetcher
from efface.net.protocol import AssetRef, Baseline, ObserveRequest, ScanRequest
from efface.takedown.verdict import GONE, PastCheck, Verdict, judge
from testbed.model import Gallery, Site
from testbed.serve import Running
from testbed.world import generate

START = datetime(2026, 9, 2, tzinfo=UTC)


@dataclass
class Bed:
    running: Running
    fetcher: Fetcher


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A world served from a thread, and the fetcher as its own process, the world on an inherited descriptor."""
    folder: Path = tmp_path_factory.mktemp("bed")
    generate(11, 22, 2, None, 90, folder)
    running = Running(folder, None)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ready = asyncio.run_coroutine_threadsafe(running.start(), loop).result(60)
    (folder / "world.json").write_text(json.dumps(ready["world"]), encoding="utf-8")
    given = os.open(folder / "world.json", os.O_RDONLY)
    socket = f"{folder}/f.sock"
    command = [sys.executable, "-m", "efface.whereabouts.fetcher", "--socket", socket, "--world-fd", str(given)]
    log = (folder / "fetcher.log").open("w")
    process = subprocess.Popen([*command, "--exit-with-parent"], pass_fds=[given], stdout=subprocess.PIPE, stderr=log)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    fetcher = Fetcher(socket, timeout_s=60)
    fetcher.scan(ScanRequest(f"http://{running.world.sites[0].domain}/", media=False))
    yield Bed(running, fetcher)
    process.terminate()
    process.wait(20)
    os.close(given)
    log.close()
    asyncio.run_coroutine_threadsafe(running.stop(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


class Finding:
    """One picture of one page, watched as the product would."""

    def __init__(self, bed: Bed, site: Site, gallery: Gallery) -> None:
        state = bed.running.state
        shot = gallery.shots[0]
        others = [one for one in site.galleries if one is not gallery and state.published(one)]
        self.bed, self.control = bed, f"http://{site.domain}{others[-1].path if others else '/'}"
        self.page = f"http://{site.domain}{gallery.path}"
        self.full, self.thumb = state.media_url(site, shot.full_path), state.media_url(site, shot.thumb_path)
        self.pdq = [value for one in bed.fetcher.scan(ScanRequest(self.full)).media for value in one.picture.pdq]
        self.baseline: Baseline | None = None
        self.history: list[PastCheck] = []
        look = bed.fetcher.observe(self._request()).pages["bot"]
        self.baseline = Baseline(look.title, look.text_shingles, look.dom_shingles, look.media_urls)

    def _request(self) -> ObserveRequest:
        assets = [AssetRef("page", self.page), AssetRef("media", self.full), AssetRef("thumbnail", self.thumb)]
        return ObserveRequest(assets, pdq=self.pdq, baseline=self.baseline, control_url=self.control)

    def check(self, hours: float) -> Verdict:
        now = START + timedelta(hours=hours)
        verdict = judge(self.bed.fetcher.observe(self._request()), self.history, self.baseline, now)
        self.history.append(verdict.past(now))
        return verdict


def findings(bed: Bed) -> Iterator[tuple[Site, Finding]]:
    """One site of each kind."""
    kinds = set()
    for site in bed.running.world.sites:
        shown = [one for one in site.galleries if bed.running.state.published(one)]
        kind = (site.missing, bool(site.cdn), site.wall, site.dead_dns, bool(site.media_domain != site.domain))
        if shown and kind not in kinds:
            kinds.add(kind)
            yield site, Finding(bed, site, shown[0])


def test_from_live_to_gone_for_good_and_back_on_every_kind_of_site(bed: Bed) -> None:
    state = bed.running.state
    open_sites = set()
    for site, finding in findings(bed):
        if site.wall or site.dead_dns:
            for hours in (0, 24, 48, 96, 120):
                assert finding.check(hours).state not in GONE, site.domain
            continue
        open_sites.add(site.missing)
        assert finding.check(0).state == "live", site.domain
        state.take_down([finding.page], "test")
        page_only = finding.check(1)
        assert (page_only.row, page_only.part) == (3, "media"), (site.domain, site.missing, page_only)
        state.take_down([finding.full], "test")
        state.purge([finding.full])
        small = finding.check(2)
        assert (small.row, small.part) == (4, "thumbnail"), (site.domain, small)
        state.take_down([finding.thumb], "test")
        if site.cdn and state.in_cache(finding.thumb):
            kept = finding.check(3)
            assert (kept.row, kept.part) == (5, "cdn-cache"), (site.domain, kept)
        state.purge([finding.full, finding.thumb])
        states = [finding.check(hours).state for hours in (4, 10, 28, 76)]
        assert states == ["gone-provisional"] * 3 + ["gone-confirmed"], (site.domain, site.missing, states)
        state.down -= {finding.page, finding.full, finding.thumb}
        state.touch(site.domain)
        back = finding.check(300)
        assert (back.state, back.returned) == ("reappeared", True), site.domain
    assert len(open_sites) >= 3, open_sites
