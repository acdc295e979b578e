"""Sitemaps and feeds: what a site says of itself, read a few at each visit, and what becomes of it in the frontier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import F

from efface.engine.base import sealing, statements
from efface.engine.base.leases import Lease
from efface.net.client import FetcherRefused, FetcherTimeout
from efface.net.protocol import FetchFacts, Limits, Listed, ListRequest
from efface.search import frontier, urls
from efface.search.models import SiteList, SiteLore
from efface.sites.models import Site

A_VISIT = 3
"""Lists read in one visit."""
MOST = 60
"""Lists known of one site."""
FEED_EVERY, SITEMAP_EVERY, INDEX_EVERY = timedelta(hours=12), timedelta(days=7), timedelta(days=7)
LONGEST = timedelta(days=180)
USUAL = ("/sitemap.xml", "/feed", "/rss.xml")
"""Where such lists lie on most sites. Looked for once, where the site names none."""


LATEST = ("/latest", "/new", "/recent", "/tags")
"""Where pages of what is new, and of tags, lie on many. Looked for once, where nothing beyond the front page leads on:
pages like all others, that robots.txt may forbid and that count in the site's budget."""


def note(site: Site, addresses: Iterable[str], now: datetime, *, guessed: bool = False) -> int:
    """Lists that the site named. Returns how many are new."""
    wanted: dict[bytes, str] = {}
    for address in addresses:
        url = urls.canonical(address)
        if url and urls.belongs(url, site.domain):
            wanted.setdefault(_digest(url), url)
    if not wanted:
        return 0
    known = {bytes(one) for one in SiteList.objects.filter(digest__in=list(wanted)).values_list("digest", flat=True)}
    room = MOST - SiteList.objects.filter(site=site).count() if len(known) < len(wanted) else 0
    rows: list[SiteList] = []
    for digest, url in wanted.items():
        if digest not in known and len(rows) < room:
            row = SiteList(site=site, digest=digest, guessed=guessed, found_at=now, due_at=now)
            row.url = url
            rows.append(row)
    SiteList.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _digest(url: str) -> bytes:
    """Of a name of its own: a page and a list may share an address."""
    return sealing.digest("list", url)


def guess(site: Site, lore: SiteLore, now: datetime) -> None:
    """Once a site was read and names no list by itself, look where they usually lie."""
    if lore.guessed_at is not None:
        return
    SiteLore.objects.filter(pk=lore.pk).update(guessed_at=now)
    lore.guessed_at = now
    origin = urls.origin(urls.canonical(site.start_url) or site.start_url)
    frontier.guess(site, [origin + path for path in LATEST], now)
    if not SiteList.objects.filter(site=site).exists():
        note(site, [origin + path for path in USUAL], now, guessed=True)


def due(site: Site, now: datetime) -> list[SiteList]:
    """What this visit has still to read of them, feeds first."""
    return statements.read(SiteList, _DUE, [site.pk, site.visits, now, A_VISIT, site.pk, site.visits])


_DUE = """
    WHERE site_id = %s AND visit <> %s AND due_at <= %s ORDER BY kind, due_at, id
    LIMIT greatest(0, %s - (SELECT count(*) FROM search_sitelist WHERE site_id = %s AND visit = %s))
"""


class Lister(Protocol):
    """What is needed of a fetcher (``efface.net.client.Fetcher``)."""

    def listed(self, request: ListRequest) -> Listed: ...


def read(
    site: Site, row: SiteList, fetcher: Lister, limits: Limits, now: datetime, lease: Lease | None = None
) -> int:  # fmt: skip
    """Read one list. Returns how many pages it added. What cannot be read is looked for ever more rarely. Under a
    ``lease``, nothing is written where that was lost (``leases.Lost``)."""
    request = ListRequest(row.url, row.etag, row.last_modified, limits)
    try:
        found = fetcher.listed(request)
    except (FetcherRefused, FetcherTimeout):
        found = Listed(FetchFacts(row.url))
    headers = found.facts.headers
    with lease.writing() if lease is not None else transaction.atomic():
        if found.not_modified:
            SiteList.objects.filter(pk=row.pk).update(visit=site.visits, due_at=now + _every(row.kind), failures=0)
            return 0
        if not found.kind:
            _later(row, site, now)
            return 0
        added = _taken(site, found, now)
        SiteList.objects.filter(pk=row.pk).update(
            kind=found.kind, visit=site.visits, read_at=now, due_at=now + _every(found.kind), failures=0,
            etag=headers.get("etag", "")[:200], last_modified=headers.get("last-modified", "")[:60],
        )  # fmt: skip
    return added


def _taken(site: Site, found: Listed, now: datetime) -> int:
    if found.kind == "index":
        ordered = sorted(found.entries, key=lambda entry: -entry.at)
        return note(site, [entry.url for entry in ordered], now)
    if found.kind == "search":
        if found.template and urls.belongs(found.template.replace("{word}", "x"), site.domain):
            lore = SiteLore.objects.get_or_create(site=site)[0]
            lore.search = found.template
            lore.save(update_fields=["search"])
        return 0
    return frontier.add_listed(site, found.entries, now)


def _every(kind: str) -> timedelta:
    return {"feed": FEED_EVERY, "index": INDEX_EVERY}.get(kind, SITEMAP_EVERY)


def _later(row: SiteList, site: Site, now: datetime) -> None:
    """What was only guessed is given up at once, for half a year."""
    wait = LONGEST if row.guessed and row.read_at is None else min(timedelta(days=2.0 ** min(row.failures, 8)), LONGEST)
    SiteList.objects.filter(pk=row.pk).update(visit=site.visits, due_at=now + wait, failures=F("failures") + 1)
