"""Short films made of pictures, and what people do to a video before they publish it again. All seeded."""

from __future__ import annotations

import io
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

EDITS = ("re-encode", "360p", "trim10", "speed3", "logo", "letterbox")
STYLES = ("shots", "room", "handheld", "shots", "slow")
LONGEST_S = 40.0
"""Seconds of somebody's video that are used."""


def photos(folder: Path | None) -> list[Path]:
    """The pictures of a folder, by name."""
    if folder is None:
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))


def scene(seed: int, size: tuple[int, int] = (960, 540)) -> Pixels:
    """A picture of nothing: soft fields of colour with textured shapes in front, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    width, height = size
    made = np.zeros((height, width, 3), np.float32)
    for cells in (2, 4, 9, 30):
        field = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        made += cv2.resize(field, size, interpolation=cv2.INTER_CUBIC) * (60 / math.sqrt(cells))
    made += rng.uniform(60, 190)
    for _ in range(int(rng.integers(4, 12))):
        colour = rng.uniform(0, 255, 3)
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(0.03, 0.25) * width), int(rng.uniform(0.05, 0.3) * height))
        mask = np.zeros((height, width), np.uint8)
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
        grain = cv2.resize(rng.normal(0, 25, (height // 8, width // 8)).astype(np.float32), size)
        made[mask > 0] = (colour + grain[..., None])[mask > 0]
    return np.clip(made, 0, 255).astype(np.uint8)


class Pictures:
    """An endless supply of pictures, each given once: those of a folder first, then made ones."""

    def __init__(self, files: Sequence[Path], seed: int) -> None:
        self._files = list(files)
        self._seed = seed

    def take(self) -> Pixels:
        self._seed += 1
        if self._files:
            read = cv2.imread(str(self._files.pop(0)))
            if read is not None:
                return np.ascontiguousarray(read[:, :, ::-1])
        return scene(self._seed)


def film(
    pictures: Pictures, seed: int, style: str, seconds: float, size: tuple[int, int], rate: int
) -> Iterator[Pixels]:
    """Frames (height, width, 3): "shots" pans and zooms with cuts and fades, "slow" the same slowly, "room" a fixed
    camera with something moving before it, "handheld" one view that shakes."""
    rng = random.Random(seed)
    total = int(seconds * rate)
    if style == "room":
        yield from _room(pictures, rng, total, size, rate)
    elif style == "handheld":
        yield from _handheld(pictures, rng, total, size, rate)
    else:
        yield from _shots(pictures, rng, total, size, rate, 0.3 if style == "slow" else 1.0)


def _view(picture: Pixels, rect: tuple[float, float, float], size: tuple[int, int]) -> Pixels:
    """The part of ``picture`` from (left, top), ``width`` pixels wide, at ``size``."""
    left, top, wide = rect
    scale = size[0] / wide
    turn = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
    return np.asarray(
        cv2.warpAffine(picture, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def _rect(picture: Pixels, rng: random.Random, size: tuple[int, int]) -> tuple[float, float, float]:
    height, width = picture.shape[:2]
    wide = min(width, height * size[0] / size[1]) * rng.uniform(0.6, 0.95)
    tall = wide * size[1] / size[0]
    return rng.uniform(0, max(0.0, width - wide)), rng.uniform(0, max(0.0, height - tall)), wide


def _shots(
    pictures: Pictures, rng: random.Random, total: int, size: tuple[int, int], rate: int, pace: float
) -> Iterator[Pixels]:
    done, last, fade = 0, None, 0
    while done < total:
        picture = pictures.take()
        length = min(int(rng.uniform(2.5, 8) * rate), total - done)
        first = _rect(picture, rng, size)
        goal = _rect(picture, rng, size)
        last_rect = tuple(a + (b - a) * pace for a, b in zip(first, goal, strict=True))
        for step in range(length):
            share = step / max(1, length - 1)
            left, top, wide = (a + (b - a) * share for a, b in zip(first, last_rect, strict=True))
            frame = _view(picture, (left, top, wide), size)
            if last is not None and step < fade:
                frame = np.asarray(cv2.addWeighted(frame, step / fade, last, 1 - step / fade, 0), np.uint8)
            yield frame
        last, fade = frame, rng.choice([0, 0, rate // 2])
        done += length


def _room(pictures: Pictures, rng: random.Random, total: int, size: tuple[int, int], rate: int) -> Iterator[Pixels]:
    ground = _view(picture := pictures.take(), _rect(picture, rng, size), size)
    body = cv2.resize(pictures.take(), (size[0] // 4, int(size[1] * 0.55)))
    mask = np.zeros(body.shape[:2], np.float32)
    middle = (body.shape[1] // 2, body.shape[0] // 2)
    cv2.ellipse(mask, middle, middle, 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)[..., None]
    paths = [(rng.uniform(0.05, 0.25), rng.uniform(0, 6.28), rng.uniform(0.1, 0.4)) for _ in range(4)]
    noise = np.random.default_rng(rng.randrange(1 << 30))
    for step in range(total):
        now = step / rate
        x = 0.35 + sum(s * math.sin(6.28 * f * now + p) for s, p, f in paths[:2]) * 0.8
        y = 0.25 + sum(s * math.sin(6.28 * f * now + p) for s, p, f in paths[2:]) * 0.4
        left = int(min(max(x, 0), 0.74) * size[0])
        top = int(min(max(y, 0), 0.44) * size[1])
        frame = ground.copy()
        place = frame[top : top + body.shape[0], left : left + body.shape[1]]
        part = mask[: place.shape[0], : place.shape[1]]
        place[:] = (place * (1 - part) + body[: place.shape[0], : place.shape[1]] * part).astype(np.uint8)
        grain = noise.integers(0, 7, frame.shape[:2], dtype=np.uint8)
        yield np.asarray(cv2.add(frame, np.repeat(grain[..., None], 3, 2)), np.uint8)


def _handheld(pictures: Pictures, rng: random.Random, total: int, size: tuple[int, int], rate: int) -> Iterator[Pixels]:
    picture = pictures.take()
    left, top, wide = _rect(picture, rng, size)
    waves = [(rng.uniform(0.005, 0.03), rng.uniform(0, 6.28), rng.uniform(0.1, 1.3)) for _ in range(6)]
    drift = (rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12), rng.uniform(0.75, 1.25))
    for step in range(total):
        now, share = step / rate, step / max(1, total - 1)
        x = sum(s * math.sin(6.28 * f * now + p) for s, p, f in waves[:3]) + drift[0] * share
        y = sum(s * math.sin(6.28 * f * now + p) for s, p, f in waves[3:]) + drift[1] * share
        yield _view(picture, (left + x * wide, top + y * wide, wide * (1 + (drift[2] - 1) * share)), size)


def card(seed: int, size: tuple[int, int], seconds: float, rate: int) -> Iterator[Pixels]:
    """Opening titles: what many videos of one maker begin with."""
    ground = np.asarray(cv2.GaussianBlur(scene(seed, size), (0, 0), 25), np.uint8)
    for step in range(int(seconds * rate)):
        frame = ground.copy()
        grown = 0.6 + 0.8 * step / (seconds * rate)
        cv2.putText(frame, "MOVING PICTURES", (size[0] // 8, size[1] // 2), cv2.FONT_HERSHEY_DUPLEX,
                    grown * size[0] / 640, (255, 255, 255), max(2, size[0] // 300))  # fmt: skip
        yield frame


def encode(frames: Iterator[Pixels], rate: int, *, crf: int = 23, group: int = 250, preset: str = "veryfast") -> bytes:
    """H.264 in MP4. Raises ``ValueError`` if there is no frame."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = None
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream("libx264", rate=rate)
                stream.height, stream.width = pixels.shape[0] & ~1, pixels.shape[1] & ~1
                stream.pix_fmt = "yuv420p"
                stream.options = {"crf": str(crf), "preset": preset, "threads": "1", "g": str(group)}
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[: stream.height, : stream.width]), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("no frames")
        container.mux(stream.encode(None))
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Film:
    """A video whose frames are decoded anew each time they are gone through: ``count`` of them, at most
    ``LONGEST_S``."""

    data: bytes
    count: int
    rate: int
    width: int
    height: int

    def __iter__(self) -> Iterator[Pixels]:
        with av.open(io.BytesIO(self.data), "r") as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            for frame in itertools.islice(container.decode(stream), self.count):
                yield np.asarray(frame.to_ndarray(format="rgb24", threads=1), np.uint8)


def opened(data: bytes) -> Film:
    """``data`` as a film. Raises ``ValueError`` or ``av.error.FFmpegError`` where it cannot be."""
    with av.open(io.BytesIO(data), "r") as container:
        if not container.streams.video:
            raise ValueError("no pictures")
        stream = container.streams.video[0]
        rate = max(1, min(60, round(float(stream.average_rate or 25))))
        count = sum(1 for packet in container.demux(stream) if packet.size)
        size = stream.codec_context.width, stream.codec_context.height
    return Film(data, min(count, int(LONGEST_S * rate)), rate, *size)


def edited(film: Film, edit: str, seed: int) -> bytes:
    """The video published again after ``edit``, one of ``EDITS``."""
    rng = random.Random(f"{seed}-{edit}")
    crf, group = rng.randint(27, 32), rng.choice([30, 48, 120, 250])
    height, width = film.height, film.width
    frames: Iterator[Pixels] = iter(film)
    if edit == "360p":
        tall = 360 if height > 360 else 240
        size = (round(width * tall / height / 2) * 2, tall)
        frames = (np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames)
    elif edit == "trim10":
        cut = film.count // 10
        frames = itertools.islice(frames, cut, film.count - cut)
    elif edit == "speed3":
        frames = _paced(frames, rng.choice([0.97, 1.03]))
    elif edit == "logo":
        stamp, share, place = _logo(rng, width, height)
        frames = (_stamped(frame, stamp, share, place) for frame in frames)
    elif edit == "letterbox":
        bar = round(height * rng.uniform(0.08, 0.17)) * 2
        upright = rng.random() < 0.25
        frames = (_boxed(frame, bar, upright) for frame in frames)
    return encode(frames, film.rate, crf=crf, group=group, preset="superfast")


def _paced(frames: Iterator[Pixels], speed: float) -> Iterator[Pixels]:
    """Frames left out, or shown twice, so that the film runs ``speed`` times as fast."""
    shown = 0
    for number, frame in enumerate(frames):
        while int(shown * speed) <= number:
            yield frame
            shown += 1


def _logo(rng: random.Random, width: int, height: int) -> tuple[Pixels, NDArray[np.float32], tuple[int, int]]:
    wide, tall = int(width * rng.uniform(0.16, 0.26)), int(height * rng.uniform(0.08, 0.13))
    stamp = np.zeros((tall, wide, 3), np.uint8)
    share = np.zeros((tall, wide), np.float32)
    if rng.random() < 0.5:
        stamp[:] = [rng.randrange(256) for _ in range(3)]
        share[:] = rng.uniform(0.5, 1.0)
    letters = np.zeros((tall, wide), np.uint8)
    cv2.putText(letters, "films.example", (tall // 8, int(tall * 0.7)), cv2.FONT_HERSHEY_DUPLEX, wide / 260, 255,
                max(1, wide // 90))  # fmt: skip
    stamp[letters > 0] = 255
    share[letters > 0] = rng.uniform(0.7, 1.0)
    x = rng.choice([width // 40, width - wide - width // 40])
    y = rng.choice([height // 40, height - tall - height // 40])
    return stamp, share, (x, y)


def _stamped(frame: Pixels, stamp: Pixels, share: NDArray[np.float32], place: tuple[int, int]) -> Pixels:
    x, y = place
    made = frame.copy()
    part = made[y : y + stamp.shape[0], x : x + stamp.shape[1]]
    part[:] = (part * (1 - share[..., None]) + stamp * share[..., None]).astype(np.uint8)
    return made


def _boxed(frame: Pixels, bar: int, upright: bool) -> Pixels:
    sides = (0, 0, bar, bar) if upright else (bar // 2, bar // 2, 0, 0)
    return np.asarray(cv2.copyMakeBorder(frame, *sides, cv2.BORDER_CONSTANT, value=(0, 0, 0)), np.uint8)
