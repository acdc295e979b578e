"""Does a line of a document say this name, and nothing else? Pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

ALIKE = 0.8
"""Least likeness of a word that was read to one of the name's."""
LABELS = frozenset((
    "name", "names", "surname", "surnames", "given", "first", "last", "family", "forename", "forenames", "nom",
    "prenom", "prenoms", "apellidos", "apellido", "nombre", "nombres", "nachname", "vorname", "vornamen", "nome",
    "cognome", "nazwisko", "imie", "imiona", "apelido", "sobrenome", "of", "holder",
))  # fmt: skip
"""Words that stand beside a name on documents."""
_WORD = re.compile(r"[^\W\d_]+")


def folded(text: str) -> list[str]:
    """The words of a text without case and marks."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return _WORD.findall(plain)


def says(text: str, name: str) -> bool:
    """Whether every word of ``text`` is one of ``name``'s (or a label beside it) and at least one is. A line with a
    digit or a filler of a machine-readable zone never does: it says more than a name."""
    if any(one.isdigit() for one in text) or "<" in text or "«" in text:
        return False
    words, wanted = folded(text), [word for word in folded(name) if len(word) > 1]
    if not words or not wanted:
        return False
    hits = [any(SequenceMatcher(None, word, one).ratio() >= ALIKE for one in wanted) for word in words]
    return any(hits) and all(hit or word in LABELS or len(word) < 2 for hit, word in zip(hits, words, strict=True))
