"""News for partners: a small JSON body, posted to the address a partner named. The guard decides whether that may be
dialled, as for everything else; nothing of an answer but its status leaves this process."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace

from efface.net.fetcher.context import Context
from efface.net.protocol import FetchFacts, TellRequest, Told

MOST_BYTES = 64 * 1024
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_VALUE = re.compile(r"[\x20-\x7e]{0,300}")


async def tell(request: TellRequest, context: Context) -> Told:
    """The answer to a ``TellRequest``."""
    try:
        data = base64.b64decode(request.body_b64, validate=True)
    except (binascii.Error, ValueError):
        return _refused(request, "the body is not base64")
    if len(data) > MOST_BYTES:
        return _refused(request, "the body is too long")
    if not all(_HEADER.fullmatch(name) and _VALUE.fullmatch(value) for name, value in request.headers.items()):
        return _refused(request, "a header that is none")
    limits = replace(request.limits, total_s=min(request.limits.total_s, 15.0), page_bytes=1024, inflated_bytes=1024)
    async with context.session(limits) as session:
        fetched = await session.post(request.url, data, {"Content-Type": "application/json", **request.headers})
    return Told(replace(fetched.facts, headers={}, redirects=[]))


def _refused(request: TellRequest, why: str) -> Told:
    return Told(FetchFacts(request.url[:4096], error="refused", detail=why))
