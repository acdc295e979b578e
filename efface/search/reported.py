"""A link that she or a worker reported: that page first, then its site.

A person asked for this page, so robots.txt, which speaks to crawlers, is not asked. A page that shows no known picture
is a candidate all the same: she said so, and pictures that were cropped or are new match nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from efface.cases.models import Case, ReportedLink
from efface.engine.base import deadlines, leases, tenancy
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.search import crawl, frontier, matching, pages, rules, stopping, turns, urls
from efface.search.crawl import Pace
from efface.search.matcher.client import MatcherUnavailable
from efface.search.matcher.hits import Hit
from efface.search.matching import Evidence, PageFacts
from efface.search.media import Seen
from efface.search.models import Frontier, Match
from efface.search.pages import Looked, SiteStopped, Tools
from efface.search.turns import Turn
from efface.sites import registry, stopped
from efface.sites.models import Site

MOST_MOVES = 3
DUE = "link.follow"
"""Kind of the deadline at which a link is looked at whose site was being visited."""


@dataclass(frozen=True, slots=True)
class Link:
    """A reported link on its way, outside any transaction."""

    url: str
    by: str
    case_id: uuid.UUID
    site: Site
    page: Frontier


def follow(
    organisation: uuid.UUID, link_id: uuid.UUID, tools: Tools, now: datetime, pace: Pace | None = None
) -> str:  # fmt: skip
    """Look at a reported link, in its site's turn, and write down what came of it: "matched", "seen: not recognised",
    "nothing shown", "not there", "wall: ...", "no answer", "refused", "not a site", "put off", "stopped" (its
    site is, for suspected child material: nothing is asked of it). Returns that; "" where it was done before, or the
    turn has not come: then it is asked for again (``DUE``)."""
    link = _load(organisation, link_id, now)
    if link is None:
        return ""
    real = pace is not None and pace.real
    rule = rules.of(link.site.pk, now)
    rest_s = crawl.delay(link.site, pace.under(rule), rule) if pace is not None and real else 0.0
    try:
        with turns.of(link.site.pk, now, rest_s=rest_s, real=real, patiently=not real) as turn:
            return _follow(organisation, link_id, link, turn, tools, now)
    except leases.Held as held:
        due = now + timedelta(seconds=held.wait_s)
        with tenancy.organisation(organisation):
            deadlines.set_deadline(DUE, link_id, due, organisation=organisation, case=link.case_id)
        return ""


def _follow(
    organisation: uuid.UUID, link_id: uuid.UUID, link: Link, turn: Turn, tools: Tools, now: datetime
) -> str:  # fmt: skip
    if stopped.is_stopped(link.site.domain):
        return _done(organisation, link_id, "stopped", now)
    try:
        looked = _look(link, turn, tools, now)
        if looked.alarm is not None:
            stopping.alarmed(link.site, looked.alarm, looked.scan.facts.final_url or looked.page.url, now)
            return _done(organisation, link_id, "stopped", now)
        pages.save(link.site, looked, now, lease=turn.lease)
    except (SiteStopped, leases.Lost):
        # Stopped while it was looked at; or somebody else's turn by now, who has the page read first of all.
        if stopped.is_stopped(link.site.domain):
            return _done(organisation, link_id, "stopped", now)
        registry.visit_soon(link.site.pk, now)
        return _done(organisation, link_id, "put off", now)
    except (FetcherUnavailable, MatcherUnavailable):
        # The page is due, and its site is visited: the crawl reads it then.
        registry.visit_soon(link.site.pk, now)
        return _done(organisation, link_id, "put off", now)
    except FetcherRefused as refusal:
        return _done(organisation, link_id, "stopped" if refusal.error == "stopped" else "refused", now)
    registry.visit_soon(link.site.pk, now)
    with tenancy.organisation(organisation):
        return _done(organisation, link_id, _outcome(organisation, link_id, link, looked, now), now)


def _load(organisation: uuid.UUID, link_id: uuid.UUID, now: datetime) -> Link | None:
    with tenancy.organisation(organisation):
        row = ReportedLink.objects.filter(pk=link_id, handled_at=None).first()
        url = urls.canonical(row.url) if row is not None and isinstance(row.url, str) else ""
        if row is None:
            return None
        by, case_id = row.by, row.case_id
        try:
            site = registry.register(url, now, "report")
        except registry.NotASite:
            ReportedLink.objects.filter(pk=link_id).update(handled_at=now, outcome="not a site")
            return None
        if site.state == Site.State.STOPPED:
            # Nothing is kept of it, not even that this page is known.
            ReportedLink.objects.filter(pk=link_id).update(handled_at=now, outcome="stopped")
            return None
        page = frontier.ensure(site, url, now, depth=1, priority=frontier.ASKED)
        frontier.make_due([bytes(page.digest)], now)
        page.refresh_from_db()
    return Link(url, by, case_id, site, page)


def _look(link: Link, turn: Turn, tools: Tools, now: datetime) -> Looked:
    """The page, wherever on its site it has moved to. Links without a scheme were taken for https; where nobody
    answers there, http is tried."""
    watch, seen = tools.matcher.watch(), Seen()
    page = link.page
    looked = pages.look(link.site, page, tools, seen, watch, now)
    if looked.reading.outcome == "unreachable" and link.url.startswith("https://"):
        turn.pause()
        page = frontier.ensure(link.site, "http://" + link.url[len("https://") :], now, priority=frontier.ASKED)
        looked = pages.look(link.site, page, tools, seen, watch, now)
    for _ in range(MOST_MOVES):
        if looked.alarm is not None or looked.reading.outcome != "moved" or not looked.reading.to:
            break
        pages.save(link.site, looked, now, lease=turn.lease)
        turn.pause()
        page = frontier.ensure(link.site, looked.reading.to, now, priority=frontier.ASKED)
        looked = pages.look(link.site, page, tools, seen, watch, now)
    return looked


def _outcome(organisation: uuid.UUID, link_id: uuid.UUID, link: Link, looked: Looked, now: datetime) -> str:
    reading = looked.reading
    with tenancy.organisation(organisation):
        if not ReportedLink.objects.select_for_update(of=("self",)).filter(pk=link_id).exists():
            return "taken back"
        case = Case.objects.get(pk=link.case_id)
        if Match.objects.filter(case=case, page_digest=looked.page.digest).exists():
            return "matched"
        full = [one for one in looked.met if one.link is None and one.sighting is not None]
        full.sort(key=lambda one: one.ref.role != "media")
        if full and reading.outcome == "read":
            hit = Hit(str(organisation), str(case.pk), "", 0, "reported", 0.0, 0.0, False)
            facts = PageFacts(looked.page.url, bytes(looked.page.digest), matching.baseline(looked.scan))
            written = matching.of(case, facts, [Evidence(hit, full[0])], now, reported_by=link.by)
            return "seen: not recognised" if written.made else "seen: not allowed to search"
    if reading.outcome == "wall":
        return f"wall: {reading.wall}"
    words = {"missing": "not there", "unreachable": "no answer", "read": "nothing shown", "moved": "moved away"}
    return words.get(reading.outcome, reading.outcome)


def _done(organisation: uuid.UUID, link_id: uuid.UUID, outcome: str, now: datetime) -> str:
    with tenancy.organisation(organisation):
        ReportedLink.objects.filter(pk=link_id).update(handled_at=now, outcome=outcome[:40])
    return outcome
