"""The fingerprints in memory, whose they are, and the comparison. Exact: every fingerprint is looked at."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from efface.cases.active import Active
from efface.net.protocol import Face
from efface.search.matcher.hits import Hit, Owner, Shown
from efface.vision.hamming import DIHEDRAL, LOW_QUALITY, MATCH
from efface.vision.index import FaceIndex, PdqIndex

_UNDONE_BY = {"rotate-90-left": "rotate-90-right", "rotate-90-right": "rotate-90-left"}


def turned(view: int) -> str:
    """What was done to the enrolled picture to give the one met, of which view number ``view`` looks like it."""
    return _UNDONE_BY.get(DIHEDRAL[view], DIHEDRAL[view])


@dataclass(frozen=True, slots=True)
class Bounds:
    """Cosines of one face model, from its manifest."""

    review: float
    strong: float


class Index:
    """``bounds`` maps a face model's id to its thresholds; a template of another model is left out: it cannot be
    judged. May be asked and changed from several threads."""

    def __init__(self, active: Iterable[Active], bounds: dict[str, Bounds]) -> None:
        self.bounds = bounds
        self.unreadable: set[uuid.UUID] = set()
        self._lock = threading.Lock()
        self._pictures: PdqIndex[uuid.UUID] = PdqIndex()
        self._faces: FaceIndex[uuid.UUID] = FaceIndex()
        self._owners: dict[uuid.UUID, Owner] = {}
        self._files: dict[str, set[uuid.UUID]] = {}
        self.replace(active)

    def replace(self, active: Iterable[Active], cases: Iterable[uuid.UUID] | None = None) -> set[uuid.UUID]:
        """These fingerprints, and no others, are in force from now on: of ``cases``, or of all. Returns the cases of
        which nothing is left."""
        wanted = {one.fingerprint_id: one for one in active}
        with self._lock:
            before = {owner.case for owner in self._owners.values()}
            touched = before | {one.case_id for one in wanted.values()} if cases is None else set(cases)
            for fingerprint, owner in list(self._owners.items()):
                if owner.case in touched and fingerprint not in wanted:
                    self._drop(fingerprint)
            for fingerprint, one in wanted.items():
                try:
                    self._add(one)
                    self.unreadable.discard(fingerprint)
                except (ValueError, KeyError, TypeError):
                    self._drop(fingerprint)
                    self.unreadable.add(fingerprint)
            return before - {owner.case for owner in self._owners.values()}

    def _add(self, one: Active) -> None:
        value: Any = one.value
        if one.kind == "pdq":
            self._pictures.add(one.fingerprint_id, [value["pdq"][0]])
            if value.get("sha256"):
                self._files.setdefault(str(value["sha256"]), set()).add(one.fingerprint_id)
        elif one.kind == "face":
            if value["model"] not in self.bounds:
                raise ValueError("no thresholds for this model")
            self._faces.add(one.fingerprint_id, value["model"], value["vector"])
        else:
            return
        self._owners[one.fingerprint_id] = Owner(one.organisation_id, one.case_id, one.fingerprint_id)

    def _drop(self, fingerprint: uuid.UUID) -> None:
        self._owners.pop(fingerprint, None)
        self._pictures.remove(fingerprint)
        self._faces.remove(fingerprint)
        for file, owners in list(self._files.items()):
            owners.discard(fingerprint)
            if not owners:
                del self._files[file]

    @property
    def pictures(self) -> int:
        return len(self._pictures)

    @property
    def faces(self) -> int:
        return len(self._faces)

    def cases(self) -> set[uuid.UUID]:
        with self._lock:
            return {owner.case for owner in self._owners.values()}

    def missing(self, fingerprints: Sequence[str]) -> list[str]:
        """Those of these fingerprints that are not compared with."""
        held = {str(fingerprint) for fingerprint in list(self._owners)}
        return [name for name in fingerprints if name not in held]

    def compare_pictures(self, media: Sequence[Shown]) -> list[Hit]:
        """For each picture and fingerprint at most one hit, over the eight views. Pictures of low quality count only
        where the very same file was enrolled."""
        found: list[Hit] = []
        for position, shown in enumerate(media):
            exact = set(self._files.get(shown.sha256, ())) if shown.sha256 else set()
            near: dict[uuid.UUID, tuple[int, int]] = dict.fromkeys(exact, (0, 0))
            if shown.pdq and shown.quality >= LOW_QUALITY:
                try:
                    for hit in self._pictures.query([shown.pdq[: len(DIHEDRAL)]], MATCH)[0]:
                        near.setdefault(hit.key, (hit.distance, hit.view))
                except ValueError:
                    continue
            for fingerprint, (distance, view) in near.items():
                owner = self._owners.get(fingerprint)
                if owner is not None:
                    found.append(_picture_hit(owner, position, distance, turned(view), fingerprint in exact))
        return found

    def compare_faces(self, faces: Sequence[Face]) -> list[Hit]:
        """Hits of one picture's faces, position 0; for each template the best face only."""
        best: dict[uuid.UUID, Hit] = {}
        for face in faces:
            bounds = self.bounds.get(face.model)
            if bounds is None:
                continue
            for hit in self._faces.query(face.model, [face.embedding], bounds.review)[0]:
                owner = self._owners.get(hit.key)
                if owner is None or (hit.key in best and best[hit.key].score >= hit.cosine):
                    continue
                best[hit.key] = Hit(
                    str(owner.organisation), str(owner.case), str(owner.fingerprint), 0, "face", hit.cosine,
                    bounds.review, hit.cosine >= bounds.strong, bounds.strong,
                    region=[round(share, 4) for share in face.box[:4]], px=face.px, model=face.model,
                )  # fmt: skip
        return list(best.values())


def _picture_hit(owner: Owner, position: int, distance: int, view: str, exact: bool) -> Hit:
    return Hit(
        str(owner.organisation), str(owner.case), str(owner.fingerprint), position, "pdq",
        float(distance), float(MATCH), True, float(MATCH), view, exact,
    )  # fmt: skip
