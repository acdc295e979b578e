"""A published medium sealed where it was fetched: what leaves this process opens with a key that is not here.

For a legal hold alone. The plain bytes live in memory for as long as it takes to tell that they are what was confirmed,
and to seal them; they are in no answer."""

from __future__ import annotations

import base64

from pyrage import RecipientError, encrypt, x25519

from efface.net.fetcher.context import Context
from efface.net.protocol import SealedMedium, SealMediumRequest
from efface.vision.hamming import least_distance

MOST_BYTES = 10_000_000
"""Larger than this does not fit into one answer."""
MOST_DISTANCE = 31
"""Bits of PDQ within which it is the confirmed picture."""


async def seal_medium(request: SealMediumRequest, context: Context) -> SealedMedium:
    """The answer to a ``SealMediumRequest``. ``error``: "key", "too-large", "another" (not the picture that was
    confirmed), "unread", or the fetch's own."""
    try:
        key = x25519.Recipient.from_str(request.key)
    except RecipientError:
        return SealedMedium(error="key")
    async with context.session(request.limits) as session:
        fetched = await session.get(request.url, want="picture")
    facts = fetched.facts
    if facts.error or facts.status != 200:
        return SealedMedium(facts, error=facts.error or "status")
    if fetched.clipped or len(fetched.body) > MOST_BYTES:
        return SealedMedium(facts, error="too-large")
    decoded = await context.decoding.picture(fetched.body)
    seen = decoded.picture
    if seen.error or not (seen.pdq or seen.sha256):
        return SealedMedium(facts, error="unread")
    if not _same(request, seen.sha256, seen.pdq):
        return SealedMedium(facts, error="another")
    sealed = base64.b64encode(encrypt(fetched.body, [key])).decode("ascii")
    return SealedMedium(facts, sealed, seen.sha256, seen.size, seen.mime)


def _same(request: SealMediumRequest, sha256: str, hashes: list[str]) -> bool:
    if request.sha256 and request.sha256 == sha256:
        return True
    return least_distance(hashes[:1], request.pdq) <= MOST_DISTANCE
