"""One item of a world, watched as the product watches a finding: assets, baseline, history, verdict, next look."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bench.verify.stand import Stand
from efface.net.client import FetcherUnavailable
from efface.net.protocol import AssetRef, Baseline, Limits, Observation, ObserveRequest, PageLook, Scan, ScanRequest
from efface.takedown import copies, verdict, widening
from efface.vision.hamming import MATCH, least_distance
from testbed.removals.site import Site

START = datetime(2026, 9, 2, 6, tzinfo=UTC)
LIMITS = Limits(total_s=4.0)
MOST_CHECKS = 11
LONGEST = timedelta(days=14)
FIRST_LOOK = timedelta(hours=2)
AGAIN, MOST_MISSED = timedelta(minutes=30), 3


@dataclass(frozen=True, slots=True)
class Line:
    """One check: what was true by the site's own account, and what was concluded."""

    way: str
    site: int
    hours: float
    truth: str
    row: int
    state: str
    part: str
    rows: tuple[int, ...]
    reason: str
    places: int


class WorldFault(RuntimeError):
    """The world does not show what it should, before anything was asked to be removed."""


class Watched:
    def __init__(self, stand: Stand, site: Site, number: int, placed: bool, rng: Random) -> None:
        self.site, self.number, self.rng, self.stand = site, number, rng, stand
        self.fetcher = stand.placed if placed else stand.here
        self.case = uuid.uuid4()
        self.page = site.url(site.path)
        site.now = -1.0
        scan = self.fetcher.scan(ScanRequest(self.page, limits=LIMITS, browser="if-needed"))
        self.clips: list[str] = []
        self.pdq: list[str] = []
        self.assets = [AssetRef("page", self.page), *self._found(scan)]
        self.sha256: list[str] = []
        if site.search_url:
            self.assets.append(AssetRef("search", site.search_url))
        self.baseline: Baseline | None = None
        self.walls: frozenset[str] = frozenset()
        self.history: list[verdict.PastCheck] = []
        self.missed = 0
        self.looks = stand.matcher.enrol(self.case, site.target) if not site.playlist else False

    def _found(self, scan: Scan) -> list[AssetRef]:
        """The media of the page that are hers, and by what they are known."""
        site = self.site
        if site.playlist:
            self.clips = [one.picture.clip for one in scan.media if one.picture.clip]
            found = [AssetRef(one.ref.role, one.ref.url) for one in scan.media if one.picture.clip]
        else:
            own = self.fetcher.scan(ScanRequest(f"http://{site.media_host}{site.full}", limits=LIMITS)).media
            self.pdq = [value for one in own for value in one.picture.pdq]
            found = [
                AssetRef(one.ref.role, one.ref.url)
                for one in scan.media
                if least_distance(one.picture.pdq, self.pdq) <= MATCH
            ]
        if not found:
            raise WorldFault(f"{site.way.name}: {self.page} does not show it ({scan.facts.error or scan.facts.status})")
        return found

    def lines(self) -> list[Line]:
        """All checks, the first before the notice."""
        found = [self._check(timedelta(hours=-0.5))]
        if found[0].state != "live":
            raise WorldFault(f"{self.site.way.name}: {found[0].state} at the start ({found[0].reason})")
        after = FIRST_LOOK * self.rng.uniform(0.5, 1.5)
        while len(found) < MOST_CHECKS and after < LONGEST:
            try:
                found.append(self._check(after))
            except FetcherUnavailable:
                # As a check does it: nothing was seen, and it is tried again later. How often is told.
                self.missed += 1
                if self.missed > MOST_MISSED:
                    raise WorldFault(f"{self.site.way.name}: the fetcher did not answer") from None
                self.next = AGAIN
            after += max(self.next, timedelta(minutes=1))
        return found

    def _check(self, after: timedelta) -> Line:
        site = self.site
        site.now = after / timedelta(hours=1)
        now = START + after
        seen = self._observe()
        told = verdict.judge(seen, self.history, self.baseline, now, walls_before=self.walls)
        self.history.append(told.past(now))
        self.next = told.next_check
        if told.state in verdict.SEEN:
            self._learn(seen, told)
        rows = (told.row, *((7,) if told.facts.get("forwarded") else ()))
        return Line(
            site.way.name, self.number, round(site.now, 2), site.truth, told.row, told.state, told.part, rows,
            told.reason, told.places,
        )  # fmt: skip

    def _observe(self) -> Observation:
        token = uuid.uuid4().hex
        pages = [one for one in self.assets if one.role == "page"][::-1]
        request = ObserveRequest(
            [*pages, *(one for one in self.assets if one.role != "page")], pdq=self.pdq, sha256=self.sha256,
            clips=self.clips, still=not self.clips, baseline=self.baseline, control_url=self.site.control,
            limits=LIMITS, token=token, looks=self.looks,
        )  # fmt: skip
        seen = self.fetcher.observe(request)
        shown = copies.questions(seen)
        if not shown:
            return seen
        from efface.search.matcher.hits import Compare

        answer: Any = self.stand.matcher.compare(Compare(token, shown))
        return copies.marked(seen, shown, answer.hits, {str(self.case)})

    def _learn(self, seen: Observation, told: verdict.Verdict) -> None:
        if not self.history[1:]:
            self.walls = frozenset(wall for look in seen.pages.values() for wall in look.walls)
        look: PageLook | None = next((one for one in seen.pages.values() if one.serves_target), None)
        if self.baseline is None and look is not None:
            self.baseline = Baseline(look.title, look.text_shingles, look.dom_shingles, look.media_urls)
        if told.moved_to:
            self.assets.append(AssetRef("page", told.moved_to))
        for one in widening.widened(self.assets, seen):
            self.assets.append(AssetRef(one.role, one.url))
            if one.sha256:
                self.sha256.append(one.sha256)
