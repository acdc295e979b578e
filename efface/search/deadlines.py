"""When a site is due, and when a case's fingerprints are compared with what was met before."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from efface.engine.base import clock, deadlines
from efface.engine.base.jobs import Wanted
from efface.engine.base.models import Deadline
from efface.search import forgetting, jobs, reported, sweep, watch
from efface.search.revisit import GRID_H, LONGEST_VISIT_H
from efface.search.sources import asking
from efface.sites import registry
from efface.sites.models import Site

LOOK_BACK, FORGET = "case.look_back", "search.forget"
RANKS = {Site.Priority.FIRST: 1, Site.Priority.USUAL: 0, Site.Priority.LAST: -1}
"""Where more sites are due than can be visited, those that somebody put first are."""
EVERYTHING = uuid.UUID(int=0)
"""Subject of a deadline that is about no single row."""


@deadlines.handler(LOOK_BACK)
def look_back_is_due(deadline: Deadline, now: datetime) -> None:
    """A second pass: pages that were being read while the fingerprints were added are written by now."""
    if deadline.organisation_id is not None:
        once = f"look-back:{deadline.subject}"
        jobs.look_back.defer(organisation=deadline.organisation_id, once=once, case=deadline.subject)


@deadlines.handler(sweep.DUE)
def sweep_is_due(deadline: Deadline, now: datetime) -> None:
    if deadline.organisation_id is not None:
        once = f"sweep:{deadline.subject}"
        jobs.sweep.defer(organisation=deadline.organisation_id, once=once, case=deadline.subject)


@deadlines.handler(asking.DUE)
def sources_are_due(deadline: Deadline, now: datetime) -> None:
    if deadline.organisation_id is not None:
        once = f"sources:{deadline.subject}"
        jobs.ask_sources.defer(organisation=deadline.organisation_id, once=once, case=deadline.subject)


@deadlines.handler(reported.DUE)
def link_is_due(deadline: Deadline, now: datetime) -> None:
    if deadline.organisation_id is not None:
        once = f"follow:{deadline.subject}"
        jobs.follow.defer(organisation=deadline.organisation_id, once=once, link=deadline.subject)


@deadlines.handler(watch.DUE)
def watch_is_due(deadline: Deadline, now: datetime) -> None:
    if deadline.organisation_id is not None:
        once = f"watch:{deadline.subject}"
        jobs.watch.defer(organisation=deadline.organisation_id, once=once, finding=deadline.subject)


@deadlines.handler(FORGET)
def forgetting_is_due(deadline: Deadline, now: datetime) -> None:
    deadlines.set_deadline(FORGET, EVERYTHING, clock.align(now + forgetting.EVERY, hours=GRID_H))
    jobs.forget.defer(once=FORGET)


@deadlines.handler_of_many(registry.VISIT)
def visits_are_due(due: list[Deadline], now: datetime) -> None:
    """Defer the visits. The next deadlines stand before the jobs run, so that a site is never forgotten; each visit
    moves its own to where it belongs."""
    watched = Site.objects.filter(pk__in=[one.subject for one in due], state=Site.State.ACTIVE)
    ranks = {pk: RANKS[Site.Priority(priority)] for pk, priority in watched.values_list("pk", "priority")}
    sites = [one.subject for one in due if one.subject in ranks]
    if not sites:
        return
    later = now + timedelta(hours=LONGEST_VISIT_H)
    deadlines.set_together([deadlines.Due(registry.VISIT, site, later) for site in sites])
    if not Deadline.objects.filter(kind=FORGET, subject=EVERYTHING).exists():
        deadlines.set_deadline(FORGET, EVERYTHING, clock.align(now + forgetting.EVERY, hours=GRID_H))
    keys = {site: f"visit:{site}" for site in sites}
    jobs.visit.defer_many([Wanted({"site": site}, keys[site], keys[site], ranks[site]) for site in sites])
