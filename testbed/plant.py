"""What of a subject's pictures is published, and in which edit."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from testbed import pictures
from testbed.people import Person
from testbed.pictures import Pixels

KINDS = ["exact", "recompressed", "cropped", "mirrored", "screenshot"]
COPY_BITS = 28
"""An exact, recompressed or mirrored copy lies within this PDQ distance of the enrolled picture (in some dihedral
view). Of a cropped copy or a screenshot PDQ knows nothing."""


@dataclass(slots=True)
class Copy:
    """A picture to plant, encoded without its canary. ``picture`` tells copies of one original apart from another's."""

    subject: int
    picture: int
    kind: str
    full: bytes
    thumb: bytes
    width: int
    height: int


def thumb_of(pixels: Pixels) -> bytes:
    return pictures.jpeg(pictures.fit(pixels, 240), 72)


def make(subject: int, picture: int, kind: str, source: Pixels, rng: Random, stored: bytes = b"") -> Copy:
    """One planted copy of ``source``. ``stored`` are the bytes of the enrolled file, which an exact copy repeats.
    A picture PDQ does not know again in a mirror is recompressed instead; ``Copy.kind`` says what was made."""
    if kind == "mirrored":
        pixels = pictures.mirrored(source)
        full = pictures.jpeg(pixels, rng.randrange(70, 91))
        if pictures.distance(source, pictures.read(full)) > COPY_BITS:
            kind = "recompressed"
    if kind == "exact" and stored:
        pixels, full = source, stored
    elif kind == "recompressed":
        for share in (rng.uniform(0.55, 0.8), 0.85, 1.0):
            pixels = pictures.fit(source, max(256, int(max(source.shape[:2]) * share)))
            full = pictures.jpeg(pixels, rng.randrange(30, 61))
            if pictures.distance(source, pictures.read(full)) <= COPY_BITS:
                break
    elif kind == "cropped":
        pixels = pictures.off_centre_crop(source, rng.uniform(0.62, 0.8))
        full = pictures.jpeg(pixels, rng.randrange(60, 91))
    elif kind == "screenshot":
        pixels = pictures.screenshot(source, rng)
        full = pictures.jpeg(pixels, rng.randrange(60, 91))
    elif kind != "mirrored":
        pixels, full = source, pictures.jpeg(source, rng.randrange(70, 91))
    height, width = pixels.shape[:2]
    return Copy(subject, picture, kind, full, thumb_of(pixels), width, height)


def face_views(person: Person, rng: Random) -> list[Pixels]:
    """Photos of the same face that are not the enrolled ones; where there are none, crops of those."""
    if person.others:
        return person.others
    made = []
    for index, pixels in enumerate(person.own):
        crop = pictures.recoloured(pictures.off_centre_crop(pixels, 0.86 + 0.02 * index), rng)
        made.append(pictures.mirrored(crop) if index % 2 else crop)
    return made[:2]
