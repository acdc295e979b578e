"""A photographed identity document in the sealed child: what to cover, covering it, comparing its face. Nothing that
was read, and no number of a face, is in the answer."""

from __future__ import annotations

import io
import json
import struct
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from efface.net.proofs import SIDE, split
from efface.vision.pictures import read_pixels
from efface.vision.proof import COVER, Area, Suggestion, TextEngine, cover, encode, suggest
from efface.vision.proof.areas import from_wire
from efface.vision.proof.suggest import to_wire

if TYPE_CHECKING:
    from efface.net.decoder.work import Engine

SEEN = 0.4
"""Share of a line that is covered, below which it can still be read."""
NOISE = 4
"""By how much a painted pixel may be off, levels."""
BESIDE = 0.6
"""A face as wide as this share of the widest one is no bystander."""


def answer(data: bytes, engine: Engine | None, text: TextEngine | None) -> dict[str, Any]:
    """The answer to ``efface.net.proofs.ProofRequest``, JSON-ready. Raises ``PictureError``."""
    head, picture, likeness = split(data)
    rgb = _pixels(picture)
    faces = engine.analyse(rgb) if engine is not None else []
    drawn, name = from_wire(head["areas"]), str(head["name"])
    found = Suggestion([])
    if head["automatic"]:
        found = suggest(rgb, [face.box for face in faces], text, name)
    areas = [*found.areas, *drawn]
    if not head["automatic"]:
        rgb = _snapped(rgb)
    made, left = b"", 0
    if not head["only_areas"]:
        covered = cover(rgb, areas)
        # Looked at again as it will be seen: the person is told where text is still to be read.
        left = _left(covered, text) if text is not None else 0
        made = encode(covered)
    return {
        "width": rgb.shape[1], "height": rgb.shape[0], "areas": to_wire(areas), "notes": found.notes,
        "faces": len(faces), "match": _match(faces, likeness, engine), "text_left": left,
        "picture": b64encode(made).decode(),
    }  # fmt: skip


def _pixels(data: bytes) -> NDArray[np.uint8]:
    rgb = read_pixels(data, SIDE).rgb
    longer = max(rgb.shape[:2])
    if longer <= SIDE:
        return rgb
    size = (round(rgb.shape[1] * SIDE / longer), round(rgb.shape[0] * SIDE / longer))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _snapped(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What a browser painted over has exactly the one colour, also where the browser adds noise to what it draws."""
    near = (np.abs(rgb.astype(np.int16) - np.array(COVER, np.int16)) <= NOISE).all(axis=2)
    made = rgb.copy()
    made[near] = COVER
    return made


def _left(covered: NDArray[np.uint8], text: TextEngine) -> int:
    """Lines of text of which most can still be seen, as the larger of the two looks counts them."""
    hidden = (covered == np.array(COVER, np.uint8)).all(axis=2)
    seen: list[NDArray[np.float32]] = []
    for line in text.lines(covered):
        left, top, wide, high = cv2.boundingRect(line.corners.astype(np.int32))
        spot = hidden[max(0, top) : top + high, max(0, left) : left + wide]
        centre = line.corners.mean(axis=0)
        known = any(cv2.pointPolygonTest(other, (float(centre[0]), float(centre[1])), False) >= 0 for other in seen)
        if spot.size and spot.mean() < SEEN and not known:
            seen.append(line.corners)
    return len(seen)


def _match(faces: list[Any], likeness: bytes, engine: Engine | None) -> str:
    """Whether the face of the document (or the second portrait on it) is that of another picture, in one word; "" where
    none was given. A picture of several people is nobody's likeness."""
    if not likeness or engine is None:
        return ""
    others = engine.analyse(read_pixels(likeness, SIDE).rgb)
    if not faces or not others:
        return "no-face"
    if len(others) > 1 and others[1].px > BESIDE * others[0].px:
        return "several"
    mine = [face for face in faces if face.px > BESIDE * faces[0].px]
    cosine = max(float(np.dot(np.array(face.embedding), np.array(others[0].embedding))) for face in mine)
    review, strong = engine.thresholds.of(1)
    return "same" if cosine >= strong else "unsure" if cosine >= review else "different"


def sample() -> bytes:
    """A small document with a line of text, for rehearsing before the seal."""
    picture = np.full((240, 400, 3), 230, np.uint8)
    cv2.putText(picture, "SAMPLE NAME", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    drawn = [Area("drawn", ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2)))]
    head = json.dumps({"automatic": True, "areas": to_wire(drawn), "only_areas": False, "name": "Sample Name"}).encode()
    return struct.pack("!II", len(head), len(out.getvalue())) + head + out.getvalue() + out.getvalue()
