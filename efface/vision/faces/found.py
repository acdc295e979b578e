"""A face that was found in a picture."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FaceFound:
    """One face of one picture.

    ``box`` is x, y, width, height as shares of the picture (0..1); ``score`` how sure the nets are that it is a face
    (0..1); ``quality`` how much its embedding is worth (0..1: size, sharpness, pose, score); ``px`` its width in
    pixels of the picture that was given; ``embedding`` is L2-normalised; ``model`` the embedder's identity. ``sharp``
    (0..1) and ``turn`` (how far the nose is off the middle between the eyes, in distances of the eyes: 0 looks at the
    camera, negative to the picture's left) say why a quality is what it is. The
    embedding is biometric data: it is left out of ``repr`` so that no log or traceback shows it."""

    box: list[float]
    score: float
    quality: float
    px: int
    embedding: list[float] = field(repr=False)
    model: str
    sharp: float = 1.0
    turn: float = 0.0
