"""A picture for a worker to see: fetched as any other, held against what was met there, shaded in the sandbox.

Nothing of it is remembered here, not even that it was looked at (``Context.recent``).
"""

from __future__ import annotations

from efface.net.fetcher.context import Context
from efface.net.protocol import Picture, Preview, PreviewRequest, ProtocolError
from efface.vision.hamming import MATCH, least_distance


async def preview(request: PreviewRequest, context: Context) -> Preview:
    """The answer to a ``PreviewRequest``. Raises ``ProtocolError`` where it does not say what was met."""
    if not request.sha256 and not request.pdq:
        raise ProtocolError("preview: the digest or the hashes of what was met are wanted")
    share = context.memory.share()
    try:
        async with context.session(request.limits) as session:
            fetched = await session.get(request.url, want="picture", referer=request.referer, reserve=share.take)
            if not fetched.ok or not fetched.body:
                return Preview(fetched.facts, error="gone")
            picture = (await context.decoding.picture(fetched.body)).picture
            wrong = _wrong(picture, request)
            if wrong:
                return Preview(fetched.facts, picture, error=wrong)
            shaded = await context.decoding.shade(fetched.body)
            if isinstance(shaded, str):
                return Preview(fetched.facts, picture, error=shaded)
            return Preview(fetched.facts, picture, *shaded)
    finally:
        await share.give()


def _wrong(picture: Picture, request: PreviewRequest) -> str:
    """Why this is not shown; "" where it is the picture that was met."""
    if picture.error:
        return picture.error
    if picture.clip:
        return "video"
    if request.sha256 and picture.sha256 == request.sha256:
        return ""
    if request.pdq and picture.pdq and least_distance(picture.pdq[:1], request.pdq) <= MATCH:
        return ""
    return "changed"
