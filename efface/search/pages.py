"""One page: fetch and compare, outside any transaction; then write what came of it, in one."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from django.db import transaction

from efface.engine.base import statements
from efface.engine.base.leases import Lease
from efface.net.client import FetcherGone, FetcherTimeout, FetcherUnavailable
from efface.net.page.urls import url_digest
from efface.net.protocol import Limits, Listed, ListRequest, Robots, RobotsRequest, Scan, ScanRequest
from efface.search import canonicals, discovery, frontier, lists, matching, media, revisit, urls
from efface.search.matcher.client import Comparer
from efface.search.matcher.hits import Compare, Hit, Hits, Shown, Watch
from efface.search.matching import RESEMBLANCES, Evidence, PageFacts, Written
from efface.search.media import Met, Seen
from efface.search.models import Frontier, Sighting
from efface.search.reading import Reading, read
from efface.search.suspicion import terms
from efface.search.suspicion.page import Alarm, Suspicion
from efface.search.turns import PATIENCE_S
from efface.sites import hostility, networks
from efface.sites.models import Site

T = TypeVar("T")
MOST_CLIPS = 4_000_000
"""Characters of clips in one question to the matcher; a message may have 16 MiB, and a single clip 1,500,000."""
POINTERS_FOR = timedelta(days=14)
MOST_CLOSER = 20
"""Thumbnails of one page that are fetched again to be looked at closely."""


class Scanner(Protocol):
    """What the crawl needs of a fetcher (``efface.net.client.Fetcher``)."""

    def listed(self, request: ListRequest) -> Listed: ...

    def scan(self, request: ScanRequest) -> Scan: ...

    def robots(self, request: RobotsRequest) -> Robots: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """``limits`` bound each fetch; ``patience_s`` is how long a fetcher that is restarting is waited for; ``once``: a
    page that may have been asked for is not asked for again (``FetcherGone``, ``FetcherTimeout``); ``suspicion``: what
    pages are held against before anything else is done with them."""

    fetcher: Scanner
    matcher: Comparer
    limits: Limits = field(default_factory=Limits)
    patience_s: float = PATIENCE_S
    once: bool = False
    suspicion: Suspicion = field(default_factory=lambda: Suspicion(None, terms.read()))


def patiently(call: Callable[[], T], patience_s: float, *, once: bool = False) -> T:
    """Ask again for some seconds while the fetcher is not there. Raises ``FetcherUnavailable`` after that; ``once``:
    as soon as the question was in its hands."""
    until, pause = time.monotonic() + patience_s, 0.1
    while True:
        try:
            return call()
        except FetcherUnavailable as error:
            if once and isinstance(error, (FetcherGone, FetcherTimeout)):
                raise
            if time.monotonic() + pause > until:
                raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)


@dataclass(frozen=True, slots=True)
class Looked:
    """A page that was fetched and compared, before anything is written. ``lost``: faces may not have been compared;
    ``novel``: media whose address was not known of the site; ``left``: the fetcher had no time for some; ``alarm``: it
    may show child material, so it was compared with nothing and nothing of it is written."""

    page: Frontier
    scan: Scan
    reading: Reading
    met: Sequence[Met]
    hits: Sequence[Hit]
    lost: bool = False
    novel: int = 0
    left: bool = False
    alarm: Alarm | None = None


class SiteStopped(Exception):
    """The site is stopped, or has to be: nothing of it is written."""


@dataclass(frozen=True, slots=True)
class Saved:
    """``changed``: new links or media, or a match (what went away is no change: it is no reason to come sooner);
    ``media``: how many media were met on it; ``first``: the best priority of the pages that now wait because of it."""

    outcome: str
    changed: bool = False
    written: Written = field(default_factory=Written)
    media: int = 0
    first: int = frontier.LAST


def look(
    site: Site,
    page: Frontier,
    tools: Tools,
    seen: Seen,
    watch: Watch,
    now: datetime,
    browser: Literal["", "if-needed", "always"] = "if-needed",
    glance: bool = False,
) -> Looked:
    """Fetch a page and its media, and ask the matcher. ``glance``: pages that thumbnails stand for will be read soon,
    so their hashes are enough. Raises ``FetcherUnavailable``, ``FetcherRefused``, ``MatcherUnavailable``,
    ``MatcherRefused``."""
    faces, looks = watch.faces > 0, watch.looks + watch.vectors > 0
    listed = frontier.is_list(page)
    known = page.read_at is not None and not (page.sweep or page.afresh)
    request = ScanRequest(
        page.url,
        token=secrets.token_hex(16),
        etag=page.etag if known else "",
        last_modified=page.last_modified if known else "",
        skip=seen.skip(page, faces=faces, looks=looks, listed=listed, now=now),
        faces=faces,
        looks=watch.looks > 0,
        vectors=watch.vectors > 0,
        limits=tools.limits,
        browser=browser,
        glance=glance and not (page.sweep or page.afresh),
        hashed=seen.hashed(page, faces=faces, looks=looks),
    )
    scan = patiently(lambda: tools.fetcher.scan(request), tools.patience_s, once=tools.once)
    reading = read(scan, page.url, site.domain, now)
    alarm = tools.suspicion.of(scan)
    if alarm is not None:
        tools.matcher.forget(request.token)
        return Looked(page, scan, reading, [], [], alarm=alarm)
    if not reading.shows:
        return Looked(page, scan, reading, [], [])
    met = media.meet(scan, page, site, seen, faces=faces, looks=looks)
    listed_only = [] if reading.outcome == "read" else media.pointing_at(bytes(page.digest), now - POINTERS_FOR)
    met += [one for one in listed_only if one.url_digest not in {other.url_digest for other in met}]
    asked_to_skip = {*request.skip, *request.hashed}
    met = _closer(met, request, tools, faces=faces, looks=looks)
    left = any(url_digest(ref.url) not in asked_to_skip for ref in scan.skipped)
    if not met:
        return Looked(page, scan, reading, [], [], left=left)
    answer = _compare(tools.matcher, request.token, met, f"{scan.title}\n{scan.text}")
    answer = replace(answer, hits=[*answer.hits, *_of_twins(met, answer.hits)])
    pushed = any(one.picture and (one.picture.faces or looks) for one in met)
    lost = (faces or looks) and answer.boot != watch.boot and pushed
    # A picture of which the matcher did not get everything stays to be looked at.
    undelivered = any(
        one.fresh and one.link is None and not media.is_unread(one)
        and ((faces and not one.faces_seen) or (looks and not one.looked))
        for one in met
    )  # fmt: skip
    novel = sum(1 for one in met if one.fresh and one.url_digest not in seen.known)
    return Looked(page, scan, reading, met, answer.hits, lost or undelivered, novel, left)


def _closer(met: Sequence[Met], request: ScanRequest, tools: Tools, *, faces: bool, looks: bool) -> list[Met]:
    """Of thumbnails that were only hashed, those that stand for nothing else, or for this page because it cannot be
    read, are looked at as closely as full media: all there is of it stands in them."""
    done, left = list(met), MOST_CLOSER
    for place, one in enumerate(done):
        if one.link is not None or not media.is_only_hashed(one, faces=faces, looks=looks) or one.ref.role == "media":
            continue
        if not left or not one.ref.url:
            break
        left -= 1
        again = replace(request, url=one.ref.url, etag="", last_modified="", skip=[], hashed={}, browser="")
        scan = patiently(lambda again=again: tools.fetcher.scan(again), tools.patience_s)  # type: ignore[misc]
        done[place] = media.looked_at(one, scan, faces=faces, looks=looks)
    return done


def _of_twins(met: Sequence[Met], hits: Sequence[Hit]) -> list[Hit]:
    """What a full medium resembles, its small version on the page resembles too."""
    places = {one.url_digest: place for place, one in enumerate(met)}
    twins: dict[int, list[int]] = {}
    for place, one in enumerate(met):
        if one.twin in places:
            twins.setdefault(places[one.twin], []).append(place)
    return [
        replace(hit, media=place) for hit in hits if hit.kind in RESEMBLANCES for place in twins.get(hit.media, ())
    ]  # fmt: skip


def _compare(matcher: Comparer, token: str, met: Sequence[Met], text: str = "") -> Hits:
    """One question, or several where the clips would be too long for one. Where the matcher restarted between two of
    them, ``boot`` is none of its."""
    boots, hits = set(), []
    shown = [_shown(one) for one in met]
    for start, end in _parts([len(one.clip) for one in shown]):
        answer = matcher.compare(Compare(token, shown[start:end], "" if start else text))
        boots.add(answer.boot)
        hits += [replace(hit, media=hit.media + start) if hit.media >= 0 else hit for hit in answer.hits]
    return Hits(boots.pop() if len(boots) == 1 else "", hits)


def _parts(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where to cut, so that no part is longer than ``MOST_CLIPS`` together, or has but one."""
    start = total = 0
    for place, length in enumerate(lengths):
        if place > start and total + length > MOST_CLIPS:
            yield start, place
            start, total = place, 0
        total += length
    yield start, len(lengths)


def _shown(one: Met) -> Shown:
    return Shown(one.url_digest, one.pdq, one.quality, one.sha256, b64encode(one.clip).decode() if one.clip else "")


_MINE = """
    SELECT page.visited_at, site.state FROM search_frontier page JOIN sites_site site ON site.id = page.site_id
    WHERE page.id = %s FOR UPDATE OF page
"""
# The lease first, as everywhere: whoever takes it away waits for us there, and not with a page in hand.
_MINE_UNDER = """
    WITH held AS MATERIALIZED (SELECT FROM engine_lease WHERE key = %s AND token = %s FOR SHARE)
    SELECT page.visited_at, site.state FROM held, search_frontier page JOIN sites_site site ON site.id = page.site_id
    WHERE page.id = %s FOR UPDATE OF page
"""


def _mine(page: Frontier, lease: Lease | None) -> tuple[datetime | None, str] | None:
    """When the page was visited last and its site's state; None where it is gone. Inside a transaction: the page is
    ours until its end, and so is the ``lease``. Raises ``leases.Lost``."""
    if lease is None:
        found = statements.select(_MINE, [page.pk])
    else:
        found = statements.select(_MINE_UNDER, [lease.key, lease.token, page.pk])
        if not found:
            lease.check()
    return next(iter(found), None)


def save(
    site: Site,
    looked: Looked,
    now: datetime,
    *,
    visit: int | None = None,
    dropped: frozenset[str] = frozenset(),
    linked: frontier.Linked | None = None,
    lease: Lease | None = None,
    room: networks.Room | None = None,
) -> Saved:
    """Write media, sightings, links, matches and the page's next visit, all or nothing. Safe to repeat. ``visit``
    numbers the site's visit that it belongs to; ``dropped`` are parameters that change nothing on the site; ``linked``
    remembers the links of one visit, ``room`` how much evidence there is of the site; under a ``lease``, nothing is
    written where that was lost. Of a page with an alarm, and of a site that is stopped, nothing is written ever. Raises
    ``leases.Lost`` and ``SiteStopped``."""
    page, reading = looked.page, looked.reading
    if looked.alarm is not None:
        raise SiteStopped(site.pk)
    with transaction.atomic():
        # One writer a page: a reported link may be looked at while its site is visited.
        found = _mine(page, lease)
        before = found[:1] if found is not None else None
        # Stopping drops the page; where it did not, because the page is marked, the site says so.
        state = found[1] if found is not None else Site.objects.values_list("state", flat=True).get(pk=site.pk)
        if state == Site.State.STOPPED:
            raise SiteStopped(site.pk)
        if reading.outcome == "same":
            media.still_shown(page, now)
            frontier.still_listed(page, now)
            return _finish(page, looked, Saved("same"), now, visit)
        if not reading.shows:
            if reading.to:
                frontier.ensure(site, reading.to, now, depth=page.depth + 1, priority=page.priority)
            elif reading.outcome == "moved":
                discovery.moved(site, looked.scan.facts.final_url, now)
            return _finish(page, looked, Saved(reading.outcome), now, visit)
        own = [one for one in looked.met if one.sighting is None]
        media.keep(site, page, own, now, first=before == (None,))
        media.keep_closer(looked.met)
        added = frontier.Added()
        if reading.outcome == "read":
            added = frontier.add_links(
                site, page, looked.scan.links, now, further=looked.scan.further, dropped=dropped, linked=linked
            )
            lists.note(site, [one for one in (*looked.scan.feeds, looked.scan.described) if one], now)
            hostility.judge(site, looked.scan.text)
            hostility.shows_notice(site, looked.scan.text, now)
            if not frontier.is_list(page, added.new):
                shown = [one.pdq[0] for one in own if one.pdq and one.link is None and one.ref.role == "media"]
                networks.observe_album(site, bytes(page.digest), shown, now, room)
        written, pointed = _match(site, looked, now)
        double = (
            reading.outcome == "read" and not reading.wall and not looked.hits and not looked.left
            and canonicals.is_double(page, looked.scan, looked.met, now)
        )  # fmt: skip
        if written.made and reading.outcome == "read":
            discovery.linked(site, looked.scan.links, now)
        first = frontier.ASKED if pointed else added.first
        changed = bool(added.new or added.relisted or written.made or written.back or looked.novel)
        return _finish(
            page, looked, Saved(reading.outcome, changed, written, len(looked.met), first), now, visit,
            opened=added.new, double=double,
        )  # fmt: skip


def _match(site: Site, looked: Looked, now: datetime) -> tuple[Written, bool]:
    """Hits on the page's own media, and on what it says beside them, become matches; hits on a list's thumbnails have
    the page they stand for read. What was written, and whether there are such pages."""
    pictures = [hit for hit in looked.hits if hit.media >= 0]
    pointed = [one.link for one in (looked.met[hit.media] for hit in pictures) if one.link is not None]
    if pointed:
        _follow(pointed, now)
    asked = bool(pointed)
    evidence = [Evidence(hit, looked.met[hit.media]) for hit in pictures if looked.met[hit.media].link is None]
    main = next((one for one in looked.met if one.link is None and one.ref.role == "media"), None)
    if main is not None:
        evidence += [Evidence(hit, main) for hit in looked.hits if hit.media < 0]
    if not evidence:
        return Written(), asked
    page = looked.page
    facts = PageFacts(page.url, bytes(page.digest), matching.baseline(looked.scan))
    return matching.write(facts, evidence, now), asked


def from_lists(page: Frontier, matcher: Comparer, now: datetime, lease: Lease | None = None) -> Written:
    """A page that must not be read: what lists show of it is compared all the same. Under a ``lease``, nothing is
    written where that was lost. Raises ``leases.Lost``."""
    met = media.pointing_at(bytes(page.digest), now - POINTERS_FOR)
    if not met:
        return Written()
    answer = _compare(matcher, "", met)
    with lease.writing() if lease is not None else transaction.atomic():
        evidence = [Evidence(hit, met[hit.media]) for hit in answer.hits]
        return matching.write(PageFacts(page.url, bytes(page.digest)), evidence, now)


def _follow(digests: Sequence[bytes], now: datetime) -> None:
    """Pages whose thumbnail resembles somebody, unless they were read since that thumbnail was first met."""
    firsts = dict(
        Sighting.objects.filter(link_digest__in=digests)
        .order_by("-first_seen")
        .values_list("link_digest", "first_seen")
    )
    rows = Frontier.objects.filter(digest__in=digests).exclude(wall="stopped").values_list("pk", "digest", "visited_at")
    wanted = [
        pk for pk, digest, visited in rows if visited is None or visited < firsts.get(bytes(digest), now)
    ]  # fmt: skip
    if wanted:
        Frontier.objects.filter(pk__in=wanted).update(due_at=now, priority=frontier.ASKED)


def _finish(
    page: Frontier,
    looked: Looked,
    saved: Saved,
    now: datetime,
    visit: int | None,
    opened: int = 0,
    double: bool = False,
) -> Saved:
    """When the page is due again, and what is remembered of it."""
    reading, headers = looked.reading, looked.scan.facts.headers
    once_more = looked.lost or saved.written.unsure > 0
    read_now = reading.outcome == "read"
    shows = sum(1 for one in looked.met if one.link is None and one.ref.role == "media") if read_now else page.shows
    listed = frontier.is_list(page, opened)
    opened += page.opened
    harm = min(page.harm + saved.written.made, frontier.MOST_HARM)
    again = revisit.after_page(
        reading.outcome,
        now=now,
        changed=saved.changed and page.read_at is not None,
        dull=not shows and not opened,
        listed=listed,
        unchanged=page.unchanged if page.read_at is not None or not read_now else 0,
        failures=page.failures,
        ever_read=page.read_at is not None,
        double=double,
        harm=harm,
    )
    values: dict[str, object] = {
        "visited_at": now,
        "asked_at": None,
        "due_at": now if once_more or looked.left else again.due,
        "unchanged": again.unchanged,
        "failures": again.failures,
        "status": reading.status if reading.status != 304 else page.status,
        "wall": reading.wall[:20] or _wall(reading.outcome, double, page),
        "harm": harm,
        "sweep": False,
        "afresh": once_more,
        "opened": opened,
        "shows": min(shows, 1000),
    }
    if visit is not None:
        values["visit"] = visit
    if once_more:
        values["priority"] = frontier.ASKED
    elif page.priority <= frontier.FRESH:
        values["priority"] = frontier.START if page.depth == 0 else urls.priority(page.url, page.depth)
    if reading.outcome in ("read", "same"):
        values["read_at"] = now
    if read_now:
        # What was left, or could not be decoded, is met again whether the page has changed until then or not.
        whole = not looked.left and not any(map(media.is_unread, looked.met))
        values |= {
            "etag": headers.get("etag", "")[:200] if whole else "",
            "last_modified": headers.get("last-modified", "")[:60] if whole else "",
        }
    statements.update(Frontier, [page.pk], values, unless=("wall", "stopped"))
    return saved


def _wall(outcome: str, double: bool, page: Frontier) -> str:
    if outcome == "refused":
        return "refused"
    # A page that has not changed is the double that it was.
    return frontier.DOUBLE if double or (outcome == "same" and page.wall == frontier.DOUBLE) else ""
