"""Questions to search services: JSON in, addresses out. Nothing else of an answer leaves this process."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from efface.net.fetcher.context import Context
from efface.net.page.urls import canonical
from efface.net.protocol import Answered, QuestionRequest

MOST_BYTES = 1024 * 1024
MOST_URLS = 50
_PLACES = ("results", "web")
"""Where lists of results stand: SearXNG has "results", others "web": {"results"}."""


async def question(request: QuestionRequest, context: Context) -> Answered:
    """The answer to a ``QuestionRequest``."""
    limits = replace(request.limits, page_bytes=MOST_BYTES, inflated_bytes=2 * MOST_BYTES)
    more = {request.header: request.secret} if request.header else {}
    async with context.session(limits, request.url) as session:
        fetched = await session.get(request.url, want="text", accept="application/json", redirects=0, more=more)
    facts = fetched.facts
    if not fetched.ok or fetched.clipped:
        return Answered(facts if facts.error or not fetched.clipped else replace(facts, error="too-large"))
    try:
        given = json.loads(fetched.body)
    except (ValueError, RecursionError):
        return Answered(replace(facts, error="bad-answer", detail="not JSON"))
    return Answered(facts, results(given))


def results(given: Any) -> list[str]:
    """The addresses of an answer's results, each once, in its order. Pure; anything may be given."""
    for place in _PLACES:
        if not isinstance(given, dict):
            return []
        inside = given.get(place)
        if isinstance(inside, list):
            given_urls = [one.get("url") for one in inside if isinstance(one, dict)]
            found = [canonical(url) for url in given_urls if isinstance(url, str)]
            return list(dict.fromkeys(url for url in found if url))[:MOST_URLS]
        if isinstance(inside, dict):
            return results(inside)
    return []
