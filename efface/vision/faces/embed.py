"""From chips to embeddings."""

from __future__ import annotations

from efface.vision.faces.vectors import unit
from efface.vision.models.runtime import Floats, Net, Pixels


class Embedder:
    """Any net that turns an upright 112 x 112 face into a vector whose cosine tells people apart."""

    def __init__(self, net: Net) -> None:
        self._net = net

    def embed(self, chips: Pixels) -> Floats:
        """Chips (n, 112, 112, 3) uint8 RGB -> (n, dim) float32 of length one; with ``flip`` in the manifest the sum
        over the chip and its mirror image."""
        raw = self._net.run(chips)["embedding"]
        if self._net.manifest.flip:
            raw = raw + self._net.run(chips[:, :, ::-1])["embedding"]
        return unit(raw)
