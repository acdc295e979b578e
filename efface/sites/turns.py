"""Whose turn a site is: one worker of all hosts asks it at a time, and never before its next request is allowed.

The next allowed moment stands in the site's lease. It counts from the end of what was asked last: a request that left
late is not followed too soon. The crawl takes a site's turn (``of``), and so does everything else that asks a site for
pages: look-ups, checks, captures (``asking``). What somebody waits for goes first in line, at the same rate.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from django.db import transaction

from efface.engine.base import clock, leases, settings
from efface.net.spacing import bounded, longer_s
from efface.sites import registry
from efface.sites.models import Site

WAIT_S = 20.0
"""How long a job waits for a site's turn before it is put off."""
ALL_TAKEN_S = 15.0
"""Put off for so long where as many jobs as may already wait between pages."""
LONGEST_S = 300.0
"""An operation of the fetcher is over by then, whatever became of the worker that asked for it; but for its waiting
between pages."""


@dataclass
class Turn:
    """A site's turn that is ours. ``rest_s`` until the next one, known once the site is; ``at``: the moment by which
    turns are told, None for the database's clock; ``asked``: how often a page was asked for in it, which is once more
    where a browser has to show it."""

    lease: leases.Lease
    began: float
    rest_s: float = 0.0
    at: datetime | None = None
    asked: int = 1

    def rests(self, rest_s: float) -> None:
        """Something is asked for now: no other turn begins within ``rest_s`` seconds, whatever becomes of this one.
        Inside a transaction. Raises ``leases.Lost``."""
        leases.rest(self.lease, rest_s=rest_s, at=self.at)
        self.rest_s = rest_s

    def ended(self, now: datetime) -> datetime:
        """The moment at which it ends, of a turn that began at ``now``: under a driven clock the same."""
        return now + timedelta(seconds=time.monotonic() - self.began) if self.at is None else now

    def pause(self) -> None:
        """Wait as long as the site rests between two pages. Under a driven clock nobody waits."""
        if self.at is None and self.rest_s:
            time.sleep(bounded(self.rest_s))


@contextmanager
def of(site: uuid.UUID, now: datetime, *, rest_s: float, real: bool, patiently: bool = False) -> Iterator[Turn]:
    """The site's turn. ``real``: the machine's own time runs, and the database's clock tells the turns for all hosts;
    else ``now`` does. ``patiently``: another worker's end is waited for (under a driven clock no virtual moment may
    pass). Who stands first in line for it (``asking``) comes before. Raises ``leases.Held``."""
    key, at = key_of(site), None if real else now
    lease = leases.await_(key, at=at) if patiently else leases.take(key, rest_s=rest_s, at=at, behind=_first(key))
    turn = Turn(lease, time.monotonic(), rest_s, at)
    try:
        yield turn
    finally:
        leases.give_back(lease, rest_s=turn.rest_s, at=at)


@contextmanager
def asking(
    addresses: Iterable[str], now: datetime, *, first: bool, pages: int = 1, wait_s: float = WAIT_S
) -> Iterator[float]:
    """The turns of the registered sites of these addresses, for one operation of the fetcher that asks them for pages.
    Gives the seconds that must lie between two pages of it. ``first``: somebody waits for it, it goes before the crawl;
    ``pages``: how many it asks for, one or more. Waits at most ``wait_s`` seconds, and raises ``leases.Held`` where
    that is not enough: then the job is put off. Where time is driven, nobody waits between pages and there are no
    turns. Not to be called inside a transaction."""
    sites = _registered(addresses) if clock.is_real() else []
    if not sites:
        yield 0.0
        return
    rests = {site.pk: rest_of(site, now) for site in sites}
    pace_s = bounded(max(rests.values())) if pages > 1 else 0.0
    with ExitStack() as stack:
        if pace_s:
            stack.enter_context(_place())
        until = time.monotonic() + wait_s
        turns = [stack.enter_context(_waited(pk, rest_s, first, until)) for pk, rest_s in rests.items()]
        with transaction.atomic():
            for turn in turns:
                # Should this worker die, the fetcher goes on until it is through.
                leases.rest(turn.lease, rest_s=turn.rest_s + LONGEST_S + longer_s(pace_s))
        yield pace_s


def of_page(url: str) -> str:
    """The registered domain of an address, "" where it has none."""
    try:
        return registry.registered_domain(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _registered(addresses: Iterable[str]) -> list[Site]:
    """In one order, so that two operations never wait for each other."""
    domains = {domain for one in addresses if (domain := of_page(one))}
    rows = Site.objects.filter(domain__in=domains).order_by("pk") if domains else Site.objects.none()
    return list(rows.only("pk", "domain", "robots_delay"))


@contextmanager
def _waited(site: uuid.UUID, rest_s: float, first: bool, until: float) -> Iterator[Turn]:
    lease = _take(key_of(site), rest_s, first, until)
    turn = Turn(lease, time.monotonic(), rest_s)
    try:
        yield turn
    finally:
        leases.give_back(lease, rest_s=turn.rest_s)


def _take(key: str, rest_s: float, first: bool, until: float) -> leases.Lease:
    """Take it as soon as its turn comes. Whoever goes ``first`` and finds it held says so (``_first``): until it has
    had its turn, the crawl does not take one."""
    claim: leases.Lease | None = None
    try:
        while True:
            try:
                return leases.take(key, rest_s=rest_s, behind="" if first else _first(key))
            except leases.Held as held:
                if time.monotonic() + held.wait_s > until:
                    raise
                if first and claim is None:
                    claim = _claim(key)
                time.sleep(min(held.wait_s, 0.5))
    finally:
        if claim is not None:
            leases.drop(claim)


def _claim(key: str) -> leases.Lease | None:
    try:
        return leases.take(_first(key))
    except leases.Held:
        return None  # another one stands there: this one waits as well, and goes before the crawl too


def key_of(site: uuid.UUID) -> str:
    """The name of a site's lease."""
    return f"site:{site}"


def _first(key: str) -> str:
    return f"first:{key}"


# Jobs that wait between pages hold a thread of their worker: so many at once, that the others go on.
@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.get("workers") // 2))


@contextmanager
def _place() -> Iterator[None]:
    if not _places().acquire(blocking=False):
        raise leases.Held(ALL_TAKEN_S)
    try:
        yield
    finally:
        _places().release()


Rest = Callable[[Site, datetime], float]


def _as_installed(site: Site, now: datetime) -> float:
    return max(float(settings.get("crawl_delay")), site.robots_delay)


_rest: Rest = _as_installed


def paced_by(rest: Rest) -> None:
    """Whoever knows what was decided for a site tells its rest between two pages, in seconds."""
    global _rest
    _rest = rest


def rest_of(site: Site, now: datetime) -> float:
    return _rest(site, now)
