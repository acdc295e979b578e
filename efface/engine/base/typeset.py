"""A tagged PDF (PDF/UA-1), set by typst with the fonts it brings, else the machine's: no system library, no network.

Words are handed over as data, never as source: nothing a stranger wrote is ever read as a command. Pure."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

_GLYPH = re.compile(r'text `"(.{1,8}?)"` could not be displayed')
_JOINED = re.compile("[\u0600-\u06ff\u0750-\u077f]")
"""Letters that join (Arabic). The bundled font that has them gives each the same width and tears words apart."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class CannotSet(ValueError):
    """It could not be set in type; the message says what to install, where a font is all that is missing; ``letters``
    is what no font has."""

    def __init__(self, words: str, letters: str = "") -> None:
        super().__init__(words)
        self.letters = letters


def pdf(source: Path, name: str, data: Any) -> bytes:
    """``data`` as the typst file ``source`` reads it, from its input ``name``. Raises ``CannotSet``."""
    import typst  # here, because few processes set anything

    given, missing = {name: json.dumps(data, ensure_ascii=False)}, ""
    for bundled in (False,) if _JOINED.search(given[name]) else (True, False):
        # The fonts it brings first, so that the same page looks the same everywhere; the machine's own for the rest.
        try:
            compiler = typst.Compiler(_read(source), ignore_system_fonts=bundled, sys_inputs=given)
            made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
        except typst.TypstError as error:
            found = _GLYPH.search(str(error))
            if found is None:
                raise CannotSet(f"the {name} could not be set in type") from None
            missing = found.group(1)
            continue
        if isinstance(made, bytes):
            return made
        raise CannotSet(f"the {name} could not be set in type")
    raise CannotSet(f"no font on this machine has the letter {missing!r}: install Noto fonts for its script", missing)


def kept(text: str, language: str) -> str:
    """``text`` that reads from left to right (an address, a number, a name) for a sentence in ``language``: where that
    runs from right to left, between the marks that keep its own order (Unicode's LRI and PDI)."""
    return f"\u2066{text}\u2069" if text and language in RIGHT_TO_LEFT else text


@cache
def _read(source: Path) -> bytes:
    return source.read_bytes()
