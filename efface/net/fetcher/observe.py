"""One verification check: everything the verdict table needs to see, seen in one window.

The page under two user agents, two siblings nobody has ever asked for, another live page of the site, every medium of
the finding, and cached copies asked for past the cache. Nothing is judged here.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace

from yarl import URL

from efface.net.fetch import Session
from efface.net.fetcher.alike import alike, frames_alike
from efface.net.fetcher.context import Context
from efface.net.fetcher.scan import MOST_VIDEOS, READ_IN_PART, fetch_picture, read
from efface.net.fetcher.target import Target
from efface.net.guard import random_token
from efface.net.page.media import is_video
from efface.net.page.model import Page
from efface.net.page.shingles import estimate
from efface.net.page.urls import canonical
from efface.net.protocol import (
    AssetRef,
    Decoded,
    FetchFacts,
    MediaLook,
    MediaRef,
    Observation,
    ObserveRequest,
    PageLook,
    Picture,
)
from efface.vision.formats import is_media

MEDIA_ROLES = frozenset({"media", "thumbnail", "poster", "cdn"})
_PAGE_MEDIA = 24
MEDIA_S = 150.0
"""Seconds after which a check looks at no further media."""
NOT_LOOKED = "not looked at in time"
_ALIKE = 0.8
_MOVING_CHARS = 300
"""A page that moves on at once and says no more than this is a redirect; a longer one is a page."""
_CACHE_HEADERS = ("cf-cache-status", "x-cache", "x-cache-status", "cache-status")


@dataclass(frozen=True, slots=True)
class _Visit:
    facts: FetchFacts
    page: Page | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page shows: whether it serves the target, the media that do; videos that may be it and could not be
    compared; whether some media were not looked at."""

    serves: bool = False
    media: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)
    missed: bool = False


NOTHING = _Shown()


async def observe(request: ObserveRequest, context: Context) -> Observation:
    """The answer to an ``ObserveRequest``."""
    target = next((asset.url for asset in request.assets if asset.role == "page"), "")
    media = [asset for asset in request.assets if asset.role in MEDIA_ROLES]
    anchor = target or (media[0].url if media else "")
    async with context.session(request.limits) as session:
        judge = _Judge(session, context, request, target, asyncio.get_running_loop().time() + MEDIA_S)
        visits: dict[str, _Visit] = {}
        if target:
            visits = {"bot": await judge.visit(target), "browser": await judge.visit(target, browser=True)}
        siblings = [await judge.visit(url) for url in probe_addresses(target or anchor)] if anchor else []
        control = await judge.visit(_control(request.control_url, anchor)) if anchor else None
        looks = list(await asyncio.gather(*(judge.medium(asset) for asset in media)))
        shown = {name: await judge.shows(visit) for name, visit in visits.items()}
    pages = {name: _look(visit, request, siblings, control, shown[name]) for name, visit in visits.items()}
    failed = any(visit.facts.error for visit in visits.values()) or any(look.facts.error for look in looks)
    return Observation(
        pages=pages,
        probes=[_look(visit, request, [], None) for visit in siblings],
        control=_look(control, request, [], None) if control is not None else None,
        media=looks,
        elsewhere_ok=await _elsewhere(request, context, anchor) if failed else True,
    )


class _Judge:
    """Fetches for one check, every address once per user agent."""

    def __init__(self, session: Session, context: Context, request: ObserveRequest, page: str, until: float) -> None:
        self.until = until
        self.session = session
        self.context = context
        self.request = request
        self.target = Target(request)
        self.page = page
        self._pictures: dict[str, tuple[FetchFacts, Decoded]] = {}
        self._gate = asyncio.Semaphore(4)

    async def visit(self, url: str, *, browser: bool = False) -> _Visit:
        """The page at ``url``; where it does no more than send a browser on at once, the page it sends it to."""
        first = await self._visit(url, browser)
        if first.page is None or not first.page.moved_to or len(first.page.text) > _MOVING_CHARS:
            return first
        second = await self._visit(first.page.moved_to, browser)
        trail = [*first.facts.redirects, first.page.moved_to, *second.facts.redirects]
        return replace(second, facts=replace(second.facts, url=first.facts.url, redirects=trail))

    async def _visit(self, url: str, browser: bool) -> _Visit:
        fetched = await self.session.get(url, agent=self.context.browser_agent if browser else "")
        if fetched.facts.error:
            return _Visit(fetched.facts)
        self.context.note_answer(fetched.facts.final_url)
        if is_media(fetched.body):
            facts = replace(fetched.facts, detail=READ_IN_PART) if fetched.clipped else fetched.facts
            return _Visit(facts, picture=(await self.context.decoding.picture(fetched.body)).picture)
        facts, page = await read(self.context, fetched, self.request.limits)
        return _Visit(facts, page)

    async def picture(self, url: str) -> tuple[FetchFacts, Decoded]:
        async with self._gate:
            if url not in self._pictures:
                try:
                    async with asyncio.timeout_at(self.until):
                        self._pictures[url] = (await fetch_picture(self.session, self.context, url, self.page))[:2]
                except TimeoutError:
                    facts = FetchFacts(url, error="internal", detail=NOT_LOOKED)
                    self._pictures[url] = facts, Decoded(Picture())
            return self._pictures[url]

    async def shows(self, visit: _Visit) -> _Shown:
        """What the page, or the picture at its address, shows of what must be gone."""
        if visit.picture is not None:
            serves = self.target.is_it(visit.picture)[0]
            ref = MediaRef(canonical(visit.facts.final_url), source="page")
            unsure = not serves and self._unsure(ref, visit.facts, visit.picture)
            return _Shown(serves, uncompared=[ref.url] if unsure else [])
        if visit.page is None:
            return _Shown()
        videos = [ref for ref in visit.page.media if is_video(ref)]
        if not self.target.known:
            return _Shown(uncompared=[] if self.target.still else [ref.url for ref in videos])
        refs = [ref for ref in visit.page.media if not is_video(ref)][:_PAGE_MEDIA] + videos[:MOST_VIDEOS]
        left = [] if self.target.still else videos[MOST_VIDEOS:]
        answers = await asyncio.gather(*(self.picture(ref.url) for ref in refs))
        looks = [(ref, facts, one.picture) for ref, (facts, one) in zip(refs, answers, strict=True)]
        found = [ref.url for ref, _, picture in looks if self.target.is_it(picture)[0]]
        left += [ref for ref, facts, one in looks if ref.url not in found and self._unsure(ref, facts, one)]
        missed = any(facts.detail == NOT_LOOKED for _, facts, _ in looks)
        return _Shown(bool(found), found, [ref.url for ref in left], missed)

    def _unsure(self, ref: MediaRef, facts: FetchFacts, picture: Picture) -> bool:
        """Whether it is a video that is there and could not be told from the target."""
        moves = is_video(ref) or picture.clip or "video/" in (picture.mime[:6], facts.mime[:6])
        if self.target.still or not moves or facts.status in (404, 410):
            return False
        return facts.detail == READ_IN_PART or self.target.may_be(picture)

    async def medium(self, asset: AssetRef) -> MediaLook:
        facts, decoded = await self.picture(asset.url)
        matches, distance = self.target.is_it(decoded.picture)
        look = MediaLook(asset.role, facts, decoded.picture, matches, distance, cache_hit(facts.headers))
        if 200 <= facts.status < 300 and facts.mime.startswith("text/") and not matches:
            look = replace(look, wall=await self._wall(asset.url))
        if not look.cache_hit:
            return look
        past = str(URL(asset.url).update_query({"nocache": random_token()}))
        bypass, fresh, _ = await fetch_picture(self.session, self.context, past, self.page)
        return replace(look, bypass_status=bypass.status, bypass_matches=self.target.is_it(fresh.picture)[0])

    async def _wall(self, url: str) -> str:
        """What the page is that stands where a picture was. A door outranks "not found"."""
        page = (await self.visit(url)).page
        if page is None or not page.text:
            return ""
        door = next((wall for wall in page.walls if wall != "not-found"), "")
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


def probe_addresses(url: str) -> list[str]:
    """Two siblings of ``url`` that nobody has asked for: the same shape of address with a random tail (the last path
    segment, or the last query value where the path ends in a slash or the query names the page)."""
    try:
        base = URL(url)
    except (ValueError, TypeError):
        return []
    return [str(_sibling(base)) for _ in range(2)]


def _sibling(base: URL) -> URL:
    token = random_token()
    if base.query:
        pairs = list(base.query.items())
        name, value = pairs[-1]
        pairs[-1] = (name, _shaped(value, token))
        return base.with_query(pairs)
    parts = list(base.raw_parts)
    slash = len(parts) > 1 and parts[-1] == ""
    names = [part for part in parts if part not in ("", "/")]
    if not names:
        return base.with_path("/" + token)
    stem, dot, end = names[-1].rpartition(".")
    shaped = f"{_shaped(stem, token)}.{end}" if dot and stem and len(end) <= 5 else _shaped(names[-1], token)
    return base.with_path("/" + "/".join([*names[:-1], shaped]) + ("/" if slash else ""), encoded=True)


def _shaped(value: str, token: str) -> str:
    """A random value of the kind of ``value``: digits for digits, else a word."""
    if value.isdigit():
        digits = "".join(str(ord(letter) % 10) for letter in token)
        return "9" + digits[: max(8, len(value))]
    return token


def _control(given: str, anchor: str) -> str:
    if given:
        return given
    return str(URL(anchor).origin()) + "/"


def _look(
    visit: _Visit, request: ObserveRequest, siblings: list[_Visit], control: _Visit | None, shown: _Shown = NOTHING
) -> PageLook:
    """A page of which some media were ``missed`` and none is the target was not seen: nothing follows from it."""
    page = visit.page
    if shown.missed and not shown.serves:
        return PageLook(replace(visit.facts, error="internal", detail=NOT_LOOKED))
    if page is None:
        urls = [canonical(visit.facts.final_url)] if visit.picture is not None else []
        return PageLook(visit.facts, media_urls=urls, serves_target=shown.serves, uncompared=shown.uncompared)
    others = [sibling.page for sibling in siblings if sibling.page is not None]
    frame = control.page if control is not None else None
    baseline = request.baseline
    return PageLook(
        facts=visit.facts,
        title=page.title,
        walls=page.walls,
        media_urls=[ref.url for ref in page.media],
        text_shingles=page.text_sketch,
        dom_shingles=page.dom_sketch,
        similar_probe=alike(page, others, frame),
        dom_similar_probe=frames_alike(page, others),
        similar_baseline=estimate(page.text_sketch, baseline.text_shingles) if baseline is not None else -1.0,
        serves_target=shown.serves,
        target_media=shown.media,
        uncompared=shown.uncompared,
    )


async def _elsewhere(request: ObserveRequest, context: Context, anchor: str) -> bool:
    """Whether an unrelated site answers now: the one named, else the one that answered last. None known: no."""
    url = request.elsewhere_url or context.unrelated(anchor)
    if not url:
        return False
    async with context.session(replace(request.limits, total_s=min(10.0, request.limits.total_s))) as session:
        return not (await session.get(url, want="text")).facts.error
