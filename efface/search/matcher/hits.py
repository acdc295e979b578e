"""What the matcher is asked and what it answers. Plain data, sent as JSON."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from efface.net.protocol import from_wire, to_wire


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture or video that a page shows. ``url_digest``: SHA-256 (hex) of its address, as the fetcher names it;
    ``pdq``: its eight hashes in the order of ``efface.vision.hamming.DIHEDRAL``, empty where there are none;
    ``quality`` 0..100; ``clip``: base64 of ``efface.vision.video.VideoPrint`` where it moves."""

    url_digest: str
    pdq: list[str] = field(default_factory=list)
    quality: int = 0
    sha256: str = ""
    clip: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """``token`` names the scan whose faces and local features were pushed meanwhile; "" for none. ``text`` is what the
    page says; it is compared and forgotten."""

    token: str = ""
    media: list[Shown] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One resemblance. ``media`` is the position in the question, -1 for what the page says. ``kind`` and ``score``:

    - "pdq": distance in bits, less is nearer
    - "face": cosine, more is nearer
    - "local": matching points that agree about where her picture lies in this one, more is surer
    - "vector": cosine of two copy vectors, more is nearer
    - "video": seconds that agree, more is surer
    - "text": 1 for what was enrolled, less for a variant of it

    ``threshold`` is the value from which it counts, ``strong`` whether it lies beyond the stricter one, ``strong_at``.
    ``view`` says how the enrolled picture was turned to give this one (in the words of
    ``efface.vision.hamming.DIHEDRAL``), ``exact`` whether it is the same file; ``region`` where in the picture: for
    faces x, y, width, height, for local features and copy vectors the corners x, y of a polygon, as shares of the
    picture; ``px`` the width of a face in pixels; ``model`` the id of the model of a face or copy vector; ``error`` for
    local features the share of bits by which the two pictures differ there; ``words`` which kind of text was found
    (never the text); ``seconds`` from where to where in the video met, and ``share`` (0..1) how much of that video it
    is."""

    organisation: str
    case: str
    fingerprint: str
    media: int
    kind: str
    score: float
    threshold: float
    strong: bool
    strong_at: float = 0.0
    view: str = ""
    exact: bool = False
    region: list[float] = field(default_factory=list)
    px: int = 0
    model: str = ""
    error: float = 0.0
    words: str = ""
    seconds: list[float] = field(default_factory=list)
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Hits:
    """``boot`` changes when the matcher restarts: what was pushed before is then lost."""

    boot: str
    hits: list[Hit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is being looked for right now, as numbers. ``vectors``: pictures looked for by their copy vectors."""

    boot: str
    pictures: int = 0
    faces: int = 0
    looks: int = 0
    refreshed: int = 0
    vectors: int = 0


@dataclass(frozen=True, slots=True)
class Holds:
    """A list of fingerprints' ids: asked, whether they are in force; answered, those that are not."""

    fingerprints: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Template:
    """A face template that is to be enrolled: asked, whether somebody blocked this face."""

    model: str
    vector: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Blocked:
    """``known`` False: nothing can be said of a template of this model."""

    known: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose fingerprint."""

    organisation: uuid.UUID
    case: uuid.UUID
    fingerprint: uuid.UUID


def wire(value: Any) -> Any:
    return to_wire(value)


def unwire(kind: Any, data: Any) -> Any:
    """Raises ``efface.net.protocol.ProtocolError``."""
    return from_wire(kind, data)
