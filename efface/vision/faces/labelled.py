"""A folder with a folder of photos for each person: what faces are measured and calibrated on.

Embeddings live in memory for the run; nothing is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from efface.vision.faces.found import FaceFound
from efface.vision.models.runtime import Pixels
from efface.vision.pictures import FACE_SIDE, PictureError, read_pixels

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif"}
MAX_BYTES = 64 * 1024 * 1024


class Engine(Protocol):
    """What is asked of ``efface.vision.faces.FaceEngine``."""

    def analyse(self, rgb: Pixels) -> list[FaceFound]: ...


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo of ``person``: its faces, the most central first. That one is taken to be the person, the others to
    be somebody else."""

    person: str
    faces: list[FaceFound]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no picture we read: its name in its folder, and why."""

    person: str
    name: str
    reason: str


def people(folder: Path) -> list[str]:
    """The people in ``folder``: the names of its folders that hold a photo."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and any(_photos(path)))


def pictures(folder: Path) -> Iterator[tuple[str, Pixels | Unread]]:
    """Every photo as ``(person, pixels)``, upright, people and photos in order of their names, or why not."""
    for person in people(folder):
        for path in sorted(_photos(folder / person)):
            try:
                with path.open("rb") as handle:
                    data = handle.read(MAX_BYTES + 1)
                if len(data) > MAX_BYTES:
                    raise PictureError("memory", "larger than 64 MB")
                yield person, read_pixels(data, FACE_SIDE).rgb
            except PictureError as error:
                yield person, Unread(person, path.name, error.reason)
            except OSError as error:
                yield person, Unread(person, path.name, error.strerror or type(error).__name__)


def read(
    folder: Path, engine: Engine, progress: Callable[[int], None] | None = None
) -> tuple[list[Labelled], list[Unread]]:
    """The faces of every photo in ``folder``, and the files that could not be read. ``progress`` is told how many
    photos were looked at. Raises ``OSError`` where the folder itself cannot be read."""
    photos: list[Labelled] = []
    unread: list[Unread] = []
    for person, picture in pictures(folder):
        if isinstance(picture, Unread):
            unread.append(picture)
            continue
        photos.append(Labelled(person, central_first(engine.analyse(picture))))
        if progress is not None:
            progress(len(photos))
    return photos, unread


def central_first(faces: Iterable[FaceFound]) -> list[FaceFound]:
    """The faces by how near the picture's middle they are; a wider face counts as nearer."""

    def off(face: FaceFound) -> float:
        x, y, width, height = face.box
        return math.hypot(x + width / 2 - 0.5, y + height / 2 - 0.5) - width / 2

    return sorted(faces, key=off)


def _photos(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
