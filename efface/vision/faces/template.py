"""From a person's own photos to one face template.

A template is the mean of the photos' embeddings: with three photos 99 of 100 further pictures of the person are found
where one photo finds 95 (same false alarms). Photos that show somebody else, nobody or several people are left out by
name, so that no stranger's face is ever enrolled by accident.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Literal

import numpy as np

from efface.vision.faces.advice import Advice, Words, advise, worth
from efface.vision.faces.found import FaceFound
from efface.vision.faces.vectors import Floats, unit
from efface.vision.models.manifest import packaged

Reason = Literal["too-few", "no-face", "unclear", "several-faces", "different-people", "same-picture"]

MIN_PHOTOS = 3
MAX_PHOTOS = 40
MIN_PX = 36
"""Least width of a face in an enrolment photo, pixels."""
MIN_QUALITY = 0.1
COPY_COSINE = 0.985
"""From here on two photos are copies of one picture, not two photos."""
BYSTANDER = 0.5
"""A face narrower than this share of the widest one is a bystander."""

_SINGLE_SLACK = 0.15
"""By how much a cosine of two single photos may lie below that of a photo and a mean."""
_MAGIC = b"EFT1"
_HEAD = struct.Struct("<4sHHHf")
_MAX_DIM = 4096


WORDS: dict[Reason, Words] = {
    "too-few": Words(
        "We need at least three different photos in which your face can be seen clearly.",
        "Fewer than three usable photos. Ask for more: different days, both eyes visible, not a group.",
    ),
    "no-face": Words(
        "We could not find a face in this photo.",
        "No face was found. Sunglasses, a profile or a face far away are the usual causes.",
    ),
    "unclear": Words(
        "The face in this photo is too small or too blurred.",
        "The face is narrower than 36 pixels, blurred or turned away. Ask for the original file, not a screenshot.",
    ),
    "several-faces": Words(
        "There is more than one person in this photo, and we cannot be sure which one is you.",
        "Several faces of similar size and none that the other photos confirm. Ask for a photo of the person alone.",
    ),
    "different-people": Words(
        "These photos do not look like the same person to us. Please check that you are in all of them.",
        "The photos do not agree with each other. Check with the person which photos show them. Nobody else's face "
        "may be enrolled.",
    ),
    "same-picture": Words(
        "This photo is a copy of another one you gave us.",
        "A copy, crop or mirror image of another photo adds nothing. Ask for a different photo.",
    ),
}
"""What each reason means, in plain words."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A photo (its place in the list that was given, from 0) that the template does not use."""

    photo: int
    reason: Reason


class TemplateRefused(Exception):
    """No template can be made. ``reason`` is the whole's, ``photos`` says it photo by photo."""

    def __init__(self, reason: Reason, photos: list[LeftOut]) -> None:
        super().__init__(WORDS[reason].caseworker)
        self.reason: Reason = reason
        self.photos = photos


class TemplateUnreadable(ValueError):
    """Bytes that are not a serialised template."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One person's face for one model: ``vector`` (dim,) float32 of length one, kept out of ``repr``; ``photos`` how
    many made it; ``agreement`` the mean cosine of those photos with it. Biometric data: sealed at rest."""

    model: str
    vector: Floats = field(repr=False)
    photos: int
    agreement: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A template with what became of each photo: ``used`` are places in the list given, from 0. ``quality`` (0..1) says
    how good it is, ``advice`` which photo would make it better (``ADVICE`` has the words), most helpful first."""

    template: Template
    used: list[int]
    left_out: list[LeftOut]
    quality: float = 0.0
    advice: list[Advice] = field(default_factory=list)


def enrol(
    photos: Sequence[Sequence[FaceFound]], *, same: float | None = None, least: int = MIN_PHOTOS
) -> Enrolment:
    """The template of the one person whom all ``photos`` show; each photo is the list of its faces, as
    ``FaceEngine.analyse`` returns them. ``same`` is the model's threshold of that name, by default the packaged one.

    ``least`` below three is for a person who has no more photos: then nothing tells whether they show one person, and a
    single photo has thresholds of its own (``Thresholds.of``).

    Raises ``TemplateRefused`` when fewer than ``least`` different photos agree or a third of the photos shows somebody
    else; ``ValueError`` when faces of different models are mixed or a model's threshold is unknown."""
    photos = photos[:MAX_PHOTOS]
    models = {face.model for photo in photos for face in photo}
    if len(models) > 1:
        raise ValueError("Faces of different models cannot be made into one template")
    left_out: list[LeftOut] = []
    alone: dict[int, Floats] = {}
    crowds: dict[int, list[Floats]] = {}
    for place, photo in enumerate(photos):
        faces = _usable(photo)
        if not photo:
            left_out.append(LeftOut(place, "no-face"))
        elif not faces:
            left_out.append(LeftOut(place, "unclear"))
        elif len(faces) == 1:
            alone[place] = _vector(faces[0])
        else:
            crowds[place] = [_vector(face) for face in faces]
    if not models or not alone:
        raise _refusal([*left_out, *(LeftOut(place, "several-faces") for place in crowds)])
    if same is None:
        same = _same(next(iter(models)))

    core = _agreeing(alone, same)
    if len(core) == 1 and _recurring(list(crowds.values()), same) > 1:
        # One portrait does not say who is meant where the same two people are in all the others.
        raise _refusal([*left_out, *(LeftOut(place, "several-faces") for place in crowds)])
    strangers = [place for place in alone if place not in core]
    left_out += [LeftOut(place, "different-people") for place in strangers]
    for place, vectors in crowds.items():
        chosen = _known(vectors, list(core.values()), same)
        if chosen is None:
            left_out.append(LeftOut(place, "several-faces"))
        else:
            core[place] = chosen
    core, copies = _different(core)
    left_out += [LeftOut(place, "same-picture") for place in copies]
    left_out.sort(key=lambda out: out.photo)
    if len(core) < max(1, least) or 2 * len(strangers) > len(core) + len(copies):
        raise _refusal(left_out)
    kept = np.stack([core[place] for place in sorted(core)])
    mean = unit(kept.mean(axis=0, keepdims=True))[0]
    template = Template(next(iter(models)), mean, len(kept), round(float((kept @ mean).mean()), 4))
    hers = [max(photos[place], key=lambda face: float(_vector(face) @ mean)) for place in sorted(core)]
    return Enrolment(template, sorted(core), left_out, worth(hers), advise(hers, template.agreement))


def serialise(template: Template) -> bytes:
    """The template as bytes, for sealing."""
    model = template.model.encode("utf-8")
    head = _HEAD.pack(_MAGIC, len(model), len(template.vector), template.photos, template.agreement)
    return head + model + template.vector.astype("<f4").tobytes()


def deserialise(data: bytes) -> Template:
    """The inverse of ``serialise``. Raises ``TemplateUnreadable``."""
    if len(data) < _HEAD.size:
        raise TemplateUnreadable("too short for a face template")
    magic, named, dim, photos, agreement = _HEAD.unpack_from(data)
    if magic != _MAGIC or not 0 < dim <= _MAX_DIM or len(data) != _HEAD.size + named + 4 * dim:
        raise TemplateUnreadable("not a face template of this form")
    try:
        model = data[_HEAD.size : _HEAD.size + named].decode("utf-8")
    except UnicodeDecodeError:
        raise TemplateUnreadable("a face template without a readable model name") from None
    vector = np.frombuffer(data, "<f4", offset=_HEAD.size + named).astype(np.float32)
    if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise TemplateUnreadable("a face template whose vector is not of length one")
    return Template(model, vector, photos, round(agreement, 4))


def _usable(photo: Sequence[FaceFound]) -> list[FaceFound]:
    """The faces that could be the person's: clear enough, and no bystander far behind the widest."""
    clear = [face for face in photo if face.px >= MIN_PX and face.quality >= MIN_QUALITY]
    widest = max((face.px for face in clear), default=0)
    return [face for face in clear if face.px >= BYSTANDER * widest]


def _vector(face: FaceFound) -> Floats:
    return np.asarray(face.embedding, dtype=np.float32)


def _same(model: str) -> float:
    for manifest in packaged():
        if manifest.model_id == model and manifest.thresholds is not None:
            return manifest.thresholds.same
    raise ValueError(f"No threshold is known for the model {model}; give one")


def _agreeing(alone: dict[int, Floats], same: float) -> dict[int, Floats]:
    """The photos that agree with each other: the one that agrees least goes, until all do; whoever agrees with what is
    left after all comes back.

    Agreeing takes two things. The cosine with the mean of the others reaches ``same``; that alone would pass an even
    mixture of two people, whose mean lies between them. So half of the single cosines must come near it too."""
    places = sorted(alone)
    vectors = np.stack([alone[place] for place in places])
    cosines = vectors @ vectors.T

    def typical(one: int, group: list[int]) -> float:
        return median_low(float(cosines[one, other]) for other in group if other != one)

    def agrees(one: int, group: list[int]) -> bool:
        return typical(one, group) >= same - _SINGLE_SLACK and _against(vectors, one, group) >= same

    group = list(range(len(places)))
    while len(group) > 1 and not all(agrees(one, group) for one in group):
        group.remove(min(group, key=lambda one: (typical(one, group), _against(vectors, one, group))))
    if len(group) > 1:
        group = [one for one in range(len(places)) if one in group or agrees(one, group)]
    return {places[one]: alone[places[one]] for one in group}


def _against(vectors: Floats, one: int, group: list[int]) -> float:
    """Cosine of a photo with the mean of the others of ``group``."""
    others = [other for other in group if other != one]
    return float(vectors[one] @ unit(vectors[others].mean(axis=0, keepdims=True))[0])


def _known(faces: list[Floats], core: list[Floats], same: float) -> Floats | None:
    """The one face of a group photo that is the person of the other photos; None where it is none or not only one."""
    mean = unit(np.stack(core).mean(axis=0, keepdims=True))[0]
    alike = [face for face in faces if float(face @ mean) >= same]
    return alike[0] if len(alike) == 1 else None


def _recurring(crowds: list[list[Floats]], same: float) -> int:
    """How many people of the first of two or more group photos are in all of them; 0 for fewer photos."""
    if len(crowds) < 2:
        return 0
    others = [np.stack(faces) for faces in crowds[1:]]
    return sum(all(float((faces @ one).max()) >= same - _SINGLE_SLACK for faces in others) for one in crowds[0])


def _different(core: dict[int, Floats]) -> tuple[dict[int, Floats], list[int]]:
    """The photos without copies of earlier ones, and the places of the copies."""
    kept: dict[int, Floats] = {}
    copies: list[int] = []
    for place in sorted(core):
        if any(float(core[place] @ other) >= COPY_COSINE for other in kept.values()):
            copies.append(place)
        else:
            kept[place] = core[place]
    return kept, copies


def _refusal(left_out: list[LeftOut]) -> TemplateRefused:
    """The reason that a person can do most about: people first, then what most photos suffer from."""
    left_out = sorted(left_out, key=lambda out: out.photo)
    reasons = [out.reason for out in left_out]
    if "different-people" in reasons:
        return TemplateRefused("different-people", left_out)
    default: Reason = "too-few"
    common = max(reasons, key=reasons.count, default=default)
    return TemplateRefused(common if reasons.count(common) >= MIN_PHOTOS else "too-few", left_out)
