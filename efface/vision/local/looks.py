"""What is looked at in a stranger's picture: keypoints of the whole, of its mirror image, and of pictures within it.

Runs in the sealed decoder; the answer crosses to the matcher as bytes, so it is read there as hostile input.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from efface.vision import regions
from efface.vision.local.keypoints import CODE_BYTES, LEVELS, Keypoints, keypoints, to_grey, to_look_size
from efface.vision.local.wire import Reader, require

WHOLE_KEYPOINTS = 800
REGION_KEYPOINTS = 400
REGION_SIDE = 448
"""A picture within the picture is brought to this longer side, pixels, before keypoints are looked for."""
MOST_GROUPS = 13
MOST_BYTES = 512 * 1024
"""Largest look that is read. One group of 800 keypoints is 56 kB."""

_MAGIC = b"ELK\x01"
_WIDEST = 4096
_OBLONG = 1.15


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Keypoints of one part of the picture, in a frame of its own.

    ``box`` is where the part lies: left, top, right, bottom as shares (0..1) of the picture. ``width`` and ``height``
    are the frame's pixels. ``x``, ``y`` (n,) uint16 are shares of the frame times 65535, ``angle`` (n,) uint8 is
    degrees times 256/360, ``level`` (n,) uint8 0..7; ``codes`` and ``mirrored`` are (n, 32) uint8.
    """

    box: tuple[float, float, float, float]
    width: int
    height: int
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    angle: NDArray[np.uint8]
    level: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, eq=False)
class LocalLook:
    """The local features of a picture that was met. The first group is the whole picture."""

    groups: tuple[Group, ...]

    def to_bytes(self) -> bytes:
        """Packed, at most ``MOST_BYTES``; 70 bytes a keypoint."""
        pieces = [_MAGIC, struct.pack("<B", len(self.groups))]
        for group in self.groups:
            box = [round(share * 65535) for share in group.box]
            pieces.append(struct.pack("<4H3H", *box, group.width, group.height, len(group)))
            pieces += [group.x.astype("<u2").tobytes(), group.y.astype("<u2").tobytes()]
            pieces += [a.tobytes() for a in (group.angle, group.level, group.codes, group.mirrored)]
        return b"".join(pieces)

    @classmethod
    def from_bytes(cls, data: bytes) -> LocalLook:
        """Raises ``LocalFormatError`` for anything ``to_bytes`` does not write."""
        require(len(data) <= MOST_BYTES, "a look is not so large")
        reader = Reader(data)
        require(reader.numbers("4s")[0] == _MAGIC, "not a look of this version")
        (count,) = reader.numbers("B")
        require(1 <= count <= MOST_GROUPS, "number of groups")
        groups = tuple(_read_group(reader) for _ in range(count))
        reader.end()
        return cls(groups)


def _read_group(reader: Reader) -> Group:
    left, top, right, bottom, width, height, n = reader.numbers("7H")
    require(left < right and top < bottom, "a box has an inside")
    require(1 <= width <= _WIDEST and 1 <= height <= _WIDEST, "size of a frame")
    require(n <= WHOLE_KEYPOINTS, "number of keypoints")
    x, y = reader.array("u2", n).astype(np.uint16), reader.array("u2", n).astype(np.uint16)
    angle, level = reader.array("u1", n), reader.array("u1", n)
    require(bool((level < LEVELS).all()), "level of a keypoint")
    codes, mirrored = reader.array("u1", n, CODE_BYTES), reader.array("u1", n, CODE_BYTES)
    box = (left / 65535, top / 65535, right / 65535, bottom / 65535)
    return Group(box, width, height, x, y, angle, level, codes, mirrored)


def look(rgb: NDArray[np.uint8]) -> LocalLook:
    """The look of ``rgb``, uint8 (height, width, 3) or grey, decoded so that its longer side is at least 512 pixels
    (``efface.vision.pictures.read_pixels`` as it stands, the same pixels as for PDQ).

    Pictures within it (screenshots, captions, collages) are looked at apart where their frames or gutters are seen.
    Raises ``ValueError`` for what is not a picture; a picture without corners has an empty look."""
    grey = to_look_size(rgb)
    groups = [_group(grey, (0.0, 0.0, 1.0, 1.0), WHOLE_KEYPOINTS)]
    boxes = regions.find(grey)
    cells = regions.cells(boxes)
    for box in cells:
        groups += _region_groups(rgb, box, squeezed=True)
    for box in boxes:
        if not any(regions.is_alike(cell, box) for cell in cells):
            groups += _region_groups(rgb, box, squeezed=False)
    return LocalLook(tuple(groups[:MOST_GROUPS]))


def _region_groups(rgb: NDArray[np.uint8], box: regions.Box, squeezed: bool) -> list[Group]:
    """The part of the picture in a frame of its shape and, where it may have been ``squeezed`` into a cell, in one
    that lies the other way."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = box
    piece = rgb[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    if min(piece.shape[:2]) < regions.LEAST_PIXELS // 2:
        return []
    grey = to_grey(piece)
    tall, wide = grey.shape
    scale = REGION_SIDE / max(tall, wide)
    sizes = [(max(1, round(wide * scale)), max(1, round(tall * scale)))]
    if squeezed and max(tall, wide) > _OBLONG * min(tall, wide):
        sizes.append(sizes[0][::-1])
    groups: list[Group] = []
    for size in sizes:
        kind = cv2.INTER_AREA if size[0] < wide and size[1] < tall else cv2.INTER_CUBIC
        frame = np.asarray(cv2.resize(grey, size, interpolation=kind), dtype=np.uint8)
        groups.append(_group(frame, box, REGION_KEYPOINTS))
    return groups


def _group(frame: NDArray[np.uint8], box: regions.Box, most: int) -> Group:
    return pack(keypoints(frame, most, mirrored=True), box, frame.shape[1], frame.shape[0])


def pack(found: Keypoints, box: regions.Box, width: int, height: int) -> Group:
    """``found`` in the whole numbers of a ``Group``."""
    shares = np.clip(found.xy * (65535.0 / np.array([width, height], np.float32)), 0, 65535)
    xy = np.rint(shares).astype(np.uint16)
    angle = (np.rint(found.angle * (256 / 360)).astype(np.int64) % 256).astype(np.uint8)
    return Group(box, width, height, xy[:, 0], xy[:, 1], angle, found.level, found.codes, found.mirrored)
