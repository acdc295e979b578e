"""Generated pictures with enough in them to be told apart, and what people do to pictures."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from bench.scenes import scene

Picture = npt.NDArray[np.uint8]


def pictures(count: int, seed: int = 1) -> list[Picture]:
    rng = np.random.default_rng(seed)
    return [scene(rng) for _ in range(count)]


def in_frame(picture: Picture, ground: int = 245) -> Picture:
    """At half of the sides of a plain screen with a line of text."""
    height, width = picture.shape[:2]
    screen = np.full((2 * height, 2 * width, 3), ground, np.uint8)
    screen[height // 2 : height // 2 + height, width // 3 : width // 3 + width] = picture
    cv2.putText(screen, "seen today", (20, 40), 0, 1.0, (90, 90, 90), 2)
    return screen


def sheet(four: list[Picture], width: int = 400, height: int = 300) -> Picture:
    """Four pictures squeezed into a 2 x 2 collage with white gutters."""
    out = np.full((2 * height + 12, 2 * width + 12, 3), 255, np.uint8)
    for place, picture in enumerate(four):
        top, left = 4 + (place // 2) * (height + 4), 4 + (place % 2) * (width + 4)
        cell = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        out[top : top + height, left : left + width] = cell
    return out
