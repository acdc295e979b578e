"""Texts of pages: names, handles, e-mail addresses and phone numbers, however they are written.

``text_print`` makes what is looked for, or says why it would find strangers; ``TextIndex`` finds it; ``counting``
leaves out what is too common to count alone.
"""

from efface.vision.text.fold import Normalised, normalise
from efface.vision.text.index import TextHit, TextIndex, counting
from efface.vision.text.prints import (
    KINDS,
    WORDS,
    Kind,
    Reason,
    Strength,
    TextPrint,
    TextRefused,
    text_print,
    why_refused,
)

__all__ = [
    "KINDS",
    "WORDS",
    "Kind",
    "Normalised",
    "Reason",
    "Strength",
    "TextHit",
    "TextIndex",
    "TextPrint",
    "TextRefused",
    "counting",
    "normalise",
    "text_print",
    "why_refused",
]
