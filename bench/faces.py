"""How well faces are found, on a folder with a folder of photos for each person.

``run`` reports on a set, ``calibrate`` proposes thresholds from another, disjoint set; never the same set for both.
People with more than three photos: the first three make the template through the same ``enrol`` the product uses, the
rest are probes. A probe counts as found when any of its faces reaches the threshold. A false alarm is any other
person's labelled (most central) face that reaches it. Nothing is written; embeddings live in memory for the run.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from efface.vision.faces import Enrolment, FaceEngine, FaceFound, TemplateRefused, enrol

Floats = npt.NDArray[np.float32]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True)
class Photo:
    person: str
    faces: list[FaceFound]


@dataclass(frozen=True, slots=True)
class Trial:
    """Genuine (one a probe photo) and impostor cosines (template x other person's labelled face)."""

    genuine: Floats
    impostor: Floats
    enrolled: int
    refused: dict[str, int]


def analyse(faces_dir: Path, engine: FaceEngine) -> tuple[list[Photo], dict[str, Any]]:
    """Every photo's faces, with the cost: CPU milliseconds a photo, photos without a face."""
    photos: list[Photo] = []
    costs: list[float] = []
    for folder in sorted(path for path in faces_dir.iterdir() if path.is_dir()):
        for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES):
            picture = cv2.imread(str(path))
            if picture is None:
                continue
            rgb = np.ascontiguousarray(picture[:, :, ::-1], dtype=np.uint8)
            before = time.process_time()
            faces = engine.analyse(rgb)
            costs.append((time.process_time() - before) * 1000)
            photos.append(Photo(folder.name, _central_first(faces)))
    return photos, {
        "photos": len(photos),
        "people": len({photo.person for photo in photos}),
        "photos_without_face": sum(not photo.faces for photo in photos),
        "cpu_ms_median": round(float(np.median(costs)), 1) if costs else 0.0,
        "cpu_ms_p90": round(float(np.quantile(costs, 0.9)), 1) if costs else 0.0,
    }


def _central_first(faces: list[FaceFound]) -> list[FaceFound]:
    def off(face: FaceFound) -> float:
        x, y, width, height = face.box
        return math.hypot(x + width / 2 - 0.5, y + height / 2 - 0.5) - width / 2

    return sorted(faces, key=off)


def trial(photos: list[Photo], same: float) -> Trial:
    """Enrols everybody with three photos or more and compares with everything that was not enrolled of them."""
    of: dict[str, list[Photo]] = {}
    for photo in photos:
        of.setdefault(photo.person, []).append(photo)
    labelled = [photo for photo in photos if photo.faces]
    matrix = np.array([photo.faces[0].embedding for photo in labelled], dtype=np.float32)
    names = np.array([photo.person for photo in labelled])
    genuine: list[float] = []
    impostor: list[Floats] = []
    refused: dict[str, int] = {}
    enrolled = 0
    for person, own in of.items():
        if len(own) < 3:
            continue
        made = _enrol(own[:3], same)
        if isinstance(made, str):
            refused[made] = refused.get(made, 0) + 1
            continue
        enrolled += 1
        vector = made.template.vector
        for probe in own[3:]:
            genuine.append(max((float(np.dot(face.embedding, vector)) for face in probe.faces), default=-1.0))
        impostor.append(matrix[names != person] @ vector)
    return Trial(
        np.array(genuine, dtype=np.float32),
        np.concatenate(impostor) if impostor else np.empty(0, np.float32),
        enrolled,
        refused,
    )


def _enrol(photos: list[Photo], same: float) -> Enrolment | str:
    try:
        return enrol([photo.faces for photo in photos], same=same)
    except TemplateRefused as refusal:
        return refusal.reason


def run(faces_dir: Path, models_dir: Path) -> dict[str, Any]:
    """Counts at the manifest's thresholds, cost and memory. Raises ``FileNotFoundError`` without models."""
    engine = _engine(models_dir)
    memory = _rss_mb()
    photos, cost = analyse(faces_dir, engine)
    thresholds = engine.thresholds
    found = trial(photos, thresholds.same)
    return {
        "model": engine.model_id,
        **cost,
        "rss_mb_loaded": memory,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "enrolled": found.enrolled,
        "refused": found.refused,
        "genuine": len(found.genuine),
        "impostor": len(found.impostor),
        "at": {
            name: {
                "cosine": cosine,
                "found": int((found.genuine >= cosine).sum()),
                "false_alarms": int((found.impostor >= cosine).sum()),
                "tpr": _share(found.genuine >= cosine),
                "far": _share(found.impostor >= cosine),
            }
            for name, cosine in (("review", thresholds.review), ("strong", thresholds.strong))
        },
    }


def calibrate(faces_dir: Path, models_dir: Path, same: float | None = None) -> dict[str, Any]:
    """Thresholds from a calibration set: ``same`` from photos against the mean of two others of the same person
    and of different people (0.1 % false), ``review`` at 1e-4 and ``strong`` at 1.5e-5 false alarms for three-photo
    templates. Each is rounded up to a hundredth."""
    engine = _engine(models_dir)
    photos, cost = analyse(faces_dir, engine)
    pairs = _same_scores(photos)
    if same is None:
        same = _ceil(float(np.quantile(pairs[1], 1 - 1e-3)))
    found = trial(photos, same)
    limits = {name: _at_far(found.impostor, far) for name, far in (("review", 1e-4), ("strong", 1.5e-5))}
    return {
        "model": engine.model_id,
        **cost,
        "enrolled": found.enrolled,
        "refused": found.refused,
        "genuine": len(found.genuine),
        "impostor": len(found.impostor),
        "highest_impostors": [round(float(value), 3) for value in np.sort(found.impostor)[::-1][:12]],
        "same": {
            "cosine": same,
            "genuine": len(pairs[0]),
            "genuine_below": int((pairs[0] < same).sum()),
            "impostor": len(pairs[1]),
            "impostor_reaching": int((pairs[1] >= same).sum()),
        },
        **{
            name: {"cosine": cosine, "false_alarms": int((found.impostor >= cosine).sum())}
            for name, cosine in limits.items()
        },
    }


def _same_scores(photos: list[Photo]) -> tuple[Floats, Floats]:
    """Cosines of a third photo with the mean of two: of the same person, and of everybody else."""
    of: dict[str, list[Floats]] = {}
    for photo in photos:
        if photo.faces:
            of.setdefault(photo.person, []).append(np.array(photo.faces[0].embedding, dtype=np.float32))
    firsts = {person: vectors[0] for person, vectors in of.items()}
    genuine: list[float] = []
    impostor: list[float] = []
    for person, vectors in of.items():
        if len(vectors) < 3:
            continue
        mean = vectors[0] + vectors[1]
        mean = mean / np.linalg.norm(mean)
        genuine.append(float(mean @ vectors[2]))
        impostor += [float(mean @ vector) for other, vector in firsts.items() if other != person]
    return np.array(genuine, dtype=np.float32), np.array(impostor, dtype=np.float32)


def _at_far(impostor: Floats, far: float) -> float:
    return _ceil(float(np.quantile(impostor, 1 - far)))


def _ceil(value: float) -> float:
    return math.ceil(value * 100) / 100


def _share(hits: npt.NDArray[np.bool_]) -> float:
    return float(f"{hits.mean():.3g}") if len(hits) else 0.0


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def _engine(models_dir: Path) -> FaceEngine:
    engine = FaceEngine.load(models_dir)
    if engine is None:
        raise FileNotFoundError(f"No models are installed in {models_dir}: python -m efface.vision.models install DIR")
    return engine


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.faces", description="Face recognition on a labelled folder, as JSON.")
    parser.add_argument("action", choices=("run", "calibrate"))
    parser.add_argument("faces", type=Path, help="a folder with a folder of photos for each person")
    parser.add_argument("--models", type=Path, required=True, help="the models folder")
    given = parser.parse_args()
    action = run if given.action == "run" else calibrate
    print(json.dumps(action(given.faces, given.models), indent=2))


if __name__ == "__main__":
    main()
