"""A sitemap, feed or search description, fetched and read in the sandbox."""

from __future__ import annotations

from dataclasses import replace

from efface.net.fetcher.context import Context
from efface.net.protocol import Listed, ListRequest

MOST_BYTES = 20 * 1024 * 1024
"""On the wire; more is left out, and said to be."""


async def listed(request: ListRequest, context: Context) -> Listed:
    """The answer to a ``ListRequest``."""
    limits = replace(request.limits, page_bytes=MOST_BYTES, media_bytes=MOST_BYTES, inflated_bytes=2 * MOST_BYTES)
    async with context.session(limits, request.url) as session:
        fetched = await session.get(
            request.url, want="text", etag=request.etag, last_modified=request.last_modified,
            accept="application/xml,application/rss+xml,application/atom+xml,application/feed+json,*/*;q=0.5",
        )  # fmt: skip
    facts = fetched.facts
    if facts.error or facts.status == 304 or not fetched.ok:
        return Listed(facts, not_modified=facts.status == 304)
    found = await context.decoding.listing(facts.final_url, fetched.body)
    return replace(found, facts=facts, more=found.more or fetched.clipped)
