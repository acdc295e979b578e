"""The copy vector beside the default pipeline, where a copy embedder is installed: the same photos, distractors and
queries.

A vector takes some 50 ms a picture. Beyond ``MOST_EXTRACTED`` distractors the rest is *derived*: the sum of two
extracted ones' vectors, at length one. Its cosines with what is asked spread as a real picture's do. The answer says
how many.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from efface.vision.copyvector import CopyEngine

MOST_EXTRACTED = 2_000
Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectors:
    """What is enrolled: of the photos (None for a blank one), and of the distractors."""

    models: Path
    photos: list[Floats | None]
    distractors: list[Floats]
    extracted: int


@functools.cache
def engine(models: Path) -> CopyEngine:
    """This process's. Raises ``ValueError`` where none is installed."""
    cv2.setNumThreads(1)
    found = CopyEngine.load(models)
    if found is None:
        raise ValueError("no copy embedder is installed")
    return found


def of(models: Path, picture: Picture) -> Floats | None:
    """The vector of one picture."""
    return engine(models).embed([picture])[0]


def extracted(pool: ProcessPoolExecutor, models: Path, pictures: Iterator[Picture]) -> list[Floats | None]:
    """The vectors of many, in order."""
    return list(pool.map(functools.partial(of, models), pictures, chunksize=8))


def filled_up(real: Sequence[Floats], count: int, rng: np.random.Generator) -> list[Floats]:
    """``real`` and as many derived ones as make ``count``."""
    found = list(real[:count])
    if len(real) < 2:
        return found
    while len(found) < count:
        one, other = rng.choice(len(real), 2, replace=False)
        both = real[int(one)] + real[int(other)]
        found.append(np.asarray(both / np.linalg.norm(both), np.float32))
    return found
