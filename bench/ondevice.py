"""Fingerprints made in the browser beside those of Python, and what they cost on one core.

PDQ of the same files both ways: the greatest distance of any of the eight hashes. Faces: each face that Python finds is
paired with the browser's of most overlap; the cosine of their embeddings. A picture of 12 megapixels and a clip of
thirty seconds are made here, and timed with Chromium and everything else on one core. A clip's frames are judged by
what they are for: the server's copy of the clip, re-encoded, is looked up by them.
"""

from __future__ import annotations

import os
import statistics
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench import clips
from efface.vision import pdq
from efface.vision.faces import FaceEngine
from efface.vision.pictures import FACE_SIDE, PictureError, read_pixels
from efface.vision.video import VideoIndex, VideoPrint
from efface.vision.video.read import read
from web.device import Device, device

PHOTOS = 100
FACES = 100
BITS = 10
COSINE = 0.98
Say = Callable[[str], None]


def run(photos: Path, portraits: Path, models: Path | None, say: Say) -> dict[str, Any]:
    """The figures. ``photos`` and ``portraits`` are folders of pictures, looked through to any depth. Raises
    ``ValueError`` where there is nothing to measure, ``web.device.NoChromium`` and ``web.build.BuildFailed``."""
    everyday, people = spread(pictures(photos), PHOTOS), spread(pictures(portraits), FACES)
    if not everyday or (models is not None and not people):
        raise ValueError("no pictures in the folders given")
    result: dict[str, Any] = {}
    with one_core(), device(models) as browser:
        if models is not None:
            browser.load()
        say("hashes")
        result["pdq"] = hashes(browser, everyday)
        large = portrait_of_12_megapixels(people or everyday)
        say("a picture of 12 megapixels")
        result["picture_12_mp"] = {"bytes": len(large), "s": seconds(browser, large, faces=False)}
        if models is not None:
            say("faces")
            result["faces"] = faces(browser, people, models)
            result["picture_12_mp"]["with_faces_s"] = seconds(browser, large, faces=True)
        say("a clip of thirty seconds")
        result["clip_30_s"] = clip(browser, everyday)
        if browser.complaints:
            result["complaints"] = browser.complaints[:5]
    return result


class one_core:
    """This process, and what it starts meanwhile, on one core."""

    def __enter__(self) -> None:
        self._before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(self._before)})

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._before)


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))


def spread(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many of the files, evenly over the list."""
    return [files[i * len(files) // most] for i in range(most)] if len(files) > most else list(files)


def hashes(browser: Device, files: Sequence[Path]) -> dict[str, Any]:
    """``distances`` in bits: the greatest of the eight views, by file."""
    found, apart, quality = [], [], []
    for path in files:
        data = path.read_bytes()
        try:
            ours, worth = pdq.fingerprint(read_pixels(data, pdq.HASH_SIDE).rgb)
        except (PictureError, ValueError):
            continue
        made = browser.make(data, path.name, "")
        if "trouble" in made:
            found.append(256)
            continue
        theirs = made["decoded"]["picture"]
        found.append(max(pdq.distance(one, other) for one, other in zip(ours, theirs["pdq"], strict=True)))
        quality.append(abs(worth - theirs["pdq_quality"]))
        apart.append(reference_distance(data, theirs["pdq"][0]))
    return {
        "photos": len(found),
        "within_10_bits": sum(one <= BITS for one in found) / len(found),
        "median": statistics.median(found),
        "most": max(found),
        "quality_off_by_at_most": max(quality, default=0),
        "to_pdqhash_at_full_size": {"median": statistics.median(apart), "most": max(apart)}
        if None not in apart
        else None,
    }


def reference_distance(data: bytes, ours: str) -> int | None:
    """Bits to the reference code's hash of the whole picture; None where that is not installed."""
    try:
        import pdqhash
    except ImportError:
        return None
    picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    bits, _ = pdqhash.compute(picture)
    return pdq.distance(np.packbits(np.asarray(bits, np.uint8)).tobytes().hex(), ours)


def faces(browser: Device, files: Sequence[Path], models: Path) -> dict[str, Any]:
    """Each of Python's faces beside the browser's."""
    engine = FaceEngine.load(models)
    if engine is None:
        raise ValueError("the face models are not installed")
    cosines: list[float] = []
    widest: list[float] = []
    missed = more = 0
    for path in files:
        data = path.read_bytes()
        ours = engine.analyse(read_pixels(data, FACE_SIDE).rgb)
        made = browser.make(data, path.name, "", faces=True)
        theirs = made.get("faces") or []
        more += max(0, len(theirs) - len(ours))
        for place, face in enumerate(ours):
            near = max(theirs, key=lambda one, face=face: overlap(face.box, one["box"]), default=None)  # type: ignore[misc]
            if near is None or overlap(face.box, near["box"]) < 0.4:
                missed += 1
                continue
            cosine = float(np.dot(face.embedding, near["embedding"]))
            cosines.append(cosine)
            if place == 0:
                widest.append(cosine)
    return {
        "photos": len(files),
        "faces_of_python": len(cosines) + missed,
        "missed": missed,
        "more_than_python": more,
        "widest": _cosines(widest),
        "all": _cosines(cosines),
    }


def _cosines(values: list[float]) -> dict[str, Any]:
    return {
        "n": len(values),
        "at_least_0.98": round(sum(one >= COSINE for one in values) / max(1, len(values)), 4),
        "median": round(statistics.median(values), 5),
        "least": round(min(values), 5),
    }


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Shared area of two boxes (x, y, width, height) as a share of their union."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, across) * max(0.0, down)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def portrait_of_12_megapixels(files: Sequence[Path]) -> bytes:
    """A JPEG of 4000 x 3000 with one of the pictures in it, and grain as a camera's."""
    picture = cv2.imread(str(files[0]))
    large = cv2.resize(picture, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(1).normal(0, 6, (3000, 4000, 1))
    large = np.clip(large + grain, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


def seconds(browser: Device, data: bytes, *, faces: bool) -> float:
    """The middle of three."""
    took = [browser.make(data, faces=faces) for _ in range(3)]
    if any("trouble" in one for one in took):
        raise ValueError(f"could not be made: {took[0]}")
    return round(statistics.median(one["ms"] for one in took) / 1000, 2)


def made_clip(files: Sequence[Path], seed: int = 1) -> bytes:
    """Thirty seconds of 1280 x 720 at 24 frames a second, as a hand holds a phone."""
    supply = clips.Pictures(list(files), seed)
    return clips.encode(clips.film(supply, seed, "handheld", 30.0, (1280, 720), 24), 24, group=48)


def clip(browser: Device, files: Sequence[Path]) -> dict[str, Any]:
    data = made_clip(files)
    made = browser.make(data, "clip.mp4", "video/mp4")
    if "trouble" in made:
        return {"trouble": made["trouble"]}
    theirs = VideoPrint.from_bytes(b64decode(made["decoded"]["picture"]["clip"]))
    ours = read(data, depth="enrol")
    copy = read(clips.edited(clips.opened(data), "re-encode", 3))
    return {
        "s": round(made["ms"] / 1000, 1),
        "frames": len(theirs.frames),
        "frames_of_python": len(ours.frames),
        "widest_gap_s": round(max(np.diff([0.0, *(one.seconds for one in theirs.frames), theirs.duration])), 2),
        "nearest_frame_within_10_bits": round(nearest(theirs, ours), 3),
        "recognises_a_copy_s": recognised(theirs, copy),
        "python_recognises_it_s": recognised(ours, copy),
    }


def nearest(theirs: VideoPrint, ours: VideoPrint) -> float:
    """The share of the browser's frames that have one of Python's within 10 bits and a tenth of a second."""
    near = [
        min(
            (pdq.distance(one.pdq, other.pdq) for other in ours.frames if abs(other.seconds - one.seconds) < 0.1),
            default=256,
        )
        for one in theirs.frames
    ]
    return sum(one <= BITS for one in near) / max(1, len(near))


def recognised(enrolled: VideoPrint, met: VideoPrint) -> float:
    """Seconds of ``met`` that agree with ``enrolled``; 0 where it is not found."""
    index: VideoIndex[str] = VideoIndex()
    index.add("hers", enrolled)
    hits = index.query(met)
    return round(hits[0].seconds, 1) if hits else 0.0
