"""A picture as one vector that survives edits, by whichever copy embedder the operator installed. Without one there is
no engine, and nothing else changes.

The vector says more of a picture than a hash: of a stranger's picture it is compared and forgotten, of hers it is kept
sealed, with its own consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from efface.vision import regions
from efface.vision.faces.vectors import unit
from efface.vision.local.keypoints import to_look_size
from efface.vision.models.manifest import Manifest
from efface.vision.models.runtime import Floats, Net, Pixels
from efface.vision.models.store import copy_model, read_checked

WHOLE: regions.Box = (0.0, 0.0, 1.0, 1.0)
MOST_WITHIN = 5
LEAST_CONTRAST = 8.0
"""Spread of grey levels below which a picture is blank: all blank pictures resemble each other."""


def pictures_within(rgb: Pixels) -> list[regions.Box]:
    """Boxes of pictures within ``rgb`` (height, width, 3): cells of a collage, then what else is framed. As a whole, a
    screenshot resembles every other screenshot of that program; the picture in it resembles its original."""
    boxes = regions.find(to_look_size(rgb))
    cells = regions.cells(boxes)
    found = [*cells, *(box for box in boxes if not any(regions.is_alike(cell, box) for cell in cells))]
    return [box for box in found if min(piece(rgb, box).shape[:2]) >= regions.LEAST_PIXELS // 2][:MOST_WITHIN]


def piece(rgb: Pixels, box: regions.Box) -> Pixels:
    """The part of the picture in ``box``, shares of it."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = box
    return rgb[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


class CopyEngine:
    """Load once, before ``fork`` and before the sandbox is sealed: after that ``embed`` opens no file and starts no
    thread."""

    def __init__(self, net: Net) -> None:
        self._net = net

    @classmethod
    def load(cls, models_dir: Path) -> CopyEngine | None:
        """The engine over the copy embedder in force; None where there is none, or its package is not there.

        Raises ``ModelDamaged``, and ``ManifestInvalid`` for an operator's broken manifest."""
        manifest = copy_model(models_dir)
        content = read_checked(models_dir, manifest) if manifest is not None else None
        if manifest is None or content is None:
            return None
        cv2.setNumThreads(1)
        return cls(Net(manifest, content))

    @property
    def manifest(self) -> Manifest:
        """The embedder's. Vectors compare only under the same ``model_id``."""
        return self._net.manifest

    def embed(self, pictures: Sequence[Pixels]) -> list[Floats | None]:
        """Pictures (height, width, 3) uint8 RGB of any size -> for each its vector (dim,) of length one, all computed
        at once; None for a blank one."""
        spec = self.manifest.input
        small = [cv2.resize(one, (spec.width, spec.height), interpolation=cv2.INTER_AREA) for one in pictures]
        found: list[Floats | None] = [None] * len(small)
        telling = [place for place, one in enumerate(small) if float(one.std(axis=(0, 1)).max()) >= LEAST_CONTRAST]
        if not telling:
            return found
        batch = np.stack([np.asarray(small[place], np.uint8) for place in telling])
        raw = self._net.run(batch)["embedding"]
        if self.manifest.flip:
            raw = raw + self._net.run(batch[:, :, ::-1])["embedding"]
        for place, vector in zip(telling, unit(raw), strict=True):
            found[place] = vector
        return found
