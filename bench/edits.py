"""Nineteen things that are done to a picture before it is published again. Seeded: the same photo, the same edit, the
same bytes.

Each takes RGB, uint8 (height, width, 3), and a generator; ``collage2x2`` takes three more pictures. ``cropN`` removes
N % of each side's length.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from bench.frames import captioned, screenshot

Picture = npt.NDArray[np.uint8]
Rng = np.random.Generator

JPEG_QUALITY = 85
COLLAGE = "collage2x2"


def rng_for(seed: int, photo: str, edit: str) -> Rng:
    """The generator of one edit of one photo."""
    return np.random.default_rng([seed, zlib.crc32(photo.encode()), zlib.crc32(edit.encode())])


def edited(name: str, picture: Picture, rng: Rng, others: Sequence[Picture] = ()) -> bytes:
    """``picture`` after the edit called ``name``, as JPEG. ``others`` are the other three of a collage.

    Raises ``KeyError`` for an unknown edit."""
    if name == COLLAGE:
        return jpeg(collage(picture, others, rng))
    if name == "jpeg_q30":
        return jpeg(picture, 30)
    return jpeg(EDITS[name](picture, rng))


def jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    kept, data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not kept:
        raise ValueError("not a picture that JPEG can hold")
    return data.tobytes()


def _same(picture: Picture, rng: Rng) -> Picture:
    return picture


def _resize(picture: Picture, rng: Rng) -> Picture:
    return _pixels(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _crop(percent: int) -> Callable[[Picture, Rng], Picture]:
    def crop(picture: Picture, rng: Rng) -> Picture:
        height, width = picture.shape[:2]
        tall, wide = round(height * (1 - percent / 100)), round(width * (1 - percent / 100))
        top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
        return picture[top : top + tall, left : left + wide]

    return crop


def _mirror(picture: Picture, rng: Rng) -> Picture:
    return picture[:, ::-1]


def _quarter(picture: Picture, rng: Rng) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, 1 if rng.random() < 0.5 else -1))


def _tilt(picture: Picture, rng: Rng) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 5 if rng.random() < 0.5 else -5, 1.0)
    return _pixels(cv2.warpAffine(picture, turn, (width, height), borderValue=(255, 255, 255)))


def _watermark(picture: Picture, rng: Rng) -> Picture:
    height, width = picture.shape[:2]
    over = picture.copy()
    size = width / 420
    for row in range(3):
        at = (int(width * (0.05 + 0.1 * row)), int(height * (0.25 + 0.25 * row)))
        cv2.putText(over, "SAMPLE SITE .example", at, cv2.FONT_HERSHEY_DUPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)
    mixed = cv2.addWeighted(picture, 0.5, over, 0.5, 0)
    edge = max(24, width // 8)
    corner = (width - edge - 6, height - edge - 6)
    cv2.circle(mixed, (corner[0] + edge // 2, corner[1] + edge // 2), edge // 2, (220, 30, 60), -1, cv2.LINE_AA)
    cv2.putText(mixed, "S", (corner[0] + edge // 4, corner[1] + 3 * edge // 4), 2, edge / 40, (255, 255, 255), 2)
    return _pixels(mixed)


def _screenshot(dark: bool) -> Callable[[Picture, Rng], Picture]:
    return lambda picture, rng: screenshot(picture, rng, dark)


def collage(picture: Picture, others: Sequence[Picture], rng: Rng) -> Picture:
    """Four pictures squeezed into the cells of a 2 x 2 sheet with white gutters of 4 pixels; ``picture`` anywhere."""
    tall, wide, gap = 300, 400, 4
    cells = [picture, *others[:3]]
    order = rng.permutation(4)
    sheet = np.full((2 * tall + 3 * gap, 2 * wide + 3 * gap, 3), 255, np.uint8)
    for place, which in enumerate(order):
        top, left = gap + (place // 2) * (tall + gap), gap + (place % 2) * (wide + gap)
        cell = cv2.resize(cells[which], (wide, tall), interpolation=cv2.INTER_AREA)
        sheet[top : top + tall, left : left + wide] = cell
    return sheet


def _blur(picture: Picture, rng: Rng) -> Picture:
    return _pixels(cv2.GaussianBlur(picture, (0, 0), 3))


def _colour(picture: Picture, rng: Rng) -> Picture:
    sepia = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    toned = picture.astype(np.float64) @ sepia.T
    contrast, light = float(rng.uniform(0.8, 1.25)), float(rng.uniform(-20, 20))
    return np.clip((toned - 128) * contrast + 128 + light, 0, 255).astype(np.uint8)


def _censor(picture: Picture, rng: Rng) -> Picture:
    height, width = picture.shape[:2]
    out = picture.copy()
    if rng.random() < 0.5:
        top = int(rng.integers(0, height - height // 4))
        out[top : top + height // 4] = 0
    else:
        tall, wide = height // 2, width // 2
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        out[top : top + tall, left : left + wide] = 0
    return out


def _pixels(values: npt.NDArray[np.generic]) -> Picture:
    return np.asarray(values, dtype=np.uint8)


EDITS: dict[str, Callable[[Picture, Rng], Picture]] = {
    "identity": _same,
    "jpeg_q30": _same,
    "resize50": _resize,
    "crop10": _crop(10),
    "crop30": _crop(30),
    "crop50": _crop(50),
    "mirror": _mirror,
    "rot90": _quarter,
    "rot5": _tilt,
    "watermark": _watermark,
    "screenshot50": _screenshot(dark=False),
    "screenshot50_dark": _screenshot(dark=True),
    "caption": captioned,
    "blur3": _blur,
    "colour": _colour,
    "censor25": _censor,
    "mirror+screenshot": lambda picture, rng: screenshot(_mirror(picture, rng), rng, dark=False),
    "crop30+screenshot": lambda picture, rng: screenshot(_crop(30)(picture, rng), rng, dark=False),
}

NAMES = (*list(EDITS)[:13], COLLAGE, *list(EDITS)[13:])
"""All nineteen, in the order they are reported."""
