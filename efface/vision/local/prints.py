"""What is kept of a survivor's own picture so that edited copies are found: a local print.

It says more about the picture than a hash: personal data, kept sealed, with a consent of its own, never exchanged.
Positions are kept to 1/40 of the longer side and directions to 22.5 degrees only; that makes it harder to draw the
picture from it (the original ranked first among 200 in 17 instead of 28 of 100 attempts of the crudest kind) and costs
no recall.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from efface.vision.local.keypoints import CODE_BYTES, LEVELS, LOOK_SIDE, keypoints, to_look_size
from efface.vision.local.tiles import TILES, signs_of
from efface.vision.local.wire import Reader, require

PRINT_KEYPOINTS = 200
LEAST_KEYPOINTS = 40
"""A picture with fewer corners cannot be told from others by them."""
LEAST_TILES = 6
"""Tiles, of 36, that must not be flat."""
GRID = 40
"""Positions are kept to one part in this many of the longer side: 16 pixels of 640."""
TURNS = 16
"""Directions are kept as one of 16: 22.5 degrees."""

Reason = Literal["blank", "flat", "few-corners", "small"]
_WORDS: dict[Reason, str] = {
    "blank": "The picture is of one colour. Nothing in it can be recognised again.",
    "flat": "Most of the picture is smooth: edited copies of it cannot be told from other smooth pictures.",
    "few-corners": "The picture has too few sharp details. Exact and lightly changed copies are still found.",
    "small": "The picture is too small. Add the original if there is one.",
}
_LEAST_SIDE = 64
_LEAST_SPREAD = 4.0
_MAGIC = b"EPR\x01"


class LocalRefused(ValueError):
    """No local print can be made. ``reason`` is one of ``Reason``; the text is for the person who added it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_WORDS[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LocalPrint:
    """``width`` and ``height`` are pixels of the look (longer side at most 640). Keypoint ``i`` lies in the cell
    ``x[i], y[i]`` of ``GRID``, points to ``turn[i]`` * 22.5 degrees and has the pyramid ``level[i]`` (all (n,) uint8)
    and the BEBLID bits ``codes[i]`` ((n, 32) uint8). ``signs`` (36,) uint64 and
    ``texture`` (36,) uint8, 0..2, are the tiles'."""

    width: int
    height: int
    x: NDArray[np.uint8]
    y: NDArray[np.uint8]
    turn: NDArray[np.uint8]
    level: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    signs: NDArray[np.uint64]
    texture: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.x)

    def to_bytes(self) -> bytes:
        """Packed: 333 bytes and 35 a keypoint, 7.3 kB for 200."""
        head = struct.pack("<4sHHB", _MAGIC, self.width, self.height, len(self))
        pose = (self.turn << 4 | self.level).astype(np.uint8)
        pieces = [head, self.x.tobytes(), self.y.tobytes(), pose.tobytes(), self.codes.tobytes()]
        return b"".join([*pieces, self.signs.astype("<u8").tobytes(), self.texture.tobytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> LocalPrint:
        """Raises ``LocalFormatError`` for anything ``to_bytes`` does not write."""
        reader = Reader(data)
        magic, width, height, n = reader.numbers("4sHHB")
        require(magic == _MAGIC, "not a local print of this version")
        require(0 < width <= LOOK_SIDE and 0 < height <= LOOK_SIDE, "size of a print")
        require(LEAST_KEYPOINTS <= n <= PRINT_KEYPOINTS, "number of keypoints")
        x, y, pose = (reader.array("u1", n) for _ in range(3))
        require(bool((x < GRID).all() and (y < GRID).all()), "position of a keypoint")
        level = (pose & 15).astype(np.uint8)
        require(bool((level < LEVELS).all()), "level of a keypoint")
        codes = reader.array("u1", n, CODE_BYTES)
        signs = reader.array("u8", TILES * TILES).astype(np.uint64)
        texture = reader.array("u1", TILES * TILES)
        require(bool((texture <= 2).all()), "texture of a tile")
        reader.end()
        turn = (pose >> 4).astype(np.uint8)
        return cls(width, height, x, y, turn, level, codes, signs, texture)


def enrol(rgb: NDArray[np.uint8]) -> LocalPrint:
    """The local print of a picture, uint8 RGB (height, width, 3) or grey, upright, any size (512 pixels or more on
    its longer side where it has them). Raises ``LocalRefused`` with words for the person who added it, ``ValueError``
    for what is not a picture."""
    grey = to_look_size(rgb)
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        raise LocalRefused("small")
    if float(grey.std()) < _LEAST_SPREAD:
        raise LocalRefused("blank")
    signs, texture = signs_of(grey)
    if int(np.count_nonzero(texture)) < LEAST_TILES:
        raise LocalRefused("flat")
    found = keypoints(grey, PRINT_KEYPOINTS, mirrored=False)
    if len(found) < LEAST_KEYPOINTS:
        raise LocalRefused("few-corners")
    cells = np.clip(found.xy * (GRID / max(grey.shape)), 0, GRID - 1).astype(np.uint8)
    turn = (np.rint(found.angle * (TURNS / 360)).astype(np.int64) % TURNS).astype(np.uint8)
    height, width = grey.shape
    return LocalPrint(width, height, cells[:, 0], cells[:, 1], turn, found.level, found.codes, signs, texture)
