"""Is what is served that which must be gone? By file, by hash, and of a video by its clip, laid beside the one kept.

Absence is concluded from comparing. A video stands at a new address each day where addresses are signed; so one that
was not compared, or not all of it, may be the target: ``may_be``.
"""

from __future__ import annotations

from base64 import b64decode

import numpy as np

from efface.net.protocol import ObserveRequest, Picture
from efface.vision.hamming import MATCH, least_distance
from efface.vision.scan import words
from efface.vision.video import VideoPrint
from efface.vision.video.align import LEAST_FRAMES, Rows, align, distances
from efface.vision.video.index import enrolled_rows


class Target:
    """What one check looks for."""

    def __init__(self, request: ObserveRequest) -> None:
        self.pdq, self.files, self.still = request.pdq, frozenset(request.sha256), request.still
        self._clips = [_rows(clip) for clip in request.clips]

    @property
    def known(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self.pdq or self.files or self._clips)

    def is_it(self, picture: Picture) -> tuple[bool, int]:
        """Whether this is it, and the least PDQ distance (256 where none). One frame is enough, however it is turned:
        what says that it is still there may err on that side."""
        clip = read(picture)
        frames = [value for frame in clip.telling for value in frame.views] if clip else []
        hashes = [*picture.pdq, *frames]
        distance = least_distance(hashes, self.pdq) if hashes else 256
        same = bool(picture.sha256) and picture.sha256 in self.files
        if same or distance <= MATCH:
            return True, 0 if same else distance
        return clip is not None and any(align(clip, rows) for rows in self._clips), distance

    def may_be(self, picture: Picture) -> bool:
        """Whether a video that is not seen to be it may be it all the same: it, or what is kept of the target, could
        not be compared whole, or they share a frame, which proves nothing either way."""
        clip = read(picture)
        if picture.error or clip is None or clip.partial or len(clip.telling) < LEAST_FRAMES:
            return True
        if not self._clips or any(len(rows.seconds) < LEAST_FRAMES for rows in self._clips):
            return True
        met = words([value for frame in clip.telling for value in frame.views])
        return any(bool(np.any(distances(met, rows.words) <= MATCH)) for rows in self._clips)


def read(picture: Picture) -> VideoPrint | None:
    """The frames of a video or animation; None of a picture, and where they cannot be read."""
    try:
        return VideoPrint.from_bytes(b64decode(picture.clip, validate=True)) if picture.clip else None
    except ValueError:
        return None


def _rows(clip: str) -> Rows:
    """What a kept clip is compared by; nothing, where it cannot be read."""
    try:
        return enrolled_rows(VideoPrint.from_bytes(b64decode(clip, validate=True)))
    except ValueError:
        return enrolled_rows(VideoPrint(0.0, ()))
