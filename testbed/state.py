"""The living world: what stands where at world time, what is going to happen, and the log of what did.

Events written to ``events.jsonl`` (``at`` and ``event`` always): ``url-up`` and ``url-down`` (``url``, ``item``,
``by``), ``cdn-cached`` (``url``, ``until``), ``cdn-purged`` (``url``), ``published``/``returned`` (``item``, ``of``),
``gated``, ``cloaked`` and ``geo-blocked`` (``url``), ``notice-shown`` (``site``), ``site-moved`` (``site``, ``from``,
``to``), ``site-held`` (``site``), ``delisted`` (``url``), ``mail`` (``to``, ``from``, ``message_id``, ``subject``,
``urls``, ``step``, ``type``), ``mail-refused`` (``to``, ``from``, ``code``), ``form`` (``site``, ``urls``), ``reply``
(``from``, ``to``, ``tone``), ``advanced``.
"""

from __future__ import annotations

import heapq
import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from testbed.model import Gallery, Item, Shot, Site, World, parse_time, show_time
from testbed.notice import canonical
from testbed.truth import EVENTS

CACHE_DAYS = 20.0
"""How long the CDN keeps a picture without asking the origin again."""

MAILS = {"reply", "dsn"}


@dataclass(order=True, slots=True)
class Event:
    """Something due at ``at``; ``data`` is what ``happen.py`` needs."""

    at: datetime
    order: int
    kind: str = field(compare=False)
    data: dict[str, Any] = field(compare=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asset:
    """What a URL is: the page of a gallery, or the full file or thumbnail of one of its shots."""

    url: str
    role: Literal["page", "media", "thumbnail"]
    site: Site
    gallery: Gallery
    file: str = ""
    planted: bool = False


class State:
    """Mutable. All times are aware UTC datetimes; ``now`` moves through ``happen.advance`` only."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.now = parse_time(world.start)
        self.queue: list[Event] = []
        self._order = itertools.count()
        self._log = (folder / EVENTS).open("a", encoding="utf-8")
        self.assets: dict[str, Asset] = {}
        self.down: set[str] = set()
        self.gated: set[str] = set()
        self.cloaked: set[str] = set()
        self.restricted: set[str] = set()
        self.shown: dict[str, list[str]] = {}
        self.cached: dict[str, datetime] = {}
        self.held: set[str] = set()
        self.moved: set[str] = set()
        self.delisted: set[str] = set()
        self._touched: dict[str, int] = {}
        self._shown = (self.now, show_time(self.now))
        self.by_host: dict[str, Site] = {}
        self.item_of: dict[str, str] = {}
        self.gone_items: set[str] = set()
        self.mails: dict[str, list[list[str]]] = {}
        for site in world.sites:
            self.by_host[site.domain] = site
            self.by_host[site.media_domain] = site
            for gallery in site.galleries:
                self._index(site, gallery)
        self._open()

    def _index(self, site: Site, gallery: Gallery) -> None:
        page = f"http://{site.domain}{gallery.path}"
        self.assets[page] = Asset(page, "page", site, gallery, planted=bool(gallery.item))
        for shot in gallery.shots:
            full, thumb = self.media_url(site, shot.full_path), self.media_url(site, shot.thumb_path)
            self.assets[full] = Asset(full, "media", site, gallery, shot.full_file, shot.planted)
            self.assets[thumb] = Asset(thumb, "thumbnail", site, gallery, shot.thumb_file, shot.planted)

    def _open(self) -> None:
        """Put everything that has a date of its own into the queue; log what already stands."""
        for item in self.world.items:
            if item.of:
                continue
            due = parse_time(item.published_at)
            self.schedule(max(due, self.now), "publish", item=item.id)

    # -- queue and log --------------------------------------------------------------------------------------------

    def schedule(self, at: datetime, kind: str, **data: Any) -> None:
        heapq.heappush(self.queue, Event(at, next(self._order), kind, data))

    def later(self, seconds: float, kind: str, **data: Any) -> None:
        self.schedule(self.now + timedelta(seconds=seconds), kind, **data)

    def next_mail(self) -> datetime | None:
        """When the next mail is due. Everything else happens by itself, in order, when time goes on."""
        return min((event.at for event in self.queue if event.kind in MAILS), default=None)

    def log(self, event: str, **data: Any) -> None:
        line = json.dumps({"at": show_time(self.now), "event": event, **data}, ensure_ascii=False)
        self._log.write(line + "\n")
        self._log.flush()

    def close(self) -> None:
        self._log.close()

    # -- what stands where ----------------------------------------------------------------------------------------

    def iso(self) -> str:
        """World time as text; texts of this form sort as their times do."""
        if self._shown[0] != self.now:
            self._shown = (self.now, show_time(self.now))
        return self._shown[1]

    @staticmethod
    def media_url(site: Site, path: str) -> str:
        return f"http://{site.media_domain}{path}"

    def published(self, gallery: Gallery) -> bool:
        return not gallery.hidden and gallery.published_at <= self.iso()

    def listed(self, site: Site) -> list[Gallery]:
        """Galleries in the site's lists: published, page not removed."""
        return [
            gallery
            for gallery in site.galleries
            if self.published(gallery) and f"http://{site.domain}{gallery.path}" not in self.down
        ]

    def host_of(self, host: str) -> str:
        """Key of the provider whose machines serve ``host`` now (the origin, never the CDN)."""
        site = self.by_host[host]
        if host != site.domain and site.media_host:
            return site.media_host
        return site.next_host if site.domain in self.moved else site.host

    def origin(self, host: str) -> str:
        """Claimed origin address of ``host`` now."""
        site = self.by_host[host]
        if host != site.domain and site.media_host:
            return site.media_address
        return site.next_address if site.domain in self.moved else site.address

    def behind_cdn(self, host: str) -> bool:
        site = self.by_host.get(host)
        return site is not None and bool(site.cdn) and (host == site.domain or not site.media_host)

    def stands(self, url: str) -> bool:
        """True while the origin has it."""
        asset = self.assets.get(url)
        return asset is not None and self.published(asset.gallery) and url not in self.down

    def in_cache(self, url: str) -> bool:
        since = self.cached.get(url)
        return since is not None and self.now < since + timedelta(days=CACHE_DAYS)

    def siblings(self, url: str) -> list[Asset]:
        """Every asset of the gallery ``url`` belongs to."""
        asset = self.assets.get(url)
        if asset is None:
            return []
        site, gallery = asset.site, asset.gallery
        urls = [f"http://{site.domain}{gallery.path}"]
        for shot in gallery.shots:
            urls += [self.media_url(site, shot.full_path), self.media_url(site, shot.thumb_path)]
        return [self.assets[each] for each in urls]

    def outage(self, domain: str) -> str:
        for outage in self.world.outages:
            if outage.site == domain and outage.start <= self.iso() < outage.end:
                return outage.how
        return ""

    # -- changes --------------------------------------------------------------------------------------------------

    def touch(self, domain: str) -> None:
        self._touched[domain] = self._touched.get(domain, 0) + 1

    def version(self, site: Site) -> tuple[int, int]:
        """Changes whenever the site's pages may look different: something was removed, returned or published."""
        return self._touched.get(site.domain, 0), sum(1 for gallery in site.galleries if self.published(gallery))

    def take_down(self, urls: list[str], by: str) -> None:
        """Remove from the origin whatever of ``urls`` stands."""
        for url in map(canonical, urls):
            if not self.stands(url):
                continue
            self.down.add(url)
            self.touch(self.assets[url].site.domain)
            if self.assets[url].planted:
                self.log("url-down", url=url, item=self.item_of.get(url, ""), by=by)
        self.settle(urls)

    def put_up(self, item: Item) -> None:
        """Publish ``item`` (again)."""
        site = self.world.site(item.site)
        gallery = next(entry for entry in site.galleries if entry.id == item.gallery)
        gallery.hidden = False
        if item.of:
            gallery.published_at = show_time(self.now)
            gallery.item = item.id
            site.galleries.sort(key=lambda entry: (entry.published_at, entry.id), reverse=True)
        for asset in self.siblings(f"http://{site.domain}{gallery.path}"):
            self.down.discard(asset.url)
            self.gated.discard(asset.url)
            self.cloaked.discard(asset.url)
            self.restricted.discard(asset.url)
        for url in item.urls():
            self.item_of[url] = item.id
            self.log("url-up", url=url, item=item.id, by="operator")
        self.touch(site.domain)
        self.log("returned" if item.of else "published", item=item.id, of=item.of)

    def cache(self, url: str) -> None:
        """The CDN fetched ``url`` from the origin and keeps it."""
        self.cached[url] = self.now
        if self.assets[url].planted:
            until = self.now + timedelta(days=CACHE_DAYS)
            self.schedule(until, "expire", url=url, until=show_time(until))
            self.log("cdn-cached", url=url, until=show_time(until))

    def purge(self, urls: list[str]) -> None:
        for url in map(canonical, urls):
            if self.cached.pop(url, None) is not None and self.assets[url].planted:
                self.log("cdn-purged", url=url)
        self.settle(urls)

    def settle(self, urls: list[str]) -> None:
        """Schedule the return of every item that is wholly gone now."""
        for key in {self.item_of[url] for url in map(canonical, urls) if url in self.item_of}:
            item = self.world.item(key)
            if key in self.gone_items or any(self.stands(url) or self.in_cache(url) for url in item.urls()):
                continue
            self.gone_items.add(key)
            self.log("item-gone", item=key)
            for back in self.world.returns:
                if back.item == key:
                    self.later(back.after_h * 3600, "return", item=back.becomes)

    def shot(self, url: str) -> Shot | None:
        asset = self.assets.get(url)
        if asset is None or asset.role == "page":
            return None
        return next((shot for shot in asset.gallery.shots if asset.file in (shot.full_file, shot.thumb_file)), None)
