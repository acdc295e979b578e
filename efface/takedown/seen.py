"""What one check saw, as a person reads it: each kind of visitor and each place beside the others. Pure, no words."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from efface.net.protocol import Baseline, Observation, PageLook
from efface.takedown import sight

NOBODY = frozenset({"search"})


@dataclass(frozen=True, slots=True)
class View:
    """The page as one visitor was shown it. ``who``: "bot", "browser", "from-site", "from-search", "other" (another
    address of the finding) or "place"; ``where`` the name of the place, or the address. ``kind`` is one of
    ``sight.PageKind``; ``led_to`` where it was forwarded; ``like_never`` and ``like_before``: percent of its text
    that is that of addresses which never were, and of the page as it was confirmed; -1 where it was not compared."""

    who: str
    where: str
    kind: str
    status: int
    error: str
    led_to: str
    walls: tuple[str, ...]
    shows: bool
    like_never: int
    like_before: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A medium of the finding as it was served: ``kind`` is one of ``sight.MediaKind``, ``distance`` in bits (256 where
    there is nothing to compare)."""

    role: str
    url: str
    who: str
    where: str
    kind: str
    status: int
    error: str
    distance: int


@dataclass(frozen=True, slots=True)
class Seen:
    """``control`` is the other page of the site, "" where none was asked for; ``control_ok`` whether it shows that the
    site works. ``useless``: places that could not look."""

    views: tuple[View, ...]
    pieces: tuple[Piece, ...]
    control: str
    control_ok: bool
    elsewhere_ok: bool
    useless: tuple[str, ...]


def seen(observation: Observation, walls_before: frozenset[str], baseline: Baseline | None) -> Seen:
    """``walls_before`` and ``baseline`` as for ``verdict.judge``."""
    here, kinds = sight.page(observation, walls_before)
    views = [_view(agent, "", kinds[agent], look) for agent, look in sorted(observation.pages.items())]
    others = zip(sight.others(observation, walls_before), observation.others, strict=True)
    views += [_view("other", look.facts.url, str(kind), look) for kind, look in others]
    pieces = [_piece(one, one.agent, "", baseline) for one in observation.media]
    useless = []
    for path in observation.paths:
        if sight.place(path, observation.probes, walls_before, baseline, here) == "useless":
            useless.append(path.name)
        if path.page is not None:
            views.append(_view("place", path.name, sight.page_from(path.page, observation, walls_before), path.page))
        pieces += [_piece(one, "place", path.name, baseline) for one in path.media]
    control = observation.control
    return Seen(
        tuple(views), tuple(pieces), control.facts.url if control is not None else "",
        sight.control_ok(observation, walls_before), observation.elsewhere_ok, tuple(useless),
    )  # fmt: skip


def _view(who: str, where: str, kind: str, look: PageLook) -> View:
    facts = look.facts
    led = facts.final_url if facts.final_url and facts.final_url != facts.url else ""
    return View(
        who, where, kind, facts.status, facts.error, led, tuple(look.walls), look.serves_target,
        _percent(look.similar_probe), _percent(look.similar_baseline),
    )  # fmt: skip


def _piece(one: sight.MediaLook, who: str, where: str, baseline: Baseline | None) -> Piece:
    kind = str(sight.media(one, baseline))
    if one.role in NOBODY:
        kind = "listed" if one.matches else "not-listed" if kind in ("unread", "gone", "replaced", "unlike") else kind
    return Piece(one.role, one.facts.url, who, where, kind, one.facts.status, one.facts.error, one.distance)


def _percent(share: float) -> int:
    return round(100 * share) if share >= 0 else -1


def host(url: str) -> str:
    return urlsplit(url).hostname or ""
