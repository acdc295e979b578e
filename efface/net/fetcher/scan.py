"""Fetch a page, then the media it shows, and reduce every picture to fingerprints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from efface.net.fetch import Fetched, Session
from efface.net.fetcher.context import Context
from efface.net.page.model import Page
from efface.net.page.urls import canonical, url_digest
from efface.net.protocol import Decoded, FetchFacts, Limits, MediaRef, Picture, Scan, ScannedMedia, ScanRequest
from efface.vision.formats import sniff

_AT_ONCE = 4
FACES_LOST = "faces not delivered"


async def scan(request: ScanRequest, context: Context) -> Scan:
    """The answer to a ``ScanRequest``. Pictures' bytes are gone when it returns."""
    async with context.session(request.limits) as session:
        fetched = await session.get(
            request.url, referer=request.referer, etag=request.etag, last_modified=request.last_modified
        )
        if fetched.facts.error:
            return Scan(fetched.facts)
        context.note_answer(fetched.facts.final_url)
        if fetched.facts.status == 304:
            return Scan(fetched.facts, not_modified=True)
        if sniff(fetched.body[:32]):
            ref = MediaRef(canonical(fetched.facts.final_url), "media", "page")
            decoded = await context.decoding.picture(fetched.body, request.faces)
            kept = await _push(request, context, ref, fetched.facts, decoded)
            return Scan(fetched.facts, media=[ScannedMedia(ref, kept, decoded.picture)])
        facts, page = await read(context, fetched, request.limits)
        if page is None:
            return Scan(facts, clipped=fetched.clipped)
        wanted, skipped = _split(page.media, set(request.skip)) if request.media else ([], list(page.media))
        media = await fetch_media(session, context, wanted, page.base, request)
        return Scan(
            facts=fetched.facts,
            title=page.title,
            text=page.text,
            language=page.language,
            links=page.links,
            media=media,
            skipped=skipped,
            walls=page.walls,
            clipped=fetched.clipped or page.more,
        )


async def read(
    context: Context, fetched: Fetched, limits: Limits, keep_html: bool = False
) -> tuple[FetchFacts, Page | None]:
    """The page that was fetched; where it cannot be read, None and facts that say so: it was not seen."""
    page = await context.decoding.page(fetched, limits, keep_html)
    if isinstance(page, Page):
        return fetched.facts, page
    return replace(fetched.facts, error="bad-answer", detail=f"page could not be read ({page})"), None


def _split(refs: Sequence[MediaRef], skip: set[str]) -> tuple[list[MediaRef], list[MediaRef]]:
    wanted = [ref for ref in refs if url_digest(ref.url) not in skip]
    return wanted, [ref for ref in refs if url_digest(ref.url) in skip]


async def fetch_media(
    session: Session, context: Context, refs: Sequence[MediaRef], page: str, request: ScanRequest
) -> list[ScannedMedia]:
    """Every reference fetched and fingerprinted, in the order given, ``_AT_ONCE`` at a time."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(ref: MediaRef) -> ScannedMedia:
        async with gate:
            facts, decoded = await fetch_picture(session, context, ref.url, page, request.faces)
            return ScannedMedia(ref, await _push(request, context, ref, facts, decoded, page), decoded.picture)

    return list(await asyncio.gather(*(one(ref) for ref in refs)))


async def fetch_picture(
    session: Session, context: Context, url: str, referer: str = "", faces: bool = False
) -> tuple[FetchFacts, Decoded]:
    """One picture by its address: what the exchange was like, and its fingerprints (empty unless it was served)."""
    share = context.memory.share()
    try:
        fetched = await session.get(url, want="picture", referer=referer, reserve=share.take)
        if not fetched.ok:
            return fetched.facts, Decoded(Picture())
        context.note_answer(fetched.facts.final_url)
        if not fetched.body:
            return fetched.facts, Decoded(Picture(error="unknown-format"))
        return fetched.facts, await context.decoding.picture(fetched.body, faces)
    finally:
        await share.give()


async def _push(
    request: ScanRequest, context: Context, ref: MediaRef, facts: FetchFacts, decoded: Decoded, page: str = ""
) -> FetchFacts:
    """Hand the faces of one picture to the matcher. The facts say so where they could not be delivered, so that the
    medium is not taken for searched."""
    if not (request.faces and decoded.faces):
        return facts
    sent = context.faces is not None and await context.faces.push(
        request.token, ref.url, page or request.url, decoded.picture.sha256, decoded.faces
    )
    if sent:
        return facts
    return replace(facts, error="internal", detail=FACES_LOST)
