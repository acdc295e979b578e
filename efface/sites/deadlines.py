"""What falls due in this room."""

from __future__ import annotations

from datetime import datetime

from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.sites import jobs, lookups, registry
from efface.sites.models import Site


@deadlines.handler(registry.LOOKUP)
def _look_up(deadline: Deadline, now: datetime) -> None:
    """Ask for the job, and set the deadline anew should it come to nothing. Sites that nobody wants to know of are
    not asked about."""
    row = Site.objects.filter(pk=deadline.subject).exclude(state=Site.State.STOPPED)
    site = row.exclude(review=Site.Review.IGNORED).first()
    if site is None:
        return
    registry.lookup_at(site.pk, lookups.again(site.domain, now, failed=True))
    jobs.look_up.defer(once=f"lookup:{site.pk}", site=site.pk)
