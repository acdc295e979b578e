"""The places of the index: centres that BEBLID codes are sorted to, shipped with the program.

``codebook.npy`` holds 128 coarse centres and 128 fine ones under each, (128, 129, 32) uint8, the coarse one first.
It only decides where a code is stored and looked for, never whether something matches. ``bench/codebook.py`` made it
from keypoints of everyday photos and generated pictures; another one is as good, but not in the same index.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


@cache
def load() -> tuple[Words, Words]:
    """Coarse centres (4, 128) uint64 and fine centres (128, 4, 128) uint64."""
    centres = np.load(Path(__file__).with_name("codebook.npy"), allow_pickle=False)
    words = np.ascontiguousarray(centres).view("<u8").astype(np.uint64)
    return np.ascontiguousarray(words[:, 0].T), np.ascontiguousarray(words[:, 1:].transpose(0, 2, 1))
