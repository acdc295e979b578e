"""Has an answer of the decoder its form? Asked of a child that read hostile bytes, of the fetcher that read hostile
answers, and of a bundle from elsewhere."""

from __future__ import annotations

import math
import re
from base64 import b64decode

from efface.net.protocol import Decoded, Face, Picture, ProtocolError, Vector
from efface.vision.video import VideoPrint

MOST_FACES = 64
MOST_VECTORS = 8
MOST_CLIP = 1_500_000
"""Characters of base64; the next two likewise."""
MOST_LOOK = 600_000
MOST_PRINT = 40_000
MOST_SECONDS = 86_400.0
PREVIEW_SIDE = 64
"""Pixels of the longer side of a preview."""
_MOST_WORD = 40
_MOST_NUMBERS = 2048
"""Of one embedding or copy vector."""
_MOST_MODEL = 200
_MOST_SIDE = 1 << 26
_HEX64 = re.compile(r"[0-9a-f]{64}")
_DIGESTS = re.compile(r"([0-9a-f]{64})?,([0-9a-f]{32})?")


def check(decoded: Decoded) -> None:
    """Raises ``ProtocolError`` naming the part that is not what the decoder writes: hashes, lengths, numbers that are
    none or out of range, a clip that cannot be read. What is in ``look`` and ``print`` is told by whoever reads
    them."""
    check_picture(decoded.picture)
    if len(decoded.print_refused) > _MOST_WORD:
        raise ProtocolError("words about the picture")
    if len(decoded.look) > MOST_LOOK or len(decoded.print) > MOST_PRINT:
        raise ProtocolError("more than the decoder writes")
    if len(decoded.faces) > MOST_FACES or not all(is_face(face) for face in decoded.faces):
        raise ProtocolError("faces")
    if len(decoded.vectors) > MOST_VECTORS or not all(map(is_vector, decoded.vectors)):
        raise ProtocolError("copy vectors")


def check_picture(picture: Picture) -> None:
    """The same for what leaves the fetcher."""
    if len(picture.pdq) not in (0, 8) or not all(_HEX64.fullmatch(value) for value in picture.pdq):
        raise ProtocolError("PDQ hashes")
    if not 0 <= picture.pdq_quality <= 100 or (picture.pdq_quality and not picture.pdq):
        raise ProtocolError("quality of the PDQ hashes")
    if not _DIGESTS.fullmatch(f"{picture.sha256},{picture.md5}"):
        raise ProtocolError("digests")
    if any(len(word) > _MOST_WORD for word in (picture.mime, picture.error)):
        raise ProtocolError("words about the picture")
    if not _has_range(picture):
        raise ProtocolError("size of the picture")
    if len(picture.clip) > MOST_CLIP:
        raise ProtocolError("more than the decoder writes")
    try:
        if picture.clip:
            VideoPrint.from_bytes(b64decode(picture.clip, validate=True))
    except ValueError:
        raise ProtocolError("frames of a video") from None


def _has_range(picture: Picture) -> bool:
    sides = (picture.width, picture.height, picture.face_px)
    return (
        all(0 <= side <= _MOST_SIDE for side in sides)
        and 0 <= picture.size <= 1 << 40
        and 0 <= picture.faces <= MOST_FACES
        and 0 <= picture.seconds <= MOST_SECONDS
    )


def is_face(face: Face) -> bool:
    """Whether it has the numbers of a face, all of them finite."""
    if len(face.box) != 4 or len(face.embedding) > _MOST_NUMBERS or len(face.model) > _MOST_MODEL:
        return False
    numbers = (*face.box, *face.embedding, face.score, face.quality, face.sharp, face.turn)
    return 0 <= face.px <= _MOST_SIDE and all(math.isfinite(number) for number in numbers)


def is_vector(vector: Vector) -> bool:
    """Whether it has the numbers of a copy vector, all of them finite."""
    fits = 0 < len(vector.values) <= _MOST_NUMBERS and 0 < len(vector.model) <= _MOST_MODEL and len(vector.box) == 4
    return fits and all(math.isfinite(number) for number in vector.values) and all(0 <= at <= 1 for at in vector.box)


def is_shaded(width: object, height: object, grey: object) -> bool:
    """Whether these are the shades of a picture of a preview's size: there is no room in them for anything else."""
    if type(width) is not int or type(height) is not int or not isinstance(grey, str):
        return False
    if not (0 < width <= PREVIEW_SIDE and 0 < height <= PREVIEW_SIDE):
        return False
    try:
        return len(b64decode(grey, validate=True)) == width * height
    except ValueError:
        return False
