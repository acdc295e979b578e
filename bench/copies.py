"""How many edited copies are found, and how many strangers' pictures are taken for one, with a full index.

Photos are enrolled as the product does it, beside ``distractors`` other pictures: crops, mirror images and recoloured
pieces of photos that are not asked for, generated scenes, and screenshots, captions and watermarks of them that share
their furniture with the edits. Each query is an edited photo as bytes and takes the product's own way: PDQ of eight
views, and local features whose tiles were seen.

Real extraction takes some 15 ms a picture. Beyond ``MOST_EXTRACTED`` the rest is *derived*: the print of an
extracted distractor with one bit in eight of every code flipped, its positions shuffled and its tiles exchanged with
another's. To the index that is another picture, as dense and as ordinary as a real one. The answer says how many.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from bench.edits import COLLAGE, EDITS, NAMES, edited, rng_for
from bench.scenes import scene
from bench.vectors import MOST_EXTRACTED as MOST_VECTORS
from bench.vectors import Vectors, engine, filled_up
from bench.vectors import extracted as extracted_vectors
from efface.vision import pdq, profile
from efface.vision.copyvector import WHOLE, pictures_within, piece
from efface.vision.hamming import MATCH
from efface.vision.local import LocalPrint, LocalRefused, enrol, tiles
from efface.vision.pictures import PictureError, read_pixels

MOST_QUERIES = 100
LEAST_SPARE = 4
"""Photos that are never asked for: distractors are made of them. A tenth of a small folder."""
MOST_EXTRACTED = 8_000
FURNITURE = ("screenshot50", "screenshot50_dark", "caption", "watermark", "mirror+screenshot")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Fingerprints of one enrolled picture: ``local`` is empty where it was refused."""

    hashes: list[str]
    local: bytes


@dataclass(frozen=True, slots=True)
class Query:
    edit: str
    data: bytes
    true: frozenset[int]
    photo: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Keys found by the whole pipeline, by one plain PDQ hash and by the copy vector, with CPU milliseconds of each
    stage of the pipeline, and of the vector."""

    default: frozenset[int]
    pdq31: frozenset[int]
    ms: dict[str, float]
    vector: frozenset[int] = frozenset()
    vector_ms: float = 0.0


def run(
    folder: Path, distractors: int, seed: int = 3, processes: int = 2, extracted_most: int = MOST_EXTRACTED,
    models: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Recall per edit, false matches, cost; ``extracted_most`` of the distractors are real extractions. ``models``: a
    folder with a copy embedder, measured beside.

    Raises ``ValueError`` with fewer than eight photos."""
    started = time.monotonic()
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    photos = [(path.relative_to(folder).as_posix(), pixels) for path in paths if (pixels := _read(path)) is not None]
    if len(photos) < 8:
        raise ValueError(f"{folder} has {len(photos)} pictures that can be read; eight are needed")
    asked = list(range(min(MOST_QUERIES, len(photos) - max(LEAST_SPARE, len(photos) // 10))))
    spare = [picture for _, picture in photos[len(asked) :]]
    _say(f"{len(photos)} photos, {len(asked)} of them asked for")
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        own = list(pool.map(_fingerprints, [picture for _, picture in photos], chunksize=8))
        extracted = _spread(pool, spare, min(distractors, extracted_most), seed, processes)
        _say(f"{len(extracted)} distractors extracted, {time.monotonic() - started:.0f} s")
        found = _vectors(pool, models, photos, spare, distractors, len(extracted), seed) if models else None
    queries = _queries(photos, asked, seed)
    answers, index_facts = _ask(own, extracted, distractors, queries, seed, processes, started, found)
    made = _report(photos, asked, own, queries, answers, index_facts, distractors, len(extracted), started)
    return made if found is None else _with_vectors(made, found, queries, answers)


def _read(path: Path) -> Picture | None:
    try:
        return read_pixels(path.read_bytes(), side=4096).rgb
    except PictureError:
        return None


def _fingerprints(picture: Picture) -> Enrolled:
    """As at intake: hashes of the eight views and the local print."""
    cv2.setNumThreads(1)
    try:
        hashes = pdq.fingerprint(picture)[0]
    except ValueError:
        hashes = []
    try:
        return Enrolled(hashes, enrol(picture).to_bytes())
    except LocalRefused:
        return Enrolled(hashes, b"")


def _spread(
    pool: ProcessPoolExecutor, spare: Sequence[Picture], count: int, seed: int, processes: int
) -> list[Enrolled]:
    if not count:
        return []
    pieces = processes * 8
    shares = [(spare, range(start, count, pieces), seed) for start in range(pieces)]
    out: list[Enrolled] = []
    for done, part in enumerate(pool.map(_distractors, shares), start=1):
        out += part
        _say(f"distractors: {done} of {pieces} parts")
    return out


def _distractors(share: tuple[Sequence[Picture], range, int]) -> list[Enrolled]:
    spare, numbers, seed = share
    made = (_distractor(spare, number, np.random.default_rng([seed, 17, number])) for number in numbers)
    return [_fingerprints(picture) for picture in made]


def _distractor(spare: Sequence[Picture], number: int, rng: np.random.Generator) -> Picture:
    """Of ten: one with the furniture of the edits, three generated scenes, six pieces of photos turned and toned."""
    kind = number % 10
    photo = spare[int(rng.integers(len(spare)))]
    if kind == 0:
        return EDITS[FURNITURE[int(rng.integers(len(FURNITURE)))]](photo, rng)
    if kind < 4:
        return scene(rng, 640, int(rng.integers(400, 640)))
    height, width = photo.shape[:2]
    share = float(rng.uniform(0.35, 0.9))
    tall, wide = max(64, round(height * share)), max(64, round(width * float(rng.uniform(0.35, 0.9))))
    top, left = int(rng.integers(0, max(1, height - tall))), int(rng.integers(0, max(1, width - wide)))
    piece = np.rot90(photo[top : top + tall, left : left + wide], int(rng.integers(4)))
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    toned = piece.astype(np.float32) * rng.uniform(0.7, 1.2, 3) + rng.uniform(-25, 25)
    return np.ascontiguousarray(np.clip(toned, 0, 255).astype(np.uint8))


def _queries(photos: Sequence[tuple[str, Picture]], asked: Sequence[int], seed: int) -> list[Query]:
    out: list[Query] = []
    for edit in NAMES:
        for photo in asked:
            name, picture = photos[photo]
            rng = rng_for(seed, name, edit)
            others = [(photo + step) % len(asked) for step in (1, 2, 3)] if edit == COLLAGE else []
            data = edited(edit, picture, rng, [photos[other][1] for other in others])
            out.append(Query(edit, data, frozenset([photo, *others]), photo))
    return out


def _ask(
    own: Sequence[Enrolled], extracted: Sequence[Enrolled], distractors: int, queries: Sequence[Query], seed: int,
    processes: int, started: float, found: Vectors | None,
) -> tuple[list[Answer], dict[str, Any]]:  # fmt: skip
    """Answers in order. One index is filled, then shared by forked processes that ask it: nothing is written to it."""
    _STATE.fill(own, extracted, distractors, seed)
    _STATE.fill_vectors(found)
    facts = {"enrolled_pictures": len(own) + distractors, "local_prints": len(_STATE.local), "rss_mb": _rss_mb()}
    _say(f"index of {facts['enrolled_pictures']} pictures filled, {time.monotonic() - started:.0f} s")
    _STATE.answer(queries[0])  # whatever is compiled or loaded late is not the queries' cost
    answers: list[Answer] = []
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for done, answer in enumerate(pool.imap(_answer, queries, chunksize=4), start=1):
            answers.append(answer)
            if done % 200 == 0:
                _say(f"{done} of {len(queries)} queries, {time.monotonic() - started:.0f} s")
    return answers, facts


class _State:
    """The filled indexes, inherited by the processes that ask."""

    def fill(self, own: Sequence[Enrolled], extracted: Sequence[Enrolled], distractors: int, seed: int) -> None:
        from efface.vision.index import PdqIndex
        from efface.vision.local.index import LocalIndex, warm

        cv2.setNumThreads(1)
        warm()
        self.pdq: PdqIndex[int] = PdqIndex()
        self.plain: PdqIndex[int] = PdqIndex()
        self.local: LocalIndex[int] = LocalIndex()
        pictures = _with_derived(own, extracted, distractors, seed)
        for key, (hashes, print_) in enumerate(pictures):
            if hashes:
                self.pdq.add(key, hashes)
                self.plain.add(key, hashes[:1])
            if print_ is not None:
                self.local.add(key, print_)

    def fill_vectors(self, found: Vectors | None) -> None:
        from efface.vision.index import FaceIndex

        self.vectors: FaceIndex[int] = FaceIndex()
        self.models = found.models if found is not None else None
        if found is None:
            return
        model = engine(found.models).manifest.model_id
        for key, vector in enumerate([*found.photos, *found.distractors]):
            if vector is not None:
                self.vectors.add(key, model, vector)

    def by_vector(self, rgb: Picture) -> frozenset[int]:
        """What the copy vector finds, at the threshold of its manifest."""
        if self.models is None:
            return frozenset()
        copier, boxes = engine(self.models), [WHOLE, *pictures_within(rgb)]
        vectors = [one for one in copier.embed([piece(rgb, box) for box in boxes]) if one is not None]
        assert copier.manifest.thresholds is not None
        near = self.vectors.query(copier.manifest.model_id, vectors, copier.manifest.thresholds.review)
        return frozenset(hit.key for hits in near for hit in hits)

    def answer(self, query: Query) -> Answer:
        ms: dict[str, float] = {}
        clock = time.process_time()

        def lap(name: str) -> None:
            nonlocal clock
            now = time.process_time()
            ms[name] = (now - clock) * 1000
            clock = now

        seen = profile.view(query.data)
        lap("decode, PDQ and look")
        hits = self.pdq.query([seen.hashes], MATCH)[0]
        lap("PDQ match")
        candidates = self.local.candidates(seen.look)
        lap("local candidates")
        found = tiles(seen.pixels.rgb, [candidate.affine for candidate in candidates])
        confirmed = [self.local.confirm(candidate, bits) for candidate, bits in zip(candidates, found, strict=True)]
        lap("tiles and confirmation")
        plain = frozenset(hit.key for hit in self.plain.query([seen.hashes[:1]], MATCH)[0])
        keys = {hit.key for hit in hits} | {hit.key for hit in confirmed if hit is not None}
        clock = time.process_time()
        similar = self.by_vector(seen.pixels.rgb)
        return Answer(frozenset(keys), plain, ms, similar, (time.process_time() - clock) * 1000)


_STATE = _State()


def _answer(query: Query) -> Answer:
    return _STATE.answer(query)


def _with_derived(
    own: Sequence[Enrolled], extracted: Sequence[Enrolled], distractors: int, seed: int
) -> Iterator[tuple[list[str], LocalPrint | None]]:
    """All that is enrolled: the photos, then the extracted, then the derived distractors."""
    prints = [LocalPrint.from_bytes(item.local) if item.local else None for item in extracted]
    for item in own:
        yield item.hashes, LocalPrint.from_bytes(item.local) if item.local else None
    for item, print_ in zip(extracted, prints, strict=True):
        yield item.hashes, print_
    rng = np.random.default_rng([seed, 29])
    usable = [print_ for print_ in prints if print_ is not None]
    for _ in range(distractors - len(extracted)):
        one, other = usable[int(rng.integers(len(usable)))], usable[int(rng.integers(len(usable)))]
        yield [rng.bytes(32).hex() for _ in range(8)], derived(one, other, rng)


def derived(one: LocalPrint, other: LocalPrint, rng: np.random.Generator) -> LocalPrint:
    """A print that no picture has: see the head of this module."""
    flips = np.bitwise_and.reduce([rng.integers(0, 256, one.codes.shape, dtype=np.uint8) for _ in range(3)])
    order = rng.permutation(len(one))
    return replace(
        one, codes=one.codes ^ flips, x=one.x[order], y=one.y[order], signs=other.signs, texture=other.texture
    )


def _report(
    photos: Sequence[tuple[str, Picture]], asked: Sequence[int], own: Sequence[Enrolled], queries: Sequence[Query],
    answers: Sequence[Answer], index_facts: dict[str, Any], distractors: int, extracted: int, started: float,
) -> dict[str, Any]:  # fmt: skip
    enrolled = len(photos) + distractors
    pairs = sum(enrolled - len(query.true) for query in queries)
    totals = np.array([sum(answer.ms.values()) for answer in answers])
    matching = np.array([answer.ms["PDQ match"] + answer.ms["local candidates"] for answer in answers])
    return {
        "profile": profile.PROFILE,
        "settings": profile.SETTINGS,
        "photos": len(photos),
        "queries_per_edit": len(asked),
        "distractors": distractors,
        "distractors_extracted": extracted,
        "distractors_derived": distractors - extracted,
        "photos_without_local_print": sum(not item.local for item in own),
        **index_facts,
        "ms_per_query": round(float(np.median(totals)), 1),
        "ms_per_query_p90": round(float(np.quantile(totals, 0.9)), 1),
        "ms_matching": round(float(np.median(matching)), 1),
        "ms_by_stage": {
            stage: round(float(np.median([answer.ms[stage] for answer in answers])), 2) for stage in answers[0].ms
        },
        "methods": {
            "default": _score(queries, [answer.default for answer in answers], pairs),
            "pdq31": _score(queries, [answer.pdq31 for answer in answers], pairs),
        },
        "sscd": "not measured: no copy embedder is installed (efface models install sscd)",
        "collage": "the photo asked for must be found; its three neighbours are true too, neither counted nor false",
        "seconds": round(time.monotonic() - started),
    }


def _vectors(
    pool: ProcessPoolExecutor, models: Path, photos: Sequence[tuple[str, Picture]], spare: Sequence[Picture],
    distractors: int, extracted_most: int, seed: int,
) -> Vectors:  # fmt: skip
    """Of the photos and of the first distractors, which are made once more; the rest is derived."""
    count = min(extracted_most, MOST_VECTORS)
    made = (_distractor(spare, number, np.random.default_rng([seed, 17, number])) for number in range(count))
    real = [vector for vector in extracted_vectors(pool, models, made) if vector is not None]
    _say(f"{len(real)} distractors have vectors")
    own = extracted_vectors(pool, models, (picture for _, picture in photos))
    return Vectors(models, own, filled_up(real, distractors, np.random.default_rng([seed, 31])), len(real))


def _with_vectors(
    made: dict[str, Any], found: Vectors, queries: Sequence[Query], answers: Sequence[Answer]
) -> dict[str, Any]:
    """The report with the copy vector's part: alone, and together with the default pipeline."""
    manifest = engine(found.models).manifest
    pairs = made["methods"]["default"]["unrelated_pairs"]
    made["methods"]["sscd"] = _score(queries, [answer.vector for answer in answers], pairs)
    made["methods"]["default+sscd"] = _score(queries, [answer.default | answer.vector for answer in answers], pairs)
    made["sscd"] = {
        "model": manifest.model_id,
        "threshold": manifest.thresholds.review if manifest.thresholds else None,
        "ms_vector": round(float(np.median([answer.vector_ms for answer in answers])), 1),
        "distractors_extracted": found.extracted,
        "distractors_derived": len(found.distractors) - found.extracted,
    }
    return made


def _score(queries: Sequence[Query], found: Sequence[frozenset[int]], pairs: int) -> dict[str, Any]:
    recall: dict[str, float] = {}
    false: dict[str, int] = {}
    for edit in NAMES:
        these = [(query, keys) for query, keys in zip(queries, found, strict=True) if query.edit == edit]
        recall[edit] = round(sum(query.photo in keys for query, keys in these) / len(these), 4)
        false[edit] = sum(len(keys - query.true) for query, keys in these)
    total = sum(false.values())
    return {
        "recall": recall,
        "false_matches": total,
        "unrelated_pairs": pairs,
        "false_per_million": round(total / pairs * 1e6, 4) if pairs else 0.0,
        "false_by_edit": {edit: count for edit, count in false.items() if count},
    }


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
