"""Our crawl beside a Scrapy spider: the same world, the same pages, the same run; processor seconds of all processes.

- *ours*: scanner with decoder, matcher, scheduler, worker and PostgreSQL, everything that ``efface up`` needs to crawl:
  links found, pages parsed in the sandbox, pictures hashed, their local features and faces compared with the cases'.
  Who stands behind a site is asked by another queue, which no worker here serves (``efface bench whereabouts``,
  ``efface bench networks``): the spider asks nobody either.
- *theirs*: one Scrapy process with the libraries one would take (parsel, Pillow, pdqhash, face_recognition). It gets
  the addresses of the pages that ours found, and keeps nothing. Pages count on both sides where the answer was 200.
- *same vision*: the spider again, its pictures through our own vision code in its own process, without a sandbox.

Then the whole world with two workers: what was planted and can be reached, bytes kept; and a slice by the machine's own
clock: whether any site was asked more often than its rate.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.crawl.ours import OPENS, Bench, Crawled, crawling
from bench.crawl.theirs import Spun, spin
from bench.peers.environment import PeersMissing
from testbed.demo.canaries import Searcher, canaries_of, search_files
from testbed.demo.world import World
from testbed.model import load, parse_time
from testbed.world import generate

PAGES, MEDIA = 1000, 3000
RATE_S, RATE_SITES, RATE_FOR_S = 1.0, 12, 30.0
_LISTS = ("/robots.txt", "/sitemap.xml", "/feed", "/rss.xml")
_SLACK_S = 0.05
"""A request that left in time may arrive this much sooner than its turn: the one before it was slower on its way."""


def run(seed: int, models: Path, sites: int = 200, pages: int = PAGES, media: int = MEDIA) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="efface-bench-") as name:
        base = Path(name)
        base.chmod(0o711)
        generate(seed, sites, 6, None, 90, base / "world")
        log = base / "requests.log"
        log.touch()
        world = World(base / "world", "127.0.0.1:1", log)
        try:
            return _measure(base, world, log, models, pages, media)
        finally:
            world.stop()


def _measure(base: Path, world: World, log: Path, models: Path, pages: int, media: int) -> dict[str, Any]:
    chosen = slice_of(base / "world", world.ready["seeds"], pages, media)
    _say(f"ours: {len(chosen)} sites")
    with crawling(base / "one", world, chosen, models) as bench:
        ours = bench.crawl(world.start + OPENS + timedelta(seconds=1))
    asked = pages_of(log, base / "world")
    facts: dict[str, Any] = {"sites": len(chosen), "ours": _told(ours)}
    theirs, same = _theirs(world, asked, models, facts)
    _say("ours, two workers, the whole world")
    with crawling(base / "two", world, world.ready["seeds"], models, workers=2) as bench:
        wide = bench.crawl(world.start + OPENS + timedelta(seconds=1))
        leaks = _leaks(bench, base)
    _say("ours, two workers, the slice")
    with crawling(base / "three", world, chosen, models, workers=2) as bench:
        two = bench.crawl(world.start + OPENS + timedelta(seconds=1))
    reachable = planted(base / "world", world.ready["seeds"])
    over = _rate(base, world, log, models)
    return {
        "ratio_pages": _over(ours.pages_per_cpu_s, theirs and theirs.pages_per_cpu_s),
        "ratio_media": _over(ours.media_per_cpu_s, theirs and theirs.media_per_cpu_s),
        "ratio_pages_same_vision": _over(ours.pages_per_cpu_s, same and same.pages_per_cpu_s),
        "planted_reachable": len(reachable),
        "found": len(reachable & wide.found),
        "missed": sorted(page for _, page in reachable - wide.found),
        "media_bytes_retained": leaks,
        "peak_rss_mb": max(ours.peak_mb, wide.peak_mb, two.peak_mb),
        **over,
        "two_workers_cpu_per_page": round((two.cpu_s / two.pages) / (ours.cpu_s / ours.pages), 3),
        **facts,
        "whole_world": _told(wide),
        "two_workers": _told(two),
    }


def _theirs(
    world: World, asked: Sequence[str], models: Path, facts: dict[str, Any]
) -> tuple[Spun | None, Spun | None]:  # fmt: skip
    try:
        _say(f"theirs: {len(asked)} pages, the usual libraries")
        theirs = spin(world, asked)
        _say("theirs: our vision code")
        same = spin(world, asked, models=models, same_vision=True)
    except PeersMissing as error:
        facts["peers"] = f"not measured: {error}"
        return None, None
    facts["peers"] = "Scrapy 2.19.0, pdqhash 0.2.8, face_recognition 1.3.0"
    facts |= {"theirs": asdict(theirs), "theirs_same_vision": asdict(same)}
    return theirs, same


def _over(ours: float, theirs: float | None) -> float | None:
    return round(ours / theirs, 2) if theirs else None


def _told(one: Crawled) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name != "found"} | {"matches": len(one.found)}


def slice_of(folder: Path, seeds: Sequence[str], pages: int, media: int) -> list[str]:
    """The first sites that together have as many pages and media that a visitor comes to: sites that do not answer or
    ask for a password are visited, and not counted; what is published after the visits began is not there yet."""
    loaded = load(folder)
    world, opens = {site.domain: site for site in loaded.sites}, parse_time(loaded.start) + OPENS
    chosen, counted, shown = [], 0, 0
    for seed in seeds:
        site = world[urlsplit(seed).hostname or ""]
        chosen.append(seed)
        there = [one for one in site.galleries if not one.hidden and parse_time(one.published_at) <= opens]
        open_ = there if not site.wall and not site.dead_dns else []
        counted += len(open_)
        shown += len({path for one in open_ for shot in one.shots for path in (shot.full_path, shot.thumb_path)})
        if counted >= pages and shown >= media:
            break
    return chosen


def pages_of(log: Path, folder: Path) -> list[str]:
    """The pages that were asked for, each once, in the order they were."""
    media = {urlsplit(url).path for url in _media(folder)}
    found: dict[str, None] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        _, _, host, path = line.split(" ", 3)
        if path not in _LISTS and path.split("?")[0] not in media:
            found.setdefault(f"http://{host}{path}")
    return list(found)


def _media(folder: Path) -> set[str]:
    return {
        path for site in load(folder).sites for gallery in site.galleries for shot in gallery.shots
        for path in (shot.full_path, shot.thumb_path)
    }  # fmt: skip


def planted(folder: Path, seeds: Sequence[str]) -> set[tuple[str, str]]:
    """(subject, page) of every copy that stands at the start, on a site that answers and asks for no password."""
    world = load(folder)
    within = {urlsplit(seed).hostname for seed in seeds}
    open_ = {site.domain for site in world.sites if not site.wall and not site.dead_dns and site.domain in within}
    start = parse_time(world.start) + OPENS
    return {
        (item.subject, item.page_urls[0]) for item in world.items
        if not item.of and item.site in open_ and parse_time(item.published_at) <= start
    }  # fmt: skip


def _leaks(bench: Bench, base: Path) -> int:
    """Canaries of planted files in the database (opened) or in any file of the installation."""
    canaries = canaries_of(base / "world")
    said = json.loads(bench._python("testbed.demo.rummage", json.dumps({"canaries": canaries}), "efface_app"))
    return len(said["leaks"]) + len(search_files(Searcher(canaries), [bench.folder]))


def _rate(base: Path, world: World, log: Path, models: Path) -> dict[str, Any]:
    """By the machine's own clock: sites that saw two pages asked for sooner than their rate allows."""
    _say("the rate, by the clock on the wall")
    seeds = world.ready["seeds"][:RATE_SITES]
    before = log.stat().st_size
    now = datetime.now(UTC)
    with crawling(base / "rate", world, seeds, models, workers=2, consents=("hash_match",), opens=now, delay_s=RATE_S):
        time.sleep(RATE_FOR_S)
    times: dict[str, list[float]] = defaultdict(list)
    sent_on: set[str] = set()
    media = {urlsplit(url).path for url in _media(base / "world")}
    with log.open(encoding="utf-8") as lines:
        lines.seek(before)
        for line in lines:
            at, status, host, path = line.rstrip("\n").split(" ", 3)
            if path in _LISTS or path.split("?")[0] in media:
                continue
            if host not in sent_on:  # where the site itself sent us on, the next address is the same request
                times[host].append(float(at))
            (sent_on.add if status[:1] == "3" and status != "304" else sent_on.discard)(host)
    least = RATE_S - _SLACK_S
    over = [host for host, seen in times.items() if any(b - a < least for a, b in pairwise(seen))]
    return {"over_rate_sites": len(over), "rate_pages": sum(map(len, times.values())), "rate_sites": len(times)}


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
