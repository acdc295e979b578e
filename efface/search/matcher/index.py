"""The fingerprints in memory, whose they are, and the comparison. Hashes, faces and frames are all looked at; local
features through an inverted file."""

from __future__ import annotations

import threading
import uuid
from base64 import b64decode
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from efface.cases.active import BLOCKED, Active
from efface.net.protocol import Face, Vector
from efface.search.matcher.hits import Hit, Owner, Shown
from efface.search.matcher.shelves import Bounds, Faces, Locals, Pictures, Shelf, Texts, Vectors, Videos
from efface.vision.local import LocalLook, TileBits
from efface.vision.local.index import Candidate
from efface.vision.video import VideoPrint

__all__ = ["Bounds", "Index"]


class Index:
    """``bounds`` maps a face model's id to its thresholds, ``copies`` the copy embedder's; a template or vector of
    another model is left out: it cannot be judged. ``version`` grows with each change. May be asked and changed from
    several threads."""

    def __init__(
        self, active: Iterable[Active], bounds: dict[str, Bounds], copies: dict[str, Bounds] | None = None
    ) -> None:
        self.unreadable: set[uuid.UUID] = set()
        self.version = 0
        self._lock = threading.Lock()
        self._pictures, self._faces, self._locals = Pictures(), Faces(bounds), Locals()
        self._videos, self._texts, self._vectors = Videos(), Texts(), Vectors(copies or {})
        self._blocked, self._bounds = Faces(bounds), bounds
        self._templates: dict[uuid.UUID, tuple[str, Any]] = {}
        self._arrived: deque[uuid.UUID] = deque()
        self._shelves: dict[str, Shelf] = {
            "pdq": self._pictures, "face": self._faces, "local": self._locals, "video": self._videos,
            "text": self._texts, "copy": self._vectors, BLOCKED: self._blocked,
        }  # fmt: skip
        self._owners: dict[uuid.UUID, Owner] = {}
        self.replace(active)

    def replace(self, active: Iterable[Active], cases: Iterable[uuid.UUID] | None = None) -> set[uuid.UUID]:
        """These fingerprints, and no others, are in force from now on: of ``cases``, or of all. One without a value is
        held already and stays as it is. Returns the cases of which nothing is left."""
        wanted = {one.fingerprint_id: one for one in active}
        with self._lock:
            before = {owner.case for owner in self._owners.values()}
            touched = before | {one.case_id for one in wanted.values()} if cases is None else set(cases)
            for fingerprint, owner in list(self._owners.items()):
                if owner.case in touched and fingerprint not in wanted:
                    self._drop(fingerprint)
            for fingerprint, one in wanted.items():
                if one.value is None:
                    continue
                try:
                    self._add(one)
                    self.unreadable.discard(fingerprint)
                except (ValueError, LookupError, TypeError):
                    self._drop(fingerprint)
                    self.unreadable.add(fingerprint)
            return before - {owner.case for owner in self._owners.values()}

    def _add(self, one: Active) -> None:
        self.version += 1
        shelf = self._shelves.get(one.kind)
        if shelf is not None:
            shelf.put(one.fingerprint_id, one.value)
            self._owners[one.fingerprint_id] = Owner(one.organisation_id, one.case_id, one.fingerprint_id)
            if shelf in (self._faces, self._blocked):
                self._templates[one.fingerprint_id] = one.value["model"], np.asarray(one.value["vector"], np.float32)
                self._arrived.append(one.fingerprint_id)

    def _drop(self, fingerprint: uuid.UUID) -> None:
        self.version += 1
        self._owners.pop(fingerprint, None)
        self._templates.pop(fingerprint, None)
        for shelf in self._shelves.values():
            shelf.take(fingerprint)

    @property
    def pictures(self) -> int:
        return len(self._pictures) + len(self._videos)

    @property
    def faces(self) -> int:
        return len(self._faces)

    @property
    def blocked(self) -> int:
        return len(self._blocked)

    @property
    def looks(self) -> int:
        return len(self._locals)

    @property
    def vectors(self) -> int:
        return len(self._vectors)

    def held(self) -> set[uuid.UUID]:
        """Fingerprints in force; their values need not be given again."""
        with self._lock:
            return set(self._owners)

    def cases(self) -> set[uuid.UUID]:
        with self._lock:
            return {owner.case for owner in self._owners.values()}

    def missing(self, fingerprints: Sequence[str]) -> list[str]:
        """Those of these fingerprints that are not compared with yet. One that cannot be is not waited for."""
        with self._lock:
            held = {str(fingerprint) for fingerprint in (*self._owners, *self.unreadable)}
        return [name for name in fingerprints if name not in held]

    def compare_pictures(self, media: Sequence[Shown]) -> list[Hit]:
        """For each picture or video and fingerprint at most one hit of a kind, over the views and frames. Pictures of
        low quality count only where the very same file was enrolled."""
        found: list[Hit] = []
        for position, shown in enumerate(media):
            try:
                clip = VideoPrint.from_bytes(b64decode(shown.clip, validate=True)) if shown.clip else None
                near = [*self._pictures.near(shown, clip), *self._videos.near(shown, clip)]
            except ValueError:
                continue
            found += self._owned(near, position)
        return found

    def compare_faces(self, faces: Sequence[Face]) -> list[Hit]:
        """Hits of one picture's faces, position 0; for each template the best face only."""
        return self._owned(self._faces.near(faces), 0)

    def is_blocked(self, model: str, vector: Sequence[float]) -> bool:
        """Whether a template surely resembles one of somebody who asked not to be searched for. Never says whose.
        Raises ``LookupError`` for a model that is not in force: of it nothing can be said."""
        bounds = self._bounds[model]
        return any(hit.score >= bounds.strong for hit in self._blocked.alike(model, vector, bounds.strong))

    def same_faces(self, most: int = 100) -> list[tuple[Owner, Owner, bool]]:
        """Of templates that came in and were not compared with the others yet, at most ``most`` of them: pairs of two
        cases with surely the same face, and whether one of the two only blocks."""
        found = []
        with self._lock:
            fresh = [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]
        for one in fresh:
            mine, template = self._owners.get(one), self._templates.get(one)
            if mine is None or template is None or template[0] not in self._bounds:
                continue
            blocks = one in self._blocked
            strong = self._bounds[template[0]].strong
            for shelf in (self._faces, self._blocked):
                for hit in shelf.alike(*template, strong):
                    other = self._owners.get(uuid.UUID(hit.fingerprint))
                    if other is not None and other.case != mine.case:
                        found.append((mine, other, blocks or shelf is self._blocked))
        return found

    def arrived(self) -> int:
        """How many templates wait to be compared with each other."""
        return len(self._arrived)

    def compare_vectors(self, vectors: Sequence[Vector]) -> list[Hit]:
        """Hits of one picture's copy vectors, position 0; for each fingerprint the nearest only."""
        return self._owned(self._vectors.near(vectors), 0)

    def look_alike(self, look: bytes) -> list[Candidate[uuid.UUID]]:
        """Enrolled pictures that seem to lie in a picture of which these are the local features. None of them counts
        before ``confirm``. Raises ``ValueError`` for bytes that are no look."""
        return self._locals.candidates(LocalLook.from_bytes(look))

    def confirm(self, candidates: Sequence[Candidate[uuid.UUID]], shown: Sequence[bytes]) -> list[Hit]:
        """Hits of one picture, position 0: those candidates that the picture shows indeed. ``shown`` is what the
        decoder saw at each place. Raises ``ValueError`` for bytes that say nothing."""
        tiles = [TileBits.from_bytes(one) if one else None for one in shown]
        return self._owned(self._locals.confirmed(candidates, tiles), 0)

    def compare_text(self, text: str) -> list[Hit]:
        """Hits of what a page says, position -1; for each fingerprint one."""

        def case(fingerprint: uuid.UUID) -> uuid.UUID | None:
            owner = self._owners.get(fingerprint)
            return owner.case if owner is not None else None

        return self._owned(self._texts.near(text, case), -1)

    def _owned(self, near: Iterable[Hit], media: int) -> list[Hit]:
        """The hits with whose fingerprint each is; those that are in force no more are left out."""
        found = []
        for hit in near:
            owner = self._owners.get(uuid.UUID(hit.fingerprint))
            if owner is not None:
                found.append(replace(hit, organisation=str(owner.organisation), case=str(owner.case), media=media))
        return found
