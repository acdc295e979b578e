"""Where a finding may come back: siblings of its site's network, and the same address on them.

Once a day while the finding is open, and for half a year after it had gone. A sibling's lists are read first; the one
page that has the finding's path there is asked for with one request, by the crawl, which keeps to robots.txt and pace.
That it answers proves nothing: what it shows is compared, as on any page. Members that are new to the network, and
sites that were never visited, are visited at once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import F, Q

from efface.engine.base import clock, deadlines, tenancy
from efface.search import frontier, urls
from efface.search.models import Finding, FindingState, Frontier
from efface.search.revisit import GRID_H
from efface.sites import registry
from efface.sites.models import Site

DUE = "finding.watch"
EVERY = timedelta(days=1)
LONGEST = timedelta(days=180)
MOST_SIBLINGS = 50
LISTS_EVERY = timedelta(days=7)
LEAST_SLUG = 6
"""Shorter last segments ("/", "/12") stand for anything: such an address says nothing on another site."""


@dataclass(frozen=True, slots=True)
class Around:
    """``asked``: pages with the finding's path put to the crawl; ``visited``: siblings that are visited soon."""

    asked: int = 0
    visited: int = 0


def request(organisation: uuid.UUID, case: uuid.UUID, finding: uuid.UUID, now: datetime) -> None:
    due = clock.align(now + timedelta(minutes=1), hours=GRID_H)
    deadlines.set_deadline(DUE, finding, due, organisation=organisation, case=case)


def twin(page: str, start: str) -> str:
    """The address that a page would have on a mirror whose front page is ``start``; "" where its path is too plain to
    mean the same picture there. Pure."""
    parts, other = urlsplit(page), urlsplit(start)
    last = next((segment for segment in reversed(parts.path.split("/")) if segment), "")
    if len(last) < LEAST_SLUG and not any(len(value) >= LEAST_SLUG for value in parts.query.split("=")):
        return ""
    if not other.netloc or other.netloc == parts.netloc:
        return ""
    found = urls.canonical(f"{other.scheme}://{other.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else ""))
    return "" if not found or urls.refusal(found) else found


def goes_on(confirmed: datetime, gone: datetime | None, now: datetime) -> bool:
    """Whether a finding's surroundings are still looked at. Pure."""
    return now - (gone or now) < LONGEST and now - confirmed < 4 * LONGEST


def around(organisation: uuid.UUID, finding: uuid.UUID, now: datetime) -> Around:
    """Look around a finding once, and set the day of the next time."""
    with tenancy.organisation(organisation):
        row = Finding.objects.select_related("site", "case").filter(pk=finding).first()
        if row is None or row.stopped or row.case.state != "open" or not goes_on(row.confirmed_at, row.gone_at, now):
            return Around()
        page = row.page_url if isinstance(row.page_url, str) else ""
        returned = row.state == FindingState.REAPPEARED
        deadlines.set_deadline(DUE, row.pk, clock.align(now + EVERY, hours=GRID_H), organisation=organisation,
                               case=row.case_id)  # fmt: skip
    if row.site.network_id is None or not page:
        return Around()
    siblings = Site.objects.filter(network=row.site.network_id, state=Site.State.ACTIVE).exclude(pk=row.site_id)
    siblings = siblings.order_by(F("visited_at").asc(nulls_first=True), "pk")[:MOST_SIBLINGS]
    done = [_sibling(site, page, returned, now) for site in siblings]
    return Around(sum(asked for asked, _ in done), sum(visited for _, visited in done))


def _sibling(site: Site, page: str, returned: bool, now: datetime) -> tuple[bool, bool]:
    """Whether the twin was put to the crawl, and whether the site is visited soon."""
    address = twin(page, site.start_url)
    asked = bool(address) and not Frontier.objects.filter(digest=urls.digest(address)).exists()
    if asked:
        frontier.ensure(site, address, now, priority=frontier.ASKED)
    late = site.visited_at is None or site.visited_at < now - LISTS_EVERY
    if late or returned:
        lists = Frontier.objects.filter(Q(depth=0) | Q(priority=urls.LATEST) | Q(pk__in=frontier.lists(site.pk)))
        lists.filter(site=site).exclude(wall="stopped").update(due_at=now)
    visit = asked or late or returned
    if visit:
        registry.visit_soon(site.pk, now)
    return asked, visit
