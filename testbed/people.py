"""Subjects and strangers: whose pictures are looked for, and whose merely stand about.

A gallery folder holds one folder per person. ``others`` and ``groups`` and people with fewer than three photos are
strangers; people with three or more become subjects, those with most photos first.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import skimage

from testbed import pictures
from testbed.pictures import Pixels

SHIPPED = [
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
    "coins.png",
    "motorcycle_left.png",
    "ihc.png",
    "moon.png",
    "horse.png",
]
"""Pictures scikit-image installs that show no person."""

MOST_FACES = 8
ENROLLED = 3
_PHOTOS = {".jpg", ".jpeg", ".png"}


class NoGallery(ValueError):
    """The gallery folder is missing or holds no photo."""


@dataclass(slots=True)
class Person:
    """A subject to be: ``own`` are the pictures on the survivor's device, ``others`` further photos of the same face,
    ``face`` whether it is a face case."""

    name: str
    own: list[Pixels]
    others: list[Pixels] = field(default_factory=list)
    face: bool = False


@dataclass(slots=True)
class Gallery:
    """``groups`` pairs a photo with the positions in ``people`` of the subjects its file name tells of."""

    people: list[Person]
    strangers: list[Pixels]
    groups: list[tuple[Pixels, list[int]]]


def _photos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in _PHOTOS)


def _folders(root: Path) -> list[Path]:
    """Folders with photos, in ``root`` or one level further down (a set of sets)."""
    if not root.is_dir():
        raise NoGallery(f"no such folder: {root}")
    here = sorted(path for path in root.iterdir() if path.is_dir())
    found = [path for path in here if _photos(path)]
    for path in here:
        if path not in found:
            found += sorted(inner for inner in path.iterdir() if inner.is_dir() and _photos(inner))
    if not found:
        raise NoGallery(f"no photos below {root}")
    return found


def _read(path: Path) -> Pixels:
    return pictures.fit(pictures.read(path.read_bytes()), 900)


def read_gallery(root: Path, rng: Random, most_strangers: int = 120) -> Gallery:
    """Read a gallery. Raises ``NoGallery``."""
    crowds: list[Path] = []
    people: list[tuple[Path, list[Path]]] = []
    strangers: list[Path] = []
    for folder in _folders(root):
        photos = _photos(folder)
        if folder.name == "groups":
            crowds += photos
        elif folder.name == "others" or len(photos) < ENROLLED:
            strangers += photos
        else:
            people.append((folder, photos))
    rng.shuffle(people)
    people.sort(key=lambda entry: -len(entry[1]))
    chosen, rest = people[:MOST_FACES], people[MOST_FACES:]
    chosen.sort(key=lambda entry: entry[0].name)
    strangers += [photos[0] for _, photos in rest]
    rng.shuffle(strangers)
    made = []
    for folder, photos in chosen:
        order = photos[:]
        rng.shuffle(order)
        own = [_read(path) for path in order[:ENROLLED]]
        made.append(Person(folder.name, own, [_read(path) for path in order[ENROLLED : ENROLLED + 3]], True))
    names = [person.name for person in made]
    groups = []
    for path in crowds:
        parts = set(re.split(r"-and-|[-_ ]", path.stem.lower()))
        shown = [index for index, name in enumerate(names) if re.split(r"[-_ ]", name.lower())[-1] in parts]
        groups.append((_read(path), shown))
    return Gallery(made, [_read(path) for path in strangers[:most_strangers]], groups)


def plain_people(count: int, rng: Random, pool: pictures.Pool) -> list[Person]:
    """Subjects of the default world: one or two shipped pictures and generated ones each, two to four in all."""
    folder = Path(skimage.__file__).parent / "data"
    shipped = SHIPPED[:]
    rng.shuffle(shipped)
    turn = itertools.cycle(shipped)
    used: set[str] = set()
    made = []
    for index in range(count):
        own: list[Pixels] = []
        for _ in range(1 + index % 2):
            name = next(turn)
            if name not in used:
                used.add(name)
                pixels = _read(folder / name)
                if pictures.sturdy(pixels) and pool.accept(pixels):
                    own.append(pixels)
        while len(own) < 2 + rng.randrange(3):
            own.append(pool.take(rng.choice([640, 720, 800]), rng.choice([480, 540, 640]), steady=True))
        made.append(Person(f"person-{index}", own[:4]))
    return made
