"""Directions: all that cosines compare."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def unit(vectors: Floats) -> Floats:
    """Rows at length one; rows without direction stay zero, and match nothing."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    safe = np.where(np.isfinite(lengths) & (lengths > 1e-6), lengths, np.inf)
    return np.asarray(np.nan_to_num(vectors, posinf=0.0, neginf=0.0) / safe, dtype=np.float32)
