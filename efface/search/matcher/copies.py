"""Pictures and videos that are enrolled ones, by hash. What is held of them knows fingerprints by id and not whose they
are. May be asked and changed from several threads."""

from __future__ import annotations

import uuid
from base64 import b64decode
from typing import Any

import numpy as np

from efface.search.matcher.hits import Hit, Shown
from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH
from efface.vision.index import PdqIndex
from efface.vision.scan import Words
from efface.vision.video import VideoIndex, VideoPrint
from efface.vision.video.index import enrolled_rows

_UNDONE_BY = {"rotate-90-left": "rotate-90-right", "rotate-90-right": "rotate-90-left"}
MIRRORED = "flip-horizontal"
STRONG_SECONDS = 5.0
STRONG_FRAMES = 4
MOST_SINGLE = 400
"""Seconds of a video, and frames different from each other, that must agree for a strong hit."""


def turned(view: int) -> str:
    """What was done to the enrolled picture to give the one met, of which view number ``view`` looks like it."""
    return _UNDONE_BY.get(DIHEDRAL[view], DIHEDRAL[view])


def hit_of(fingerprint: uuid.UUID, kind: str, score: float, threshold: float, strong: bool, **more: Any) -> Hit:
    return Hit("", "", str(fingerprint), 0, kind, score, threshold, strong, **more)


def picture_hit(fingerprint: uuid.UUID, distance: int, view: str, *, exact: bool, part: bool = False) -> Hit:
    """A picture that is an enrolled one, ``view`` of it, by ``distance`` bits. ``part``: it is one frame of something
    that may show other pictures too; that is never strong."""
    return hit_of(
        fingerprint, "pdq", float(distance), float(MATCH), exact or not part, strong_at=float(MATCH), view=view,
        exact=exact,
    )  # fmt: skip


def still_hit(fingerprint: uuid.UUID, view: str) -> Hit:
    """A picture that is a frame of an enrolled video. One frame may be the title card that many videos share: it is
    never strong."""
    return hit_of(fingerprint, "video", 0.0, 0.0, False, strong_at=STRONG_SECONDS, view=view)


class Pictures:
    """PDQ hashes, and the digests of the files they are of."""

    def __init__(self) -> None:
        self._index: PdqIndex[uuid.UUID] = PdqIndex()
        self._files: dict[str, set[uuid.UUID]] = {}
        self._file_of: dict[uuid.UUID, str] = {}

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        self._index.add(fingerprint, [value["pdq"][0]])
        file = str(value.get("sha256") or "")
        if file:
            self._files.setdefault(file, set()).add(fingerprint)
            self._file_of[fingerprint] = file

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)
        file = self._file_of.pop(fingerprint, "")
        owners = self._files.get(file)
        if owners is not None:
            owners.discard(fingerprint)
            if not owners:
                del self._files[file]

    def near(self, shown: Shown, clip: VideoPrint | None) -> list[Hit]:
        """For each enrolled picture the nearest view of this one, or the nearest frame. Raises ``ValueError``."""
        exact = set(self._files.get(shown.sha256, ())) if shown.sha256 else set()
        near: dict[uuid.UUID, tuple[int, str]] = dict.fromkeys(exact, (0, DIHEDRAL[0]))
        parts: set[uuid.UUID] = set()
        if shown.pdq and shown.quality >= LOW_QUALITY:
            for hit in self._index.query([shown.pdq[: len(DIHEDRAL)]], MATCH)[0]:
                near.setdefault(hit.key, (hit.distance, turned(hit.view)))
        if clip is not None:
            parts = set(near)
            frames = [frame.views for frame in clip.telling]
            for views, hits in zip(frames, self._index.query(frames, MATCH), strict=True):
                for hit in hits:
                    view = MIRRORED if 2 * hit.view >= len(views) > 1 else DIHEDRAL[0]
                    if hit.key not in near or hit.distance < near[hit.key][0]:
                        near[hit.key] = hit.distance, view
                        parts.add(hit.key)
        return [
            picture_hit(key, distance, view, exact=key in exact, part=key in parts)
            for key, (distance, view) in near.items()
        ]


class Videos:
    """Clips."""

    def __init__(self) -> None:
        self._index: VideoIndex[uuid.UUID] = VideoIndex()
        self._clips: dict[uuid.UUID, VideoPrint] = {}

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        clip = VideoPrint.from_bytes(b64decode(value["clip"], validate=True))
        if not self._index.add(fingerprint, clip):
            raise ValueError("no frame of it can be compared")
        self._clips[fingerprint] = clip

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)
        self._clips.pop(fingerprint, None)

    def frames(self) -> tuple[Words, list[uuid.UUID]]:
        """Hashes of all frames, (n, 4), and whose each is."""
        rows = {fingerprint: enrolled_rows(clip).words for fingerprint, clip in self._clips.items()}
        owners = [fingerprint for fingerprint, words in rows.items() for _ in words]
        return np.concatenate([np.empty((0, 4), np.uint64), *rows.values()]), owners

    def near(self, shown: Shown, clip: VideoPrint | None) -> list[Hit]:
        """Enrolled videos that run along in this one, or of which this picture is a frame. Raises ``ValueError``."""
        if not len(self._index):
            return []
        if clip is None:
            if not shown.pdq or shown.quality < LOW_QUALITY:
                return []
            stills = self._index.match_picture(shown.pdq[: len(DIHEDRAL)], MATCH)
            return [still_hit(still.key, turned(still.view)) for still in stills]
        found = [
            hit_of(
                hit.key, "video", round(hit.seconds, 1), 0.0,
                hit.seconds >= STRONG_SECONDS and hit.distinct >= STRONG_FRAMES, strong_at=STRONG_SECONDS,
                view=MIRRORED if hit.mirrored else DIHEDRAL[0], seconds=[round(hit.start, 1), round(hit.end, 1)],
                share=round(hit.share_theirs, 3),
            )  # fmt: skip
            for hit in self._index.query(clip)
        ]
        return found or self._single(clip)

    def _single(self, clip: VideoPrint) -> list[Hit]:
        """Enrolled videos of which single frames stand here: a sheet of thumbnails, a slide show, a very short cut."""
        frames = [frame.pdq for frame in clip.telling[:MOST_SINGLE]]
        keys = dict.fromkeys(still.key for value in frames for still in self._index.match_picture([value]))
        return [still_hit(key, DIHEDRAL[0]) for key in keys]


