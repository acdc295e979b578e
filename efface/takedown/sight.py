"""What one observation shows, page by page and picture by picture, before anything is concluded from it."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from efface.net.protocol import FetchFacts, MediaLook, Observation, PageLook

PageKind = Literal[
    "served",  # the target is on it
    "moved",  # the same, but at another address
    "live",  # a page, without the target
    "gone",  # 404 or 410
    "soft",  # a page that says the same as for any address that never was
    "elsewhere",  # forwards to another site, without the target
    "gated", "blocked", "geo", "suspended", "no-domain", "unreachable", "infra",
]  # fmt: skip
MediaKind = Literal[
    "alive",
    "cached",  # served from a cache whose origin says it is gone
    "gone",
    "replaced",  # another picture
    "near",  # another picture that resembles it too much to be sure
    "unread",  # a picture that could not be read, or a video that cannot be told from hers
    "gated", "blocked", "geo", "no-domain", "unreachable", "infra",
]  # fmt: skip

ABSENT = frozenset({"gone", "soft"})
PRESENT = frozenset({"served", "moved", "live"})
FULL = frozenset({"media", "cdn", "page"})
SIMILAR = 0.8
"""At or above: the page says the same as a page that never was."""
SAME_TEXT = 0.5
"""At or above: the main text is still that of the confirmed finding."""
UNLIKE = 0.25
"""At or below: the main text is another; then half of a never-was page is enough (not-found pages that recommend)."""
NEAR = 80
"""PDQ distance below which a picture that is not the target is still not a stranger (random pairs: 128 +- 8)."""
OBSTACLES = ("served", "moved", "infra", "geo", "blocked", "gated", "no-domain", "suspended", "unreachable",
             "elsewhere", "live", "soft", "gone")  # fmt: skip
"""Of two user agents the kind named first here counts: anything that hides outranks any claim of absence."""
HOLDS = ("clienthold", "serverhold", "redemptionperiod", "pendingdelete")


def page(observation: Observation, walls_before: frozenset[str]) -> tuple[PageKind, dict[str, str]]:
    """The kind that counts, and the kind each user agent saw."""
    control = observation.control
    ambient = frozenset(control.walls) if control is not None and not control.facts.error else frozenset()
    kinds = {agent: _page(look, observation.probes, walls_before, ambient) for agent, look in observation.pages.items()}
    if not kinds:
        return "infra", {}
    return min(kinds.values(), key=OBSTACLES.index), {agent: str(kind) for agent, kind in sorted(kinds.items())}


def disagree(kinds: dict[str, str]) -> bool:
    """One user agent is shown a page where the other is told that there is none."""
    seen = set(kinds.values())
    return bool(seen & PRESENT) and bool(seen & ABSENT)


def _page(look: PageLook, probes: list[PageLook], before: frozenset[str], ambient: frozenset[str]) -> PageKind:
    facts, walls = look.facts, frozenset(look.walls)
    trouble = _trouble(facts)
    if trouble is not None:
        return trouble
    if look.serves_target and (200 <= facts.status < 300 or facts.status in (404, 410)):
        # Whatever number it carries: a page that shows the picture is a page that shows the picture.
        return "moved" if _elsewhere(facts) else "served"
    if facts.status == 451 or "geo" in walls:
        return "geo"
    if _challenged(facts) or "challenge" in walls or facts.status == 429:
        return "blocked"
    if facts.status >= 500:
        return "unreachable"
    if walls & {"suspended", "parked"}:
        return "suspended"
    if facts.status in (401, 402, 403, 407):
        return "gated"
    if facts.status in (404, 410):
        return "gated" if (walls & {"login", "paywall"}) - before - ambient else "gone"
    if not 200 <= facts.status < 300:
        return "unreachable"
    if (walls & {"login", "age", "paywall"}) - before:
        return "gated"
    if _soft(look, probes):
        return "soft"
    return "elsewhere" if _host(facts.final_url or facts.url) != _host(facts.url) else "live"


def _soft(look: PageLook, probes: list[PageLook]) -> bool:
    """Says "not found" with 200, or forwards to the front page or a listing, or equals both pages that never were."""
    if look.similar_baseline >= SAME_TEXT:
        return False
    if "not-found" in look.walls:
        return True
    answered = [probe for probe in probes if _answered(probe)]
    if _elsewhere(look.facts):
        return _shallower(look.facts) or any(_same(look.facts.final_url, one.facts.final_url) for one in answered)
    if len(answered) < 2:
        return False
    if 0 <= look.similar_baseline <= UNLIKE and look.similar_probe >= SAME_TEXT:
        return True
    shape = look.dom_similar_probe
    return look.similar_probe >= SIMILAR and (shape < 0 or shape >= SIMILAR)


def _answered(probe: PageLook) -> bool:
    return not probe.facts.error and bool(probe.facts.status) and "challenge" not in probe.walls


def media(look: MediaLook) -> MediaKind:
    facts = look.facts
    trouble = _trouble(facts)
    if trouble is not None:
        return trouble
    if look.matches or look.bypass_matches:
        stale = look.cache_hit and look.bypass_status in (404, 410) and not look.bypass_matches
        return "cached" if stale else "alive"
    if facts.status in (404, 410):
        return "gone"
    if facts.status == 451:
        return "geo"
    if _challenged(facts) or facts.status == 429:
        return "blocked"
    if facts.status in (401, 402, 403, 407):
        return "gated"
    if not 200 <= facts.status < 300:
        return "unreachable"
    if facts.mime.startswith("text/") or look.picture.mime.startswith("text/"):
        # A page at a picture's address may be a door as well as a removal.
        return "gone" if look.wall == "not-found" else "unread"
    if look.picture.error:
        return "unread"
    if look.distance < NEAR:
        return "near"
    # Of a video other seconds may have been read than those the finding was kept by: it may be hers all the same.
    return "unread" if look.picture.clip else "replaced"


def uncompared(observation: Observation) -> list[str]:
    """Videos of the page, at whatever address, that may be hers: they could not be compared with it."""
    return sorted({url for look in observation.pages.values() for url in look.uncompared})


def control_ok(observation: Observation, walls_before: frozenset[str]) -> bool:
    """Another page of the site was fetched in the same window and is a real page: only then may absence be believed."""
    control = observation.control
    if control is None or not observation.elsewhere_ok or control.facts.error or control.facts.status != 200:
        return False
    return not _challenged(control.facts) and not (frozenset(control.walls) - {"age"} - walls_before)


def held(observation: Observation) -> bool:
    """The registry or registrar took the domain out of the DNS."""
    words = {"".join(letter for letter in word.lower() if letter.isalpha()) for word in observation.domain_status}
    return any(hold in words for hold in HOLDS)


def explained(observation: Observation, baseline_urls: list[str]) -> bool:
    """Every picture the page shows is one we looked at, or stood there when the finding was confirmed: so what the
    page serves of the target is what the single looks found, and nothing new."""
    known = {one.facts.url for one in observation.media} | set(baseline_urls)
    return all(url in known for look in observation.pages.values() for url in look.media_urls)


def _trouble(facts: FetchFacts) -> Literal["infra", "no-domain", "unreachable"] | None:
    if facts.error in ("servfail", "internal"):
        return "infra"
    if facts.error == "nxdomain":
        return "no-domain"
    if facts.error:
        return "unreachable"
    return None if facts.status else "infra"


def _challenged(facts: FetchFacts) -> bool:
    return facts.headers.get("cf-mitigated", "").lower() == "challenge"


def _elsewhere(facts: FetchFacts) -> bool:
    return bool(facts.final_url) and not _same(facts.url, facts.final_url)


def _same(first: str, second: str) -> bool:
    """The same page but for scheme, "www." and a final slash."""
    one, other = urlsplit(first), urlsplit(second)
    return (_host(first), one.path.rstrip("/"), one.query) == (_host(second), other.path.rstrip("/"), other.query)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _shallower(facts: FetchFacts) -> bool:
    """Forwarded within the site to its front page or to a folder above."""
    if _host(facts.url) != _host(facts.final_url):
        return False
    before, after = urlsplit(facts.url).path.rstrip("/"), urlsplit(facts.final_url).path.rstrip("/")
    return after == "" or before.startswith(after + "/")
