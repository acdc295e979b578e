"""When a site is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.search import jobs
from efface.search.revisit import LONGEST_VISIT_H
from efface.sites import registry
from efface.sites.models import Site


@deadlines.handler(registry.VISIT)
def visit_is_due(deadline: Deadline, now: datetime) -> None:
    """Defer the visit. The next deadline stands before the job runs, so that a site is never forgotten; the visit moves
    it to where it belongs."""
    if not Site.objects.filter(pk=deadline.subject, state=Site.State.ACTIVE).exists():
        return
    registry.visit_at(deadline.subject, now + timedelta(hours=LONGEST_VISIT_H))
    key = f"visit:{deadline.subject}"
    jobs.visit.defer(once=key, lock=key, site=deadline.subject)
