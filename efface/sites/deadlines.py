"""What falls due in this room."""

from __future__ import annotations

from datetime import datetime

from efface.engine.base import deadlines
from efface.engine.base.jobs import Wanted
from efface.engine.base.models import Deadline
from efface.sites import jobs, lookups, registry
from efface.sites.models import Site


@deadlines.handler_of_many(registry.LOOKUP)
def look_ups_are_due(due: list[Deadline], now: datetime) -> None:
    """Ask for the jobs, and set the deadlines anew should they come to nothing. Sites that nobody wants to know of are
    not asked about."""
    rows = Site.objects.filter(pk__in=[one.subject for one in due]).exclude(state=Site.State.STOPPED)
    domains = dict(rows.exclude(review=Site.Review.IGNORED).values_list("pk", "domain"))
    sites = [one.subject for one in due if one.subject in domains]
    deadlines.set_together(
        deadlines.Due(registry.LOOKUP, site, lookups.again(domains[site], now, failed=True)) for site in sites
    )
    if sites:
        jobs.look_up.defer_many([Wanted({"site": site}, f"lookup:{site}") for site in sites])
