"""What sites hold, and who holds a thing: the two maps everything else is worked out from.

A page's pictures are an album. Of each album only the pictures with the lowest digests are kept, so that two sites that
saw different parts of it still keep the same ones, and a site's share of the maps is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from efface.whereabouts.mirrors.kinds import KINDS

OF_AN_ALBUM = 6
MOST_ALBUMS = 60
MOST_VALUES = 200
FURNITURE = 3
"""A picture on so many pages of one site belongs to the site's frame, not to an album."""


@dataclass(frozen=True, slots=True)
class Held:
    """``values`` are "kind:value"; ``pictures`` maps the digest of a picture to the number of its album in
    ``albums``."""

    values: frozenset[str] = frozenset()
    pictures: Mapping[int, int] = field(default_factory=dict)
    albums: tuple[tuple[int, ...], ...] = ()


NOTHING = Held()


def hold(values: Iterable[str], albums: Iterable[Iterable[int]] = ()) -> Held:
    """Values of unknown kinds are left out, and so are albums of one picture and what stands in a site's frame. The
    order of ``albums`` says nothing; lists of thumbnails are no albums and are not to be given."""
    known = sorted(value for value in set(values) if value.partition(":")[0] in KINDS)[:MOST_VALUES]
    pages = [frozenset(album) for album in albums]
    times = Counter(picture for page in pages for picture in page)
    kept = sorted(sorted(one for one in page if times[one] < FURNITURE)[:OF_AN_ALBUM] for page in pages)
    chosen = tuple(tuple(album) for album in kept if len(album) > 1)[:MOST_ALBUMS]
    pictures: dict[int, int] = {}
    for number, album in enumerate(chosen):
        for picture in album:
            pictures.setdefault(picture, number)
    return Held(frozenset(known), pictures, chosen)


class Holdings:
    """Both maps, kept in step. ``held`` and ``holders`` may be given as mappings that fetch what is asked for from
    where it is stored; ``population`` is then how many sites there are."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.of_value: dict[str, set[str]] = {}
        self.of_picture: dict[int, set[str]] = {}

    @property
    def population(self) -> int:
        return len(self.held)

    def __contains__(self, site: str) -> bool:
        return site in self.held

    def get(self, site: str) -> Held:
        return self.held.get(site, NOTHING)

    def holders(self, value: str) -> set[str]:
        return self.of_value.get(value, set())

    def showing(self, picture: int) -> set[str]:
        return self.of_picture.get(picture, set())

    def replace(self, site: str, new: Held) -> None:
        old = self.held.get(site, NOTHING)
        for value in old.values - new.values:
            self.of_value[value].discard(site)
        for value in new.values - old.values:
            self.of_value.setdefault(value, set()).add(site)
        for picture in old.pictures.keys() - new.pictures.keys():
            self.of_picture[picture].discard(site)
        for picture in new.pictures.keys() - old.pictures.keys():
            self.of_picture.setdefault(picture, set()).add(site)
        self.held[site] = new
