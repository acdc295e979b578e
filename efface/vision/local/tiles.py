"""The second look: does what lies where a candidate says look like the enrolled picture?

Buttons, logos and watermarks that two screenshots share are true geometry of the wrong picture. So a candidate counts
only if the enrolled picture's own tiles are seen again. The picture that was met is brought into the enrolled
picture's frame and cut into 6 x 6 tiles; of each the signs of 64 low cosine waves are compared.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from efface.vision import regions
from efface.vision.local.keypoints import to_grey, to_look_size
from efface.vision.local.wire import Reader, require

TILES = 6
TILE_PIXELS = 32
SIDE = TILES * TILE_PIXELS
WAVES = 64
FAINT, CLEAR = 0.6, 1.5
"""Mean amplitude (grey levels) of a tile's 64 waves from which the tile has a faint, a clear texture."""
MOST_TRANSFORMS = 32
_SLACK = 0.02
"""Shares of the query, or of the frame in it, by which a tile may reach out of it."""
_FILLED = 0.8
SHIFT = 3
"""Pixels, of ``SIDE``."""
_FEW = 12
_PLACES = ((0, 0), *((x * SHIFT, y * SHIFT) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y))

_MAGIC = b"ETB\x01"
MOST_BYTES = len(_MAGIC) + 1 + 2 * 5 + TILES * TILES * (1 + 2 * 8 * len(_PLACES))
"""Largest answer about one place that is written."""

Affine = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: (x, y), shares of the enrolled picture -> (a x + b y + c, d x + e y + f), shares of the query."""


@dataclass(frozen=True, slots=True, eq=False)
class TileBits:
    """What was seen where one candidate says.

    Of each tile the ``signs`` of its waves (n, 36) uint64 and ``strong`` (n, 36) uint64, the larger half of the waves:
    once in place and, where few tiles are to be seen, eight times ``SHIFT`` beside it (n is 1 or 9), for positions are
    kept coarsely and a small part may lie a little off. ``texture`` (36,) uint8: 0 flat, 1 faint, 2 clear. ``inside``
    (36,) bool: the tile lies wholly in the picture. ``framed`` (36,) bool: wholly in the frame, if there is one, that
    the enrolled picture stands in within the picture."""

    signs: NDArray[np.uint64]
    strong: NDArray[np.uint64]
    texture: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    framed: NDArray[np.bool_]

    def to_bytes(self) -> bytes:
        """627 bytes, or 5235 with the shifted ones."""
        waves = self.signs.astype("<u8").tobytes() + self.strong.astype("<u8").tobytes()
        masks = np.packbits(self.inside).tobytes() + np.packbits(self.framed).tobytes()
        return _MAGIC + bytes([len(self.signs)]) + masks + self.texture.tobytes() + waves

    @classmethod
    def from_bytes(cls, data: bytes) -> TileBits:
        """Raises ``LocalFormatError`` for anything ``to_bytes`` does not write."""
        reader = Reader(data)
        require(reader.numbers("4s")[0] == _MAGIC, "not tile bits of this version")
        (count,) = reader.numbers("B")
        require(count in (1, 9), "number of places")
        inside, framed = (np.unpackbits(reader.array("u1", 5))[: TILES * TILES].astype(bool) for _ in range(2))
        texture = reader.array("u1", TILES * TILES)
        require(bool((texture <= 2).all()), "texture of a tile")
        signs = reader.array("u8", count, TILES * TILES).astype(np.uint64)
        strong = reader.array("u8", count, TILES * TILES).astype(np.uint64)
        reader.end()
        return cls(signs, strong, texture, inside, framed)


def affine_bytes(affine: Affine) -> bytes:
    """24 bytes for the way into the decoder."""
    return struct.pack("<6f", *affine)


def tiles(picture: NDArray[np.uint8], transforms: Sequence[Affine]) -> list[TileBits]:
    """For each of at most ``MOST_TRANSFORMS`` transforms what is seen of ``picture``, uint8 RGB or grey, any size.

    Raises ``ValueError`` for too many transforms or one that cannot be turned round."""
    if len(transforms) > MOST_TRANSFORMS:
        raise ValueError("too many transforms at once")
    if not transforms:
        return []
    grey = to_grey(picture)
    boxes = regions.find(to_look_size(grey))
    return [_seen(grey, transform, _window(transform, boxes)) for transform in transforms]


def _window(affine: Affine, boxes: Sequence[regions.Box]) -> regions.Box:
    """The part of the query in which the enrolled picture can be: a picture's frame that the transform fills, so that
    what stands beside a cropped picture in a screenshot is not compared with what was cropped away."""
    a, b, c, d, e, f = affine
    across, down = (c, c + a, c + b, c + a + b), (f, f + d, f + e, f + d + e)
    for left, top, right, bottom in boxes:
        wide = min(right, max(across)) - max(left, min(across))
        tall = min(bottom, max(down)) - max(top, min(down))
        if wide > 0 and tall > 0 and wide * tall >= _FILLED * (right - left) * (bottom - top):
            return left, top, right, bottom
    return 0.0, 0.0, 1.0, 1.0


def _seen(grey: NDArray[np.uint8], affine: Affine, window: regions.Box) -> TileBits:
    height, width = grey.shape
    matrix = np.array(affine, dtype=np.float64).reshape(2, 3)
    if not np.isfinite(matrix).all() or abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]) < 1e-9:
        raise ValueError("a transform can be turned round")
    # Pixels of the query for one pixel of the frame; a finer picture is averaged first, or the warp would alias.
    across = float(np.hypot(matrix[0, 0] * width, matrix[1, 0] * height)) / SIDE
    down = float(np.hypot(matrix[0, 1] * width, matrix[1, 1] * height)) / SIDE
    shrink = max(1.0, min(across, down))
    if shrink > 1.25:
        size = (max(8, round(width / shrink)), max(8, round(height / shrink)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        height, width = grey.shape
    to_query = matrix.copy()
    to_query[:, :2] /= SIDE
    to_query[0] *= width
    to_query[1] *= height
    # Pixel centres: frame pixel (i, j) is the point (i + 1/2, j + 1/2).
    to_query[:, 2] += to_query[:, :2] @ np.array([0.5, 0.5]) - 0.5
    to_query[:, 2] -= to_query[:, :2] @ np.array([SHIFT, SHIFT])
    wide = SIDE + 2 * SHIFT
    frame = cv2.warpAffine(
        grey, to_query, (wide, wide), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    inside, framed = _within(matrix, (0.0, 0.0, 1.0, 1.0)), _within(matrix, window)
    few = min(int(inside.sum()), int(framed.sum())) <= _FEW
    signs: list[NDArray[np.uint64]] = []
    strong: list[NDArray[np.uint64]] = []
    texture = np.zeros(TILES * TILES, np.uint8)
    for right, down in _PLACES if few else _PLACES[:1]:
        piece = frame[SHIFT + down : SHIFT + down + SIDE, SHIFT + right : SHIFT + right + SIDE]
        waves = _waves(np.asarray(piece, dtype=np.float32))
        size_of = np.abs(waves)
        if not signs:
            texture = _texture(size_of)
        signs.append(_bits(waves > 0))
        strong.append(_bits(size_of >= np.median(size_of, axis=1, keepdims=True)))
    return TileBits(np.stack(signs), np.stack(strong), texture, inside, framed)


def _within(matrix: NDArray[np.float64], box: regions.Box) -> NDArray[np.bool_]:
    """Which tiles lie wholly within ``box`` of the query, (36,)."""
    corners = np.arange(TILES + 1) / TILES
    grid = np.stack(np.meshgrid(corners, corners, indexing="xy"), axis=-1) @ matrix[:, :2].T + matrix[:, 2]
    first, last = np.array(box[:2]), np.array(box[2:])
    slack = _SLACK * (last - first)
    within: NDArray[np.bool_] = np.all((grid > first - slack) & (grid < last + slack), axis=2)
    return np.ravel(within[:-1, :-1] & within[1:, :-1] & within[:-1, 1:] & within[1:, 1:])


def signs_of(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """The enrolled side: signs (36,) uint64 and texture (36,) uint8 of a grey picture's tiles."""
    kind = cv2.INTER_AREA if min(picture.shape) >= SIDE else cv2.INTER_LINEAR
    waves = _waves(np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=kind), dtype=np.float32))
    return _bits(waves > 0), _texture(np.abs(waves))


def _texture(size_of: NDArray[np.float32]) -> NDArray[np.uint8]:
    amplitude = size_of.mean(axis=1)
    return (amplitude >= FAINT).astype(np.uint8) + (amplitude >= CLEAR).astype(np.uint8)


def _waves(frame: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine transform (type II, orthonormal) of each tile: its 64 lowest waves without the mean, (36, 64)."""
    basis, rows, columns = _basis()
    rows_of_tiles = frame.reshape(TILES, TILE_PIXELS, TILES, TILE_PIXELS).transpose(0, 2, 1, 3)
    cut = rows_of_tiles.reshape(-1, TILE_PIXELS, TILE_PIXELS)
    both = basis @ cut @ basis.T
    return np.asarray(both[:, rows, columns] * (1 / TILE_PIXELS * 4), dtype=np.float32)


@cache
def _basis() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    kept = 11
    wave, pixel = np.arange(kept)[:, None], np.arange(TILE_PIXELS)[None, :]
    basis = np.cos(np.pi * wave * (2 * pixel + 1) / (2 * TILE_PIXELS)) * np.sqrt(2 / TILE_PIXELS)
    basis[0] /= np.sqrt(2)
    rows, columns = np.divmod(np.arange(kept * kept), kept)
    order = np.lexsort((rows, rows + columns))[1 : WAVES + 1]
    return basis.astype(np.float32), rows[order], columns[order]


def _bits(values: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """(36, 64) bool as (36,) uint64, the first wave in the lowest bit."""
    packed = np.ascontiguousarray(np.packbits(values, axis=1, bitorder="little"))
    return packed.view("<u8").ravel().astype(np.uint64)
