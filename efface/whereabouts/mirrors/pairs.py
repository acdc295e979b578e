"""Two sites: what they have in common, how much that says, and to which band it brings them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from efface.whereabouts.mirrors.coherence import RARE, Judged
from efface.whereabouts.mirrors.holdings import Held
from efface.whereabouts.mirrors.kinds import FAMILIES, GALLERY, Family, kind_of

Band = Literal["", "lead", "likely", "same"]
TRACE, LEAD, LIKELY = 2.0, 2.5, 4.5
"""Below ``LEAD`` nothing is shown; from ``TRACE`` on it may bear out what other sites show."""
SUPPORT, MOST_SUPPORT = 1.0, 3
"""For each third site that has other things in common with both, at most so many."""
BORNE_OUT = 3
"""So many third sites stand in for a second family."""
STANDS = 2.0
"""What a family must bring to count as one of two that say the same on their own."""
MOST_MEDIA = 6.6
RARITY = ((4, 1.0), (8, 0.7), (16, 0.4), (32, 0.25), (64, 0.15))
"""Most sites that show a picture, and how much of an album's weight it then carries."""
LOOSE = ((4, 0.65), (12, 0.4))
"""Most holders of a value that agree on nothing else, and how much of its weight is left between them."""
WEAK = ((4, 1.0), (12, 0.5))
SHOWN = RARITY[-1][0]
"""A picture on more sites says nothing of them."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``brings`` is the weight of each family in the order of ``FAMILIES``; ``because`` are the values and pictures it
    rests on; ``support`` is how many third sites have other things in common with both."""

    brings: tuple[float, ...]
    because: tuple[str | int, ...]
    support: int = 0

    @property
    def base(self) -> float:
        return sum(self.brings)

    @property
    def total(self) -> float:
        return self.base + SUPPORT * min(self.support, MOST_SUPPORT)

    def brought(self, family: Family) -> float:
        return self.brings[FAMILIES.index(family)]

    @property
    def families(self) -> int:
        """How many families say so on their own."""
        return sum(1 for weight in self.brings if weight >= STANDS)

    @property
    def sound(self) -> float:
        """What nobody can plant on another: the albums, the certificate, the machine."""
        return self.brought("media") + self.brought("certificate") + self.brought("infrastructure")

    @property
    def likely(self) -> bool:
        return self.total >= LIKELY

    @property
    def solid(self) -> bool:
        """Likely, and not by what can be planted or copied alone, nor by one family that no third site bears out."""
        return self.likely and self.sound >= STANDS and (self.support >= BORNE_OUT or self.families > 1)

    @property
    def certain(self) -> bool:
        """Fit for one notice about both: two families on their own, one of them beyond another's reach, borne out by
        third sites or by a third family."""
        return self.solid and self.families > 1 and (self.support > 1 or self.families > 2)


def score(one: str, other: str, first: Held, second: Held, judged: Callable[[str], Judged],
          showing: Callable[[int], int]) -> Edge | None:  # fmt: skip
    """None where it is not even a trace. ``showing`` says how many sites show a picture."""
    best: dict[str, float] = {}
    because: list[str | int] = []
    for value in sorted(first.values & second.values):
        weight = worth(value, judged(value), one, other)
        if weight > 0:
            family = kind_of(value).family
            best[family] = max(best.get(family, 0.0), weight)
            because.append(value)
    shown = albums(first, second, showing)
    if shown:
        best["media"] = min(MOST_MEDIA, GALLERY.weight * sum(rarity for rarity, _picture in shown))
        because += [picture for _rarity, picture in shown]
    if sum(best.values()) < TRACE:
        return None
    return Edge(tuple(round(best.get(family, 0.0), 3) for family in FAMILIES), tuple(because))


def worth(value: str, judged: Judged, one: str, other: str) -> float:
    """What a value that both hold says of these two, in log-odds."""
    kind = kind_of(value)
    if kind.weak:
        return kind.weight * _share(WEAK, judged.holders)
    if judged.together(one, other):
        return kind.weight
    return kind.weight * _share(LOOSE, judged.holders)


def albums(first: Held, second: Held, showing: Callable[[int], int]) -> list[tuple[float, int]]:
    """One picture for each album that both show, the rarest album first, with its rarity. An album counts once on
    either side, however many of its pictures are shared; how rare it is tells the picture in its middle, so that
    neither a banner among them nor one that few have seen decides."""
    common = first.pictures.keys() & second.pictures.keys()
    if not common:
        return []
    spread: dict[tuple[int, int], float] = {}
    ranked = []
    for picture in common:
        here, there = first.pictures[picture], second.pictures[picture]
        if (here, there) not in spread:
            spread[here, there] = _share(RARITY, max(_middle(first.albums[here], showing), _middle(second.albums[there], showing)))
        ranked.append((-min(spread[here, there], _share(RARITY, showing(picture))), picture, here, there))
    seen: set[int] = set()
    met: set[int] = set()
    found = []
    for rarity, picture, here, there in sorted(ranked):
        if rarity < 0 and here not in seen and there not in met:
            seen.add(here)
            met.add(there)
            found.append((-rarity, picture))
    return found


def _middle(album: tuple[int, ...], showing: Callable[[int], int]) -> int:
    return sorted(showing(picture) for picture in album)[len(album) // 2]


def _share(table: tuple[tuple[int, float], ...], number: int) -> float:
    for most, share in table:
        if number <= most:
            return share
    return 0.0


def rung(number: int) -> int:
    """Numbers of holders between which nothing here, and nothing of ``coherence``, tells a difference."""
    for place, most in enumerate((1, 2, 4, 8, RARE, 16, 32, SHOWN)):
        if number <= most:
            return place
    return number.bit_length() + 10 + (number & (number - 1) == 0) * -1
