"""Small films of nothing, made for these tests."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
RATE = 10


@functools.cache
def scene(seed: int, width: int = 480, height: int = 360) -> Pixels:
    """Soft fields of colour with shapes in front, (height, width, 3); not to be written to."""
    rng = np.random.default_rng(seed)
    made = np.full((height, width, 3), 128, np.float32)
    for cells in (3, 6, 12):
        field = rng.normal(0, 45, (cells, cells, 3)).astype(np.float32)
        made += cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(20, width / 5)), int(rng.uniform(20, height / 4)))
        cv2.ellipse(made, centre, axes, float(rng.uniform(0, 180)), 0, 360, rng.uniform(0, 255, 3).tolist(), -1)
    return np.clip(made, 0, 255).astype(np.uint8)


def frames(seed: int, seconds: float = 12.0, width: int = 320, height: int = 180) -> list[Pixels]:
    """Shots of three seconds, each moving over a scene of its own."""
    made: list[Pixels] = []
    shot = 3 * RATE
    for number in range(int(seconds * RATE)):
        place, step = divmod(number, shot)
        picture = scene(seed * 100 + place)
        rng = np.random.default_rng(seed * 100 + place)
        left, top, right, down = rng.uniform(0, 60, 4)
        share = step / shot
        x, y = left + (right - left) * share, top + (down - top) * share
        turn = np.array([[0.8, 0, -0.8 * x], [0, 0.6, -0.6 * y]], np.float32)
        made.append(np.asarray(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8))
    return made


@contextmanager
def usual_turns() -> Iterator[None]:
    """SVT-AV1 makes a thread of root's run before all others (SCHED_FIFO 99), and so all that it starts later: servers
    and browsers beside it then wait for ever. Afterwards the thread takes its turn as it did before."""
    policy, turn = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, turn)


def encoded(
    pictures: Iterable[Pixels],
    *,
    kind: str = "mp4",
    codec: str = "libx264",
    rate: int = RATE,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
) -> bytes:
    """The pictures as a video file."""
    out = io.BytesIO()
    with usual_turns(), av.open(out, "w", format=kind, container_options=container or {}) as writer:
        stream: Any = None
        for number, pixels in enumerate(pictures):
            if stream is None:
                stream = writer.add_stream(codec, rate=rate)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p" if codec != "mjpeg" else "yuvj420p"
                quick = {"preset": "veryfast"} if codec == "libx264" else {}
                stream.options = {"threads": "1", **quick, **(options or {})}
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts = number
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out.getvalue()


def sound(seconds: float = 2.0, kind: str = "mp4", codec: str = "aac") -> bytes:
    """A file that holds a tone only."""
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as writer:
        stream = writer.add_stream(codec, rate=48_000)
        tone = np.sin(np.arange(int(seconds * 48_000)) / 20).astype(np.float32)
        for start in range(0, len(tone), 1024):
            part = np.ascontiguousarray(np.stack([tone[start : start + 1024]] * stream.channels))
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=stream.layout.name)
            frame.sample_rate, frame.pts = 48_000, start
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out.getvalue()


def changed(pictures: Iterable[Pixels], change: Callable[[Pixels], Pixels]) -> Iterator[Pixels]:
    return (np.ascontiguousarray(change(pixels)) for pixels in pictures)
