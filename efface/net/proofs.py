"""What is asked of the decoder about a photographed identity document, and what it answers."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from efface.net.protocol import ProtocolError
from efface.vision.proof.areas import Area, from_wire
from efface.vision.proof.suggest import to_wire

SIDE = 1600
"""Longer side of a covered picture, pixels."""
MOST_PICTURE = 16_000_000
"""Bytes of a covered picture."""
MATCHES = ("", "same", "unsure", "different", "no-face", "several")
_NOTES = frozenset({"no-face", "several-faces", "no-text-model", "nothing-found", "name-not-found"})
_HEAD = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """``picture``: the document as photographed, or as she covered it. ``automatic``: cover what the suggestion says,
    with ``areas`` painted after it. ``only_areas``: the areas are wanted and no picture. ``name`` as she typed it.
    ``likeness``: another picture of her (one taken now) to compare the document's face with, in the sandbox."""

    picture: bytes
    automatic: bool = True
    areas: list[Area] = field(default_factory=list)
    only_areas: bool = False
    name: str = ""
    likeness: bytes = b""

    def to_bytes(self) -> bytes:
        head = json.dumps({
            "automatic": self.automatic, "areas": to_wire(self.areas), "only_areas": self.only_areas,
            "name": self.name[:200],
        }).encode()  # fmt: skip
        return _HEAD.pack(len(head), len(self.picture)) + head + self.picture + self.likeness


@dataclass(frozen=True, slots=True)
class Proof:
    """``picture``: a PNG written anew, covered; empty where only ``areas`` were asked for, or there is an ``error``
    (a reason of ``efface.vision.pictures``, "off", "timeout", "crashed"). ``faces``: how many. ``match``: of
    ``MATCHES``, how the document's face compares. ``text_left``: pieces of text that are still to be seen."""

    picture: bytes = b""
    width: int = 0
    height: int = 0
    areas: list[Area] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faces: int = 0
    match: str = ""
    text_left: int = 0
    error: str = ""


def split(data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """Head, picture and likeness of ``ProofRequest.to_bytes``."""
    size, length = _HEAD.unpack_from(data)
    body = _HEAD.size + size
    return json.loads(data[_HEAD.size : body]), data[body : body + length], data[body + length :]


def proof_answer(given: Any) -> Proof:
    """What the decoder said, once it has its form: the child that read hostile bytes is not believed. Raises
    ``ProtocolError``."""
    if not isinstance(given, dict):
        raise ProtocolError("no proof")
    if given.get("error"):
        return Proof(error=str(given["error"])[:40])
    try:
        picture = b64decode(str(given["picture"]), validate=True)
        proof = Proof(
            picture, int(given["width"]), int(given["height"]), from_wire(given["areas"]),
            [note for note in given["notes"] if note in _NOTES], int(given["faces"]), str(given["match"]),
            int(given["text_left"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise ProtocolError("no proof") from None
    if len(picture) > MOST_PICTURE or proof.match not in MATCHES or (picture and not picture.startswith(b"\x89PNG")):
        raise ProtocolError("no proof")
    return proof
