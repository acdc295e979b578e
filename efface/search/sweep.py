"""What strangers' pictures are compared by beyond a hash is kept nowhere: faces, local features, copy vectors, the text
of pages. So for what is newly enrolled of these, pages are read again.

The mark stands on the page, not on the case: however many fingerprints wait, each page is fetched once. Planning goes
a few sites at a time, harm first, each time in a transaction of its own: one that was killed goes on where it stopped,
and never has a page read twice.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, Exists, Max, OuterRef

from efface.cases.models import Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base import clock, deadlines, leases, tenancy
from efface.search import marking
from efface.search.lookback import PATIENCE_S, batched, usable
from efface.search.marking import Wanted
from efface.search.matcher.client import Comparer, await_fingerprints
from efface.search.models import Finding, Frontier, Sighting, Sweep
from efface.search.revisit import GRID_H
from efface.sites.models import Site

log = logging.getLogger(__name__)
DUE = "case.sweep"
"""Kind of the deadline at which a case's sweep begins."""
TOGETHER = 20
"""Sites whose pages are marked in one transaction: it is over before anybody waits for it."""
MEASURED = 50
"""So many pages read tell more about the speed than the settings do."""


def request(organisation: uuid.UUID, case_id: uuid.UUID, now: datetime) -> None:
    """Have a sweep made for a case at the next step of the grid: templates that come in before then share it."""
    due = clock.align(now + timedelta(minutes=1), hours=GRID_H)
    deadlines.set_deadline(DUE, case_id, due, organisation=organisation, case=case_id)


def request_all(organisation: uuid.UUID, now: datetime) -> None:
    """The same for every open case of the organisation with a face template: face search was switched on. Inside the
    organisation's transaction."""
    rows = Fingerprint.objects.filter(kind=FingerprintKind.FACE, retired_at=None, case__state=Case.State.OPEN)
    for case_id in rows.values_list("case_id", flat=True).distinct():
        request(organisation, case_id, now)


def start(
    organisation: uuid.UUID, case_id: uuid.UUID, matcher: Comparer, now: datetime, patience_s: float = PATIENCE_S
) -> int:
    """Mark every page that may show what the case waits for. Returns how many pages. The matcher must know the
    fingerprints first: a page that was swept too early would not be swept again. While it does not, the sweep is put
    off to the next step of the grid."""
    faces = usable(organisation, case_id, (FingerprintKind.FACE,), Purpose.FACE_SEARCH, now)
    others = usable(organisation, case_id, (FingerprintKind.LOCAL, FingerprintKind.COPY), Purpose.COPY_MATCH, now)
    others += usable(organisation, case_id, (FingerprintKind.TEXT,), Purpose.TEXT_SEARCH, now)
    if not faces and not others:
        return 0
    if not await_fingerprints(matcher, faces + others, patience_s):
        log.warning("case %s: the matcher does not hold its fingerprints; its sweep is put off", case_id)
        with tenancy.organisation(organisation):
            request(organisation, case_id, now)
        return 0
    with tenancy.organisation(organisation):
        row = _begin(organisation, case_id, now)
        sites = _in_order()
    try:
        lease = leases.await_(f"sweep:{row.pk}")
    except leases.Held:
        return 0  # another worker plans it
    count = 0
    try:
        # The first is visited first: deadlines are taken in the order in which they are due.
        ranked = ((site, now + timedelta(microseconds=rank)) for rank, site in enumerate(sites))
        for some in batched(ranked, TOGETHER):
            count += marking.mark(lease, dict(some), Wanted(bool(faces), bool(others), row.began_at), now)
        with tenancy.organisation(organisation):
            lease.check()
            Sweep.objects.filter(pk=row.pk).update(planned_at=now, pages=count)
    except leases.Lost:
        log.warning("case %s: its sweep is planned by another worker by now", case_id)
        return 0
    except marking.TooSlow:
        log.error("case %s: its sweep could not be planned in time; it goes on at the next step", case_id)
        with tenancy.organisation(organisation):
            request(organisation, case_id, now)
        leases.drop(lease)
        return 0
    leases.drop(lease)
    return count


def _begin(organisation: uuid.UUID, case_id: uuid.UUID, now: datetime) -> Sweep:
    """The sweep that was being planned when somebody pulled the plug, or a new one."""
    row = Sweep.objects.filter(case=case_id, planned_at=None).order_by("-began_at").first()
    return row or Sweep.objects.create(organisation_id=organisation, case_id=case_id, began_at=now)


@dataclass(frozen=True, slots=True)
class Harm:
    """What is known against a site: the most episodes of a finding there (0: no finding), and how it behaves."""

    episodes: int
    hostility: str


def harm(known: Harm) -> int:
    """Order in which sites are swept, lower is sooner: where something came back, where something was found, hostile
    ones, the others, and those that answer requests. Pure."""
    if known.episodes:
        return 0 if known.episodes > 1 else 1
    return {"extortionate": 2, "hostile": 2, "cooperative": 4}.get(known.hostility, 3)


def _in_order() -> list[uuid.UUID]:
    """Sites where media were met, harm first. Inside the organisation's transaction: only its own findings are seen."""
    episodes: Mapping[uuid.UUID, int] = dict(
        Finding.objects.order_by().values_list("site").annotate(most=Max("episode")).values_list("site", "most")
    )
    met = Sighting.objects.filter(site=OuterRef("pk"))
    rows = Site.objects.filter(Exists(met)).exclude(state=Site.State.STOPPED).values_list("pk", "hostility", "domain")
    ranked = [(harm(Harm(episodes.get(pk, 0), hostility)), domain, pk) for pk, hostility, domain in rows]
    return [pk for _rank, _domain, pk in sorted(ranked)]


@dataclass(frozen=True, slots=True)
class Progress:
    """``pages`` of a sweep in all, ``left`` to read, ``held`` of these on sites that are not visited now; ``ends`` is
    an estimate, None where nothing is left or nothing can be said."""

    pages: int
    left: int
    held: int
    ends: datetime | None
    planning: bool = False

    @property
    def percent(self) -> int:
        if self.planning or not self.pages:
            return 0 if self.planning else 100
        done = max(0, self.pages - self.left)
        return 100 if not self.left else min(99, 100 * done // self.pages)


def ends(
    *, began: datetime, pages: int, left_by_site: Mapping[uuid.UUID, int], pages_a_visit: int, now: datetime
) -> datetime | None:
    """When a sweep may be through: the site with most left decides, half of a visit is its own; and not before what
    the speed so far says. Pure."""
    left = sum(left_by_site.values())
    if not left:
        return None
    visits = ceil(max(left_by_site.values()) / max(1, pages_a_visit // 2))
    by_budget = now + timedelta(hours=GRID_H * visits)
    done, took = pages - left, now - began
    if done < MEASURED or took <= timedelta(0):
        return by_budget
    return max(by_budget, now + took * (left / done))


def progress(case: Case, pages_a_visit: int, now: datetime) -> Progress | None:
    """How far the case's latest sweep is; None where it has none. Inside the organisation's transaction."""
    latest = Sweep.objects.filter(case=case).order_by("-began_at").first()
    if latest is None:
        return None
    if latest.planned_at is None:
        return Progress(0, 0, 0, None, planning=True)
    # Pages are marked once for all sweeps; what was read since this one began is done for it.
    rows = Frontier.objects.filter(sweep=True).exclude(visited_at__gt=latest.began_at)
    rows = rows.exclude(wall__in=("robots", "stopped"))
    counted = rows.order_by().values_list("site", "site__state").annotate(n=Count("pk"))
    by_site: dict[uuid.UUID, int] = {}
    held = 0
    for site, state, number in counted:
        if state == Site.State.ACTIVE:
            by_site[site] = number
        else:
            held += number
    left = min(latest.pages, sum(by_site.values()))
    until = ends(
        began=latest.began_at, pages=latest.pages, left_by_site=by_site, pages_a_visit=pages_a_visit, now=now
    )  # fmt: skip
    return Progress(latest.pages, left, held, until if left else None)
