"""Pictures and short films of these sites. Nothing shows anything."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import av
import cv2
import numpy as np

from testbed import pictures
from testbed.pictures import Pixels

RATE, SIZE = 8, (320, 184)


def textured(pool: pictures.Pool, rng: Random) -> Pixels:
    """A new picture with small things in it, so that a part of it can be told again."""
    pixels = pool.take(steady=True)
    height, width = pixels.shape[:2]
    for _ in range(90):
        at = rng.randrange(width), rng.randrange(height)
        colour = tuple(rng.randrange(256) for _ in range(3))
        size = rng.randint(3, 14)
        if rng.random() < 0.5:
            cv2.circle(pixels, at, size, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(pixels, at, (at[0] + size, at[1] + 2 * size), colour, rng.choice([-1, 2]))
    return pixels


def changed(pixels: Pixels, how: str, rng: Random) -> bytes:
    """The picture as it stands there later: "reencoded", "mirrored", "cropped" or "captioned"."""
    if how == "mirrored":
        return pictures.jpeg(pictures.mirrored(pixels), rng.randint(70, 92))
    if how == "cropped":
        return pictures.jpeg(pictures.off_centre_crop(pixels, rng.uniform(0.6, 0.8)), rng.randint(75, 92))
    if how == "captioned":
        shown = pixels.copy()
        height, width = shown.shape[:2]
        tall = int(height * rng.uniform(0.2, 0.35))
        top = rng.choice([0, height - tall])
        shown[top : top + tall] = rng.choice([0, 255])
        place = width // 12, top + tall // 2
        cv2.putText(shown, "not available", place, cv2.FONT_HERSHEY_SIMPLEX, 2.0, (128, 60, 60), 4)
        return pictures.jpeg(shown, 85)
    return pictures.jpeg(pictures.fit(pixels, rng.randint(420, 600)), rng.randint(45, 70))


def film(pool: pictures.Pool, rng: Random, pieces: int = 3, seconds: float = 4.0) -> list[bytes]:
    """A film in pieces that each stand alone: MPEG transport streams of H.264."""
    return [_piece(pool, rng, round(seconds * RATE)) for _ in range(pieces)]


def _piece(pool: pictures.Pool, rng: Random, count: int) -> bytes:
    ground = pool.take(640, 368)
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "24", "preset": "veryfast", "threads": "1", "g": str(RATE)}
        left, top = rng.randrange(100), rng.randrange(60)
        for number in range(count):
            x, y = left + number * 3, top + number
            view = np.ascontiguousarray(ground[y : y + 240, x : x + 418])
            frame = av.VideoFrame.from_ndarray(cv2.resize(view, SIZE, interpolation=cv2.INTER_AREA), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
