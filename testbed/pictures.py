"""Harmless pictures: generated ones, edits of given ones, and the canary every planted file carries.

Arrays are uint8 RGB, height x width x 3. Nothing here reads the network or a clock.
"""

from __future__ import annotations

import binascii
import struct
from random import Random
from typing import Any

import cv2
import numpy as np
import pdqhash
import simplejpeg
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

cv2.setNumThreads(1)
# Small pictures: handing them to a pool of threads costs more than the work.

APART = 60
"""Least PDQ distance, in bits over all dihedral views, between two pictures that are not copies."""


class Full(Exception):
    """No picture far enough from the others was found."""


def abstract(rng: Random, width: int = 640, height: int = 480) -> Pixels:
    """A generated picture: coloured low-frequency noise, shapes and a little grain."""
    draw = np.random.default_rng(rng.getrandbits(64))
    cells = int(draw.integers(5, 14))
    coarse = draw.integers(0, 256, (cells, cells + 2, 3), dtype=np.uint8)
    canvas = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(draw.integers(6, 16))):
        colour = tuple(int(value) for value in draw.integers(0, 256, 3))
        x, y = int(draw.integers(0, width)), int(draw.integers(0, height))
        size = int(draw.integers(min(width, height) // 12, min(width, height) // 3))
        kind = int(draw.integers(0, 3))
        if kind == 0:
            cv2.circle(canvas, (x, y), size, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            points = np.array([[x, y]]) + draw.integers(-size, size, (4, 2))
            cv2.fillPoly(canvas, [points.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            cv2.line(canvas, (x, y), (x + size, y + int(draw.integers(-size, size))), colour, max(3, size // 6))
    grain = draw.integers(0, 9, (height // 2, width // 2, 1), dtype=np.uint8)
    merged: Any = cv2.add(canvas, cv2.resize(np.repeat(grain, 3, axis=2), (width, height)))
    done: Pixels = np.asarray(merged, dtype=np.uint8)
    return done


def fit(pixels: Pixels, longest: int) -> Pixels:
    """Shrink so that the longer side is at most ``longest``; never enlarge."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    made: Pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return made


def mirrored(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def recoloured(pixels: Pixels, rng: Random) -> Pixels:
    """Another white balance and contrast."""
    gains = np.array([rng.uniform(0.85, 1.15) for _ in range(3)])
    shifted = pixels.astype(np.float32) * gains + rng.uniform(-15, 15)
    made: Pixels = np.clip(shifted, 0, 255).astype(np.uint8)
    return made


def off_centre_crop(pixels: Pixels, share: float) -> Pixels:
    """Cut away the bottom and the right: ``share`` of each side stays."""
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: int(height * share), : int(width * share)])


def screenshot(pixels: Pixels, rng: Random) -> Pixels:
    """The picture as a phone shows it: a tall page, bars and lines of text around it."""
    height, width = pixels.shape[:2]
    dark = rng.random() < 0.5
    paper, ink = ((24, 26, 30), (210, 212, 216)) if dark else ((246, 246, 248), (60, 64, 70))
    page = np.full((round(height * rng.uniform(1.5, 1.9)), round(width * 1.06), 3), paper, np.uint8)
    top, left = round(height * rng.uniform(0.16, 0.3)), round(width * 0.03)
    page[top : top + height, left : left + width] = pixels
    step = max(10, height // 26)
    lines = [*range(step, top - step, 2 * step), *range(top + height + step, page.shape[0] - step, 2 * step)]
    for number, y in enumerate(lines):
        long = round(width * rng.uniform(0.2, 0.8))
        cv2.putText(page, "".join(rng.choice("aeinorstlm ") for _ in range(long // step)), (left, y),
                    cv2.FONT_HERSHEY_SIMPLEX, step / 24, ink, 1 + number % 2, cv2.LINE_AA)  # fmt: skip
    return page


def jpeg(pixels: Pixels, quality: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=quality, colorspace="RGB"))


def png(pixels: Pixels) -> bytes:
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError("not encodable")
    return data.tobytes()


def read(data: bytes) -> Pixels:
    """Decode a trusted picture (our own or the gallery's). Raises ``ValueError``."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError("not a picture")
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB).astype(np.uint8)


def canary(rng: Random) -> bytes:
    """Sixteen bytes, none of them zero."""
    return bytes(rng.randrange(1, 256) for _ in range(16))


def with_canary(data: bytes, mark: bytes) -> bytes:
    """``data`` with ``mark`` in a JPEG COM segment or a PNG tEXt chunk; the pixels stay what they are."""
    if data[:2] == b"\xff\xd8":
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(mark) + 2) + mark + data[2:]
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        body = b"tEXtComment\x00" + mark
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", binascii.crc32(body))
        end = 8 + 25
        return data[:end] + chunk + data[end:]
    raise ValueError("neither JPEG nor PNG")


def hash_bits(pixels: Pixels) -> tuple[NDArray[np.uint8], int]:
    """PDQ of all eight dihedral views, 8 x 256 bits, and the quality 0..100."""
    views, quality = pdqhash.compute_dihedral(fit(pixels, 160))
    return np.asarray(views, dtype=np.uint8), int(quality)


def distance(one: Pixels, other: Pixels, size: int = 512) -> int:
    """PDQ distance in bits of ``other`` to the nearest dihedral view of ``one``, both brought to ``size`` pixels."""
    views = np.asarray(pdqhash.compute_dihedral(_to(one, size))[0], dtype=np.uint8)
    plain = np.asarray(pdqhash.compute(_to(other, size))[0], dtype=np.uint8)
    return int((views != plain[None, :]).sum(axis=1).min())


def _to(pixels: Pixels, longest: int) -> Pixels:
    """Shrink or enlarge so that the longer side is ``longest``."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale <= 1:
        return fit(pixels, longest)
    made: Pixels = np.asarray(cv2.resize(pixels, (round(width * scale), round(height * scale))), dtype=np.uint8)
    return made


def sturdy(pixels: Pixels) -> bool:
    """Whether PDQ knows the picture again when it is mirrored: 26 bits leave room for recompression below 31."""
    return distance(pixels, mirrored(pixels)) <= 26


class Pool:
    """Hands out generated pictures that are no near copies of each other or of those it was told about."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: list[NDArray[np.uint8]] = []

    def accept(self, pixels: Pixels) -> bool:
        """True, and remembered, when the picture has quality of 60 or more and is far from all before."""
        views, quality = hash_bits(pixels)
        if quality < 60:
            return False
        if self._seen:
            known = np.stack(self._seen)
            if int((known[:, None, :] != views[None, :, :]).sum(axis=2).min()) <= APART:
                return False
        self._seen.append(views[0])
        return True

    def remember(self, pixels: Pixels) -> None:
        """Keep later pictures away from this one, whatever its quality."""
        self._seen.append(hash_bits(pixels)[0][0])

    def take(self, width: int = 640, height: int = 480, steady: bool = False) -> Pixels:
        """A new picture; ``steady`` asks for one that is ``sturdy``. Raises ``Full``."""
        for _ in range(50):
            pixels = abstract(self._rng, width, height)
            if (not steady or sturdy(pixels)) and self.accept(pixels):
                return pixels
        raise Full("fifty tries gave no new picture")
