"""Work of this room that runs in a worker. Arguments are ids; the moment is read here, once."""

from __future__ import annotations

import uuid

from efface.engine.base import clock, settings
from efface.engine.base.jobs import job
from efface.engine.base.models import Installation
from efface.net.protocol import Limits
from efface.search import crawl, forgetting, lookback, reported, stopping
from efface.search import sweep as sweeps
from efface.search import watch as watching
from efface.search.crawl import Pace
from efface.search.matcher.client import Matcher
from efface.search.pages import Tools
from efface.search.sources import asking
from efface.search.suspicion import known
from efface.sites import networks, stopped

DRIVEN_FETCH_S = 3.0
"""Longest fetch under a driven clock: its sites are near, and those that hang need not be waited for."""


def tools(driven: bool) -> Tools:
    folder = settings.run_folder()
    limits = Limits(total_s=DRIVEN_FETCH_S) if driven else Limits()
    matcher = Matcher(folder / "matcher.sock")
    return Tools(stopped.fetcher(), matcher, limits, once=not driven, suspicion=known.for_crawl())


def is_driven() -> bool:
    """Whether this installation's clock is driven: then nobody waits between two pages."""
    return Installation.driven_now() is not None


@job("crawl", system=True)
def visit(site: uuid.UUID) -> None:
    """One step of a site's visit."""
    driven = is_driven()
    crawl.visit(site, tools(driven), Pace.of_installation(driven), clock.now())


@job("crawl")
def follow(organisation: uuid.UUID, link: uuid.UUID) -> None:
    """Look at a reported link."""
    driven = is_driven()
    reported.follow(organisation, link, tools(driven), clock.now(), Pace.of_installation(driven))


@job("match")
def look_back(organisation: uuid.UUID, case: uuid.UUID) -> None:
    """Compare a case's pictures with everything met before."""
    lookback.look(organisation, case, tools(is_driven()).matcher, clock.now())


@job("sweep")
def sweep(organisation: uuid.UUID, case: uuid.UUID) -> None:
    """Have pages that show faces read again."""
    sweeps.start(organisation, case, tools(is_driven()).matcher, clock.now())


@job("crawl")
def ask_sources(organisation: uuid.UUID, case: uuid.UUID) -> None:
    """Ask what lies beyond the crawl for a case's names."""
    limits = Limits(total_s=DRIVEN_FETCH_S) if is_driven() else Limits()
    asking.ask(organisation, case, stopped.fetcher(), limits, clock.now())


@job("crawl")
def watch(organisation: uuid.UUID, finding: uuid.UUID) -> None:
    """Look where a finding may come back."""
    watching.around(organisation, finding, clock.now())


@job("match", system=True)
def forget() -> None:
    """Drop what was not seen for too long."""
    forgetting.old_media(clock.now())
    networks.forget_pictures(clock.now())
    stopping.forget_addresses(clock.now())
