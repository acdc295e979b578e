"""Generated pictures: endless, harmless, each different. Shapes, textures, gradients and writing, seeded."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]


def scene(rng: np.random.Generator, width: int = 640, height: int = 480) -> Picture:
    """A scene (height, width, 3) uint8: ground of layered noise under shapes, lines and a few words."""
    ground = np.zeros((height // 2, width // 2, 3), np.float32)
    for cells in (3, 7, 17, 41, 97):
        coarse = rng.standard_normal((max(2, cells * height // width), cells, 3), np.float32)
        layer = cv2.resize(coarse, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR)
        ground += layer * float(rng.uniform(8, 60) / np.sqrt(cells / 3))
    ground = np.clip(ground + rng.uniform(60, 190, 3), 0, 255).astype(np.uint8)
    picture = np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    for _ in range(int(rng.integers(15, 60))):
        _shape(picture, rng)
    for _ in range(int(rng.integers(0, 4))):
        words = "".join(chr(int(c)) for c in rng.integers(97, 123, int(rng.integers(3, 12))))
        at = (int(rng.integers(0, width - 60)), int(rng.integers(20, height)))
        size = float(rng.uniform(0.4, 1.6))
        cv2.putText(picture, words, at, int(rng.integers(0, 5)), size, _colour(rng), 2, cv2.LINE_AA)
    noise = rng.integers(-8, 9, (height, width, 1), np.int16) * int(rng.integers(0, 3)) // 2
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _shape(picture: Picture, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    at = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    size = int(rng.exponential(40)) + 4
    kind = int(rng.integers(0, 4))
    if kind == 0:
        cv2.circle(picture, at, size, _colour(rng), -1 if rng.random() < 0.7 else 2, cv2.LINE_AA)
    elif kind == 1:
        axes = (size, max(2, int(size * rng.uniform(0.2, 1))))
        cv2.ellipse(picture, at, axes, float(rng.uniform(0, 180)), 0, 360, _colour(rng), -1, cv2.LINE_AA)
    elif kind == 2:
        points = (np.array(at) + rng.normal(0, size, (int(rng.integers(3, 7)), 2))).astype(np.int32)
        cv2.fillPoly(picture, [points], _colour(rng), cv2.LINE_AA)
    else:
        other = (int(at[0] + rng.normal(0, 3 * size)), int(at[1] + rng.normal(0, 3 * size)))
        cv2.line(picture, at, other, _colour(rng), int(rng.integers(1, 6)), cv2.LINE_AA)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue
