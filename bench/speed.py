"""What one picture costs on one core: ours beside what people would glue together, on the same pictures in turns.

Every photo is brought to 1000 x 750 with one face beside it and saved as JPEG (quality 85). *Ours* is what the decoder
and the matcher do with it by default: one decode, PDQ of eight views, local look, faces with embeddings; then search
in 10^5 hashes, 10^4 enrolled local prints (tiles and confirmation included) and 10^3 face templates. *Glue* is the
threatexchange library's hash and index over the same 10^5 hashes, and face_recognition (HOG detector, encodings, 10^3
known faces): it finds exact copies and faces only. Processor seconds, medians, one thread each.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from bench.copies import derived
from bench.peers.environment import PeersMissing, peers_python
from bench.peers.process import Peer, PeerFailed
from bench.scenes import scene
from efface.vision import pdq, profile
from efface.vision.faces import FaceEngine
from efface.vision.index import FaceIndex, PdqIndex
from efface.vision.local import LocalPrint, LocalRefused, enrol, look, tiles
from efface.vision.pictures import FACE_SIDE, PictureError, read_pixels

Picture = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 1000, 750
HASHES, PRINTS, TEMPLATES = 100_000, 10_000, 1_000
MOST_PICTURES = 60
_EXTRACTED = 200
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class NothingToMeasure(Exception):
    """No pictures, or no models; ``str`` says which."""


def run(photos: Path, faces: Path | None, models: Path, seed: int = 5) -> dict[str, Any]:
    """All figures. Raises ``NothingToMeasure``."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    cv2.setNumThreads(1)
    engine = FaceEngine.load(models)
    if engine is None:
        raise NothingToMeasure(f"No models are installed in {models}: efface models install")
    rng = np.random.default_rng(seed)
    portraits, source = _portraits(faces)
    pictures = _pictures(photos, portraits)
    if len(pictures) < 5:
        raise NothingToMeasure(f"{photos} has {len(pictures)} pictures that can be read; five are needed")
    _say(f"{len(pictures)} pictures; filling the indexes")
    hashes = rng.integers(0, 256, (HASHES, 32), dtype=np.uint8)
    ours = _Ours(engine, hashes, rng)
    ours.whole(pictures[0])
    times: dict[str, list[float]] = {name: [] for name in ("pdq", "whole", "their_pdq", "glue")}
    stages: dict[str, list[float]] = {}
    facts: dict[str, Any] = {"peers": "threatexchange 1.2.17, face_recognition 1.3.0", "faces_found": 0}
    with tempfile.TemporaryDirectory() as folder:
        try:
            with Peer(peers_python(), core) as peer:
                path = Path(folder) / "hashes.npy"
                np.save(path, hashes)
                peer.ask("pictures.prepare", hashes=str(path), faces=TEMPLATES)
                _turns(pictures, ours, times, stages, facts, peer, Path(folder))
        except (PeersMissing, PeerFailed) as error:
            facts["peers"] = f"not measured: {error}"
            _say(f"the peers are not measured: {error}")
            if not times["whole"]:
                _turns(pictures, ours, times, stages, facts, None, Path(folder))
    whole = statistics.median(times["whole"])
    return {
        "profile": profile.PROFILE,
        "pictures": len(pictures),
        "size": [WIDTH, HEIGHT],
        "face": source,
        "hashes": HASHES,
        "local_prints": PRINTS,
        "templates": TEMPLATES,
        **facts,
        "ms": {name: _ms(values) for name, values in times.items()},
        "stages_ms": {name: _ms(values) for name, values in stages.items()},
        "pictures_per_s_core": round(1 / whole, 1),
        "ratios": {
            "pdq_vs_threatexchange": _over(times["their_pdq"], times["pdq"]),
            "pipeline_vs_glue": _over(times["glue"], times["whole"]),
        },
    }


class _Ours:
    """The filled indexes and the way of a picture through them."""

    def __init__(self, engine: FaceEngine, hashes: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
        from efface.vision import scan
        from efface.vision.local.index import LocalIndex, warm

        scan.warm()
        warm()
        self.engine = engine
        self.pdq: PdqIndex[int] = PdqIndex()
        self.pdq.add_many((number, [row.tobytes().hex()]) for number, row in enumerate(hashes))
        self.faces: FaceIndex[int] = FaceIndex()
        self.local: LocalIndex[int] = LocalIndex()
        prints = [print_ for number in range(_EXTRACTED) if (print_ := _print(rng)) is not None]
        for number in range(PRINTS):
            one, other = prints[number % len(prints)], prints[int(rng.integers(len(prints)))]
            self.local.add(number, one if number < len(prints) else derived(one, other, rng))
        for number in range(TEMPLATES):
            self.faces.add(number, engine.model_id, rng.standard_normal(engine.dim).astype(np.float32))

    def hash(self, data: bytes) -> object:
        return pdq.fingerprint(read_pixels(data, pdq.HASH_SIDE).rgb)

    def whole(self, data: bytes) -> tuple[int, dict[str, float]]:
        """Number of faces, and seconds of each stage."""
        laps: dict[str, float] = {}
        clock = time.process_time()

        def lap(name: str) -> None:
            nonlocal clock
            now = time.process_time()
            laps[name] = now - clock
            clock = now

        pixels = read_pixels(data, FACE_SIDE)
        lap("decode")
        hashes, _ = pdq.fingerprint(pixels.rgb)
        lap("pdq")
        seen = look(pixels.rgb)
        lap("look")
        faces = self.engine.analyse(pixels.rgb)
        lap("faces")
        self.pdq.query([hashes])
        lap("hashes searched")
        candidates = self.local.candidates(seen)
        found = tiles(pixels.rgb, [candidate.affine for candidate in candidates])
        for candidate, bits in zip(candidates, found, strict=True):
            self.local.confirm(candidate, bits)
        lap("local prints searched")
        if faces:
            self.faces.query(self.engine.model_id, [face.embedding for face in faces], self.engine.thresholds.review)
        lap("templates searched")
        return len(faces), laps


def _turns(
    pictures: Sequence[bytes], ours: _Ours, times: dict[str, list[float]], stages: dict[str, list[float]],
    facts: dict[str, Any], peer: Peer | None, folder: Path,
) -> None:  # fmt: skip
    for number, data in enumerate(pictures):
        times["pdq"].append(_timed(lambda data=data: ours.hash(data)))  # type: ignore[misc]
        start = time.process_time()
        count, laps = ours.whole(data)
        times["whole"].append(time.process_time() - start)
        facts["faces_found"] += count > 0
        for name, seconds in laps.items():
            stages.setdefault(name, []).append(seconds)
        if peer is not None:
            path = folder / f"{number}.jpg"
            path.write_bytes(data)
            times["their_pdq"].append(peer.ask("pictures.pdq", path=str(path))["time"])
            answer = peer.ask("pictures.glue", path=str(path))
            times["glue"].append(answer["time"])
            facts["faces_found_by_glue"] = facts.get("faces_found_by_glue", 0) + (answer["faces"] > 0)
        if number % 10 == 9:
            _say(f"{number + 1} of {len(pictures)} pictures")


def _print(rng: np.random.Generator) -> LocalPrint | None:
    try:
        return enrol(scene(rng, 640, int(rng.integers(400, 640))))
    except LocalRefused:
        return None


def _portraits(folder: Path | None) -> tuple[list[Picture], str]:
    """Faces to stand beside the photos, and where they are from."""
    if folder is not None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)[:MOST_PICTURES]
        found = [rgb for path in paths if (rgb := _read(path)) is not None]
        if found:
            return found, f"{len(found)} photos of the faces folder"
    from skimage.data import astronaut

    return [np.asarray(astronaut()[0:270, 90:360], np.uint8)], "one portrait of scikit-image (astronaut)"


def _pictures(folder: Path, portraits: Sequence[Picture]) -> list[bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)[:MOST_PICTURES]
    found = [rgb for path in paths if (rgb := _read(path)) is not None]
    return [_beside(photo, portraits[number % len(portraits)]) for number, photo in enumerate(found)]


def _beside(photo: Picture, portrait: Picture) -> bytes:
    """The photo over the whole picture, the portrait in its right lower corner."""
    height, width = photo.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
    canvas = cv2.resize(photo, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    canvas = np.ascontiguousarray(canvas[:HEIGHT, :WIDTH])
    tall, wide = portrait.shape[:2]
    share = 260 / max(tall, wide)
    small = cv2.resize(portrait, (round(wide * share), round(tall * share)), interpolation=cv2.INTER_AREA)
    canvas[HEIGHT - small.shape[0] :, WIDTH - small.shape[1] :] = small
    done, data = cv2.imencode(".jpg", canvas[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise NothingToMeasure("OpenCV cannot write JPEG here")
    return data.tobytes()


def _read(path: Path) -> Picture | None:
    try:
        return read_pixels(path.read_bytes(), side=2048).rgb
    except PictureError:
        return None


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _ms(values: list[float]) -> float | None:
    return round(statistics.median(values) * 1000, 2) if values else None


def _over(theirs: list[float], ours: list[float]) -> float | None:
    return round(statistics.median(theirs) / statistics.median(ours), 2) if theirs and ours else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
