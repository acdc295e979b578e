"""Two sites: what they have in common, how much that says, and to which band it brings them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.coherence import Judged
from efface.whereabouts.mirrors.holdings import Held
from efface.whereabouts.mirrors.kinds import FAMILIES, GALLERY, WITNESS, Family, kind_of

Band = Literal["", "lead", "likely", "same"]
Lack = Literal["second", "sound", "third", "few"]
"""A second kind of evidence; one that nobody can plant or copy; third sites that bear it out; enough known sites."""
TRACE, LEAD, LIKELY = 2.0, 2.5, 4.5
"""Below ``LEAD`` nothing is shown; from ``TRACE`` on it may bear out what other sites show."""
SUPPORT, MOST_SUPPORT = 1.0, 3
"""For each third site that has other things in common with both, at most so many."""
SOUND: tuple[Family, ...] = ("media", "certificate", "infrastructure")
MACHINE = FAMILIES.index("infrastructure")
BORNE_OUT = 3
"""So many third sites stand in for a second family."""
ALONE = 6.0
"""So much from one family (three albums that hardly anybody else has) needs nobody to bear it out."""
STANDS = 2.0
"""What a family must bring to count as one of two that say the same on their own."""
MOST_MEDIA = 6.6
RARITY = ((4, 1.0), (8, 0.7), (16, 0.4), (32, 0.25), (64, 0.15))
"""Most sites that show a picture, and how much of an album's weight it then carries."""
LOOSE = ((4, 0.65), (12, 0.4))
"""Most holders of a value that agree on nothing else, and how much of its weight is left between them."""
WEAK = ((4, 1.0), (12, 0.5))
FEW_KNOWN = 0.55
"""What is left at most of a value's weight in a small world where nothing bears out that its holders belong together:
a lead, and no more."""
SMALL_STANDS, SMALL_SOUND = 3.0, 4.0
"""In a small world: what a family must bring to count on its own, and what must be beyond others' reach."""
SHOWN = RARITY[-1][0]
"""A picture on more sites says nothing of them."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``brings`` is the weight of each family in the order of ``FAMILIES``, ``base`` their sum; ``because`` are the
    values and pictures it rests on; ``sound`` is what nobody can plant on another: the albums, the certificate, the
    machine; ``families`` is how many say so on their own; ``support`` how many third sites, up to
    ``MOST_SUPPORT``, have other things in common with both, which in a ``small`` world strangers have too."""

    brings: tuple[float, ...]
    because: tuple[str | int, ...]
    base: float
    sound: float
    families: int
    support: int = 0
    small: bool = False

    @property
    def total(self) -> float:
        if self.small:
            return self.base
        return self.base + SUPPORT * min(self.support, MOST_SUPPORT)

    @property
    def likely(self) -> bool:
        return self.total >= LIKELY

    @property
    def solid(self) -> bool:
        """Likely, and not by what can be planted or copied alone, nor by one family that no third site bears out."""
        if self.small:
            return self.families > 1 or self.sound >= ALONE
        if self.sound <= self.brings[MACHINE] and not (self.support or self.families > 2):
            # One machine has many tenants, and a few of them may have copied the same page.
            return False
        return self.likely and self.sound >= STANDS and (
            self.support >= BORNE_OUT or self.families > 1 or self.base >= ALONE
        )

    @property
    def certain(self) -> bool:
        """Fit for one notice about both: two families on their own, one of them beyond another's reach, borne out by
        third sites or by a third family. Albums are never both: strangers repost them."""
        if self.small:
            return self.families > 1 and self.sound >= SMALL_SOUND
        return self.solid and self.families > 1 and (self.support > 1 or self.families > 2)

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What is missing for one notice about both; nothing where they are ``certain``."""
        if self.certain:
            return ()
        wanting: list[Lack] = []
        if self.families < 2:
            wanting.append("second")
        if self.sound < (SMALL_SOUND if self.small else STANDS):
            wanting.append("sound")
        if self.small:
            wanting.append("few")
        elif self.support < 2 and self.families < 3:
            wanting.append("third")
        return tuple(wanting)

    @property
    def band(self) -> Band:
        if not self.likely:
            return "lead" if self.total >= LEAD else ""
        return "same" if self.certain else "likely"

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        return self.likely, self.solid, self.certain


def edge(brings: Mapping[str, float], because: Iterable[str | int], small: bool = False) -> Edge:
    """An edge by what each family brings. Rounded, so that no order of adding makes a difference."""
    stands = SMALL_STANDS if small else STANDS
    rounded = {family: round(brings.get(family, 0.0), 3) for family in FAMILIES}
    return Edge(
        tuple(rounded.values()), tuple(because), round(sum(rounded.values()), 3),
        round(sum(rounded[family] for family in SOUND), 3),
        len({WITNESS.get(family, family) for family, weight in rounded.items() if weight >= stands}),
        small=small,
    )  # fmt: skip


Rarities = tuple[int, ...]
"""Of the albums of a site, by their numbers: how many sites show each, as far as it makes a difference."""


def score(
    one: str,
    other: str,
    first: Held,
    second: Held,
    judged: Callable[[str], Judged],
    rarities: Callable[[str], Rarities],
    showing: Callable[[int], int],
    population: int,
) -> Edge | None:
    """None where it is not even a trace. ``rarities`` are those of a site's albums; ``showing`` says how many sites
    show a picture."""
    best: dict[str, float] = {}
    because: list[str | int] = []
    for value in sorted(first.values & second.values):
        weight = worth(value, judged(value), one, other, population)
        if weight > 0:
            family = kind_of(value).family
            best[family] = max(best.get(family, 0.0), weight)
            because.append(value)
    common = [picture for picture in first.pictures.keys() & second.pictures.keys() if showing(picture) <= SHOWN]
    shown = _shared(common, first, second, rarities(one), rarities(other), showing) if common else []
    if shown:
        best["media"] = _albums(shown, max(len(first.albums), len(second.albums)), population)
        because += [picture for _holders, picture in shown]
    if sum(best.values()) < TRACE:
        return None
    return edge(best, because, chance.small(population))


def _albums(shown: list[tuple[int, int]], most: int, population: int) -> float:
    """What common albums bring, by how many sites show each."""
    if chance.small(population):
        return min(2 * MOST_MEDIA, ALONE * chance.beyond_chance([holders for holders, _one in shown], most, population))
    return min(MOST_MEDIA, GALLERY.weight * sum(_share(RARITY, holders) for holders, _one in shown))


def worth(value: str, judged: Judged, one: str, other: str, population: int) -> float:
    """What a value that both hold says of these two, in log-odds."""
    kind = kind_of(value)
    if kind.weak:
        return kind.weight * _share(WEAK, chance.unseen(top(judged.holders), population))
    if judged.together(one, other):
        return kind.weight
    if judged.small:
        return kind.weight * min(FEW_KNOWN, _share(LOOSE, judged.holders))
    return kind.weight * _share(LOOSE, judged.holders)


def _shared(
    common: Iterable[int], first: Held, second: Held, here: Rarities, there: Rarities, showing: Callable[[int], int]
) -> list[tuple[int, int]]:
    """One picture for each album that both show, the rarest album first, with how many show it. An album counts once on
    either side, however many of its pictures are shared, and is no rarer than the picture that shows it."""
    ranked = []
    for picture in common:
        one, other = first.pictures[picture], second.pictures[picture]
        holders = max(here[one], there[other], top(showing(picture)))
        if holders <= SHOWN:
            ranked.append((holders, picture, one, other))
    seen: set[int] = set()
    met: set[int] = set()
    found = []
    for holders, picture, one, other in sorted(ranked):
        if one not in seen and other not in met:
            seen.add(one)
            met.add(other)
            found.append((holders, picture))
    return found


def rarities(held: Held, showing: Callable[[int], int]) -> Rarities:
    """How rare each album of a site is: as rare as the picture in its middle, so that neither a banner among them nor a
    picture that few have seen decides."""
    return tuple(top(sorted(showing(picture) for picture in album)[len(album) // 2]) for album in held.albums)


def _share(table: tuple[tuple[int, float], ...], number: int) -> float:
    for most, share in table:
        if number <= most:
            return share
    return 0.0


def rung(number: int) -> int:
    """Numbers of holders between which no weight here makes a difference."""
    return bisect_left(_RUNGS, number)


def top(number: int) -> int:
    """The most that makes no difference to ``number``; above ``SHOWN`` whatever is more."""
    place = rung(number)
    return _RUNGS[place] if place < len(_RUNGS) else SHOWN + 1


_RUNGS = sorted({2, *(most for table in (RARITY, LOOSE, WEAK) for most, _share_ in table)})
