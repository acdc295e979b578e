"""The face engine: pixels in, faces with embeddings out, nothing kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from efface.vision.faces.align import chip
from efface.vision.faces.detect import RfbDetector, suppress
from efface.vision.faces.embed import Embedder
from efface.vision.faces.found import FaceFound
from efface.vision.faces.landmarks import OnetLandmarks
from efface.vision.faces.quality import quality, sharp_share, turn
from efface.vision.models.errors import Uncalibrated
from efface.vision.models.manifest import Manifest, Thresholds, active
from efface.vision.models.runtime import Floats, Net, Pixels
from efface.vision.models.store import read_checked

MIN_BELIEF = 0.4
"""Least belief of the landmark net that a box is a face; below, the box is dropped."""
MIN_PX = 16
"""Least width of a face in pixels; an embedding of less tells nobody apart."""


CERTAIN = 0.98
"""Score of an upright face from which the picture is not turned."""
MAX_FACES = 32
"""Most faces taken from one picture, the widest first: bounds the work a stranger's picture can cause."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A face before its embedding: box and points in pixels, score 0..1, width in pixels as it stands upright."""

    box: tuple[float, float, float, float]
    score: float
    px: float
    points: Floats


class FaceEngine:
    """Detector, landmarks and embedder together.

    Load once, before ``fork`` and before the sandbox is sealed: after that ``analyse`` opens no file and starts no
    thread."""

    def __init__(self, detector: Net, landmarks: Net, embedder: Net) -> None:
        self._detector = RfbDetector(detector)
        self._landmarks = OnetLandmarks(landmarks)
        self._embedder = Embedder(embedder)
        self._manifest = embedder.manifest

    @classmethod
    def load(cls, models_dir: Path, *, embedder: Manifest | None = None) -> FaceEngine | None:
        """The engine over the models installed in ``models_dir``; None where they are not (all) installed. ``embedder``
        takes the place of the one in force, so that it can be calibrated before it is.

        Raises ``ModelDamaged`` where an installed file is not what its manifest says, ``ManifestInvalid`` for an
        operator's broken manifest. OpenCV is set to one thread for the whole process."""
        nets: list[Net] = []
        in_force = active(models_dir)
        for manifest in in_force if embedder is None else [*in_force[:-1], embedder]:
            content = read_checked(models_dir, manifest)
            if content is None:
                return None
            nets.append(Net(manifest, content))
        cv2.setNumThreads(1)
        cv2.ocl.setUseOpenCL(False)
        return cls(*nets)

    @property
    def model_id(self) -> str:
        """The embedder's identity, with its sha256: embeddings compare only under the same one."""
        return self._manifest.model_id

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._manifest.dim

    @property
    def thresholds(self) -> Thresholds:
        """The embedder's calibrated cosines. Raises ``Uncalibrated`` where it was loaded to be calibrated."""
        if self._manifest.thresholds is None:
            raise Uncalibrated(f"{self._manifest.id} has no thresholds yet: efface models calibrate --faces FOLDER")
        return self._manifest.thresholds

    def analyse(self, rgb: Pixels) -> list[FaceFound]:
        """The faces of a picture (height, width, 3) uint8 RGB, widest first, at most 32. Raises ``ValueError`` for an
        array of another form; a picture too small to hold a face has none."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError("analyse() takes a picture of height x width x 3, uint8")
        height, width = rgb.shape[:2]
        if min(height, width) < 16:
            return []
        rgb = np.ascontiguousarray(rgb)
        seen = self._seen(rgb)
        if not seen:
            return []
        chips = np.stack([chip(rgb, face.points) for face in seen])
        return [
            self._found(face, picture, vector, width, height)
            for face, picture, vector in zip(seen, chips, self._embedder.embed(chips), strict=True)
        ]

    def _seen(self, rgb: Pixels) -> list[_Seen]:
        """Faces with their points. People lie down, and copies are turned: unless an upright face is certain, the
        picture is also looked at from its other three sides."""
        seen = self._with_points(rgb, self._detector.detect(rgb), 0)
        if max((face.score for face in seen), default=0.0) < CERTAIN:
            for turns, boxes in self._detector.detect_turned(rgb):
                seen += self._with_points(rgb, boxes, turns)
        if not seen:
            return []
        boxes = np.array([[*face.box, face.score] for face in seen], dtype=np.float32)
        kept = [seen[index] for index in suppress(boxes)]
        return sorted(kept, key=lambda face: -face.px)[:MAX_FACES]

    def _with_points(self, rgb: Pixels, boxes: Floats, turns: int) -> list[_Seen]:
        boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")][: 2 * MAX_FACES]
        points, beliefs = self._landmarks.find(rgb, boxes, turns)
        found = []
        for box, five, belief in zip(boxes, points, beliefs, strict=True):
            x1, y1, x2, y2, score = (float(value) for value in box)
            across = y2 - y1 if turns % 2 else x2 - x1
            if belief >= MIN_BELIEF and across >= MIN_PX:
                found.append(_Seen((x1, y1, x2, y2), score * float(belief), across, five))
        return found

    def _found(self, face: _Seen, picture: Pixels, vector: Floats, width: int, height: int) -> FaceFound:
        x1, y1, x2, y2 = face.box
        shares = (x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height)
        return FaceFound(
            box=[round(share, 5) for share in shares],
            score=round(face.score, 4),
            quality=quality(picture, face.points, face.px, face.score),
            px=round(face.px),
            embedding=[float(value) for value in vector],
            model=self.model_id,
            sharp=round(sharp_share(picture), 3),
            turn=round(turn(face.points), 3),
        )
