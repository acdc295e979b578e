"""Who is taken for whom: templates of labelled people against photos that were not enrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from efface.vision.faces.found import FaceFound
from efface.vision.faces.labelled import Labelled
from efface.vision.faces.template import MIN_PHOTOS, TemplateRefused, enrol
from efface.vision.faces.vectors import Floats, unit

Maker = Callable[[Sequence[Labelled]], "Floats | str"]
"""A person's enrolment photos -> their template, or why there is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Cosines of templates with probes.

    ``genuine`` has one value a probe photo, that of its best face, -1 for a photo without a face. ``impostor`` are the
    labelled faces of other people; ``bystander`` the other faces of other people's photos, whoever they are.
    ``refused`` counts people who could not be enrolled, by reason."""

    genuine: Floats
    impostor: Floats
    bystander: Floats
    enrolled: int
    refused: dict[str, int]

    def found(self, cosine: float) -> float:
        """Share of the genuine probes that reach ``cosine``; 0 where there are none."""
        return float((self.genuine >= cosine).mean()) if len(self.genuine) else 0.0

    def false(self, cosine: float) -> int:
        """How many comparisons with other people reach ``cosine``, bystanders included."""
        return int((self.impostor >= cosine).sum() + (self.bystander >= cosine).sum())

    def all_others(self) -> Floats:
        """The cosines with other people, bystanders included."""
        return np.concatenate([self.impostor, self.bystander])

    @property
    def others(self) -> int:
        """Number of comparisons with other people, bystanders included."""
        return len(self.impostor) + len(self.bystander)


def of_three(same: float) -> Maker:
    """Templates through the product's own ``enrol``."""

    def make(photos: Sequence[Labelled]) -> Floats | str:
        try:
            return enrol([photo.faces for photo in photos], same=same).template.vector
        except TemplateRefused as refusal:
            return refusal.reason

    return make


def of_one(photos: Sequence[Labelled]) -> Floats | str:
    """The embedding of a single photo as it is, which ``enrol`` would not take for a template."""
    return _vectors(photos[0].faces[:1])[0] if photos[0].faces else "no-face"


def run(photos: Sequence[Labelled], count: int, make: Maker, probes: Sequence[Labelled] | None = None) -> Trial:
    """Everybody with more than ``count`` photos is enrolled with the first ``count`` and looked for in the rest; a
    person with exactly as many is enrolled for the comparisons with others. ``probes`` are other forms of ``photos``,
    one by one (smaller, say), to be looked for in their stead."""
    probes = photos if probes is None else probes
    places: dict[str, list[int]] = {}
    for place, photo in enumerate(photos):
        places.setdefault(photo.person, []).append(place)
    with_face = [probe for probe in probes if probe.faces]
    labelled = _vectors([probe.faces[0] for probe in with_face])
    names = np.array([probe.person for probe in with_face])
    beside = [(probe.person, face) for probe in with_face for face in probe.faces[1:]]
    bystanders, hosts = _vectors([face for _, face in beside]), np.array([person for person, _ in beside])
    genuine: list[float] = []
    impostor: list[Floats] = []
    bystander: list[Floats] = []
    refused: dict[str, int] = {}
    enrolled = 0
    for person, own in places.items():
        if len(own) < count:
            continue
        vector = make([photos[place] for place in own[:count]])
        if isinstance(vector, str):
            refused[vector] = refused.get(vector, 0) + 1
            continue
        enrolled += 1
        genuine += [_best(probes[place].faces, vector) for place in own[count:]]
        impostor.append(labelled[names != person] @ vector if len(labelled) else labelled.reshape(0))
        bystander.append(bystanders[hosts != person] @ vector if len(bystanders) else bystanders.reshape(0))
    return Trial(np.array(genuine, np.float32), _joined(impostor), _joined(bystander), enrolled, refused)


def same_scores(photos: Sequence[Labelled]) -> tuple[Floats, Floats]:
    """Cosines of a person's third photo with the mean of the first two, and of everybody else's first photo."""
    of: dict[str, list[Floats]] = {}
    for photo in photos:
        if photo.faces:
            of.setdefault(photo.person, []).append(_vectors(photo.faces[:1])[0])
    names = np.array(list(of))
    firsts = np.stack([vectors[0] for vectors in of.values()]) if of else np.empty((0, 0), np.float32)
    genuine: list[float] = []
    impostor: list[Floats] = []
    for person, vectors in of.items():
        if len(vectors) < MIN_PHOTOS:
            continue
        mean = unit(np.mean(vectors[:2], axis=0, keepdims=True))[0]
        genuine.append(float(mean @ vectors[2]))
        impostor.append(firsts[names != person] @ mean)
    return np.array(genuine, np.float32), _joined(impostor)


def _best(faces: Sequence[FaceFound], vector: Floats) -> float:
    return float((_vectors(faces) @ vector).max()) if faces else -1.0


def _vectors(faces: Sequence[FaceFound]) -> npt.NDArray[np.float32]:
    return np.array([face.embedding for face in faces], dtype=np.float32)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0, np.float32)
