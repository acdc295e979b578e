"""Visits: a site is read politely, a few pages at a time, for ever.

A visit is cut into steps. Under a driven clock one step reads the whole visit; in production a step reads one page, and
the next step is a deadline as many seconds later as the site's delay demands, so that no worker ever sleeps. Every page
is written in a transaction of its own: a visit that was killed half-way goes on where it stopped.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import F

from efface.engine.base import leases, settings, statements
from efface.net.client import FetcherGone, FetcherRefused, FetcherTimeout, FetcherUnavailable
from efface.net.protocol import FetchFacts, RobotsRequest, Scan, ScanRequest
from efface.search import asking, frontier, lists, lore, pages, revisit, rules, stopping, turns, urls
from efface.search.matcher.client import MatcherUnavailable
from efface.search.matcher.hits import Watch
from efface.search.media import Seen
from efface.search.models import Frontier, SiteList, SiteLore
from efface.search.pages import Looked, SiteStopped, Tools
from efface.search.reading import Reading
from efface.search.rules import Rule
from efface.search.suspicion.page import Alarm
from efface.search.turns import Turn
from efface.sites import jobs as site_jobs
from efface.sites import networks, registry
from efface.sites.models import Site

log = logging.getLogger(__name__)
AGENT = "EffaceBot"
AT_ONCE = 60
STALE_VISIT = timedelta(days=2)
COUNT_EACH = 10
"""So many pages of a step that reads several are counted together."""
OURS_AGAIN = timedelta(minutes=1)
"""A visit goes on so long after our own fetcher or matcher was not there: they are started again within seconds."""
SILENT_AT_ONCE = 2
"""So many pages in a row without an answer end the visit; where nothing else answered, the site is down."""


class SiteDown(Exception):
    """The site does not answer, or asked us to come later. ``why`` holds a short word, never a page."""

    def __init__(self, why: str, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.retry_after_s = why, retry_after_s


class Suspected(Exception):
    """A page of the site may show child material: ``address`` is for the hotline alone."""

    def __init__(self, alarm: Alarm, address: str) -> None:
        super().__init__(alarm.how)
        self.alarm, self.address = alarm, address


@dataclass(frozen=True, slots=True)
class Pace:
    """``pages`` of a visit, how many of them a step may read, seconds between two pages, hours between two visits.
    ``real``: the machine's own time runs, and turns are told by the database's clock, for all hosts."""

    pages: int
    step: int
    delay_s: float
    hours: float
    real: bool = False

    @classmethod
    def of_installation(cls, driven: bool) -> Pace:
        most = settings.get("crawl_pages")
        step = most if driven else 1
        return cls(most, step, settings.get("crawl_delay"), settings.get("crawl_hours"), not driven)

    def under(self, rule: Rule) -> Pace:
        """With what a coordinator decided for the site."""
        return Pace(
            rule.pages or self.pages, self.step if rule.pages is None or self.step == 1 else rule.pages,
            self.delay_s if rule.delay_s is None else rule.delay_s, self.hours, self.real,
        )  # fmt: skip


def visit(site_id: uuid.UUID, tools: Tools, pace: Pace, now: datetime) -> int:
    """One step of a visit, in the site's turn; sets the deadline of the next. Returns how many pages were read. A
    worker that comes back after its turn was given to another writes nothing."""
    rule = rules.of(site_id, now)
    pace = pace.under(rule)
    rest_s = pace.delay_s if pace.step == 1 else 0.0
    try:
        with turns.of(site_id, now, rest_s=rest_s, real=pace.real, patiently=pace.step > 1) as turn:
            return _visit(site_id, turn, tools, pace, rule, now)
    except leases.Held as held:
        registry.visit_at(site_id, now + timedelta(seconds=held.wait_s))
    except leases.Lost:
        log.warning("the turn of site %s is no longer ours; nothing of it is written here", site_id)
    except SiteStopped:
        log.warning("site %s is stopped; nothing of it is written", site_id)
    return 0


def _visit(site_id: uuid.UUID, turn: Turn, tools: Tools, pace: Pace, rule: Rule, now: datetime) -> int:
    with turn.lease.writing():
        site = _begin(site_id, pace, rule, now)
    if site is None:
        turn.rest_s = 0.0
        return 0
    read = 0
    try:
        watch = tools.matcher.watch()
        read, finished = _step(site, turn, tools, watch, pace, rule, now)
    except Suspected as found:
        stopping.alarmed(site, found.alarm, found.address, now)
        return read
    except (SiteDown, FetcherRefused) as error:
        if isinstance(error, FetcherRefused) and error.error == "stopped":
            return read
        down = error if isinstance(error, SiteDown) else SiteDown(error.error)
        with turn.lease.writing():
            _down(site, down, now)
        return read
    except (FetcherUnavailable, MatcherUnavailable) as error:
        # Ours, not the site's: the visit goes on once ours may be there again. Where time is driven, nothing comes back
        # between two moments: then at the next step of the grid.
        log.warning("visit of site %s put off: %s", site.pk, type(error).__name__)
        with turn.lease.writing():
            again = turn.ended(now) + OURS_AGAIN if pace.step == 1 else revisit.after_failure(now=now, failures=1)
            registry.visit_at(site.pk, again)
        return read
    if pace.step == 1:
        turn.rest_s = delay(site, pace, rule) * turn.asked
    with turn.lease.writing():
        rests = frontier.rests_until(site, turns.resting(turn.rest_s), now) if finished and pace.step == 1 else None
        if rests is not None:
            registry.visit_at(site.pk, rests)
        elif finished:
            _end(site, pace, now)
        else:
            registry.visit_at(site.pk, turn.ended(now) + timedelta(seconds=delay(site, pace, rule) * turn.asked))
    return read


def delay(site: Site, pace: Pace, rule: Rule) -> float:
    """Seconds between two pages: what robots.txt asks for, unless a coordinator decided that it does not bind."""
    return pace.delay_s if rule.ignore_robots else max(pace.delay_s, site.robots_delay)


def _begin(site_id: uuid.UUID, pace: Pace, rule: Rule, now: datetime) -> Site | None:
    """The site with a visit under way; None where it is not to be visited now."""
    found = statements.read(Site, "WHERE id = %s AND state = %s", [site_id, Site.State.ACTIVE.value])
    if not found:
        return None
    site = found[0]
    if site.backoff_until is not None and site.backoff_until > now:
        registry.visit_at(site.pk, site.backoff_until)
        return None
    opens = rule.opens(now)
    if opens is not None:
        registry.visit_at(site.pk, opens)
        return None
    if site.visit_began is not None and now - site.visit_began < STALE_VISIT:
        return site
    if site.day != now.date():
        site.day, site.day_pages = now.date(), 0
    rest_s = delay(site, pace, rule)
    site.pages_left = revisit.budget(pages_a_visit=pace.pages, day_pages=site.day_pages, delay_s=rest_s)
    if not site.pages_left:
        registry.visit_at(site.pk, revisit.after_failure(now=now, failures=1))
        return None
    site.visit_began, site.visit_changed, site.visits = now, False, site.visits + 1
    begun = ("day", "day_pages", "pages_left", "visit_began", "visit_changed", "visits")
    statements.update(Site, [site.pk], {name: getattr(site, name) for name in begun})
    frontier.start(site, now)
    return site


def _step(
    site: Site, turn: Turn, tools: Tools, watch: Watch, pace: Pace, rule: Rule, now: datetime
) -> tuple[int, bool]:
    """Read up to ``pace.step`` pages. Returns how many, and whether the visit is finished."""
    learned = lore.of(site.pk)
    if site.visits > 1 and site.visited_at is not None and learned.guessed_at is None:
        with turn.lease.writing():
            lists.guess(site, learned, now)
    for row in lists.due(site, now):
        if not rule.ignore_robots and not _may_list(site, row, tools):
            continue
        lists.read(site, row, tools.fetcher, tools.limits, now, turn.lease)
        if pace.step == 1:
            return 0, False  # a list is a request like any other: the next one waits its turn
    if not site.day_pages or pace.step > 1:
        asked = _ask(site, turn, learned, tools, rule, now)
        if asked and pace.step == 1:
            with turn.lease.writing():
                Site.objects.filter(pk=site.pk).update(day_pages=F("day_pages") + 1)
            return 0, False  # and so is a question
    seen = Seen.of_site(site.pk, now)
    probes = 0
    always = frontier.lists(site.pk)
    queue: list[Frontier] = []
    linked, room = frontier.Linked(site.domain), networks.Room()
    read = silent = counted = 0
    first = frontier.LAST
    answered = False
    while read < pace.step and site.pages_left > 0:
        sweep_last = lore.sweep_had_its_share(learned, site.visits)
        rests = turns.resting(delay(site, pace, rule) if pace.step == 1 else 0.0)
        page = _next(site, turn, tools, queue, always, rule, now, sweep_last, rests)
        if page is None:
            _count(site, turn, counted)
            return read, True
        if pace.step == 1:
            _asking_for(site, page, turn, delay(site, pace, rule), now)
        try:
            looked = _look(
                site, page, tools, seen, watch, now, lore.browser(learned), _all_this_visit(site, queue)
            )  # fmt: skip
        except FetcherGone:
            # It ended with the page in its hands. The page rests, as one whose worker died.
            return read, False
        turn.asked = looked.scan.asked
        if looked.alarm is not None:
            raise Suspected(looked.alarm, looked.scan.facts.final_url or page.url)
        dropped = lore.dropped(learned)
        linked = linked if linked.dropped == dropped else frontier.Linked(site.domain, dropped)
        saved = pages.save(
            site, looked, now, visit=site.visits, dropped=dropped, linked=linked, lease=turn.lease,
            room=room,
        )  # fmt: skip
        with turn.lease.writing() if pace.step == 1 else nullcontext():
            _learn(site, learned, looked)
            if lore.note_share(learned, site.visits, page) != sweep_last:
                queue.clear()
            if pace.step == 1 and saved.changed:
                Site.objects.filter(pk=site.pk).update(visit_changed=True)
        if probes < lore.PROBES_A_VISIT and pace.step > 1 and _probe(site, page, looked, learned, tools, now):
            probes += 1
            site.pages_left -= 1
        first = min(first, saved.first)
        if not queue or first < queue[0].priority:
            queue.clear()  # what was found comes before what waits
            first = frontier.LAST
        seen.note(looked.met, bytes(page.digest), now)
        read += 1
        site.visit_changed = site.visit_changed or saved.changed
        if pace.step > 1:
            site.pages_left -= 1
            counted += 1
        if counted >= COUNT_EACH:
            _count(site, turn, counted)
            counted = 0
        silent = silent + 1 if saved.outcome == "unreachable" else 0
        answered = answered or not silent
        if silent >= SILENT_AT_ONCE and answered:
            _count(site, turn, counted)
            return read, True
        try:
            _check(page, looked.reading, silent)
        except SiteDown:
            _count(site, turn, counted)
            raise
    _count(site, turn, counted)
    return read, site.pages_left <= 0


def _all_this_visit(site: Site, queue: Sequence[Frontier]) -> bool:
    """Whether everything that waits, and what the next page is likely to link to, is read in this visit: then what a
    thumbnail stands for is seen itself."""
    return len(queue) + 1 < AT_ONCE and site.pages_left > len(queue) + AT_ONCE


def _asking_for(site: Site, page: Frontier, turn: Turn, delay_s: float, now: datetime) -> None:
    """Write down that a page is asked for, before it is: it counts against the site's budget, its site rests, and it is
    not asked for again at once, whatever becomes of this worker."""
    with transaction.atomic():
        turn.rests(delay_s)
        Frontier.objects.filter(pk=page.pk).update(asked_at=turn.ended(now))
        Site.objects.filter(pk=site.pk).update(pages_left=F("pages_left") - 1, day_pages=F("day_pages") + 1)
    site.pages_left -= 1


def _count(site: Site, turn: Turn, pages_read: int) -> None:
    """Write down how far the visit is. Which pages it has read stands with each page: a visit that is killed goes on
    where it stopped, and may read at most ``COUNT_EACH`` pages more."""
    if pages_read:
        with turn.lease.writing():
            statements.run(_COUNTED, [site.pages_left, site.visit_changed, pages_read, site.pk])


_COUNTED = "UPDATE sites_site SET pages_left = %s, visit_changed = %s, day_pages = day_pages + %s WHERE id = %s"


def _learn(site: Site, learned: SiteLore, looked: Looked) -> None:
    lore.note_scripts(learned, looked.scan)
    search = looked.scan.search
    if search and urls.belongs(search, site.domain) and looked.reading.outcome == "read" and not learned.search:
        learned.search = looked.scan.search
        learned.save(update_fields=["search"])


def _probe(
    site: Site, page: Frontier, looked: Looked, learned: SiteLore, tools: Tools, now: datetime
) -> bool:  # fmt: skip
    """Ask for the page once more without a parameter that may say nothing. Whether it was asked."""
    if looked.reading.outcome != "read" or "?" not in page.url:
        return False
    keys = lore.questions(learned, page.url)
    if not keys or frontier.of_shape(page) < lore.SERIES:
        return False
    key = keys[0]
    bare = lore.without(page.url, [key])
    scan = pages.patiently(
        lambda: tools.fetcher.scan(ScanRequest(bare, media=False, limits=tools.limits)), tools.patience_s
    )
    same = scan.facts.status == 200 and lore.is_same(lore.shown(looked.scan, key), lore.shown(scan, key))
    if lore.learn(learned, key, same) == "drop":
        frontier.forget_with(site, key, now)
    return True


def _ask(site: Site, turn: Turn, learned: SiteLore, tools: Tools, rule: Rule, now: datetime) -> bool:
    """Put one question to the site's own search, where that is allowed: each word once in seven visits. Whether one
    was put."""
    asked = False
    if not rule.search_words or not learned.search or not urls.belongs(learned.search, site.domain):
        return asked
    share = site.visits % asking.TURNS
    for word in asking.words(rule, now)[share :: asking.TURNS][:1]:
        url = asking.address(learned.search, word)
        request = RobotsRequest(urls.origin(url), [url], AGENT, min(15.0, tools.limits.total_s))
        if not url or (not rule.ignore_robots and not all(tools.fetcher.robots(request).allowed)):
            return asked
        asked = True
        scan = tools.fetcher.scan(ScanRequest(url, media=False, limits=tools.limits))
        if scan.facts.status == 200:
            links = [one for one in scan.links if not asking.says(one, learned.search, word)]
            with turn.lease.writing():
                frontier.add_found(site, links, now, dropped=lore.dropped(learned))
    return asked


def _may_list(site: Site, row: SiteList, tools: Tools) -> bool:
    """Whether robots.txt allows a sitemap or feed. One that it names itself it allows."""
    request = RobotsRequest(urls.origin(row.url), [row.url], AGENT, min(15.0, tools.limits.total_s))
    answer = pages.patiently(lambda: tools.fetcher.robots(request), tools.patience_s)
    return row.url in answer.sitemaps or bool(answer.allowed and answer.allowed[0])


def _look(
    site: Site,
    page: Frontier,
    tools: Tools,
    seen: Seen,
    watch: Watch,
    now: datetime,
    browser: Literal["if-needed", "always"],
    glance: bool,
) -> Looked:
    try:
        return pages.look(site, page, tools, seen, watch, now, browser, glance)
    except FetcherRefused as refusal:
        if refusal.error == "stopped":
            raise
        return Looked(page, Scan(FetchFacts(page.url)), Reading("refused", why=refusal.error), [], [])
    except FetcherTimeout:
        # The page's fault, for all we know: others are read before it comes again.
        return Looked(page, Scan(FetchFacts(page.url)), Reading("failed", why="timeout"), [], [])


def _check(page: Frontier, reading: Reading, silent: int) -> None:
    """Whether the visit can go on after this page. Raises ``SiteDown``."""
    if reading.outcome == "busy":
        raise SiteDown(reading.why, reading.retry_after_s)
    if silent >= SILENT_AT_ONCE or (reading.outcome == "unreachable" and page.depth == 0):
        raise SiteDown(reading.why)
    if page.depth == 0 and reading.outcome == "failed" and reading.status >= 500:
        raise SiteDown(reading.why)
    if (
        page.depth == 0
        and reading.outcome == "wall"
        and reading.wall in ("challenge", "blocked", "suspended", "parked")
    ):
        raise SiteDown(reading.wall)


def _next(
    site: Site,
    turn: Turn,
    tools: Tools,
    queue: list[Frontier],
    always: set[uuid.UUID],
    rule: Rule,
    now: datetime,
    sweep_last: bool,
    rests: timedelta,
) -> Frontier | None:
    """The next page that robots.txt allows; ``queue`` holds those that come after it. Raises ``SiteDown`` where
    robots.txt cannot be had: then nothing may be read (RFC 9309 section 2.3.1.4)."""
    while True:
        if not queue:
            queue += frontier.waiting(site, always, now, sweep_last=sweep_last, rests=rests, most=AT_ONCE)
        if not queue:
            return None
        page = queue.pop(0)
        if rule.ignore_robots or (page.robots_at is not None and page.robots_at > now - frontier.ROBOTS_FOR):
            return page
        refused = _ask_robots(site, page, [page, *queue], tools, turn, now)
        queue[:] = [row for row in (page, *queue) if row.pk not in refused]


def _ask_robots(
    site: Site, page: Frontier, rows: list[Frontier], tools: Tools, turn: Turn, now: datetime
) -> set[uuid.UUID]:  # fmt: skip
    """One look at robots.txt answers for every page that waits, and each notes it. The keys of those that it
    forbids."""
    origin = urls.origin(page.url)
    rows = [row for row in rows if urls.origin(row.url) == origin]
    visit = f"{site.pk} {site.visits}"
    request = RobotsRequest(origin, [row.url for row in rows], AGENT, min(15.0, tools.limits.total_s), visit)
    answer = pages.patiently(lambda: tools.fetcher.robots(request), tools.patience_s)
    facts = answer.facts
    if facts.error or facts.status >= 500:
        if origin == urls.origin(site.start_url):
            raise SiteDown(f"robots.txt: {facts.error or facts.status}")
        answer = replace(answer, allowed=[False] * len(rows))
    with turn.lease.writing():
        if answer.sitemaps:
            lists.note(site, answer.sitemaps, now)
        if answer.delay_s != site.robots_delay and origin == urls.origin(site.start_url):
            site.robots_delay = answer.delay_s
            Site.objects.filter(pk=site.pk).update(robots_delay=answer.delay_s)
        yes = [row.pk for row, allowed in zip(rows, answer.allowed, strict=False) if allowed]
        no = {row.pk for row in rows} - set(yes)
        statements.update(Frontier, yes, {"robots_at": now})
        forbidden = {"wall": "robots", "visit": site.visits, "robots_at": None}
        again = now + timedelta(days=revisit.WALL_DAYS)
        statements.update(Frontier, no, {**forbidden, "due_at": again})
    for row in rows:
        if row.pk in no:
            pages.from_lists(row, tools.matcher, now, turn.lease)
        else:
            row.robots_at = now
    return no


def _end(site: Site, pace: Pace, now: datetime) -> None:
    """The visit is over: when is the next? And does what it showed tell whose site it is?"""
    site_jobs.network.defer(once=f"network:{site.pk}", site=site.pk)
    more_due, wall, harm = frontier.at_end(site, now)
    following = revisit.after_visit(
        now=now,
        changed=site.visit_changed,
        more_due=more_due,
        hours=site.visit_hours,
        quiet=site.quiet_visits,
        base_h=pace.hours,
        harm=harm,
        priority=site.priority,
    )
    ended = {
        "visit_began": None, "visited_at": now, "visit_hours": following.hours, "quiet_visits": following.quiet,
        "failures": 0, "backoff_until": None, "last_error": "robots.txt forbids" if wall == "robots" else wall,
    }  # fmt: skip
    statements.update(Site, [site.pk], ended)
    registry.visit_at(site.pk, following.due)


def _down(site: Site, down: SiteDown, now: datetime) -> None:
    """Back off, longer each time. A new site that does not speak https is tried with http."""
    if site.start_url.startswith("https://") and _never_read(site):
        plain = "http://" + site.start_url.removeprefix("https://")
        Frontier.objects.filter(site=site, depth=0).delete()
        Site.objects.filter(pk=site.pk).update(start_url=plain, visit_began=None)
        registry.visit_at(site.pk, now)
        return
    failures = min(site.failures + 1, 60)
    until = revisit.after_failure(now=now, failures=failures, retry_after_s=down.retry_after_s)
    Site.objects.filter(pk=site.pk).update(
        visit_began=None, failures=failures, backoff_until=until, last_error=down.why[:200]
    )
    registry.visit_at(site.pk, until)


def _never_read(site: Site) -> bool:
    return not Frontier.objects.filter(site=site, read_at__isnull=False).exists()
