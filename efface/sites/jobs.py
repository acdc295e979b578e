"""Work of this room that runs in a worker: asking who stands behind a site, and whom it belongs with."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from efface.engine.base import clock, leases, tenancy
from efface.engine.base.jobs import job
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import WhereaboutsRequest
from efface.net.spacing import MOST_PAGES
from efface.sites import contacts, lookups, mirrors, registry, stopped, turns
from efface.sites.models import Site
from efface.whereabouts.client import whereabouts

log = logging.getLogger(__name__)


fetcher = stopped.fetcher


@job("sites", system=True)
def look_up(site: uuid.UUID) -> None:
    """Ask who stands behind a site's front page, and keep the answer. What cannot be asked now is asked later."""
    row = Site.objects.filter(pk=site).first()
    if row is None or row.state == Site.State.STOPPED or row.review == Site.Review.IGNORED:
        return
    now = clock.now()
    try:
        with turns.asking([row.start_url], now, first=False, pages=MOST_PAGES) as pace_s:
            dossier = whereabouts(fetcher(), WhereaboutsRequest(row.start_url, [], pace_s=pace_s))
    except leases.Held as held:
        registry.lookup_at(row.pk, clock.now() + timedelta(seconds=held.wait_s))
        return
    except (FetcherUnavailable, FetcherRefused) as error:
        log.warning("no look-up of site %s: %s", row.pk, type(error).__name__)
        registry.lookup_at(row.pk, lookups.again(row.domain, now, failed=True))
        return
    from efface.sites import networks  # it defers the job below

    with tenancy.nobody():
        contacts.observe(dossier, now)
        networks.look_up(dossier, now)


@job("sites", system=True)
def network(site: uuid.UUID) -> None:
    """Take what is new of a site into its network."""
    mirrors.refresh(site, clock.now())
