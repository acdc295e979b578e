"""What one observation shows, page by page and picture by picture, before anything is concluded from it."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from efface.net.protocol import Baseline, FetchFacts, MediaLook, Observation, PageLook, PathLook
from efface.vision.hamming import MATCH, least_distance

PageKind = Literal[
    "served",  # the target is on it
    "moved",  # the same, but at another address
    "live",  # a page, without the target
    "gone",  # 404 or 410
    "soft",  # a page that says the same as for any address that never was
    "elsewhere",  # forwards to another site, without the target
    "unseen",  # a page of which not all was seen: its scripts write it, or it goes on and on
    "gated", "blocked", "geo", "suspended", "no-domain", "unreachable", "infra",
]  # fmt: skip
MediaKind = Literal[
    "alive",
    "cached",  # served from a cache whose origin says it is gone
    "gone",
    "replaced",  # another picture, compared closely or known to a person
    "unlike",  # another picture, which was not compared closely: it may be a part of it
    "near",  # another picture that resembles it too much to be sure
    "unread",  # a picture that could not be read, or a video that cannot be told from hers
    "gated", "blocked", "geo", "no-domain", "unreachable", "infra",
]  # fmt: skip

UNTOLD = frozenset({"near", "unlike"})
ABSENT = frozenset({"gone", "soft"})
PRESENT = frozenset({"served", "moved", "live"})
FULL = frozenset({"media", "cdn", "page", "segment"})
SIMILAR = 0.8
"""At or above: the page says the same as a page that never was."""
SAME_TEXT = 0.5
"""At or above: the main text is still that of the confirmed finding."""
UNLIKE = 0.25
"""At or below: the main text is another; then half of a never-was page is enough (not-found pages that recommend)."""
SAME_EVERYWHERE = 0.95
"""At or above, in text and frame: the site shows this page for every address."""
NEAR = 80
"""PDQ distance below which a picture that is not the target is still not a stranger (random pairs: 128 +- 8)."""
OBSTACLES = ("served", "moved", "infra", "geo", "blocked", "gated", "no-domain", "suspended", "unreachable",
             "unseen", "elsewhere", "live", "soft", "gone")  # fmt: skip
"""Of two user agents the kind named first here counts: anything that hides outranks any claim of absence."""
HIDING = frozenset(OBSTACLES[2:10])
"""Kinds from which nothing follows about what stands there."""
HOLDS = ("clienthold", "serverhold", "redemptionperiod", "pendingdelete")


def page(observation: Observation, walls_before: frozenset[str]) -> tuple[PageKind, dict[str, str]]:
    """The kind that counts, and the kind each user agent saw."""
    control = observation.control
    ambient = frozenset(control.walls) if control is not None and not control.facts.error else frozenset()
    kinds = {agent: _page(look, observation.probes, walls_before, ambient) for agent, look in observation.pages.items()}
    if not kinds:
        return "infra", {}
    return min(kinds.values(), key=OBSTACLES.index), {agent: str(kind) for agent, kind in sorted(kinds.items())}


def page_from(look: PageLook, observation: Observation, walls_before: frozenset[str]) -> PageKind:
    """The kind of the page as another way out was shown it."""
    return _page(look, observation.probes, walls_before, frozenset())


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
    if look.scripted and _shell(look):
        return "unseen"
    if facts.status in (404, 410):
        return "gated" if (walls & {"login", "paywall"}) - before - ambient else "gone"
    if not 200 <= facts.status < 300:
        return "unreachable"
    if (walls & {"login", "age", "paywall"}) - before:
        return "gated"
    if _soft(look, probes):
        return "soft"
    if _host(facts.final_url or facts.url) != _host(facts.url):
        return "elsewhere"
    return "unseen" if look.cut else "live"


def _shell(look: PageLook) -> bool:
    """The empty frame that scripts fill: the same as when the finding stood in it, as far as that is known."""
    if look.dom_similar_baseline < 0:
        return look.facts.status == 200
    return look.dom_similar_baseline >= SIMILAR


def forwarded(observation: Observation) -> bool:
    """Row 7: the page's address leads on to another."""
    return any(_elsewhere(look.facts) for look in observation.pages.values())


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


def media(look: MediaLook, baseline: Baseline | None = None) -> MediaKind:
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
    if look.usual:
        return "gone"
    if baseline is not None and least_distance(look.picture.pdq[:1], baseline.strangers) <= MATCH:
        return "replaced"
    if look.distance < NEAR:
        return "near"
    if look.picture.clip:
        # Other seconds may have been read than those the finding was kept by: it may be hers all the same.
        return "unread"
    # A part of it, or it with something added, is as far from it as a stranger's picture: hashes do not tell.
    return "replaced" if look.compared else "unlike"


def strangers(observation: Observation, baseline: Baseline | None) -> list[str]:
    """PDQ of the pictures that stand where hers stood and that only a person can tell from it."""
    shown = {one.picture.pdq[0] for one in observation.media if one.picture.pdq and media(one, baseline) in UNTOLD}
    return sorted(shown)


def uncompared(observation: Observation) -> list[str]:
    """Videos of the page, at whatever address, that may be hers: they could not be compared with it."""
    return sorted({url for look in observation.pages.values() for url in look.uncompared})


def control_ok(observation: Observation, walls_before: frozenset[str]) -> bool:
    """Another page of the site was fetched in the same window and is a real page: only then may absence be believed."""
    return observation.elsewhere_ok and real(observation.control, observation.probes, walls_before)


def real(control: PageLook | None, probes: list[PageLook], walls_before: frozenset[str]) -> bool:
    """A page of the site that shows that the site works: no wall, not forwarded to where every address is, and not what
    is shown for every address."""
    if control is None or control.facts.error or control.facts.status != 200:
        return False
    if _elsewhere(control.facts) and (
        _host(control.facts.final_url) != _host(control.facts.url)
        or _shallower(control.facts)
        or any(_same(control.facts.final_url, one.facts.final_url) for one in probes if _answered(one))
    ):
        return False
    if control.dom_similar_probe >= SAME_EVERYWHERE and (
        control.similar_probe >= SAME_EVERYWHERE or _titled_alike(control, probes)
    ):
        return False
    return not _challenged(control.facts) and not (frozenset(control.walls) - {"age"} - walls_before)


def _titled_alike(control: PageLook, probes: list[PageLook]) -> bool:
    """The same title as each address that never existed: of two pages made the same way it is the same page, whatever
    changes in it with every visit."""
    titles = {one.title.strip() for one in probes if _answered(one)}
    return bool(control.title.strip()) and titles == {control.title.strip()}


def telling_control(observation: Observation) -> bool:
    """Whether the control is a page of the same kind as the finding's. A front page works too where every gallery is
    behind a door that says the same for any address."""
    control = observation.control
    return control is not None and all(kin(control.facts.url, look.facts.url) for look in observation.pages.values())


def said_so(observation: Observation) -> bool:
    """Whether the site says in so many words, or by its status, that there is nothing."""
    return all(
        look.facts.status in (404, 410) or "not-found" in look.walls for look in observation.pages.values()
    )  # fmt: skip


def kin(first: str, second: str) -> bool:
    """Whether two addresses of a site are those of pages of one kind: /v/1/name and /v/2/other, but not the front
    page."""
    one, other = urlsplit(first), urlsplit(second)
    if _host(first) != _host(second):
        return False
    if one.query or other.query:
        return one.path == other.path and _keys(one.query) == _keys(other.query)
    mine, theirs = (part.path.strip("/").split("/") for part in (one, other))
    if len(mine) != len(theirs) or not mine[0] or not theirs[0]:
        return False
    return mine[0] == theirs[0] if len(mine) > 1 else _ending(mine[0]) == _ending(theirs[0])


def _keys(query: str) -> set[str]:
    return {pair.partition("=")[0] for pair in query.split("&")}


def _ending(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else ""


def others(observation: Observation, walls_before: frozenset[str]) -> list[PageKind]:
    """The kinds of the finding's further pages."""
    return [_page(look, observation.probes, walls_before, frozenset()) for look in observation.others]


Place = Literal["seen", "absent", "geo", "differs", "useless"]


def place(
    path: PathLook, probes: list[PageLook], before: frozenset[str], baseline: Baseline | None, here: PageKind
) -> Place:
    """What another way out says, beside the kind of page that is shown ``here``: the target is "seen" (which needs no
    control); all of it is "absent"; "geo", or something that "differs"; or nothing that counts."""
    looks = {media(one, baseline) for one in path.media}
    kind = _page(path.page, probes, before, frozenset()) if path.page is not None else "gone"
    if kind in ("served", "moved") or "alive" in looks:
        return "seen"
    if not real(path.control, probes, before):
        return "useless"
    if kind == "geo" or "geo" in looks:
        return "geo"
    if kind in HIDING or looks - {"gone", "replaced", "cached"}:
        return "useless"
    return "absent" if (kind in ABSENT) == (here in ABSENT) else "differs"


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
