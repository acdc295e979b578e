"""Fetch a page, then the media it shows, and reduce every picture to fingerprints."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import operator
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Literal

from efface.net import playlists
from efface.net.browser import Rendered
from efface.net.fetch import Fetched, Session
from efface.net.fetcher import twins
from efface.net.fetcher.context import Context, site_of
from efface.net.fetcher.recent import Again
from efface.net.page.media import is_video
from efface.net.page.model import Page
from efface.net.page.names import is_small
from efface.net.page.urls import canonical, url_digest
from efface.net.protocol import Decoded, FetchFacts, Limits, MediaRef, Picture, Scan, ScannedMedia, ScanRequest, Want
from efface.vision.formats import is_media, sniff_playlist
from efface.vision.hamming import LOW_QUALITY

_AT_ONCE = 4
MOST_VIDEOS = 6
"""Videos read for one request. Each may take half a minute to fetch and another to decode."""
VIDEOS_S = 90.0
"""Seconds after which a request begins no further video."""
MOST_FRAMES = 3
"""Players looked into on one page."""
MEDIA_S = 190.0
"""Seconds after which a request is answered without the media that are not read by then."""
NOT_DELIVERED = "not delivered to the matcher"
READ_IN_PART = "read in part"
"""Said of a video that goes on after what was fetched of it, or of which pieces are missing."""
_WHOLE = 0.95

Deliver = Callable[[FetchFacts, bytes, Decoded], Awaitable[FetchFacts]]
"""What is done with a picture's bytes while they are still there."""


async def scan(request: ScanRequest, context: Context) -> Scan:
    """The answer to a ``ScanRequest``. Pictures' bytes are gone when it returns. Media that there was no time for are
    among the skipped ones."""
    began = asyncio.get_running_loop().time()
    async with context.session(request.limits, request.url) as session:
        fetched = await session.get(
            request.url, referer=request.referer, etag=request.etag, last_modified=request.last_modified
        )
        if fetched.facts.error:
            return Scan(fetched.facts)
        context.note_answer(fetched.facts.final_url)
        if fetched.facts.status == 304:
            return Scan(fetched.facts, not_modified=True)
        if is_media(fetched.body):
            ref = MediaRef(canonical(fetched.facts.final_url), "media", "page")
            wanted_of_it = _wanted(request)
            decoded = await context.decoding.picture(fetched.body, wanted_of_it)
            kept = await push(
                request.token, wanted_of_it, context, ref, request.url, fetched.facts, fetched.body, decoded
            )
            return Scan(fetched.facts, media=[ScannedMedia(ref, kept, decoded.picture)])
        facts, page = await read(context, fetched, request.limits)
        if page is None:
            return Scan(facts, clipped=fetched.clipped)
        page, shown_by = await _drawn(context, page, fetched, request)
        shown = list(page.media)
        if request.media and page.frames:
            shown += await _in_frames(session, context, page, request)
        described = bool(request.media and page.oembed and not any(ref.role == "media" for ref in shown))
        described = described and site_of(page.oembed) == site_of(fetched.facts.final_url)
        links = page.links
        if described:
            more, places = await _as_data(session, context, page, request)
            known = {ref.url for ref in shown}
            shown = shown + [ref for ref in more if ref.url not in known]
            links = list(dict.fromkeys(links + places))
        wanted, skipped = _split(shown, request) if request.media else ([], shown)
        media, left = await fetch_media(session, context, wanted, page.base, request, began)
        return Scan(
            facts=fetched.facts,
            title=page.title,
            text=page.text,
            language=page.language,
            links=links,
            media=media,
            skipped=skipped + left,
            walls=page.walls,
            clipped=fetched.clipped or page.more,
            feeds=page.feeds,
            further=page.further,
            search=page.search,
            described=page.described,
            scripted=page.scripted and not shown_by.html,
            rendered=bool(shown_by.html),
            browser_error=shown_by.error,
            canonical=page.canonical,
            asked=1 + bool(shown_by.requests) + described,
        )


async def _drawn(context: Context, page: Page, fetched: Fetched, request: ScanRequest) -> tuple[Page, Rendered]:
    """The page as a browser shows it, where its scripts write it and a browser may be asked; else as it is. What the
    browser fetched of it is nothing but scripts and styles: the pictures it asked for are added to the page's."""
    wanted = request.browser == "always" or (request.browser == "if-needed" and page.scripted)
    return await drawn(context, page, fetched, request.limits) if wanted else (page, Rendered())


async def drawn(
    context: Context, page: Page, fetched: Fetched, limits: Limits, agent: str = ""
) -> tuple[Page, Rendered]:
    """The page as a browser shows it to ``agent``; as it is, where there is no browser or it fails."""
    shown = await context.browser.render(context.guard, fetched.facts.final_url, agent or context.agent)
    if not shown.html:
        return page, shown
    body = shown.html.encode("utf-8", "replace")
    _, after = await read(context, replace(fetched, body=body, charset="utf-8"), limits)
    if after is None:
        return page, replace(shown, html="", error="crashed")
    known = {ref.url for ref in after.media}
    asked = [url for one in shown.media if (url := canonical(one)) and url not in known]
    refs = [MediaRef(url, "thumbnail" if is_small(url) else "media", "browser") for url in asked]
    media = [*after.media, *refs][: limits.media_per_page]
    return replace(after, media=media, walls=after.walls), shown


async def _in_frames(session: Session, context: Context, page: Page, request: ScanRequest) -> list[MediaRef]:
    """What players that are embedded from elsewhere show: it stands on this page for whoever looks at it."""
    known = {ref.url for ref in page.media}
    found: dict[str, MediaRef] = {}
    for url in page.frames[:MOST_FRAMES]:
        fetched = await session.get(url, referer=page.base)
        if not fetched.ok or is_media(fetched.body):
            continue
        _, inner = await read(context, fetched, replace(request.limits, media_per_page=10, links_per_page=1))
        if inner is not None:
            found |= {ref.url: replace(ref, source="iframe") for ref in inner.media if ref.url not in known}
    return list(found.values())[:10]


async def _as_data(
    session: Session, context: Context, page: Page, request: ScanRequest
) -> tuple[list[MediaRef], list[str]]:
    """What a page that shows nothing itself says of its medium as data (oEmbed), whatever type it is sent as: media,
    and the site's own players. Nothing of another site is asked for."""
    fetched = await session.get(page.oembed, referer=page.base, want="text", accept="application/json,*/*;q=0.5")
    if not fetched.ok:
        return [], []
    _, inner = await read(context, fetched, replace(request.limits, media_per_page=10, links_per_page=10))
    if inner is None:
        return [], []
    players = [url for url in inner.links if site_of(url) == site_of(page.oembed)]
    return [replace(ref, source="oembed") for ref in inner.media][:10], players


async def read(
    context: Context, fetched: Fetched, limits: Limits, keep_html: bool = False
) -> tuple[FetchFacts, Page | None]:
    """The page that was fetched; where it cannot be read, None and facts that say so: it was not seen."""
    page = await context.decoding.page(fetched, limits, keep_html)
    if isinstance(page, Page):
        return fetched.facts, page
    return replace(fetched.facts, error="bad-answer", detail=f"page could not be read ({page})"), None


def _split(refs: Sequence[MediaRef], request: ScanRequest) -> tuple[list[MediaRef], list[MediaRef]]:
    skip = set(request.skip)
    wanted: list[MediaRef] = []
    skipped: list[MediaRef] = []
    for ref in refs:
        (skipped if url_digest(ref.url) in skip else wanted).append(ref)
    return wanted, skipped


async def fetch_media(
    session: Session, context: Context, refs: Sequence[MediaRef], page: str, request: ScanRequest, began: float,
    most_videos: int = MOST_VIDEOS,
) -> tuple[list[ScannedMedia], list[MediaRef]]:  # fmt: skip
    """References fetched and fingerprinted, in the order given, ``_AT_ONCE`` at a time; and those that there was no
    time for since ``began``, or that are videos beyond ``most_videos``. Pictures come first; among themselves they come
    in an order that every scan has anew, so that what is left of one is not left of all."""
    gate = asyncio.Semaphore(_AT_ONCE)
    done: dict[int, ScannedMedia] = {}
    videos = reading = 0
    changed = asyncio.Event()
    closely = _wanted(request)
    full_of = twins.fulls(refs) if closely else {}
    read: dict[int, asyncio.Event] = {place: asyncio.Event() for place in full_of.values()}

    async def small(place: int, ref: MediaRef) -> tuple[Literal["twin", "hash"], Picture | None] | None:
        """Whether a thumbnail may do with its hash, and the full medium it has then to be the same as."""
        if place in full_of:
            await read[full_of[place]].wait()
            full = done.get(full_of[place])
            if full is not None and full.facts.error == "" and full.picture.sha256:
                return "twin", full.picture
        if closely and request.glance and twins.stands_elsewhere(ref, page):
            return "hash", None
        return None

    async def one(place: int, ref: MediaRef) -> None:
        nonlocal videos, reading

        async def deliver(facts: FetchFacts, body: bytes, decoded: Decoded) -> FetchFacts:
            return await push(request.token, _wanted(request), context, ref, page or request.url, facts, body, decoded)

        async def again(sha256: str) -> bool:
            return context.push is not None and await context.push.again(
                request.token, ref.url, sha256, _wanted(request)
            )

        may = await small(place, ref)
        known = request.hashed.get(url_digest(ref.url), "") if request.hashed else ""
        if known and may and (may[1] is None or twins.is_twin(known, LOW_QUALITY, may[1])):
            return  # nothing new would be learned
        async with gate:
            if is_video(ref):
                while videos >= most_videos and reading:
                    # One of those being read may turn out not to be there, and leave its place.
                    changed.clear()
                    await changed.wait()
                if videos >= most_videos or asyncio.get_running_loop().time() > began + VIDEOS_S:
                    return
                videos, reading = videos + 1, reading + 1
            try:
                enough = None if may is None else functools.partial(_is_enough, full=may[1])
                facts, decoded, closer = await fetch_picture(
                    session, context, ref.url, page, closely, deliver, again, enough=enough
                )
                if is_video(ref) and not decoded.picture.size:
                    videos -= 1
            finally:
                if is_video(ref):
                    reading -= 1
                    changed.set()
            picture = decoded.picture
            if closer or may is None:
                done[place] = ScannedMedia(ref, facts, picture)
            else:
                full = may[1]
                picture = replace(picture, faces=full.faces) if full is not None else picture
                done[place] = ScannedMedia(ref, facts, picture, may[0])

    async def told(place: int, ref: MediaRef) -> None:
        try:
            await one(place, ref)
        finally:
            if place in read:
                read[place].set()

    def order(item: tuple[int, MediaRef]) -> tuple[bool, bool, bytes]:
        return item[0] in full_of, is_video(item[1]), hashlib.sha256(f"{request.token} {item[1].url}".encode()).digest()

    tasks = [asyncio.create_task(told(*item)) for item in sorted(enumerate(refs), key=order)]
    try:
        async with asyncio.timeout_at(began + MEDIA_S):
            await asyncio.gather(*tasks)
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [done[place] for place in sorted(done)], [ref for place, ref in enumerate(refs) if place not in done]


async def fetch_picture(
    session: Session,
    context: Context,
    url: str,
    referer: str = "",
    want: Want = Want.PLAIN,
    deliver: Deliver | None = None,
    again: Again | None = None,
    agent: str = "",
    marks: list[tuple[str, str]] | None = None,
    enough: Callable[[Picture], bool] | None = None,
) -> tuple[FetchFacts, Decoded, bool]:
    """One picture or video by its address: what the exchange was like, its fingerprints (empty unless it was served),
    and whether it was looked at for all that is in ``want``: where its hashes are ``enough``, it was not. Address and
    SHA-256 of some pieces of a video that a playlist names are added to ``marks``."""
    share = context.memory.share()
    try:
        fetched = await session.get(url, want="picture", referer=referer, reserve=share.take, agent=agent)
        if not fetched.ok:
            return fetched.facts, Decoded(Picture()), True
        context.note_answer(fetched.facts.final_url)
        if not fetched.body:
            return fetched.facts, Decoded(Picture(error="unknown-format")), True
        facts, body = fetched.facts, fetched.body
        part = fetched.clipped
        if sniff_playlist(body):
            budget = playlists.Budget()
            await share.take(budget.total_bytes)
            pulled = await playlists.fetch(session, fetched.facts.final_url, body, referer=referer, budget=budget)
            if not pulled.data:
                unread = Picture(size=len(body), mime=sniff_playlist(body), error=pulled.reason)
                return fetched.facts, Decoded(unread), True
            body = pulled.data
            if marks is not None:
                marks += pulled.marks
            part = pulled.pieces < pulled.planned or pulled.seconds < _WHOLE * pulled.total_seconds
        facts = replace(facts, detail=READ_IN_PART) if part else facts
        if enough is not None:
            hashes = await _hashes(context, body)
            if enough(hashes):
                return facts, Decoded(hashes), False
        known = await context.recent.find(body, want, again)
        if known is not None:
            return facts, Decoded(known), True
        decoded = await context.decoding.picture(body, want)
        if deliver is None:
            return facts, decoded, True
        facts = await deliver(facts, body, decoded)
        context.recent.note(decoded, want, not facts.error)
        return facts, decoded, True
    finally:
        await share.give()


async def _hashes(context: Context, body: bytes) -> Picture:
    known = context.recent.hashes(body)
    if known is None:
        decoded = await context.decoding.picture(body, Want.PLAIN)
        context.recent.note(decoded, Want.PLAIN, True)
        known = decoded.picture
    return known


def _is_enough(hashes: Picture, full: Picture | None) -> bool:
    """Whether a thumbnail's hashes say all there is to say of it: it could be read, and is the ``full`` medium's
    twin where there is one."""
    if hashes.error or not hashes.pdq or hashes.clip:
        return False
    return full is None or twins.is_twin(hashes.pdq[0], hashes.pdq_quality, full)


def _wanted(request: ScanRequest) -> Want:
    return _wanted_of(request.faces, request.looks, request.vectors)


@functools.cache
def _wanted_of(faces: bool, looks: bool, vectors: bool) -> Want:
    wanted = {Want.FACES: faces, Want.LOOK: looks, Want.VECTOR: vectors}
    return functools.reduce(operator.or_, (one for one, asked in wanted.items() if asked), Want.PLAIN)


async def push(
    token: str, want: Want, context: Context, ref: MediaRef, page: str, facts: FetchFacts, body: bytes, decoded: Decoded
) -> FetchFacts:
    """Hand the faces, local features and copy vectors of one picture to the matcher, and answer what it asks
    about the picture. The facts say so where they could not be delivered, so that the medium is not taken for
    searched."""
    if not decoded.faces and not decoded.look and not decoded.vectors:
        return facts
    if context.push is not None:
        answer = await context.push.picture(token, ref.url, page, decoded, want)
        if answer is not None:
            number, places = answer
            if not places:
                return facts
            tiles = await context.decoding.tiles(body, places)
            if len(tiles) == len(places) and await context.push.tiles(number, tiles):
                return facts
    return replace(facts, error="internal", detail=NOT_DELIVERED)
