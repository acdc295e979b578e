"""Frames in, hashes out; and the few frames worth a closer look. Shared by videos and animated pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from efface.vision import pdq
from efface.vision.hamming import DIHEDRAL
from efface.vision.video import layout
from efface.vision.video.model import FramePrint

Grey = NDArray[np.uint8]
Pixels = NDArray[np.uint8]

_MIRRORED = DIHEDRAL.index("flip-horizontal")
_THUMB = (32, 18)
_BUFFER = 48
"""Frames held before bars and logos are looked for, 150 kB each."""
_NEARLY_SAME = 4
"""Bits within which the hash without bars and logos says nothing new."""
_DULL = 6.0
"""Standard deviation of grey levels under which a frame is not worth a closer look."""


@dataclass(frozen=True, slots=True)
class Still:
    """One frame as pixels: ``rgb`` uint8 (height, width, 3), upright, perhaps smaller than published (``width``,
    ``height``); ``number`` and ``seconds`` as in its ``FramePrint``."""

    number: int
    seconds: float
    rgb: Pixels
    width: int
    height: int


def thumb(grey: Grey) -> NDArray[np.float32]:
    """(18, 32) float32: enough to see whether two frames show the same."""
    return np.asarray(cv2.resize(grey, _THUMB, interpolation=cv2.INTER_AREA), dtype=np.float32)


class Hasher:
    """Hashes frames, first waiting for as many as it takes to tell bars and logos from the picture."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, float, Grey]] = []
        self._layout: layout.Layout | None = None
        self._done: list[FramePrint] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._done)

    def add(self, number: int, seconds: float, grey: Grey) -> None:
        """``grey`` (height, width), longer side ``pdq.LONG_SIDE``."""
        self._waiting.append((number, seconds, grey))
        if self._layout is not None or len(self._waiting) >= _BUFFER:
            self.settle()

    def settle(self) -> None:
        """Hash what waits. The layout found the first time holds for the rest."""
        if self._layout is None:
            self._layout = layout.find([grey for _, _, grey in self._waiting])
        for number, seconds, grey in self._waiting:
            self._done.append(hashed(number, seconds, grey, self._layout))
        self._waiting.clear()

    def finish(self) -> list[FramePrint]:
        """All frames in order of time."""
        self.settle()
        return sorted(self._done, key=lambda frame: frame.seconds)


def hashed(number: int, seconds: float, grey: Grey, look: layout.Layout) -> FramePrint:
    """The record of one frame (height, width)."""
    plain, mirrored, quality = _hashes(grey)
    kept = FramePrint(number, seconds, quality, plain, mirrored)
    if look.is_plain or not plain:
        return kept
    inner = layout.clean(grey, look)
    if min(inner.shape) < pdq.LEAST_SIDE:
        return kept
    clean, clean_mirrored, clean_quality = _hashes(inner)
    if pdq.distance(plain, clean) <= _NEARLY_SAME:
        return kept
    return FramePrint(number, seconds, max(quality, clean_quality), plain, mirrored, clean, clean_mirrored)


def _hashes(grey: Grey) -> tuple[str, str, int]:
    hashes, quality = pdq.fingerprint(grey)
    return hashes[0], hashes[_MIRRORED], quality


class Picker:
    """Keeps the frames that differ most from each other, at most ``most`` of them, as pixels."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: list[tuple[NDArray[np.float32], Still]] = []

    def offer(self, grey: Grey, make: Callable[[], Still]) -> None:
        """``make`` is called, to get the pixels, only if the frame is kept."""
        if self.most < 1 or float(grey.std()) < _DULL:
            return
        look = thumb(grey)
        look = (look - look.mean()) / max(float(look.std()), 1.0)
        away = [float(np.abs(look - other).mean()) for other, _ in self._kept]
        if away and min(away) < 0.12:
            return
        if len(self._kept) < self.most:
            self._kept.append((look, make()))
            return
        place, least = self._closest()
        others = [gap for other, gap in enumerate(away) if other != place]
        if min(others, default=0.0) > least * 1.1:
            self._kept[place] = (look, make())

    def stills(self) -> list[Still]:
        """What was kept, in order of time."""
        return sorted((still for _, still in self._kept), key=lambda still: still.seconds)

    def _closest(self) -> tuple[int, float]:
        """The kept frame that says least beyond another kept one, and how far it is from that; never the first."""
        best = (len(self._kept) - 1, float("inf"))
        for place in range(1, len(self._kept)):
            for other in range(len(self._kept)):
                if other != place:
                    gap = float(np.abs(self._kept[place][0] - self._kept[other][0]).mean())
                    if gap < best[1]:
                        best = (place, gap)
        return best
