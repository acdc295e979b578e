"""A page as evidence: its HTML without media, the digest of what was received, and fingerprints of what it showed."""

from __future__ import annotations

import asyncio
import base64
import hashlib

from efface.net.fetcher.context import Context
from efface.net.fetcher.scan import fetch_media, read
from efface.net.page.urls import canonical
from efface.net.protocol import Captured, CaptureRequest, MediaRef, ScannedMedia, ScanRequest
from efface.vision.formats import is_media

_MOST_HTML = 9_000_000


async def capture(request: CaptureRequest, context: Context) -> Captured:
    """The answer to a ``CaptureRequest``. ``html_sha256`` is the digest of the entity as received, after content
    coding and before anything was cut; ``dns`` are the claimed addresses of the page's host. Media that there was no
    time for are left out."""
    began = asyncio.get_running_loop().time()
    scan_request = ScanRequest(request.url, limits=request.limits)
    async with context.session(request.limits) as session:
        fetched = await session.get(request.url)
        facts, sent = fetched.facts, dict(fetched.sent)
        if facts.error:
            return Captured(facts, request_headers=sent)
        context.note_answer(facts.final_url)
        dns, tls = session.addresses(facts.final_url), session.tls(facts.final_url)
        chain = [base64.b64encode(one).decode("ascii") for one in tls.chain]
        digest = hashlib.sha256(fetched.body).hexdigest()
        if is_media(fetched.body):
            ref = MediaRef(canonical(facts.final_url), "media", "page")
            decoded = await context.decoding.picture(fetched.body)
            return Captured(facts, sent, "", digest, "", [ScannedMedia(ref, facts, decoded.picture)], dns,
                            tls.how, chain)  # fmt: skip
        facts, page = await read(context, fetched, request.limits, keep_html=True)
        if page is None:
            return Captured(facts, sent, html_sha256=digest, dns=dns, tls=tls.how, tls_chain=chain)
        refs = page.media
        media, _ = await fetch_media(session, context, refs, page.base, scan_request, began, len(refs))
        shot, why = await _screenshot(request, context)
        return Captured(
            facts=facts,
            request_headers=sent,
            html_b64=base64.b64encode(page.html.encode("utf-8", "replace")[:_MOST_HTML]).decode("ascii"),
            html_sha256=digest,
            title=page.title,
            media=media,
            dns=dns,
            tls=tls.how,
            tls_chain=chain,
            screenshot_b64=shot,
            screenshot_error=why,
        )


async def _screenshot(request: CaptureRequest, context: Context) -> tuple[str, str]:
    """(PNG in base64, why there is none). The page is shown once more, by a browser that draws no picture."""
    seen = await context.browser.render(context.guard, request.url, context.agent, shot=True)
    return seen.shot_b64, "" if seen.shot_b64 else seen.error or "not made"
