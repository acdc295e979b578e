"""The fingerprints in memory, and the comparison. Exact: every fingerprint is looked at.

An ``Index`` never changes; a new one takes its place when consents or fingerprints do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efface.cases.active import Active
from efface.net.protocol import Face
from efface.search.matcher.hits import Hit, Owner, Shown
from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH


@dataclass(frozen=True, slots=True)
class Bounds:
    """Cosines of one face model, from its manifest."""

    review: float
    strong: float


class Index:
    """``bounds`` maps a face model's id to its thresholds; templates of a model without are left out: they cannot be
    judged."""

    def __init__(self, active: Iterable[Active], bounds: dict[str, Bounds]) -> None:
        self.bounds = bounds
        self.unreadable = 0
        self._owners: list[Owner] = []
        self._files: dict[str, list[int]] = {}
        hashes: list[bytes] = []
        templates: dict[str, list[tuple[Owner, Sequence[float]]]] = {}
        for one in active:
            owner = Owner(one.organisation_id, one.case_id, one.fingerprint_id)
            try:
                if one.kind == "pdq":
                    views = b"".join(_hash(text) for text in one.value["pdq"])
                    if len(views) != 32 * len(DIHEDRAL):
                        raise ValueError
                    self._files.setdefault(str(one.value.get("sha256") or "-"), []).append(len(self._owners))
                    self._owners.append(owner)
                    hashes.append(views)
                elif one.kind == "face":
                    vector = [float(number) for number in one.value["vector"]]
                    templates.setdefault(str(one.value["model"]), []).append((owner, vector))
            except (ValueError, KeyError, TypeError):
                self.unreadable += 1
        self._hashes: NDArray[np.uint64] = np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, 4)
        self._faces: dict[str, tuple[list[Owner], NDArray[np.float32]]] = {}
        for model, rows in templates.items():
            self._stack(model, rows)

    def _stack(self, model: str, rows: list[tuple[Owner, Sequence[float]]]) -> None:
        width = len(rows[0][1])
        good = [row for row in rows if len(row[1]) == width and width > 0]
        if model not in self.bounds:
            good = []
        self.unreadable += len(rows) - len(good)
        if good:
            matrix = np.asarray([vector for _, vector in good], dtype=np.float32)
            matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
            self._faces[model] = ([owner for owner, _ in good], matrix)

    @property
    def pictures(self) -> int:
        return len(self._owners)

    @property
    def faces(self) -> int:
        return sum(len(owners) for owners, _ in self._faces.values())

    def cases(self) -> set[uuid.UUID]:
        return {owner.case for owner in self._owners} | {o.case for owners, _ in self._faces.values() for o in owners}

    def compare_pictures(self, media: Sequence[Shown]) -> list[Hit]:
        """For each picture and fingerprint at most one hit: the nearest of the eight views. Pictures of low quality
        count only where the very same file was enrolled."""
        found: list[Hit] = []
        for position, shown in enumerate(media):
            exact = set(self._files.get(shown.sha256, ())) if shown.sha256 else set()
            near: dict[int, tuple[int, int]] = dict.fromkeys(exact, (0, 0))
            if shown.pdq and shown.quality >= LOW_QUALITY and len(self._owners):
                try:
                    wanted = np.frombuffer(_hash(shown.pdq), dtype=np.uint64)
                except ValueError:
                    continue
                distances = np.bitwise_count(self._hashes ^ wanted).sum(axis=1, dtype=np.int32)
                for row in np.nonzero(distances <= MATCH)[0].tolist():
                    number, view, distance = row // len(DIHEDRAL), row % len(DIHEDRAL), int(distances[row])
                    if number not in near or (distance, view) < near[number]:
                        near[number] = (distance, view)
            for number, (distance, view) in sorted(near.items()):
                found.append(self._picture_hit(number, position, distance, view, number in exact))
        return found

    def _picture_hit(self, number: int, position: int, distance: int, view: int, exact: bool) -> Hit:
        owner = self._owners[number]
        return Hit(
            str(owner.organisation), str(owner.case), str(owner.fingerprint), position, "pdq",
            float(distance), float(MATCH), True, float(MATCH), DIHEDRAL[view], exact,
        )  # fmt: skip

    def compare_faces(self, faces: Sequence[Face]) -> list[Hit]:
        """Hits of one picture's faces, position 0; for each template the best face only."""
        best: dict[uuid.UUID, Hit] = {}
        for face in faces:
            owners, matrix = self._faces.get(face.model, ([], None))
            if matrix is None or len(face.embedding) != matrix.shape[1]:
                continue
            vector = np.asarray(face.embedding, dtype=np.float32)
            norm = float(np.linalg.norm(vector))
            if not np.isfinite(norm) or norm < 1e-6:
                continue
            bounds = self.bounds[face.model]
            scores = matrix @ (vector / norm)
            for row in np.nonzero(scores >= bounds.review)[0].tolist():
                owner, score = owners[row], float(scores[row])
                if owner.fingerprint in best and best[owner.fingerprint].score >= score:
                    continue
                best[owner.fingerprint] = Hit(
                    str(owner.organisation), str(owner.case), str(owner.fingerprint), 0, "face", round(score, 4),
                    bounds.review, score >= bounds.strong, bounds.strong, region=[round(x, 4) for x in face.box[:4]],
                    px=face.px, model=face.model,
                )  # fmt: skip
        return list(best.values())


def _hash(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != 32:
        raise ValueError("a PDQ hash has 64 hexadecimal digits")
    return data
