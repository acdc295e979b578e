"""The pages known of a site: which to read next, and which new links are worth keeping."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q, Value
from django.db.models.functions import Least

from efface.engine.base import sealing, statements
from efface.net.protocol import Entry
from efface.search import lore, revisit, urls
from efface.search.models import Frontier
from efface.search.revisit import LIST_OPENS, LISTS
from efface.sites.models import Site

ASKED, START, PAGER, RELISTED, FACES, SWEPT = 0, 10, urls.PAGER, 30, lore.FACES, lore.SWEPT
"""Priorities: asked for (reported, or its thumbnail matched), the front page, a list's further page, back in a list,
swept for something newly enrolled: first pages known to show faces."""
FRESH = SWEPT + 2
"""Priority of what is new on a list that was read before: it was published since, and does not wait behind pages that
have waited for long, nor behind those that are only read again."""
LAST = 99
MOST_HARM = 1000
DOUBLE, DOUBLED = "double", 90
"""What is written in the place of a wall of a page that shows what another shows (``canonicals``); and the priority of
new pages of a form of which most are such."""
SOME_DOUBLES = 5
MOST_DEPTH = 6
MOST_PAGES = 50_000
MOST_OF_A_SHAPE = 2_000
MOST_DATES = 3
MOST_LINKS_KEPT = 20_000
"""Links of one visit that are remembered."""
RECENT = timedelta(days=30)
"""What a sitemap says changed this lately comes before what only waits."""
BARREN = 20
"""A form of address of which so many pages were read and none showed a picture gets no more."""
ROBOTS_FOR = timedelta(hours=24)
"""RFC 9309 section 2.4: a robots.txt is not relied on for longer."""


def ensure(site: Site, url: str, now: datetime, *, depth: int = 1, priority: int | None = None) -> Frontier:
    """The row of a page, made where it was not known. ``url`` is canonical."""
    digest = urls.digest(url)
    found = statements.read(Frontier, _BY_DIGEST, [digest])
    if found:
        return found[0]
    made = _row(site.pk, url, digest, depth, now)
    if priority is not None:
        made.priority = priority
    if statements.insert([made]):
        return made
    return statements.read(Frontier, _BY_DIGEST, [digest])[0]


_BY_DIGEST = "WHERE digest = %s"


def _row(site: uuid.UUID, url: str, digest: bytes, depth: int, now: datetime) -> Frontier:
    row = Frontier(
        site_id=site, digest=digest, depth=depth, priority=urls.priority(url, depth), found_at=now, due_at=now,
        shape=sealing.digest("shape", f"{urls.host_of(url)} {urls.shape(url)}")[:16],
    )  # fmt: skip
    row.url = url
    return row


def is_list(page: Frontier, opened: int = 0) -> bool:
    """``opened``: pages found on it just now."""
    return revisit.is_list(page.depth, page.opened + opened, urls.is_pager(page.url))


def start(site: Site, now: datetime) -> Frontier:
    return ensure(site, urls.canonical(site.start_url), now, depth=0, priority=START)


def lists(site: uuid.UUID) -> set[uuid.UUID]:
    """The pages read on every visit: the front page, and the lists on which most others were found."""
    return {pk for (pk,) in statements.select(_LISTS, [site, site, LIST_OPENS, LISTS])}


_LISTS = """
    SELECT id FROM search_frontier WHERE site_id = %s AND depth = 0 AND status IN (0, 200, 304)
    UNION ALL
    (SELECT id FROM search_frontier WHERE site_id = %s AND depth > 0 AND status IN (0, 200, 304) AND opened >= %s
     ORDER BY opened DESC, id LIMIT %s)
"""


def waiting(
    site: Site,
    always: Iterable[uuid.UUID],
    now: datetime,
    *,
    sweep_last: bool = False,
    rests: timedelta = timedelta(0),
    most: int,
) -> list[Frontier]:
    """The first ``most`` that this visit has still to read, in order: due pages, and lists, that it has not read yet.
    ``sweep_last``: a sweep has had its share, what is new comes before it; ``rests``: how long a page rests of which
    nothing came back."""
    # A page is asked for again where nothing came back of it within ``rests``.
    since = now - rests if rests else datetime.max.replace(tzinfo=UTC)
    first = _SWEPT_LAST if sweep_last else ""
    return statements.read(
        Frontier, f"{_WAITING} ORDER BY {first}priority, due_at, id LIMIT %s",
        [site.pk, now, list(always), site.visits, since, most],
    )  # fmt: skip


_WAITING = """
    WHERE site_id = %s AND (due_at <= %s OR id = ANY(%s::uuid[])) AND visit <> %s AND wall <> 'stopped'
        AND (asked_at IS NULL OR asked_at <= %s)
"""
_SWEPT_LAST = f"(sweep AND priority BETWEEN {FACES} AND {SWEPT}), "


def rests_until(site: Site, rests: timedelta, now: datetime) -> datetime | None:
    """When the first page has rested that was asked for and of which nothing came back; None where there is none."""
    rows = Frontier.objects.filter(site=site, asked_at__gt=now - rests).exclude(visit=site.visits)
    first = rows.order_by("asked_at").values_list("asked_at", flat=True).first()
    return first + rests if first is not None else None


def at_end(site: Site, now: datetime) -> tuple[bool, str, int]:
    """What counts when a visit is over: whether pages are left for the next one to read soon, what stands before the
    front page, and how much harm the site has done."""
    due, wall, harm = statements.select(_AT_END, {"site": site.pk, "now": now, "visit": site.visits, "asked": ASKED})[0]
    return bool(due), str(wall or ""), int(harm or 0)


_AT_END = """
    SELECT EXISTS (SELECT FROM search_frontier WHERE site_id = %(site)s AND due_at <= %(now)s
                   AND NOT (visit = %(visit)s AND priority > %(asked)s)),
        (SELECT (array_agg(wall ORDER BY id))[1] FROM search_frontier WHERE site_id = %(site)s AND depth = 0),
        (SELECT harm FROM search_sitelore WHERE site_id = %(site)s)
"""


def make_due(digests: Sequence[bytes], now: datetime, *, sweep: bool = False) -> int:
    """Have known pages read on the next visit, first of all, with all their media; or, for a sweep, behind the lists
    and what is back in one, with what is kept nowhere. Returns how many."""
    rows = Frontier.objects.filter(digest__in=digests).exclude(wall="stopped")
    if sweep:
        return rows.update(due_at=now, sweep=True, priority=Least(F("priority"), Value(SWEPT)))
    return rows.update(due_at=now, priority=ASKED, afresh=True)


def stop(digest: bytes) -> None:
    """Never read this page again: what is on it may be of a minor."""
    far = datetime(9999, 1, 1, tzinfo=UTC)
    Frontier.objects.filter(digest=digest).update(wall="stopped", due_at=far, opened=0)


_LINKED = "UPDATE search_frontier SET linked_at = %s, via = %s WHERE digest = ANY(%s)"
_KNOWN = "SELECT digest, id, linked_at, visited_at FROM search_frontier WHERE digest = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Added:
    """``new`` pages were not known; ``relisted`` ones are linked to again after they were not. ``first`` is the best
    priority among them."""

    new: int = 0
    relisted: int = 0
    first: int = LAST


class Linked:
    """What links of a site come to, for one visit: the pages of a site link to each other over and over. ``known``:
    digests of those that were asked about before; they are in the frontier, or are not worth keeping."""

    def __init__(self, domain: str, dropped: frozenset[str] = frozenset()) -> None:
        self.domain, self.dropped = domain, dropped
        self.known: set[bytes] = set()
        self._links: dict[tuple[str, bool], tuple[bytes, str]] = {}

    def to(self, link: str, more: bool = False) -> tuple[bytes, str]:
        """Digest and address of a page; both empty where the link leads to none. ``more``: it leads to more of the
        same list, be it a page or not."""
        found = self._links.get((link, more))
        if found is None:
            url = lore.without(urls.canonical(link), self.dropped)
            refused = urls.refusal(url) if url else "nothing"
            if (refused and not (more and refused == urls.NO_PAGE)) or not urls.belongs(url, self.domain):
                found = b"", ""
            else:
                found = urls.digest(url), url
            if len(self._links) < MOST_LINKS_KEPT:
                self._links[link, more] = found
        return found


def add_links(
    site: Site,
    page: Frontier,
    links: Iterable[str],
    now: datetime,
    *,
    further: Iterable[str] = (),
    dropped: frozenset[str] = frozenset(),
    linked: Linked | None = None,
) -> Added:
    """Keep the links of a page that was read. For a list, note which pages it links to, and have those read that are
    back in it. ``further`` are those that lead to more of the same list, be they pages or not; ``dropped`` are
    parameters that change nothing on this site; ``linked`` remembers the links of one visit."""
    wanted: dict[bytes, str] = {}
    pagers: set[bytes] = set()
    linked = Linked(site.domain, dropped) if linked is None or linked.dropped != dropped else linked
    for more, link in [(True, one) for one in further] + [(False, one) for one in links]:
        digest, url = linked.to(link, more)
        if not url:
            continue
        wanted.setdefault(digest, url)
        if more:
            pagers.add(digest)
    wanted.pop(bytes(page.digest), None)
    if not wanted or (linked.known.issuperset(wanted) and not is_list(page)):
        return Added()
    known = {
        bytes(digest): (pk, linked_at, visited_at)
        for digest, pk, linked_at, visited_at in statements.select(_KNOWN, [list(wanted)])
    }
    fresh = _worth_keeping(site.pk, page.depth + 1, {key: url for key, url in wanted.items() if key not in known}, now)
    news = page.read_at is not None and is_list(page, len(fresh))
    for row in fresh:
        if bytes(row.digest) in pagers:
            row.priority = min(row.priority, PAGER)
        elif news and row.priority < DOUBLED:
            row.priority = min(row.priority, FRESH)
    statements.insert(fresh)
    relisted: list[uuid.UUID] = []
    if is_list(page, len(fresh)):
        if page.read_at is not None:
            relisted = [
                pk for pk, linked_at, visited_at in known.values()
                if visited_at is not None and linked_at is not None and linked_at < page.read_at
            ]  # fmt: skip
        if relisted:
            back = Frontier.objects.filter(pk__in=relisted, priority__gt=RELISTED).exclude(wall="stopped")
            back.update(priority=RELISTED, due_at=now, afresh=True)
        statements.run(_LINKED, [now, page.pk, list(wanted)])
    linked.known |= wanted.keys()
    first = min([row.priority for row in fresh] + [RELISTED] * bool(relisted), default=LAST)
    return Added(len(fresh), len(relisted), first)


def add_listed(site: Site, entries: Sequence[Entry], now: datetime, *, dropped: frozenset[str] = frozenset()) -> int:
    """Keep the pages that a sitemap or feed names; those that it says changed since they were read are read again, and
    those that changed lately come first. Returns how many are new."""
    wanted: dict[bytes, tuple[str, int]] = {}
    for entry in entries:
        url = lore.without(urls.canonical(entry.url), dropped)
        if url and urls.belongs(url, site.domain) and not urls.refusal(url):
            wanted.setdefault(urls.digest(url), (url, entry.at))
    if not wanted:
        return 0
    rows = Frontier.objects.filter(digest__in=list(wanted)).values_list("digest", "pk", "read_at")
    known = {bytes(digest): (pk, read_at) for digest, pk, read_at in rows}
    changed = [
        pk for digest, (pk, read_at) in known.items()
        if read_at is not None and wanted[digest][1] > read_at.timestamp()
    ]  # fmt: skip
    if changed:
        again = Frontier.objects.filter(pk__in=changed, priority__gt=RELISTED).exclude(wall="stopped")
        again.update(priority=RELISTED, due_at=now)
    fresh = _worth_keeping(site.pk, 1, {key: url for key, (url, _) in wanted.items() if key not in known}, now)
    recent = now.timestamp() - RECENT.total_seconds()
    for row in fresh:
        if wanted[bytes(row.digest)][1] > recent:
            row.priority = min(row.priority, RELISTED)
    Frontier.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    return len(fresh)


def add_found(site: Site, links: Iterable[str], now: datetime, *, dropped: frozenset[str] = frozenset()) -> int:
    """Keep what the site's own search led to; it is read first. Returns how many pages are new."""
    wanted: dict[bytes, str] = {}
    for link in links:
        url = lore.without(urls.canonical(link), dropped)
        if url and urls.belongs(url, site.domain) and not urls.refusal(url):
            wanted.setdefault(urls.digest(url), url)
    known = {bytes(one) for one in Frontier.objects.filter(digest__in=list(wanted)).values_list("digest", flat=True)}
    fresh = _worth_keeping(site.pk, 1, {key: url for key, url in wanted.items() if key not in known}, now)
    for row in fresh:
        row.priority = min(row.priority, START)
    Frontier.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def guess(site: Site, pages: Iterable[str], now: datetime) -> int:
    """Pages that a site may have, though none of its pages linked to them; where anything beyond its front page leads
    on (further pages, what is new, another list) it is not asked for them. One that is not there is not asked for again
    within half a year. Returns how many."""
    lists_of_it = Q(priority__in=(PAGER, urls.LATEST)) | Q(opened__gte=LIST_OPENS)
    if Frontier.objects.filter(lists_of_it, site=site, depth__gt=0).exists():
        return 0
    rows = [_row(site.pk, url, urls.digest(url), 1, now) for url in map(urls.canonical, pages) if url]
    for row in rows:
        row.unchanged = revisit.MOST_UNCHANGED
    Frontier.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def forget_with(site: Site, key: str, now: datetime) -> int:
    """A parameter changes nothing on this site: pages that wait under addresses with it need not be read. Returns how
    many."""
    rows = Frontier.objects.filter(site=site, visited_at=None)[:MOST_OF_A_SHAPE]
    gone = [row.pk for row in rows if isinstance(row.url, str) and lore.without(row.url, [key]) != row.url]
    Frontier.objects.filter(pk__in=gone).delete()
    return len(gone)


def of_shape(page: Frontier) -> int:
    """Pages known whose address has the same form."""
    return Frontier.objects.filter(site=page.site_id, shape=page.shape).count()


def still_listed(page: Frontier, now: datetime) -> None:
    """The list has not changed: what it linked to it links to still."""
    Frontier.objects.filter(via=page.pk).update(linked_at=now)


_SHAPES = """
    SELECT shape, count(*), count(visited_at), sum(shows), count(*) FILTER (WHERE wall = %s)
    FROM search_frontier WHERE site_id = %s AND shape = ANY(%s) GROUP BY shape
"""


def _worth_keeping(site: uuid.UUID, depth: int, fresh: dict[bytes, str], now: datetime) -> list[Frontier]:
    """Rows for new pages, without endless series: dates, forms of address that never show a picture, and everything
    that lies too deep."""
    if not fresh or depth > MOST_DEPTH:
        return []
    rows = [_row(site, url, digest, depth, now) for digest, url in fresh.items()]
    shapes = {bytes(row.shape) for row in rows}
    counts = {
        bytes(shape): (number, read, shows or 0, doubles)
        for shape, number, read, shows, doubles in statements.select(_SHAPES, [DOUBLE, site, list(shapes)])
    }
    total = int(statements.select("SELECT count(*) FROM search_frontier WHERE site_id = %s", [site])[0][0])
    kept: list[Frontier] = []
    for row in rows:
        shape = bytes(row.shape)
        number, read, shows, doubles = counts.get(shape, (0, 0, 0, 0))
        most = MOST_DATES if urls.is_calendar(row.url) else MOST_OF_A_SHAPE
        if number >= most or (read >= BARREN and not shows) or total + len(kept) >= MOST_PAGES:
            continue
        counts[shape] = (number + 1, read, shows, doubles)
        if doubles >= SOME_DOUBLES and 10 * doubles >= 9 * read:
            row.priority = max(row.priority, DOUBLED)
        kept.append(row)
    # In one order, so that two pages that link to the same do not wait for each other.
    return sorted(kept, key=lambda row: bytes(row.digest))
