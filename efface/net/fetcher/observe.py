"""One verification check: everything the verdict table needs to see, seen in one window.

The page as several kinds of visitors are shown it, two siblings nobody has ever asked for, another live page of the
site, every medium of the finding, and cached copies asked for past the cache; and through each other way out the page,
the other page and the full media once more. Nothing is judged here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from yarl import URL

from efface.net.fetch import Session
from efface.net.fetcher.alike import alike, frames_alike
from efface.net.fetcher.context import Context, site_of
from efface.net.fetcher.looking import NOT_LOOKED, NOTHING, Looking, Shown, Visit, cache_hit
from efface.net.fetcher.siblings import probe_addresses
from efface.net.page.shingles import estimate
from efface.net.page.urls import canonical
from efface.net.protocol import AssetRef, MediaLook, Observation, ObserveRequest, PageLook, PathLook
from efface.net.spacing import Spacing, longer_s

__all__ = ["MEDIA_S", "NOT_LOOKED", "cache_hit", "observe", "probe_addresses"]

MEDIA_ROLES = frozenset({"media", "thumbnail", "poster", "cdn", "segment", "search"})
MEDIA_S = 150.0
"""Seconds after which a check looks at no further media."""
ELSEWHERE_S = 8.0
JUST_NOW_S = 20.0
PATH_S = 60.0
"""The same of what is looked at through another way out."""
MOST_OTHERS = 4
"""Further pages of the finding that are looked at."""
PATH_MEDIA = 8
SEARCH_REFERER = "https://www.google.com/"
"""Where a visitor of the kind "from-search" says that it comes from."""


async def observe(request: ObserveRequest, context: Context) -> Observation:
    """The answer to an ``ObserveRequest``."""
    pages = list(dict.fromkeys(asset.url for asset in request.assets if asset.role == "page"))
    media = [asset for asset in request.assets if asset.role in MEDIA_ROLES]
    anchor = pages[0] if pages else media[0].url if media else ""
    if not anchor:
        return Observation(elsewhere_ok=False)
    control = request.control_url or str(URL(anchor).origin()) + "/"
    target = pages[0] if pages else ""
    spacing = Spacing(request.pace_s, site_of)
    through = asyncio.gather(
        *(_through(one, request, context, target, control, media, spacing) for one in context.guard.paths)
    )
    here, paths = await asyncio.gather(_here(request, context, pages, control, media, anchor, spacing), through)
    return replace(here, paths=list(paths))


async def _here(
    request: ObserveRequest,
    context: Context,
    targets: list[str],
    control_url: str,
    media: list[AssetRef],
    anchor: str,
    spacing: Spacing,
) -> Observation:
    target, began = targets[0] if targets else "", time.monotonic()
    async with context.session(request.limits, spacing=spacing) as session:
        until = asyncio.get_running_loop().time() + MEDIA_S + longer_s(request.pace_s)
        looking = Looking(session, context, request, target, until)
        visits: dict[str, Visit] = {}
        if target:
            visits = {
                "bot": await looking.visit(target, plain=True), "browser": await looking.visit(target, browser=True),
            }  # fmt: skip
            if visits["browser"].rendered:
                # The same empty frame, which says nothing beside what a browser has filled it with.
                del visits["bot"]
        # A site that does not answer is not waited for again and again: nothing is concluded from its siblings.
        answers = not visits or any(not visit.facts.error for visit in visits.values())
        siblings = [await looking.visit(url) for url in probe_addresses(anchor)] if answers else []
        control = await looking.visit(control_url)
        looks = [look for found in await asyncio.gather(*map(looking.medium, media)) for look in found]
        shown = {name: await looking.shows(visit) for name, visit in visits.items()}
        if "bot" in visits and answers and not any(one.serves for one in shown.values()):
            for name, referer in (("from-site", str(URL(target).origin()) + "/"), ("from-search", SEARCH_REFERER)):
                visits[name] = await looking.visit(target, browser=True, referer=referer)
                shown[name] = await looking.shows(visits[name])
        wanted = targets[1:]
        if any(one.serves for one in shown.values()):
            # While it stands there, the page tells where else it stands.
            named = [url for visit in visits.values() if visit.page for url in visit.page.alternates]
            wanted += [url for url in dict.fromkeys(named) if url not in targets and site_of(url) == site_of(target)]
        others = [await looking.visit(url, browser=True) for url in wanted[:MOST_OTHERS]]
        more = [_look(visit, request, siblings, control, await looking.shows(visit)) for visit in others]
    failed = any(visit.facts.error for visit in visits.values()) or any(look.facts.error for look in looks)
    return Observation(
        pages={name: _look(visit, request, siblings, control, shown[name]) for name, visit in visits.items()},
        probes=[_look(visit, request, [], None) for visit in siblings],
        control=_control(control, request, siblings),
        media=looks,
        elsewhere_ok=await _elsewhere(request, context, anchor, began) if failed else True,
        others=more,
    )


async def _through(
    name: str,
    request: ObserveRequest,
    context: Context,
    target: str,
    control_url: str,
    media: Sequence[AssetRef],
    spacing: Spacing,
) -> PathLook:
    """The page, the control and the full media, as they are seen by way of another path."""
    full = [asset for asset in media if asset.role not in ("search", "segment")]
    full.sort(key=lambda asset: asset.role not in ("media", "cdn"))
    async with Session(context.guard.via(name), request.limits, context.agent, spacing=spacing) as session:
        until = asyncio.get_running_loop().time() + PATH_S + longer_s(request.pace_s)
        looking = Looking(session, context, replace(request, looks=False, vectors=False), target, until, renders=False)
        control = await looking.visit(control_url)
        if control.facts.error:
            return PathLook(name, control=_control(control, request, []))
        visit = await looking.visit(target, browser=True) if target else None
        siblings = [await looking.visit(url) for url in probe_addresses(target)] if target else []
        looks: list[MediaLook] = []
        for found in await asyncio.gather(*map(looking.medium, full[:PATH_MEDIA])):
            looks += found
        page = _look(visit, request, siblings, control, await looking.shows(visit)) if visit is not None else None
    return PathLook(name, page, _control(control, request, siblings), looks)


def _control(control: Visit, request: ObserveRequest, siblings: list[Visit]) -> PageLook:
    """The control, beside the siblings that were not forwarded to it."""
    others = [one for one in siblings if one.facts.final_url != control.facts.final_url]
    return _look(control, request, others, None)


def _look(
    visit: Visit, request: ObserveRequest, siblings: list[Visit], control: Visit | None, shown: Shown = NOTHING
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
        dom_similar_baseline=estimate(page.dom_sketch, baseline.dom_shingles) if baseline is not None else -1.0,
        cut=visit.clipped or page.cut or shown.left,
        scripted=page.scripted,
        alternates=page.alternates,
    )


async def _elsewhere(request: ObserveRequest, context: Context, anchor: str, began: float) -> bool:
    """Whether an unrelated site answers now: the one named, else one of those that answered last. None known: no. Where
    one answered somebody else a moment ago, none is asked for it."""
    if not request.elsewhere_url and context.answered_since(anchor, max(began, time.monotonic() - JUST_NOW_S)):
        return True
    async with context.session(replace(request.limits, total_s=min(ELSEWHERE_S, request.limits.total_s))) as session:
        for url in [request.elsewhere_url] if request.elsewhere_url else context.unrelated(anchor):
            if not (await session.get(url, want="text")).facts.error:
                return True
    return False
