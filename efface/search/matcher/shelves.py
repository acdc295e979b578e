"""One shelf for each kind of fingerprint: what is held of it, and what is near to something met.

Shelves know fingerprints by id and not whose they are; ``Index`` adds that. Each may be asked and changed from several
threads.
"""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from efface.net.protocol import Face, Vector
from efface.search.matcher.copies import MIRRORED, Pictures, Videos, hit_of
from efface.search.matcher.hits import Hit
from efface.vision.hamming import DIHEDRAL
from efface.vision.index import FaceIndex
from efface.vision.local import LocalPrint, TileBits, thresholds
from efface.vision.local.index import Candidate, LocalIndex
from efface.vision.text import TextIndex, counting, text_print

__all__ = ["Bounds", "Faces", "Locals", "Pictures", "Shelf", "Texts", "Vectors", "Videos"]

STRONG_INLIERS = 12
STRONG_TILES = 6
"""Points that agree, and tiles seen again, from which chance is ruled out. What was matched wrongly among 1.9e8 pairs
of unrelated pictures (``efface bench copies``) shared captions or frames: few tiles, few points."""


class Shelf(Protocol):
    """``put`` raises ``ValueError``, ``LookupError`` or ``TypeError`` for a value that is not of its kind."""

    def put(self, fingerprint: uuid.UUID, value: Any) -> None: ...

    def take(self, fingerprint: uuid.UUID) -> None: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Cosines of one model of faces or copies, from its manifest; ``single_...`` for templates of one photo, 0 where
    they are not known."""

    review: float
    strong: float
    single_review: float = 0.0
    single_strong: float = 0.0

    def of(self, photos: int) -> tuple[float, float]:
        """Review and strong for a template of so many photos."""
        if photos == 1 and self.single_review:
            return self.single_review, self.single_strong
        return self.review, self.strong


class Faces:
    """Face templates, each compared within its model only."""

    def __init__(self, bounds: dict[str, Bounds]) -> None:
        self._index: FaceIndex[uuid.UUID] = FaceIndex()
        self._bounds = bounds
        self._photos: dict[uuid.UUID, int] = {}

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        if value["model"] not in self._bounds:
            raise ValueError("no thresholds for this model")
        self._index.add(fingerprint, value["model"], value["vector"])
        self._photos[fingerprint] = int(value.get("photos") or 0)

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)
        self._photos.pop(fingerprint, None)

    def __contains__(self, fingerprint: object) -> bool:
        return fingerprint in self._photos

    def alike(self, model: str, vector: Sequence[float], least: float) -> list[Hit]:
        """Templates whose cosine with this one is at least ``least``."""
        found = self._index.query(model, [vector], least)[0]
        return [hit_of(hit.key, "face", hit.cosine, least, True, strong_at=least, model=model) for hit in found]

    def near(self, faces: Sequence[Face]) -> list[Hit]:
        """For each template the face that is most like it."""
        best: dict[uuid.UUID, Hit] = {}
        for face in faces:
            bounds = self._bounds.get(face.model)
            if bounds is None:
                continue
            least = min(bounds.review, bounds.single_review or bounds.review)
            for hit in self._index.query(face.model, [face.embedding], least)[0]:
                review, strong = bounds.of(self._photos.get(hit.key, 0))
                if hit.cosine < review or (hit.key in best and best[hit.key].score >= hit.cosine):
                    continue
                best[hit.key] = hit_of(
                    hit.key, "face", hit.cosine, review, hit.cosine >= strong, strong_at=strong,
                    region=[round(share, 4) for share in face.box[:4]], px=face.px, model=face.model,
                )  # fmt: skip
        return list(best.values())


class Locals:
    """Local prints."""

    def __init__(self) -> None:
        self._index: LocalIndex[uuid.UUID] = LocalIndex()

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        self._index.add(fingerprint, LocalPrint.from_bytes(b64decode(value["local"], validate=True)))

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)

    def candidates(self, look: Any) -> list[Candidate[uuid.UUID]]:
        return self._index.candidates(look)

    def confirmed(self, candidates: Sequence[Candidate[uuid.UUID]], shown: Sequence[TileBits | None]) -> list[Hit]:
        found = []
        for candidate, tiles in zip(candidates, shown, strict=True):
            hit = self._index.confirm(candidate, tiles) if tiles is not None else None
            if hit is None:
                continue
            strong = hit.inliers >= STRONG_INLIERS and hit.tiles >= STRONG_TILES
            found.append(
                hit_of(
                    hit.key,
                    "local",
                    float(hit.inliers),
                    float(thresholds.LEAST_INLIERS),
                    strong,
                    strong_at=float(STRONG_INLIERS),
                    view=MIRRORED if hit.mirrored else DIHEDRAL[0],
                    region=[round(float(value), 4) for point in hit.region for value in point],
                    error=hit.tile_error,
                )  # fmt: skip
            )
        return found


class Vectors:
    """Copy vectors, each compared within its model only. ``bounds``: of the copy embedder in force."""

    def __init__(self, bounds: dict[str, Bounds]) -> None:
        self._index: FaceIndex[uuid.UUID] = FaceIndex()
        self._bounds = bounds

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        if value["model"] not in self._bounds:
            raise ValueError("no thresholds for this model")
        self._index.add(fingerprint, value["model"], value["vector"])

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)

    def near(self, vectors: Sequence[Vector]) -> list[Hit]:
        """For each enrolled picture the part that is most like it."""
        best: dict[uuid.UUID, Hit] = {}
        for vector in vectors:
            bounds = self._bounds.get(vector.model)
            if bounds is None:
                continue
            left, top, right, bottom = vector.box
            region = [left, top, right, top, right, bottom, left, bottom]
            for hit in self._index.query(vector.model, [vector.values], bounds.review)[0]:
                if hit.key not in best or best[hit.key].score < hit.cosine:
                    best[hit.key] = hit_of(
                        hit.key, "vector", hit.cosine, bounds.review, hit.cosine >= bounds.strong,
                        strong_at=bounds.strong, model=vector.model, region=region,
                    )  # fmt: skip
        return list(best.values())


class Texts:
    """What people go by."""

    def __init__(self) -> None:
        self._index: TextIndex[uuid.UUID] = TextIndex()

    def __len__(self) -> int:
        return len(self._index)

    def put(self, fingerprint: uuid.UUID, value: Any) -> None:
        self._index.add(fingerprint, text_print(value["kind"], value["value"], str(value.get("country") or "")))

    def take(self, fingerprint: uuid.UUID) -> None:
        self._index.remove(fingerprint)

    def near(self, text: str, case: Callable[[uuid.UUID], Hashable]) -> list[Hit]:
        """What of it stands in a text; ``case`` says whose each is: what many go by counts only beside something else
        of the same case."""
        if not text or not len(self._index):
            return []
        best: dict[uuid.UUID, Hit] = {}
        for hit in counting(self._index.search(text), case):
            score = 1.0 if hit.how == "exact" else 0.5
            if hit.key not in best or best[hit.key].score < score:
                best[hit.key] = hit_of(hit.key, "text", score, 0.0, hit.strength == "strong", words=hit.kind)
        return list(best.values())
