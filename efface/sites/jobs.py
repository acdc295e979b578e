"""Work of this room that runs in a worker."""

from __future__ import annotations

import uuid

from efface.engine.base import clock
from efface.engine.base.jobs import job
from efface.sites import mirrors


@job("crawl", system=True)
def network(site: uuid.UUID) -> None:
    """Take what is new of a site into its network."""
    mirrors.refresh(site, clock.now())
