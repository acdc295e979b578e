"""The fetches of one check, every address once for each kind of visitor, and what each of them shows of the target."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from yarl import URL

from efface.net.fetch import Session
from efface.net.fetcher.alike import alike, frames_alike
from efface.net.fetcher.context import Context
from efface.net.fetcher.scan import MOST_VIDEOS, READ_IN_PART, drawn, fetch_picture, push, read
from efface.net.fetcher.siblings import probe_addresses
from efface.net.fetcher.target import Target
from efface.net.guard import random_token
from efface.net.page.media import is_video
from efface.net.page.model import Page
from efface.net.page.urls import canonical
from efface.net.playlists.fetch import undisguised
from efface.net.protocol import (
    AssetRef,
    Decoded,
    FetchFacts,
    MediaLook,
    MediaRef,
    ObserveRequest,
    Picture,
    Segment,
    Want,
)
from efface.vision.formats import is_media

NOT_LOOKED = "not looked at in time"
_PAGE_MEDIA = 60
"""Media of a page that are looked at; those that stood there when the finding was confirmed only after the new ones."""
_KNOWN_MEDIA = 24
_ALIKE = 0.8
_MOVING_CHARS = 300
"""A page that moves on at once and says no more than this is a redirect; a longer one is a page."""
_CACHE_HEADERS = ("cf-cache-status", "x-cache", "x-cache-status", "cache-status")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, or the picture at its address. ``clipped``: it goes on after what was read; ``rendered``: a browser has
    shown it."""

    facts: FetchFacts
    page: Page | None = None
    picture: Picture | None = None
    clipped: bool = False
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: whether it serves the target, the media that do; videos that may be it and could not be
    compared; whether some media were not looked at in time (``missed``), or are more than are looked at (``left``)."""

    serves: bool = False
    media: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)
    missed: bool = False
    left: bool = False


NOTHING = Shown()


class Looking:
    """``until``: loop time after which no further media are looked at. ``renders``: whether a browser may be asked for
    pages that scripts write."""

    def __init__(
        self, session: Session, context: Context, request: ObserveRequest, page: str, until: float, renders: bool = True
    ) -> None:
        self.until = until
        self.session = session
        self.context = context
        self.request = request
        self.target = Target(request)
        self.page = page
        self.renders = renders
        self._pictures: dict[tuple[str, bool], tuple[FetchFacts, Decoded]] = {}
        self._pieces: dict[tuple[str, bool], list[Segment]] = {}
        self._compared: set[str] = set()
        self._gate = asyncio.Semaphore(4)
        self._want = (Want.LOOK if request.looks else Want.PLAIN) | (Want.VECTOR if request.vectors else Want.PLAIN)

    async def visit(self, url: str, *, browser: bool = False, referer: str = "", plain: bool = False) -> Visit:
        """The page at ``url``; where it does no more than send a browser on at once, the page it sends it to.
        ``plain``: as it is served, whatever its scripts would make of it."""
        first = await self._visit(url, browser, referer, plain)
        if first.page is None or not first.page.moved_to or len(first.page.text) > _MOVING_CHARS:
            return first
        second = await self._visit(first.page.moved_to, browser, referer, plain)
        trail = [*first.facts.redirects, first.page.moved_to, *second.facts.redirects]
        return replace(second, facts=replace(second.facts, url=first.facts.url, redirects=trail))

    async def _visit(self, url: str, browser: bool, referer: str, plain: bool) -> Visit:
        agent = self.context.browser_agent if browser else ""
        fetched = await self.session.get(url, agent=agent, referer=referer)
        if fetched.facts.error:
            return Visit(fetched.facts)
        self.context.note_answer(fetched.facts.final_url)
        if is_media(fetched.body):
            facts = replace(fetched.facts, detail=READ_IN_PART) if fetched.clipped else fetched.facts
            return Visit(facts, picture=(await self.context.decoding.picture(fetched.body)).picture)
        facts, page = await read(self.context, fetched, self.request.limits)
        if page is None or not page.scripted or plain or not self.renders:
            return Visit(facts, page, clipped=fetched.clipped)
        spacing = self.session.spacing
        async with spacing.turn(fetched.facts.final_url) if spacing is not None else contextlib.nullcontext():
            page, shown = await drawn(self.context, page, fetched, self.request.limits, agent)
        return Visit(facts, replace(page, scripted=not shown.html), clipped=fetched.clipped, rendered=bool(shown.html))

    async def picture(self, url: str, *, browser: bool = False, compare: bool = False) -> tuple[FetchFacts, Decoded]:
        """``compare``: where it is not the target, it is handed to the matcher as well."""
        want = self._want if compare else Want.PLAIN
        async with self._gate:
            key = (url, browser)
            if key not in self._pictures:
                try:
                    async with asyncio.timeout_at(self.until):
                        self._pictures[key] = await self._fetched(url, browser, want)
                except TimeoutError:
                    facts = FetchFacts(url, error="internal", detail=NOT_LOOKED)
                    self._pictures[key] = facts, Decoded(Picture())
            return self._pictures[key]

    async def _fetched(self, url: str, browser: bool, want: Want) -> tuple[FetchFacts, Decoded]:
        async def deliver(facts: FetchFacts, body: bytes, decoded: Decoded) -> FetchFacts:
            if self.target.is_it(decoded.picture)[0] or self.context.push is None:
                return facts
            kept = await push(
                self.request.token, want, self.context, MediaRef(canonical(url)), self.page or url, facts, body, decoded
            )
            if not kept.error and (decoded.look or decoded.vectors):
                self._compared.add(url)
            return facts

        marks: list[tuple[str, str]] = []
        found = await fetch_picture(
            self.session, self.context, url, self.page, want, deliver if want else None,
            agent=self.context.browser_agent if browser else "", marks=marks,
        )  # fmt: skip
        self._pieces[url, browser] = [Segment(*mark) for mark in marks]
        return found[:2]

    async def shows(self, visit: Visit) -> Shown:
        """What the page, or the picture at its address, shows of what must be gone."""
        if visit.picture is not None:
            serves = self.target.is_it(visit.picture)[0]
            ref = MediaRef(canonical(visit.facts.final_url), source="page")
            unsure = not serves and self._unsure(ref, visit.facts, visit.picture)
            return Shown(serves, uncompared=[ref.url] if unsure else [])
        if visit.page is None:
            return Shown()
        videos = [ref for ref in visit.page.media if is_video(ref)]
        if not self.target.known:
            return Shown(uncompared=[] if self.target.still else [ref.url for ref in videos])
        chosen, skipped = self._chosen([ref for ref in visit.page.media if not is_video(ref)])
        refs = chosen + videos[:MOST_VIDEOS]
        left = [] if self.target.still else videos[MOST_VIDEOS:]
        answers = await asyncio.gather(*(self._shown(ref.url) for ref in refs))
        looks = [(ref, facts, one.picture) for ref, (facts, one) in zip(refs, answers, strict=True)]
        found = [ref.url for ref, _, picture in looks if self.target.is_it(picture)[0]]
        left += [ref for ref, facts, one in looks if ref.url not in found and self._unsure(ref, facts, one)]
        missed = any(facts.detail == NOT_LOOKED for _, facts, _ in looks)
        return Shown(bool(found), found, [ref.url for ref in left], missed, skipped)

    def _chosen(self, refs: list[MediaRef]) -> tuple[list[MediaRef], bool]:
        """Those that are new on the page, and some of those that stood there before; whether new ones are left out."""
        before = set(self.request.baseline.media_urls) if self.request.baseline else set()
        own = {asset.url for asset in self.request.assets}
        fresh = [ref for ref in refs if ref.url not in before or ref.url in own]
        known = [ref for ref in refs if ref.url in before and ref.url not in own]
        taken = fresh[:_PAGE_MEDIA]
        return taken + known[: max(0, _KNOWN_MEDIA - len(taken))], len(fresh) > _PAGE_MEDIA

    async def _shown(self, url: str) -> tuple[FetchFacts, Decoded]:
        """A picture of a page, as whoever is served one."""
        found = await self.picture(url)
        if found[1].picture.pdq or found[1].picture.clip or found[0].detail == NOT_LOOKED:
            return found
        other = await self.picture(url, browser=True)
        return other if other[1].picture.pdq or other[1].picture.clip else found

    def _unsure(self, ref: MediaRef, facts: FetchFacts, picture: Picture) -> bool:
        """Whether it is a video that is there and could not be told from the target."""
        moves = is_video(ref) or picture.clip or "video/" in (picture.mime[:6], facts.mime[:6])
        if self.target.still or not moves or facts.status in (404, 410):
            return False
        return facts.detail == READ_IN_PART or self.target.may_be(picture)

    async def medium(self, asset: AssetRef) -> list[MediaLook]:
        """The asset as our own agent is served it; and where that is not the target, as a browser is, unless it is told
        the same."""
        looks: list[MediaLook] = []
        try:
            async with asyncio.timeout_at(self.until):
                if asset.role == "search":
                    return [await self._listing(asset)]
                looks.append(await self._medium(asset, browser=False))
                if not _is_seen(looks[0]) and looks[0].facts.detail != NOT_LOOKED:
                    looks.append(await self._medium(asset, browser=True))
        except TimeoutError:
            missed = FetchFacts(asset.url, error="internal", detail=NOT_LOOKED)
            return looks or [MediaLook(asset.role, missed, Picture())]
        same = len(looks) == 2 and _told(looks[0]) == _told(looks[1]) and not _is_seen(looks[1])
        return looks[:1] if same else looks

    async def _medium(self, asset: AssetRef, browser: bool) -> MediaLook:
        agent = "browser" if browser else "bot"
        if asset.role == "segment":
            facts, decoded = await self._segment(asset.url, browser)
        else:
            facts, decoded = await self.picture(asset.url, browser=browser, compare=True)
        matches, distance = self.target.is_it(decoded.picture)
        pieces = self._pieces.get((asset.url, browser), []) if matches else []
        look = MediaLook(
            asset.role, facts, decoded.picture, matches, distance, cache_hit(facts.headers), agent=agent, pieces=pieces,
            compared=asset.url in self._compared,
        )  # fmt: skip
        if 200 <= facts.status < 300 and not matches:
            if facts.mime.startswith("text/"):
                look = replace(look, wall=await self._wall(asset.url))
            elif decoded.picture.pdq:
                look = replace(look, usual=await self._usual(asset.url, decoded.picture, browser))
        if not look.cache_hit:
            return look
        past = str(URL(asset.url).update_query({"nocache": random_token()}))
        bypass, fresh, _ = await fetch_picture(self.session, self.context, past, self.page)
        return replace(look, bypass_status=bypass.status, bypass_matches=self.target.is_it(fresh.picture)[0])

    async def _segment(self, url: str, browser: bool) -> tuple[FetchFacts, Decoded]:
        """A piece of a video: the very same file, or one that shows a frame of it."""
        agent = self.context.browser_agent if browser else ""
        fetched = await self.session.get(url, want="segment", referer=self.page, agent=agent)
        if not fetched.ok or not fetched.body:
            return fetched.facts, Decoded(Picture())
        digest = hashlib.sha256(fetched.body).hexdigest()
        if digest in self.target.files:
            return fetched.facts, Decoded(Picture(sha256=digest, size=len(fetched.body), mime=fetched.facts.mime))
        if fetched.facts.mime.startswith("text/"):
            return fetched.facts, Decoded(Picture(error="unknown-format"))
        return fetched.facts, await self.context.decoding.picture(undisguised(fetched.body))

    async def _listing(self, asset: AssetRef) -> MediaLook:
        """A search engine's result: whether it still leads to an address of the finding, or shows the picture."""
        visit = await self.visit(asset.url, browser=True)
        if visit.picture is not None:
            matches, distance = self.target.is_it(visit.picture)
            return MediaLook("search", visit.facts, visit.picture, matches, distance)
        if visit.page is None:
            return MediaLook("search", visit.facts, Picture())
        wanted = {one.url for one in self.request.assets if one.role != "search"}
        named = [*visit.page.links, *(ref.url for ref in visit.page.media), *(ref.link for ref in visit.page.media)]
        listed = any(url in unquote(name) for name in named for url in wanted) or (await self.shows(visit)).serves
        return MediaLook("search", visit.facts, Picture(), matches=listed, wall="" if listed else _door(visit.page))

    async def _usual(self, url: str, picture: Picture, browser: bool) -> bool:
        """Whether siblings that never were are answered with this very picture: then it says that there is none."""
        for probe in probe_addresses(url):
            _, other = await self.picture(probe, browser=browser)
            if not other.picture.sha256 or other.picture.sha256 != picture.sha256:
                return False
        return True

    async def _wall(self, url: str) -> str:
        """What the page is that stands where a picture was. A door outranks "not found"."""
        page = (await self.visit(url)).page
        if page is None or not page.text:
            return ""
        door = _door(page)
        if door or "not-found" in page.walls:
            return door or "not-found"
        never = [
            one.page for one in [await self.visit(probe) for probe in probe_addresses(url)] if one.page is not None
        ]
        same = len(never) > 1 and all(
            alike(page, [one], None) >= _ALIKE and frames_alike(page, [one]) >= _ALIKE for one in never
        )
        return "not-found" if same else ""


def cache_hit(headers: dict[str, str]) -> bool:
    """Whether an answer says that it comes from a cache (RFC 9211, RFC 9111 section 5.1, and what CDNs write)."""
    status = " ".join(headers.get(name, "") for name in _CACHE_HEADERS)
    if re.search(r"\bhit\b|\bstale\b|\brevalidated\b", status, re.IGNORECASE):
        return True
    return bool(re.fullmatch(r"\s*0*[1-9]\d*\s*", headers.get("age", ""))) and "miss" not in status.lower()


def _is_seen(look: MediaLook) -> bool:
    return look.matches or look.bypass_matches


def _told(look: MediaLook) -> tuple[str, int, str, str]:
    return look.facts.error, look.facts.status, look.picture.sha256, look.wall


def _door(page: Page) -> str:
    return next((wall for wall in page.walls if wall != "not-found"), "")
