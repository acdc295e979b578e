"""A database as years of crawling leave it: sites, pages, media, sightings and clocks, by seed, and no picture at all.

Sites come in blocks of fifty that are alike: what differs between a small and a large world is how much stands around a
site, and no site itself. Rows are written in the order in which they were met, so that what belongs to one site lies
scattered over the tables, as it does in life. Addresses are sealed and found by digest as the crawl does it, with one
``COPY`` for some thousand pages.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, LiteralString, cast

BLOCK = 50
"""Sites that together have their share of the media, large and small ones."""
FULL, THUMBS = 3, 1
"""Full media of a page, and thumbnails of it on a list."""
A_LIST = 20
"""Pages that a list links to."""
UNREAD = 0.5
"""Pages known and not read yet, for each page that was."""
FURNITURE, FURNITURE_PAGES = 2, 24
REPOSTED = 0.12
"""Share of full media that are met on another site too."""
FACES, FACES_COUNTED = 0.5, 0.9
DUE = 0.12
"""Share of the pages that were read which are due again."""
VISITS_DUE = 0.25
EACH_COPY = 4000
STATES = ("active",) * 46 + ("paused",) * 2 + ("stopped", "gone")
ERRORS = ("",) * 43 + ("challenge", "login", "robots.txt forbids", "timeout", "refused", "geo", "blocked")
KEPT_DAYS, LOOKED_DAYS = 180, 60


@dataclass(frozen=True, slots=True)
class Size:
    """``media`` known on ``sites``."""

    media: int
    sites: int


@dataclass(slots=True)
class World:
    """What is there by now. ``ids``: key of each site, by its number."""

    seed: int
    now: datetime
    ids: list[uuid.UUID] = field(default_factory=list)
    media: int = 0
    pages: int = 0
    sightings: int = 0
    took_s: float = 0.0


def domain(number: int) -> str:
    return f"s{number:06}.example"


def page_url(site: int, page: int) -> str:
    return f"http://{domain(site)}/v/{page}-harbour-in-the-morning"


def list_url(site: int, number: int) -> str:
    return f"http://{domain(site)}/page/{number}" if number else f"http://{domain(site)}/"


def media_url(site: int, name: str) -> str:
    return f"http://cdn.{domain(site)}/m/{name}.jpg"


def shares(seed: int, media: int, sites: int) -> list[int]:
    """Media of each site of one block: few have many, most have few; together as many as such a block has."""
    some = random.Random(f"{seed}/sizes")
    block = min(BLOCK, sites)
    weights = [some.lognormvariate(0.0, 1.0) for _ in range(block)]
    whole = media * block // sites
    given = [max(FULL + THUMBS, int(whole * weight / sum(weights))) for weight in weights]
    given[given.index(max(given))] += whole - sum(given)
    return given


def grow(world: World, size: Size, connect: Any) -> None:
    """Make it as large as ``size``; ``connect`` gives a connection as the database's administrator."""
    from django.db import connection

    began = time.monotonic()
    first = len(world.ids)
    sizes = shares(world.seed, size.media, size.sites)
    _sites(world, range(first, size.sites))
    with connect() as raw:
        for rows in _chunks(_pages(world, range(first, size.sites), sizes)):
            _write(world, raw, rows)
        raw.execute("VACUUM (ANALYZE)")
    world.took_s = time.monotonic() - began
    connection.close()


def _sites(world: World, numbers: Sequence[int]) -> None:
    from efface.engine.base import deadlines
    from efface.engine.base.models import Lease
    from efface.search.models import SiteList, SiteLore, SiteRule
    from efface.sites import registry
    from efface.sites.models import Site, grams

    now, sites, lore, lists, rules, leases = world.now, [], [], [], [], []
    visits: list[tuple[uuid.UUID, datetime]] = []
    for number in numbers:
        some = random.Random(f"{world.seed}/site/{number % BLOCK}")
        state, error = STATES[number % BLOCK], ERRORS[(number * 7) % BLOCK]
        failed = error in ("timeout", "refused")
        site = Site(
            domain=domain(number), start_url=list_url(number, 0), state=state, added_at=now - timedelta(days=200),
            visited_at=now - timedelta(hours=some.uniform(1, 160)), failures=int(failed) * some.randint(1, 4),
            backoff_until=now + timedelta(hours=20) if failed else None, last_error=error, visits=some.randint(5, 90),
            day=now.date(), day_pages=some.choice((0, 0, 3, 40)), grams=grams(domain(number)),
            hostility=some.choice(("unknown",) * 6 + ("hostile", "cooperative", "extortionate")),
            looked_up_at=now - timedelta(days=some.uniform(0, 30)),
        )  # fmt: skip
        world.ids.append(site.pk)
        sites.append(site)
        lore.append(SiteLore(site=site, guessed_at=now - timedelta(days=100), harm=some.choice((0, 0, 0, 1, 3))))
        for place in range(3):
            row = SiteList(site=site, digest=_digest("list", f"{number}/{place}"), kind="feed", found_at=now,
                           due_at=now + timedelta(hours=some.uniform(1, 12)), read_at=now)  # fmt: skip
            row.url = f"{list_url(number, 0)}feed{place}.xml"
            lists.append(row)
        if some.random() < 0.04:
            rules.append(SiteRule(site=site, decided_in=uuid.uuid4(), decided_by="coordinator", decided_at=now,
                                  reason="a slow server", delay_s=8.0))  # fmt: skip
        leases.append(Lease(key=f"site:{site.pk}", token=some.randrange(10**9), until=now, free_at=now))
        if state == "active":
            due = (number * 13) % BLOCK < BLOCK * VISITS_DUE and not failed
            hours = -some.uniform(0, 5) if due else some.uniform(0.5, 160)
            visits.append((site.pk, now + timedelta(hours=hours)))
    Site.objects.bulk_create(sites, batch_size=1000)
    for model, rows in ((SiteLore, lore), (SiteList, lists), (SiteRule, rules), (Lease, leases)):
        model.objects.bulk_create(rows, batch_size=1000)  # type: ignore[attr-defined]
    for start in range(0, len(visits), 1000):
        deadlines.set_many(registry.VISIT, visits[start : start + 1000])
    looks = [(site.pk, now + timedelta(days=1 + number % 30)) for number, site in enumerate(sites)]
    for start in range(0, len(looks), 1000):
        deadlines.set_many(registry.LOOKUP, looks[start : start + 1000])


@dataclass(slots=True)
class Rows:
    frontier: list[tuple[Any, ...]] = field(default_factory=list)
    media: list[tuple[Any, ...]] = field(default_factory=list)
    sightings: list[tuple[Any, ...]] = field(default_factory=list)
    evidence: list[tuple[Any, ...]] = field(default_factory=list)


COLUMNS: dict[str, tuple[str, str]] = {
    "frontier": ("search_frontier",
                 "id, site_id, digest, url, depth, priority, found_at, visited_at, visit, due_at, unchanged, status,"
                 " etag, last_modified, robots_at, read_at, via, linked_at, opened, shape, shows, sweep, afresh, wall,"
                 " failures, harm"),
    "media": ("search_media",
              "id, sha256, pdq, quality, width, height, clip, faces, faces_seen, looked, error, first_seen, last_seen"),
    "sightings": ("search_sighting",
                  "id, media_id, site_id, page_digest, media_digest, page_url, media_url, role, link_digest,"
                  " first_seen, last_seen, fetched_at"),
    "evidence": ("sites_evidence", "id, site_id, kind, digest, album, shown, first_seen, last_seen"),
}  # fmt: skip


def _chunks(pages: Iterable[Rows]) -> Iterator[Rows]:
    chunk = Rows()
    for count, one in enumerate(pages, start=1):
        for name in COLUMNS:
            getattr(chunk, name).extend(getattr(one, name))
        if count % EACH_COPY == 0:
            yield chunk
            chunk = Rows()
    yield chunk


def _write(world: World, raw: Any, rows: Rows) -> None:
    with raw.transaction(), raw.cursor() as cursor:
        for name in ("media", "frontier", "sightings", "evidence"):
            table, columns = COLUMNS[name]
            with cursor.copy(cast(LiteralString, f"COPY {table} ({columns}) FROM STDIN")) as copy:
                for row in getattr(rows, name):
                    copy.write_row(row)
    world.media += len(rows.media)
    world.pages += len(rows.frontier)
    world.sightings += len(rows.sightings)


def _pages(world: World, numbers: Sequence[int], sizes: Sequence[int]) -> Iterator[Rows]:
    """The pages of these sites in the order in which they were met: a site's front page first, all sites side by
    side."""
    some = random.Random(f"{world.seed}/order/{numbers.start if isinstance(numbers, range) else 0}")
    met: list[tuple[float, int, int]] = []
    for number in numbers:
        count = sizes[number % len(sizes)] // (FULL + THUMBS)
        lists = -(-count // A_LIST)
        # Lists first (their numbers are negative), pages that were read, pages that wait.
        met += [(some.random() * 0.2, number, -1 - place) for place in range(lists + 1)]
        met += [(0.2 + 0.8 * some.random(), number, page) for page in range(count + int(UNREAD * count))]
    met.sort()
    maker = Maker(world, sizes)
    for moment, number, page in met:
        yield maker.make(number, page, moment)


class Maker:
    """Rows of one page after the other."""

    def __init__(self, world: World, sizes: Sequence[int]) -> None:
        from efface.engine.base import sealing

        self.world, self.now = world, world.now
        self.count = {place: size // (FULL + THUMBS) for place, size in enumerate(sizes)}
        self.sizes = len(sizes)
        self.key = sealing.derive("sealed")
        self.some = random.Random(f"{world.seed}/pages/{world.media}")
        self.serial = world.pages * 16
        self.lists: dict[tuple[int, int], tuple[uuid.UUID, bytes, str]] = {}
        self.furniture: dict[int, list[tuple[uuid.UUID, str, int]]] = {}
        self.open: list[tuple[uuid.UUID, str]] = []

    def make(self, site: int, page: int, moment: float) -> Rows:
        rows = Rows()
        read = page < 0 or page < self.count[site % self.sizes]
        seen = self.now - timedelta(days=LOOKED_DAYS * (1 - moment))
        url = list_url(site, -1 - page) if page < 0 else page_url(site, page)
        digest, pk = _digest("url", url), self._id()
        self._frontier(rows, pk, site, page, url, digest, read, seen)
        if page < 0:
            self.lists[site, -1 - page] = pk, digest, url
        elif read:
            self._media(rows, site, page, url, digest, seen)
        return rows

    def _id(self) -> uuid.UUID:
        """In the order in which rows were made, as the ids of real ones are."""
        self.serial += 1
        value = (1_700_000_000_000 + self.serial) << 80 | 0x7 << 76 | self.some.getrandbits(12) << 64
        return uuid.UUID(int=value | 0b10 << 62 | self.some.getrandbits(62))

    def _sealed(self, value: str, model: str, field_: str, pk: uuid.UUID) -> bytes:
        from efface.engine.base import sealing

        return sealing.seal(self.key, json.dumps(value).encode(), f"search.{model}.{field_}:{pk}")

    def _frontier(
        self, rows: Rows, pk: uuid.UUID, site: int, page: int, url: str, digest: bytes, read: bool, seen: datetime
    ) -> None:
        some, now = self.some, self.now
        # A page of the list on which it stands; of the front page nothing is known.
        via = self.lists.get((site, 1 + page // A_LIST)) if page >= 0 else self.lists.get((site, 0))
        listed, depth = page < 0, 0 if page == -1 else 1 if page < 0 else 2
        due = now + timedelta(days=some.uniform(0.05, 56))
        if not read or listed or some.random() < DUE:
            due = now - timedelta(hours=some.uniform(0, 48))
        read_at, visit, status, etag = (seen, 1, 200, "a1b2c3d4e5f6") if read else (None, 0, 0, "")
        unchanged, wall = some.randint(0, 4) * visit, "login" if read and some.random() < 0.02 else ""
        rows.frontier.append((
            pk, self.world.ids[site], digest, self._sealed(url, "frontier", "url", pk), depth, _priority(page, url),
            seen, read_at, visit, due, unchanged, status, etag, "", now - timedelta(hours=1), read_at,
            via[0] if via else None, seen, A_LIST if listed else 0, _shape(site, page < 0),
            FULL if read and not listed else 0, False, False, wall, 0, 0,
        ))  # fmt: skip

    def _media(self, rows: Rows, site: int, page: int, url: str, digest: bytes, seen: datetime) -> None:
        some = self.some
        for place in range(FULL):
            name = f"{page}-{place}"
            media = self._medium(rows, f"{site}/{name}", seen, 0 if some.random() > FACES else some.randint(1, 3))
            self._sighting(rows, media, site, digest, url, media_url(site, name), "media", None, seen)
            self._album(rows, site, media, digest, seen)
            if some.random() < REPOSTED:
                self.open.append((media, name))
        if self.open and some.random() < REPOSTED * FULL:
            media, name = self.open.pop(some.randrange(len(self.open)))
            self._sighting(rows, media, site, digest, url, media_url(site, "r" + name), "media", None, seen)
        found = self.lists.get((site, 1 + page // A_LIST))
        if found is not None:
            media = self._medium(rows, f"{site}/t{page}", seen, 0, thumb=True)
            address = media_url(site, f"t{page}")
            self._sighting(rows, media, site, found[1], found[2], address, "thumbnail", digest, seen)
        if page < FURNITURE_PAGES:
            known = self.furniture.setdefault(site, [])
            while len(known) < FURNITURE:
                name = f"f{len(known)}"
                known.append((self._medium(rows, f"{site}/{name}", seen, 0), name, 0))
            for media, name, _ in known:
                self._sighting(rows, media, site, digest, url, media_url(site, name), "media", None, seen)

    def _medium(self, rows: Rows, name: str, seen: datetime, faces: int, thumb: bool = False) -> uuid.UUID:
        some, pk = self.some, self._id()
        counted = some.random() < (0.3 if thumb else FACES_COUNTED)
        hashes = some.randbytes(256).hex()
        pdq = json.dumps([hashes[start : start + 64] for start in range(0, 512, 64)])
        rows.media.append((
            pk, sha_of(name), pdq, some.randint(50, 100), 1200, 800, b"", faces if counted else 0, counted,
            counted, "corrupt" if some.random() < 0.004 else "", seen, seen,
        ))  # fmt: skip
        return pk

    def _sighting(
        self, rows: Rows, media: uuid.UUID, site: int, page: bytes, url: str, address: str, role: str,
        link: bytes | None, seen: datetime,
    ) -> None:  # fmt: skip
        pk = self._id()
        rows.sightings.append((
            pk, media, self.world.ids[site], page, _digest("url", address), self._sealed(url, "sighting", "page_url",
            pk), self._sealed(address, "sighting", "media_url", pk), role, link, seen, seen, seen,
        ))  # fmt: skip

    def _album(self, rows: Rows, site: int, media: uuid.UUID, page: bytes, seen: datetime) -> None:
        album = hashlib.blake2b(page, digest_size=16).digest()
        rows.evidence.append((
            self._id(), self.world.ids[site], "picture", media.bytes[-8:], album, "", seen, seen,
        ))  # fmt: skip


def sha_of(name: str) -> bytes:
    """Digest of the file of this name, ``"site/page-place"``."""
    return hashlib.sha256(name.encode()).digest()


def _digest(scope: str, value: str) -> bytes:
    from efface.engine.base import sealing

    return sealing.digest(scope, value)


@cache
def _shape(site: int, listed: bool) -> bytes:
    from efface.engine.base import sealing
    from efface.search import urls

    url = list_url(site, 1) if listed else page_url(site, 1)
    return sealing.digest("shape", f"{urls.host_of(url)} {urls.shape(url)}")[:16]


def _priority(page: int, url: str) -> int:
    from efface.search import frontier, urls

    return frontier.START if page == -1 else urls.priority(url, 1 if page < 0 else 2)
