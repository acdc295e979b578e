"""Which enrolled videos a met video, or a single picture, was taken from.

First frame hashes: every usable frame of what was met is looked up among all enrolled frames. A frame alone proves
nothing (title cards, a room that many videos show), so each candidate is then looked at as a whole: ``align``.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

import numpy as np

from efface.vision.hamming import MATCH
from efface.vision.index import PdqIndex
from efface.vision.scan import words
from efface.vision.video.align import Rows, align, distances
from efface.vision.video.model import VideoPrint

Key = TypeVar("Key", bound=Hashable)

LOOKUP = 37
"""Bits at which a frame makes a video a candidate: wider than for a picture, since a copy is sampled at other moments
than the original and wears a logo. What is a match is decided by ``align``."""
_CANDIDATES = 64
_MOST_ASKED = 1_200


@dataclass(frozen=True, slots=True)
class VideoHit(Generic[Key]):
    """An enrolled video that shows in a met one. ``seconds`` of the met video agree, from ``start`` to ``end`` (seconds
    in the met video); ``share_ours`` and ``share_theirs`` (0..1) is how much that is of the enrolled and of the met
    one. Ours at ``offset`` + ``speed`` * t stands in theirs at t. ``distance`` is the median of the agreeing frames'
    distances, bits; ``frames`` how many agree, of ``compared``; ``distinct`` how many of them differ from each
    other."""

    key: Key
    seconds: float
    start: float
    end: float
    share_ours: float
    share_theirs: float
    offset: float
    speed: float
    mirrored: bool
    distance: float
    frames: int
    distinct: int
    compared: int


@dataclass(frozen=True, slots=True)
class PictureHit(Generic[Key]):
    """An enrolled video of which a picture shows one frame, at ``seconds``; ``distance`` in bits; ``view`` which of
    the picture's hashes it was."""

    key: Key
    seconds: float
    distance: int
    view: int


class VideoIndex(Generic[Key]):
    """Enrolled videos by key. An entry counts from the moment ``add`` returns and no longer from the moment ``remove``
    returns. All methods may be called from several threads. About 100 bytes a frame."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: PdqIndex[Key] = PdqIndex()
        self._rows: dict[Key, Rows] = {}

    def __len__(self) -> int:
        """Number of videos."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def add(self, key: Key, video: VideoPrint) -> int:
        """``key`` stands for exactly ``video`` from now on. The number of its frames that can be matched: 0 where all
        are blank or flat."""
        rows = enrolled_rows(video)
        hashes = list(dict.fromkeys(value for row in rows.words for value in [row.astype(">u8").tobytes().hex()]))
        with self._lock:
            self._frames.add(key, hashes)
            self._rows[key] = rows
        return len(hashes)

    def remove(self, key: Key) -> bool:
        """Forgets ``key``; False where it was not there."""
        with self._lock:
            self._frames.remove(key)
            return self._rows.pop(key, None) is not None

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._frames.clear()
            self._rows = {}

    def query(self, video: VideoPrint) -> list[VideoHit[Key]]:
        """The enrolled videos that show in ``video``, most agreeing seconds first."""
        telling = video.telling
        asked = telling[:: 1 + len(telling) // _MOST_ASKED]
        counted: Counter[Key] = Counter()
        for near in self._frames.query([frame.views for frame in asked], LOOKUP):
            counted.update(hit.key for hit in near)
        hits: list[VideoHit[Key]] = []
        for key, _ in counted.most_common(_CANDIDATES):
            rows = self._rows.get(key)
            found = align(video, rows) if rows is not None else None
            if found is not None:
                hits.append(VideoHit(key, **asdict(found)))
        return sorted(hits, key=lambda hit: (-hit.seconds, hit.distance))

    def match_picture(self, hashes: Sequence[str], threshold: int = MATCH) -> list[PictureHit[Key]]:
        """The enrolled videos of which a picture, given as its hashes (usually the eight dihedral ones), shows a
        frame: a screenshot, a poster, a tile of a sprite sheet. Nearest first. Ask only for pictures whose quality
        reaches ``LOW_QUALITY``. Raises ``ValueError`` if a hash is malformed."""
        found: list[PictureHit[Key]] = []
        for hit in self._frames.query([list(hashes)], threshold)[0]:
            rows = self._rows.get(hit.key)
            if rows is None:
                continue
            row = int(np.argmin(distances(words([hashes[hit.view]]), rows.words)[0]))
            found.append(PictureHit(hit.key, round(float(rows.seconds[row]), 2), hit.distance, hit.view))
        return found


def enrolled_rows(video: VideoPrint) -> Rows:
    """The hashes that an enrolled video is found by: of usable frames, plain and without bars and logos."""
    times: list[float] = []
    hashes: list[str] = []
    for frame in video.telling:
        for value in dict.fromkeys(value for value in (frame.pdq, frame.clean) if value):
            times.append(frame.seconds)
            hashes.append(value)
    return Rows(np.array(times, np.float64), words(hashes), video.duration)
