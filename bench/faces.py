"""How well faces are found, on a folder with a folder of photos for each person, at the shipped thresholds.

``tpr3``: the first three photos of a person make the template through the same ``enrol`` the product uses, the rest
are probes. ``tpr1``: the first photo alone, at the threshold for single photos (``threshold1``); ``far1`` is its share
of false matches, ``tpr1_at_threshold`` what it finds at the threshold for three. A probe counts as found when any of
its faces reaches the threshold. ``far``: the share of comparisons with faces in other people's photos that reach it,
the labelled (most central) ones and the bystanders. ``small``: the probes reduced by area averaging until their
labelled face is 32 or 24 pixels wide, and handed over at that size, against templates of three full-size photos, at
``review``. Nothing is written.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from efface.vision.faces import FaceEngine, FaceFound
from efface.vision.faces.labelled import Labelled, Unread, central_first, pictures
from efface.vision.faces.trial import Trial, of_one, of_three, run
from efface.vision.models.runtime import Pixels

SMALL = (32, 24)
FAR_REPORTED = 1e-6


class NoModels(Exception):
    """The face models are not installed."""


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold for templates of three photos and of one."""

    three: float
    one: float


@dataclass
class Seen:
    """Photos with their faces: as they are, and reduced (``small[px]``, one for one with ``photos``)."""

    photos: list[Labelled] = field(default_factory=list)
    small: dict[int, list[Labelled]] = field(default_factory=lambda: {px: [] for px in SMALL})
    unread: list[Unread] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    small_cpu_ms: list[float] = field(default_factory=list)


def measure(faces_dir: Path, models_dir: Path, say: Callable[[str], None] | None = None) -> dict[str, Any]:
    """All figures with their counts. Raises ``NoModels``."""
    engine = FaceEngine.load(models_dir)
    if engine is None:
        raise NoModels(f"The face models are not installed in {models_dir}: efface models install")
    memory = _rss_mb()
    seen = look(faces_dir, engine, say)
    same = engine.thresholds.same
    three = run(seen.photos, 3, of_three(same))
    one = run(seen.photos, 1, of_one)
    small = {
        px: (run(seen.photos, 3, of_three(same), seen.small[px]), run(seen.photos, 1, of_one, seen.small[px]))
        for px in SMALL
    }
    levels = {
        name: Level(of_three_photos, of_one_photo)
        for name, of_three_photos, of_one_photo in zip(
            ("review", "strong"), engine.thresholds.of(3), engine.thresholds.of(1), strict=True
        )
    }
    missed = sum(not photo.faces for photo in seen.photos)
    return {
        "model": engine.model_id,
        "photos": len(seen.photos),
        "unread": len(seen.unread),
        "people": len({photo.person for photo in seen.photos}),
        "people_enrolled": {"three": three.enrolled, "one": one.enrolled},
        "people_refused": three.refused,
        **{name: at(level, three, one) for name, level in levels.items()},
        "at_far_1e-6": {"three": at_far(three, FAR_REPORTED), "one": at_far(one, FAR_REPORTED)},
        "detect_miss_rate": missed / max(1, len(seen.photos)),
        "photos_without_face": missed,
        "small": {str(px): share(pair[0], levels["review"].three) for px, pair in small.items()},
        "small_in_full": {
            str(px): {
                **{name: at(level, *pair) for name, level in levels.items()},
                "photos_without_face": sum(not photo.faces for photo in seen.small[px]),
                "width_median": _middle([photo.faces[0].px for photo in seen.small[px] if photo.faces]),
            }
            for px, pair in small.items()
        },
        "cpu_ms": {
            "photo_median": _middle(seen.cpu_ms),
            "small_median": _middle(seen.small_cpu_ms),
            "photo_p90": round(float(np.quantile(seen.cpu_ms, 0.9)), 1) if seen.cpu_ms else 0.0,
        },
        "rss_mb_loaded": memory,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def look(faces_dir: Path, engine: FaceEngine, say: Callable[[str], None] | None = None) -> Seen:
    """Every photo through the engine, as it is and reduced."""
    seen = Seen()
    for person, picture in pictures(faces_dir):
        if isinstance(picture, Unread):
            seen.unread.append(picture)
            continue
        faces = _timed(engine, picture, seen.cpu_ms)
        seen.photos.append(Labelled(person, faces))
        for px in SMALL:
            reduced = _timed(engine, reduce(picture, faces[0], px), seen.small_cpu_ms) if faces else []
            seen.small[px].append(Labelled(person, reduced))
        if say is not None and len(seen.photos) % 100 == 0:
            say(f"{len(seen.photos)} photos")
    return seen


def reduce(rgb: Pixels, face: FaceFound, px: int) -> Pixels:
    """The picture at the size at which ``face`` is ``px`` wide; a picture whose face is narrower stays as it is."""
    height, width = rgb.shape[:2]
    factor = px / max(1.0, face.box[2] * width)
    if factor >= 1:
        return rgb
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def at(level: Level, three: Trial, one: Trial) -> dict[str, Any]:
    """What a threshold finds and what it takes for somebody else."""
    return {
        "threshold": level.three,
        "far": three.false(level.three) / max(1, three.others),
        "tpr3": share(three, level.three),
        "threshold1": level.one,
        "far1": one.false(level.one) / max(1, one.others),
        "tpr1": share(one, level.one),
        "tpr1_at_threshold": share(one, level.three),
        "counts": {"three": counts(three, level.three), "one": counts(one, level.one)},
    }


def counts(trial: Trial, cosine: float) -> dict[str, int]:
    return {
        "probes": len(trial.genuine),
        "found": int((trial.genuine >= cosine).sum()),
        "impostors": len(trial.impostor),
        "impostors_reaching": int((trial.impostor >= cosine).sum()),
        "bystanders": len(trial.bystander),
        "bystanders_reaching": int((trial.bystander >= cosine).sum()),
    }


def at_far(trial: Trial, far: float) -> dict[str, Any]:
    """The least cosine that at most the share ``far`` of the comparisons with others reaches (their highest, where
    there are fewer than 1 / ``far``), and what it finds."""
    others = np.sort(trial.all_others())[::-1]
    if not len(others):
        return {"threshold": 1.0, "tpr": 0.0, "comparisons": 0}
    cosine = float(np.nextafter(others[min(int(len(others) * far), len(others) - 1)], np.float32(2)))
    return {"threshold": round(cosine, 4), "tpr": share(trial, cosine), "comparisons": len(others)}


def share(trial: Trial, cosine: float) -> float:
    return round(trial.found(cosine), 4)


def to_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _timed(engine: FaceEngine, rgb: Pixels, costs: list[float]) -> list[FaceFound]:
    before = time.process_time()
    faces = engine.analyse(rgb)
    costs.append((time.process_time() - before) * 1000)
    return central_first(faces)


def _middle(values: list[int] | list[float]) -> float:
    return round(float(np.median(values)), 1) if values else 0.0


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)
