"""Where text stands on a picture, and whether a line says a name. Nets of PP-OCR (docs/models.md), none is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from efface.vision.models.manifest import Manifest, optional, own
from efface.vision.models.runtime import Floats, Net, Pixels
from efface.vision.models.store import read_checked

LIKELY = 0.2
"""Belief from which a pixel counts as text. Lower than for reading: what is not text may be covered, too."""
SURE = 0.3
"""Mean belief from which a spot counts as text."""
GROW = 1.9
"""The net marks the middle of a line; by this ratio of area to outline it is grown to the whole line."""
MOST_LINES = 300
SIDES = (960, 1600)
"""Longer sides, pixels, at which text is looked for: a whole card, and its small print."""
READ_HEIGHT = 48
MOST_READ = 60
_STEP = 32


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of text: its four corners in pixels, clockwise from its top left as it lies, and the belief in it."""

    corners: Floats
    belief: float


class TextEngine:
    """Load once, before ``fork`` and before the sandbox is sealed: after that it opens no file and starts no thread."""

    def __init__(self, detector: Net, reader: Net | None = None) -> None:
        self._detector = detector
        self._reader = reader
        self._letters = ["", *reader.about("character").split("\n"), " "] if reader is not None else []

    @classmethod
    def load(cls, models_dir: Path) -> TextEngine | None:
        """The engine over the text models in ``models_dir``; None without a detector. A reader may be missing.

        Raises ``ModelDamaged``, and ``ManifestInvalid`` for an operator's broken manifest."""
        detector, reader = (_net(models_dir, role) for role in ("text-detector", "text-reader"))
        if detector is None:
            return None
        cv2.setNumThreads(1)
        return cls(detector, reader)

    @property
    def reads(self) -> bool:
        """Whether a line can be compared with a name."""
        return self._reader is not None

    def lines(self, rgb: Pixels) -> list[Line]:
        """Lines of text on a picture (height, width, 3), at most ``MOST_LINES`` a size, the surest first."""
        longer = max(rgb.shape[:2])
        sides = [side for side in SIDES if side < 1.15 * longer] or [SIDES[0]]
        return [line for side in sides for line in self._lines(rgb, side)]

    def _lines(self, rgb: Pixels, side: int) -> list[Line]:
        height, width = rgb.shape[:2]
        scale = min(1.0, side / max(height, width)) if max(height, width) > side else 1.0
        wide, high = (max(_STEP, round(length * scale / _STEP) * _STEP) for length in (width, height))
        small = np.asarray(cv2.resize(rgb, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
        belief = self._detector.run(small[None])["text"][0, 0]
        marked = (belief > LIKELY).astype(np.uint8)
        outlines, _ = cv2.findContours(marked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found = []
        for outline in outlines:
            line = _line(outline, belief)
            if line is not None:
                found.append(Line(line.corners * np.array([width / wide, height / high], np.float32), line.belief))
        return sorted(found, key=lambda one: -one.belief)[:MOST_LINES]

    def read(self, rgb: Pixels, lines: list[Line]) -> list[str]:
        """What the lines say, "" where that cannot be told. Never leaves the process it is asked in."""
        if self._reader is None:
            return [""] * len(lines)
        return [self._read(strip(rgb, line)) if place < MOST_READ else "" for place, line in enumerate(lines)]

    def _read(self, picture: Pixels) -> str:
        """The likelier reading of a strip and of the strip turned round."""
        ways = [self._spell(one) for one in (picture, np.ascontiguousarray(picture[::-1, ::-1]))]
        return max(ways, key=lambda way: way[1])[0]

    def _spell(self, picture: Pixels) -> tuple[str, float]:
        assert self._reader is not None
        beliefs = self._reader.run(picture[None])["letters"][0]
        best = beliefs.argmax(axis=1)
        steps = [at for at in range(len(best)) if best[at] and (at == 0 or best[at] != best[at - 1])]
        if not steps:
            return "", 0.0
        text = "".join(self._letters[best[at]] if best[at] < len(self._letters) else "" for at in steps)
        return text, float(np.mean([beliefs[at, best[at]] for at in steps]))


def _net(models_dir: Path, role: str) -> Net | None:
    """The operator's own model for a role, else the optional one where it is installed."""
    given: list[Manifest] = [*own(models_dir).values(), *optional()]
    for manifest in given:
        if manifest.role == role and (content := read_checked(models_dir, manifest)) is not None:
            return Net(manifest, content)
    return None


def _line(outline: npt.NDArray[np.int32], belief: Floats) -> Line | None:
    left, top, wide, high = cv2.boundingRect(outline)
    if min(wide, high) < 2:
        return None
    inside = np.zeros((high, wide), np.uint8)
    cv2.drawContours(inside, [outline - np.array([left, top])], -1, 1, cv2.FILLED)
    mean = float(belief[top : top + high, left : left + wide][inside > 0].mean())
    if mean < SURE:
        return None
    centre, (across, down), angle = cv2.minAreaRect(outline)
    grown = GROW * across * down / max(1.0, 2 * (across + down))
    corners = cv2.boxPoints((centre, (across + 2 * grown + 2, down + 2 * grown + 2), angle))
    return Line(_clockwise(corners.astype(np.float32)), mean)


def _clockwise(corners: Floats) -> Floats:
    """Corners of an upright-ish rectangle from its top left, the long side across."""
    first = int(np.argmin(corners.sum(axis=1)))
    turned = np.roll(corners, -first, axis=0)
    if np.linalg.norm(turned[1] - turned[0]) < np.linalg.norm(turned[2] - turned[1]):
        turned = np.roll(turned, 1, axis=0)
    return np.asarray(turned, np.float32)


def strip(rgb: Pixels, line: Line) -> Pixels:
    """The line laid flat, ``READ_HEIGHT`` pixels high."""
    across = float(np.linalg.norm(line.corners[1] - line.corners[0]))
    down = float(np.linalg.norm(line.corners[2] - line.corners[1]))
    width = int(np.clip(round(READ_HEIGHT * across / max(1.0, down)), 48, 1200))
    flat = np.array([[0, 0], [width, 0], [width, READ_HEIGHT], [0, READ_HEIGHT]], np.float32)
    change = cv2.getPerspectiveTransform(line.corners, flat)
    return np.asarray(
        cv2.warpPerspective(rgb, change, (width, READ_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
