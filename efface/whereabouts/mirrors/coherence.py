"""What a value says of its holders: not by how many there are, but by whether they agree on anything else.

An id of a stolen theme has hundreds of holders who share nothing else; an operator's id has holders who also show the
same albums, or stand in one certificate. So the holders of a value fall into parts of those who agree, and the value
tells that two sites are one operator's only within a part.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.chance import step
from efface.whereabouts.mirrors.holdings import Held, Holdings
from efface.whereabouts.mirrors.kinds import kind_of

T = TypeVar("T")
RARE = 12
"""A value with no more holders is rare: that two sites agree on it is no accident."""
CROWD = 48
"""Of a value with more holders a sample is looked at first."""
SAMPLE = 48
TOGETHER, LIFT = 6, 10.0
"""A value that is not rare ties holders where at least so many of them have it, so many times more than chance says."""
PART = 0.25
"""A part is one only where at least so many of all holders are in it: among hundreds, some two always agree on
something."""
SMALLEST_WORLD = chance.WHOLE
TIED = 0.75
"""So far beyond chance must albums be to tie two of some holders (``chance.beyond_chance``): fewer pairs are looked at
than there are in the world."""
ALL_PAIRS = 16
NEIGHBOURS = 6
"""Within a part of more than ``ALL_PAIRS`` each site is compared with so many on each side: the part stays in one
piece, and the work grows with the sites and not with their pairs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``part`` maps a holder to the lowest name in its part; holders without a part agree with nobody. ``common``:
    many holders, and hardly any two agree; where a ``sample`` of them told, nothing but the sample decided. In a
    ``small`` world (``chance``) that a value has two holders says little, and what anybody can copy bears out nothing
    that anybody can copy."""

    holders: int = 0
    part: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    loose: tuple[str, ...] = ()
    common: bool = False
    sample: frozenset[str] = frozenset()
    small: bool = False

    def together(self, one: str, other: str) -> bool:
        """Whether the value counts in full between two of its holders."""
        if self.holders == 2 and not self.small:
            return True
        part = self.part.get(one)
        return part is not None and part == self.part.get(other)

    def near(self, site: str) -> Iterable[str]:
        """The holders that ``site`` is to be compared with because of this value (symmetric)."""
        if self.loose:
            return self.loose
        part = self.part.get(site)
        if part is None:
            return ()
        members = self.members[part]
        if len(members) <= ALL_PAIRS:
            return members
        place, size = bisect_left(members, site), len(members)
        return [members[(place + step) % size] for step in range(-NEIGHBOURS, NEIGHBOURS + 1)]


def crowd(number: int) -> int:
    """Numbers of holders of one thing between which the judgement of another makes no difference."""
    return 0 if number <= RARE else step(number)


def still(value: str, was: Judged, site: str, holdings: Holdings) -> Judged | None:
    """The judgement after ``site`` came or went or changed, where the sample that told it does not tell otherwise; None
    where the value is to be judged anew."""
    if not was.sample or site in was.sample:
        return None
    holders = holdings.holders(value)
    last = max(draw(value, one) for one in was.sample)
    if len(holders) <= CROWD or (site in holders and draw(value, site) < last):
        return None
    return replace(was, holders=len(holders))


def judge(value: str, holdings: Holdings) -> Judged:
    holders = holdings.holders(value)
    number = len(holders)
    kind = kind_of(value)
    if number < 2 or kind.weak:
        return Judged(number)
    small = chance.small(holdings.population)
    if number == 2 and not small:
        return Judged(2, loose=tuple(sorted(holders)))
    if number > CROWD:
        sample = sorted(heapq.nsmallest(SAMPLE, holders, key=lambda site: draw(value, site)))
        ties = _ties(value, kind.witness, sample, holdings)
        if not _parts(ties, SAMPLE * PART / 2)[0]:
            return Judged(number, common=True, sample=frozenset(sample), small=small)
    ties = _ties(value, kind.witness, sorted(holders), holdings)
    part, members = _parts(ties, max(2.0, number * PART))
    loose = tuple(sorted(holders)) if number <= RARE else ()
    return Judged(number, part, members, loose, common=number > RARE and 2 * len(part) < number, small=small)


@lru_cache(maxsize=200_000)
def draw(value: str, site: str) -> bytes:
    return blake2b(f"{value}\n{site}".encode(), digest_size=8).digest()


def _ties(value: str, witness: str, holders: list[str], holdings: Holdings) -> list[tuple[str, str]]:
    """Pairs of holders that agree on something else; enough of them to tell the parts."""
    known = [(site, holdings.get(site)) for site in holders]
    if chance.small(holdings.population):
        return _ties_beyond_chance(value, witness, known, holdings)
    others = _held_by_several([(site, held.values) for site, held in known])
    others.pop(value, None)
    pictures = _held_by_several([(site, held.pictures.keys()) for site, held in known])
    ties: list[tuple[str, str]] = []
    world = max(SMALLEST_WORLD, step(holdings.population))
    for other, sites in others.items():
        kind = kind_of(other)
        if kind.weak or kind.witness == witness:
            continue
        number = len(holdings.holders(other))
        if number <= RARE or (not kind.copied and _lifted(len(sites), len(holders), number, world)):
            ties += _chain(sites)
    albums: dict[tuple[str, str], set[int]] = defaultdict(set)
    for picture, sites in pictures.items():
        number = len(holdings.showing(picture))
        if len(sites) >= TOGETHER:
            if _lifted(len(sites), len(holders), number, world):
                ties += _chain(sites)
        elif number <= RARE:
            for place, one in enumerate(sites):
                for other_site in sites[place + 1 :]:
                    albums[one, other_site].add(holdings.get(one).pictures[picture])
    return ties + [pair for pair, pages in albums.items() if len(pages) > 1]


def _ties_beyond_chance(
    value: str, witness: str, known: list[tuple[str, Held]], holdings: Holdings
) -> list[tuple[str, str]]:
    """The same in a small world: a stolen theme has few holders there too, and brings id, address and icon along; so
    nothing copied ties what can be copied too, an address on the network is as often a CDN's, and albums tie only where
    there are more of them than strangers have in common."""
    mine = kind_of(value).copied
    ties: list[tuple[str, str]] = []
    for other, sites in _held_by_several([(site, held.values) for site, held in known]).items():
        kind = kind_of(other)
        if other == value or kind.weak or (kind.copied and mine) or kind.witness == witness:
            continue
        number = len(holdings.holders(other))
        certified = kind.family == "certificate" and number <= RARE
        if certified or chance.concentrated(len(sites), len(known), number, holdings.population):
            ties += _chain(sites)
    albums: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for picture, sites in _held_by_several([(site, held.pictures.keys()) for site, held in known]).items():
        number = step(len(holdings.showing(picture)))
        if chance.concentrated(len(sites), len(known), len(holdings.showing(picture)), holdings.population):
            ties += _chain(sites)
        for place, one in enumerate(sites):
            for other_site in sites[place + 1 :]:
                seen = albums[one, other_site]
                album = holdings.get(one).pictures[picture]
                seen[album] = max(seen.get(album, 0), number)
    for (one, other_site), numbers in albums.items():
        fuller = max(len(holdings.get(one).albums), len(holdings.get(other_site).albums))
        if chance.beyond_chance(list(numbers.values()), fuller, holdings.population) >= TIED:
            ties.append((one, other_site))
    return ties


def _held_by_several(sites: list[tuple[str, Set[T]]]) -> dict[T, list[str]]:
    """Things that two or more of these sites hold, with the sites in the order given."""
    once: set[T] = set()
    several: set[T] = set()
    for _site, things in sites:
        several |= once & things
        once |= things
    found: dict[T, list[str]] = defaultdict(list)
    for site, things in sites:
        for thing in several & things:
            found[thing].append(site)
    return dict(found)


def _lifted(together: int, looked_at: int, number: int, world: int) -> bool:
    """Whether ``together`` of ``looked_at`` sites have a thing that ``number`` of all have, far more often than sites
    do by chance."""
    return together >= TOGETHER and together * world >= LIFT * looked_at * step(number)


def _chain(sites: list[str]) -> list[tuple[str, str]]:
    return [(sites[0], other) for other in sites[1:]]


def _parts(ties: list[tuple[str, str]], smallest: float) -> tuple[dict[str, str], dict[str, list[str]]]:
    root: dict[str, str] = {}

    def find(site: str) -> str:
        while root.setdefault(site, site) != site:
            root[site] = root[root[site]]
            site = root[site]
        return site

    for one, other in ties:
        first, second = sorted((find(one), find(other)))
        root[second] = first
    members: dict[str, list[str]] = defaultdict(list)
    for site in sorted(root):
        members[find(site)].append(site)
    members = {name: sites for name, sites in members.items() if len(sites) >= smallest}
    return {site: name for name, sites in members.items() for site in sites}, members
