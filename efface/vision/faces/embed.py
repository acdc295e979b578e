"""From chips to embeddings."""

from __future__ import annotations

import numpy as np
import onnxruntime

from efface.vision.models.manifest import Manifest
from efface.vision.models.runtime import Floats, Pixels, run


class Embedder:
    """Any net that turns an upright 112 x 112 face into a vector whose cosine tells people apart."""

    def __init__(self, session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
        self._session = session
        self._manifest = manifest

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    def embed(self, chips: Pixels) -> Floats:
        """Chips (n, 112, 112, 3) uint8 RGB -> (n, dim) float32 of length one; with ``flip`` in the manifest the sum
        over the chip and its mirror image."""
        raw = run(self._session, self._manifest, chips)["embedding"]
        if self._manifest.flip:
            raw = raw + run(self._session, self._manifest, chips[:, :, ::-1])["embedding"]
        return unit(raw)


def unit(vectors: Floats) -> Floats:
    """Rows at length one; rows without direction stay zero, and match nothing."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    safe = np.where(np.isfinite(lengths) & (lengths > 1e-6), lengths, np.inf)
    return np.asarray(np.nan_to_num(vectors, posinf=0.0, neginf=0.0) / safe, dtype=np.float32)
