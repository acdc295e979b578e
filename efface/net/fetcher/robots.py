"""Which addresses of a site its operator lets us crawl (RFC 9309)."""

from __future__ import annotations

from dataclasses import replace

from protego import Protego
from yarl import URL

from efface.net.fetcher.context import Context
from efface.net.page.urls import MAX_URL
from efface.net.protocol import Limits, Robots, RobotsRequest

_MAX_BYTES = 500 * 1024
_MAX_DELAY_S = 3600.0
_MAX_TOTAL_S = 15.0


async def robots(request: RobotsRequest, context: Context) -> Robots:
    """``allowed`` for every address asked: 2xx as the file says, 4xx all, 5xx and unreachable none (section 2.3.1);
    at most 500 KiB are read (2.5) and five redirects followed (2.3.1.2)."""
    limits = Limits(
        page_bytes=_MAX_BYTES, inflated_bytes=_MAX_BYTES, total_s=max(0.1, min(request.total_s, _MAX_TOTAL_S))
    )
    address = str(URL(request.origin).with_path("/robots.txt")) if request.origin else ""
    async with context.session(limits, request.origin) as session:
        fetched = await session.get(address, want="text", redirects=5)
    facts, count = fetched.facts, len(request.urls)
    if facts.error in ("refused", "redirect-loop") and facts.redirects:
        # More redirects than are followed, or one to where nothing can be had: as if there were no file.
        return Robots(replace(facts, error=""), [True] * count)
    if facts.error or facts.status >= 500:
        return Robots(facts, [False] * count)
    if not 200 <= facts.status < 300:
        return Robots(facts, [True] * count)
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
