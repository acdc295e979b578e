"""Which addresses of a site its operator lets us crawl (RFC 9309)."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace

from protego import Protego
from yarl import URL

from efface.net.fetch import Fetched
from efface.net.fetcher.context import Context
from efface.net.page.urls import MAX_URL
from efface.net.protocol import Limits, Robots, RobotsRequest

_MAX_BYTES = 500 * 1024
_MAX_DELAY_S = 3600.0
_MAX_TOTAL_S = 15.0
KEEP_S = 3600.0
MOST_KEPT = 32


class Rules:
    """The files that were there and that a visit may ask again about, while it lasts: at most an hour, of RFC 9309's
    day (section 2.4)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[float, Fetched]] = OrderedDict()

    def get(self, key: tuple[str, str]) -> Fetched | None:
        until, fetched = self._kept.get(key, (0.0, None))
        return fetched if until > time.monotonic() else None

    def put(self, key: tuple[str, str], fetched: Fetched) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (time.monotonic() + KEEP_S, fetched)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


_rules = Rules()


async def _fetched(request: RobotsRequest, context: Context) -> Fetched:
    limits = Limits(
        page_bytes=_MAX_BYTES, inflated_bytes=_MAX_BYTES, total_s=max(0.1, min(request.total_s, _MAX_TOTAL_S))
    )
    address = str(URL(request.origin).with_path("/robots.txt")) if request.origin else ""
    async with context.session(limits, request.origin) as session:
        return await session.get(address, want="text", redirects=5)


async def robots(request: RobotsRequest, context: Context) -> Robots:
    """``allowed`` for every address asked: 2xx as the file says, 4xx all, 5xx and unreachable none (section 2.3.1);
    at most 500 KiB are read (2.5) and five redirects followed (2.3.1.2)."""
    key = (request.origin, request.visit)
    kept = _rules.get(key) if request.visit else None
    fetched = kept or await _fetched(request, context)
    facts, count = fetched.facts, len(request.urls)
    if facts.error in ("refused", "redirect-loop") and facts.redirects:
        # More redirects than are followed, or one to where nothing can be had: as if there were no file.
        return Robots(replace(facts, error=""), [True] * count)
    if facts.error or facts.status >= 500:
        return Robots(facts, [False] * count)
    if not 200 <= facts.status < 300:
        return Robots(facts, [True] * count)
    if request.visit and kept is None:
        _rules.put(key, fetched)
    rules = Protego.parse(fetched.body.decode("utf-8", "replace").lstrip("\ufeff"))
    delay = rules.crawl_delay(request.agent) or 0.0
    rate = rules.request_rate(request.agent)
    if rate is not None and rate.requests > 0:
        delay = max(delay, rate.seconds / rate.requests)
    return Robots(
        facts,
        [bool(rules.can_fetch(url, request.agent)) for url in request.urls],
        min(float(delay), _MAX_DELAY_S),
        [url for url in list(rules.sitemaps)[:50] if url.startswith(("http://", "https://")) and len(url) <= MAX_URL],
    )
