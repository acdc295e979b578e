"""Faces: pixels to faces with embeddings, a person's own photos to a template."""

from efface.vision.faces.engine import FaceEngine
from efface.vision.faces.found import FaceFound
from efface.vision.faces.template import (
    WORDS,
    Enrolment,
    LeftOut,
    Reason,
    Template,
    TemplateRefused,
    TemplateUnreadable,
    Words,
    deserialise,
    enrol,
    serialise,
)

__all__ = [
    "WORDS",
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
