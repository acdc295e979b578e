"""Where a finding may come back: siblings of its site's network, sites that are likely to be of it, and the same
address, slug or id on them.

Once a day while the finding is open, and for half a year after it had gone. A sibling's lists are read first; the page
that has the finding's path there is asked for with one request, and so is its slug or id in the forms that the
sibling's own addresses have, by the crawl, which keeps to robots.txt and pace.
That it answers proves nothing: what it shows is compared, as on any page. Members that are new to the network, and
sites that were never visited, are visited at once.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from django.db.models import F, Q, QuerySet

from efface.engine.base import clock, deadlines, tenancy
from efface.search import frontier, urls
from efface.search.models import Finding, FindingState, Frontier
from efface.search.revisit import GRID_H
from efface.sites import registry
from efface.sites.models import NetworkEdge, Site

DUE = "finding.watch"
EVERY = timedelta(days=1)
LONGEST = timedelta(days=180)
MOST_SIBLINGS, MOST_MEMBERS = 50, 200
LISTS_EVERY = timedelta(days=7)
LEAST_SLUG = 6
MOST_FORMS, SAMPLE = 3, 30
"""Forms of address in which a slug is asked for on one sibling; pages that its forms are learned from."""
LIKELY = ("likely", "same")
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


def in_forms_of(page: str, others: Sequence[str]) -> list[str]:
    """The addresses that a page's slug or id would have in the forms of other addresses, each of a page of the same
    sibling: at most ``MOST_FORMS``, those of the most common forms first. A number takes the place of a number, words
    that of words. None where what names the page is too plain. Pure."""
    name = _name(page)
    if not name:
        return []
    forms: Counter[str] = Counter()
    for other in others:
        theirs = _name(other)
        if theirs and theirs.isdigit() == name.isdigit() and other.count(theirs) == 1:
            forms[other.replace(theirs, name)] += 1
    found = dict.fromkeys(urls.canonical(form) for form, _ in forms.most_common())
    return [form for form in found if form and not urls.refusal(form)][:MOST_FORMS]


def _name(page: str) -> str:
    """The slug or id of a page: its last segment without its ending, else the one long value it asks for; "" where it
    is too short to mean one picture."""
    parts = urlsplit(page)
    last = next((segment for segment in reversed(parts.path.split("/")) if segment), "")
    last = last.rsplit(".", 1)[0] if "." in last[1:] else last
    values = [value for _, value in parse_qsl(parts.query) if len(value) >= LEAST_SLUG]
    name = values[0] if len(values) == 1 else last if not parts.query else ""
    telling = len(name) >= LEAST_SLUG and any(sign.isdigit() or sign in "-_" for sign in name)
    return name if telling else ""


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
    if not page:
        return Around()
    siblings = _kin(row.site)
    siblings = siblings.order_by(F("visited_at").asc(nulls_first=True), "pk")[:MOST_SIBLINGS]
    done = [_sibling(site, page, returned, now) for site in siblings]
    return Around(sum(asked for asked, _ in done), sum(visited for _, visited in done))


def _kin(site: Site) -> QuerySet[Site]:
    """Watched sites of the same network, and those with an edge to one of it, or to the site itself, that makes them
    likely to be of one operator: they need not be members yet."""
    members = [site.pk]
    if site.network_id is not None:
        members += Site.objects.filter(network=site.network_id).values_list("pk", flat=True)[:MOST_MEMBERS]
    edges = NetworkEdge.objects.filter(Q(one__in=members) | Q(other__in=members), band__in=LIKELY)
    kin = {pk for pair in edges.values_list("one", "other")[:MOST_MEMBERS] for pk in pair}
    rows = Site.objects.filter(pk__in=kin.union(members), state=Site.State.ACTIVE, merged=None)
    return rows.exclude(pk=site.pk)


def _shown(site: Site) -> list[str]:
    """Addresses of pages of a site that showed a picture when they were read last."""
    rows = Frontier.objects.filter(site=site, shows__gt=0, depth__gt=0, read_at__isnull=False).exclude(wall="stopped")
    return [row.url for row in rows.only("url").order_by("-read_at", "pk")[:SAMPLE] if isinstance(row.url, str)]


def _sibling(site: Site, page: str, returned: bool, now: datetime) -> tuple[bool, bool]:
    """Whether the twin was put to the crawl, and whether the site is visited soon."""
    wanted = [one for one in (twin(page, site.start_url), *in_forms_of(page, _shown(site))) if one]
    fresh = {urls.digest(one): one for one in wanted if urls.belongs(one, site.domain)}
    for row in Frontier.objects.filter(digest__in=list(fresh)).values_list("digest", flat=True):
        fresh.pop(bytes(row), None)
    for one in fresh.values():
        frontier.ensure(site, one, now, priority=frontier.ASKED)
    asked = bool(fresh)
    late = site.visited_at is None or site.visited_at < now - LISTS_EVERY
    if late or returned:
        lists = Frontier.objects.filter(Q(depth=0) | Q(priority=urls.LATEST) | Q(pk__in=frontier.lists(site.pk)))
        lists.filter(site=site).exclude(wall="stopped").update(due_at=now)
    visit = asked or late or returned
    if visit:
        registry.visit_soon(site.pk, now)
    return asked, visit
