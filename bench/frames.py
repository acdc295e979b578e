"""What people's programs put around a picture: a screen's bars, buttons and posts, or bars with a caption."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

_WORDS = (
    "look who I found", "wait for it", "when you know", "link in bio", "more below", "not my picture", "seen today",
    "follow for more", "ask me", "old but good", "reply here", "share this", "top comment", "see all photos",
)  # fmt: skip


def screenshot(picture: Picture, rng: np.random.Generator, dark: bool) -> Picture:
    """``picture`` at half of the sides of a screen with status bar, title, buttons, post text and a row of icons."""
    height, width = picture.shape[:2]
    tall, wide = max(240, 2 * height), max(240, 2 * width)
    ground: Colour = (24, 26, 30) if dark else (246, 247, 249)
    ink: Colour = (228, 230, 234) if dark else (30, 32, 36)
    bar: Colour = (38, 41, 48) if dark else (255, 255, 255)
    accent: Colour = (70, 130, 240)
    screen = np.full((tall, wide, 3), ground, np.uint8)
    unit = max(8, tall // 40)
    text = unit / 26
    cv2.rectangle(screen, (0, 0), (wide, 3 * unit), bar, -1)
    _write(screen, "12:45", (unit, 2 * unit), text, ink)
    _write(screen, "4G  87%", (wide - 7 * unit, 2 * unit), text, ink)
    cv2.line(screen, (0, 3 * unit), (wide, 3 * unit), accent, 1)
    _write(screen, "Photos", (4 * unit, 5 * unit), text * 1.4, ink)
    cv2.arrowedLine(screen, (3 * unit, 5 * unit), (unit, 5 * unit), ink, 2)
    top = int(rng.integers(7 * unit, max(7 * unit + 1, tall - height - 9 * unit)))
    left = int(rng.integers(0, wide - width + 1))
    screen[top : top + height, left : left + width] = picture
    line = top + height + 2 * unit
    for word in rng.permutation(len(_WORDS))[:4]:
        if line > tall - 5 * unit:
            break
        _write(screen, _WORDS[int(word)], (2 * unit, line), text, ink)
        line += 2 * unit
    base = tall - 2 * unit
    cv2.rectangle(screen, (0, tall - 4 * unit), (wide, tall), bar, -1)
    for place in range(5):
        at = (int(wide * (place + 0.5) / 5), base)
        if place % 2:
            cv2.circle(screen, at, unit, accent, 2, cv2.LINE_AA)
        else:
            cv2.rectangle(screen, (at[0] - unit, at[1] - unit), (at[0] + unit, at[1] + unit), ink, 2)
    return screen


def captioned(picture: Picture, rng: np.random.Generator) -> Picture:
    """Bars above and below, a sixth of the height each, with words in them."""
    height, width = picture.shape[:2]
    tall = max(20, height // 6)
    light = rng.random() < 0.5
    ground, ink = ((255, 255, 255), (0, 0, 0)) if light else ((0, 0, 0), (255, 255, 255))
    out = np.full((height + 2 * tall, width, 3), ground, np.uint8)
    out[tall : tall + height] = picture
    for base in (tall, 2 * tall + height):
        words = _WORDS[int(rng.integers(len(_WORDS)))].upper()
        _write(out, words, (width // 20, base - tall // 3), tall / 45, ink, 2)
    return out


def _write(picture: Picture, words: str, at: tuple[int, int], size: float, ink: Colour, weight: int = 1) -> None:
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, ink, weight, cv2.LINE_AA)
