"""Faces: pixels to faces with embeddings, a person's own photos to a template.

``FaceEngine`` loads OpenCV and onnxruntime, 100 MB that a process which only enrols or compares does without: it is
imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from efface.vision.faces.advice import ADVICE, Advice, Words
from efface.vision.faces.found import FaceFound
from efface.vision.faces.template import (
    WORDS,
    Enrolment,
    LeftOut,
    Reason,
    Template,
    TemplateRefused,
    TemplateUnreadable,
    deserialise,
    enrol,
    serialise,
)

if TYPE_CHECKING:
    from efface.vision.faces.engine import FaceEngine

__all__ = [
    "ADVICE",
    "WORDS",
    "Advice",
    "Enrolment",
    "FaceEngine",
    "FaceFound",
    "LeftOut",
    "Reason",
    "Template",
    "TemplateRefused",
    "TemplateUnreadable",
    "Words",
    "deserialise",
    "enrol",
    "serialise",
]


def __getattr__(name: str) -> Any:
    if name == "FaceEngine":
        from efface.vision.faces.engine import FaceEngine

        return FaceEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
