"""Video matching measured: copies found, strangers' videos not, and how much faster than it plays a video is read.

Every original is enrolled as a subject's own video is; every edit of it is read as the crawler reads what it meets,
and looked up. A false match is a hit on any other key. Beside the copies, strangers are looked up that are enrolled
nowhere; some of them share their opening titles with enrolled ones.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av.error
import cv2

from bench import clips
from efface.vision.video import VideoError, VideoIndex, VideoPrint
from efface.vision.video.read import read

CLIPS = 40
STRANGERS = 10
TITLED = 8
"""Enrolled clips, and strangers, that begin with the same titles."""
_PICTURES = 12
_SPEED_S = 30
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Task:
    """One original: made from ``files`` and ``seed``, or read from ``video``."""

    number: int
    seed: int
    files: list[Path] = field(default_factory=list)
    video: Path | None = None
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Printed:
    """The prints of one original and its edits, packed; ``error`` where it could not be read."""

    number: int
    stranger: bool
    enrolled: bytes = b""
    copies: dict[str, bytes] = field(default_factory=dict)
    error: str = ""


def run(
    videos: Path | None = None, photos: Path | None = None, seed: int = 1, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """The figures: ``recall`` by edit, ``false_matches`` of ``unrelated_pairs``, ``x_realtime_core``."""
    tasks = _tasks(videos, photos, seed)
    os.environ.update(_ONE_THREAD)  # for the processes started below, which load numpy afresh
    with multiprocessing.get_context("spawn").Pool(min(2, multiprocessing.cpu_count())) as pool:
        pace = pool.apply(speed, (seed,))
        printed: list[Printed] = []
        for item in pool.imap_unordered(make, tasks):
            printed.append(item)
            say(f"{len(printed)} of {len(tasks)} videos")
    return {**compare(printed), **pace, "seed": seed, "source": "given" if videos is not None else "made"}


def _tasks(videos: Path | None, photos: Path | None, seed: int) -> list[Task]:
    if videos is not None:
        found = sorted(path for path in videos.rglob("*") if path.is_file() and not path.name.startswith("."))
        return [Task(number, seed, video=path) for number, path in enumerate(found)]
    files = clips.photos(photos)
    return [
        Task(number, seed * 1000 + number, files[number * _PICTURES : (number + 1) * _PICTURES], None, number >= CLIPS)
        for number in range(CLIPS + STRANGERS)
    ]


def make(task: Task) -> Printed:
    """Make or read one original, enrol it, and read each of its edits."""
    cv2.setNumThreads(1)
    try:
        data = task.video.read_bytes() if task.video is not None else _original(task)
        enrolled = read(data, depth="enrol").to_bytes()
        if task.stranger:
            return Printed(task.number, True, copies={"none": read(data).to_bytes()})
        film = clips.opened(data)
    except (VideoError, OSError, ValueError, av.error.FFmpegError) as error:
        return Printed(task.number, task.stranger, error=type(error).__name__)
    copies = {edit: read(clips.edited(film, edit, task.seed)).to_bytes() for edit in clips.EDITS}
    return Printed(task.number, False, enrolled, copies)


def _original(task: Task) -> bytes:
    large = task.number % 20 == 6
    size, rate = ((1280, 720), 24) if large else ((640, 360), (12, 15, 12, 25, 12)[task.number % 5])
    seconds = 20.0 + task.seed * 7 % (3 if large or rate > 20 else 9)
    pictures = clips.Pictures(task.files, task.seed * 100)
    style = clips.STYLES[task.number % len(clips.STYLES)]
    frames = clips.film(pictures, task.seed, style, seconds, size, rate)
    if task.number % (CLIPS // TITLED) == 0:
        frames = itertools.chain(clips.card(task.seed // 1000, size, 4.0, rate), frames)
    return clips.encode(frames, rate)


def compare(printed: list[Printed]) -> dict[str, Any]:
    """Enrol, look up, count."""
    index: VideoIndex[int] = VideoIndex()
    originals = [item for item in printed if item.enrolled]
    for item in originals:
        index.add(item.number, VideoPrint.from_bytes(item.enrolled))
    found: dict[str, list[bool]] = {edit: [] for edit in clips.EDITS}
    wrong: list[dict[str, Any]] = []
    missed: list[dict[str, Any]] = []
    asked, spent = 0, 0.0
    for item in printed:
        for edit, packed in item.copies.items():
            met = VideoPrint.from_bytes(packed)
            start = time.process_time()
            hits = index.query(met)
            spent += time.process_time() - start
            asked += 1
            own = [hit for hit in hits if hit.key == item.number]
            if not item.stranger:
                found[edit].append(bool(own))
                if not own:
                    missed.append({"video": item.number, "edit": edit, "usable_frames": len(met.telling)})
            wrong += [
                {"video": item.number, "edit": edit, "taken_for": hit.key, "seconds": hit.seconds, "frames": hit.frames}
                for hit in hits
                if hit.key != item.number
            ]
    copies = sum(len(each) for each in found.values())
    return {
        "recall": {edit: round(sum(each) / len(each), 4) if each else None for edit, each in found.items()},
        "counts": {edit: f"{sum(each)}/{len(each)}" for edit, each in found.items()},
        "false_matches": len(wrong),
        "unrelated_pairs": copies * (len(originals) - 1) + (asked - copies) * len(originals),
        "originals": len(originals),
        "strangers": asked - copies,
        "ms_per_query": round(1000 * spent / max(1, asked), 1),
        "missed": missed,
        "wrong": wrong,
        "unreadable": sum(bool(item.error) for item in printed),
    }


def speed(seed: int) -> dict[str, Any]:
    """Seconds of 1280x720 H.264 read at one frame a second for one second of one core, the median of three; in a
    process that has one thread."""
    cv2.setNumThreads(1)
    frames = clips.film(clips.Pictures([], seed * 31), seed, "shots", _SPEED_S, (1280, 720), 25)
    data = clips.encode(frames, 25, crf=23)
    taken: list[float] = []
    for _ in range(3):
        start = time.process_time()
        read(data)
        taken.append(time.process_time() - start)
    start = time.process_time()
    read(data, depth="triage")
    keys = time.process_time() - start
    return {
        "x_realtime_core": round(_SPEED_S / statistics.median(taken), 1),
        "x_realtime_core_key_frames": round(_SPEED_S / keys, 1),
        "speed_video": {"seconds": _SPEED_S, "width": 1280, "height": 720, "rate": 25, "bytes": len(data)},
    }
