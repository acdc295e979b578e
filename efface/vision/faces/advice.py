"""How good a template is, and which photo would help most, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from efface.vision.faces.found import FaceFound

Advice = Literal["closer", "sharper", "front", "alike", "more"]

GOOD_PHOTOS = 5
"""From here on another photo adds little."""
CLOSE_PX = 80
"""Width in pixels from which a face shows all that the net looks at (its input is 112 wide, with a margin)."""
SHARP = 0.5
TURNED = 0.2
"""Share of the distance between the eyes by which the nose is off their middle when a face is turned aside."""
ALIKE = 0.93
"""Mean cosine of the photos with their template from which they are of one occasion."""


@dataclass(frozen=True, slots=True)
class Words:
    """Something said to the person herself, and to her caseworker."""

    survivor: str
    caseworker: str


ADVICE: dict[Advice, Words] = {
    "closer": Words(
        "Your face is small in all of these photos. One taken from closer up would help most.",
        "No face is 80 pixels wide. Ask for an original taken from closer up; a portrait on a phone is enough.",
    ),
    "sharper": Words(
        "All of these photos are blurred or dim. A sharp one in daylight would help most.",
        "No face is sharp. Ask for a photo in daylight, as the original file and not as a screenshot.",
    ),
    "front": Words(
        "All of these photos show your face from the same side. One from the front in daylight would help most.",
        "Every face is turned to the same side. Ask for one that looks into the camera.",
    ),
    "alike": Words(
        "These photos are very much alike. One from another day would help most.",
        "The photos seem to be of one occasion. Ask for another day, another light, with or without glasses.",
    ),
    "more": Words(
        "One more photo, from another day, would help us recognise you.",
        "Fewer than five photos. Each one up to five makes the template better.",
    ),
}
"""What each piece of advice means, in plain words."""


def advise(faces: Sequence[FaceFound], agreement: float) -> list[Advice]:
    """What to ask for next, most helpful first, from the faces that a template was made of and its ``agreement``."""
    if not faces:
        return ["more"]
    given: list[Advice] = []
    if max(face.px for face in faces) < CLOSE_PX:
        given.append("closer")
    if max(face.sharp for face in faces) < SHARP:
        given.append("sharper")
    if min(face.turn for face in faces) > TURNED or max(face.turn for face in faces) < -TURNED:
        given.append("front")
    if len(faces) > 1 and agreement >= ALIKE:
        given.append("alike")
    if len(faces) < GOOD_PHOTOS:
        given.append("more")
    return given


def worth(faces: Sequence[FaceFound]) -> float:
    """How good a template of these faces is, 0..1: the sum of their qualities as a share of ``GOOD_PHOTOS``."""
    return round(min(1.0, sum(face.quality for face in faces) / GOOD_PHOTOS), 2)
