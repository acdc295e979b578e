"""What the matcher is asked and what it answers. Plain data, sent as JSON."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from efface.net.protocol import from_wire, to_wire


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that a page shows. ``url_digest``: SHA-256 (hex) of its address, as the fetcher names it; ``pdq``: its
    eight hashes in the order of ``efface.vision.hamming.DIHEDRAL``, empty where there are none; ``quality`` 0..100."""

    url_digest: str
    pdq: list[str] = field(default_factory=list)
    quality: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """``token`` names the scan whose faces were pushed meanwhile; "" for none."""

    token: str = ""
    media: list[Shown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hit:
    """One resemblance. ``media`` is the position in the question; ``kind`` "pdq" (``score``: distance in bits, less is
    nearer) or "face" (``score``: cosine, more is nearer). ``threshold`` is the value from which it counts, ``strong``
    whether it lies beyond the stricter one, ``strong_at``. ``view`` says for pdq how the enrolled picture was turned to
    give this one (in the words of ``efface.vision.hamming.DIHEDRAL``), ``exact`` whether it is the same file;
    ``region`` for faces x, y, width, height as shares of the picture, ``px`` their width in pixels."""

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


@dataclass(frozen=True, slots=True)
class Hits:
    """``boot`` changes when the matcher restarts: faces pushed before are then lost."""

    boot: str
    hits: list[Hit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is being looked for right now, as numbers."""

    boot: str
    pictures: int = 0
    faces: int = 0
    refreshed: int = 0


@dataclass(frozen=True, slots=True)
class Holds:
    """A list of fingerprints' ids: asked, whether they are in force; answered, those that are not."""

    fingerprints: list[str] = field(default_factory=list)


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
