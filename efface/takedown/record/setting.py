"""The record as a tagged PDF (PDF/UA-1), set by typst with the fonts it brings, else the machine's. Pure: words come as
data, never as source; no address in it can be clicked."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "record.typ"
_GLYPH = re.compile(r'text `"(.{1,8}?)"` could not be displayed')


class CannotSet(ValueError):
    """No font on this machine has the letters of this language; the message says what to install."""


def pdf(data: dict[str, Any]) -> bytes:
    """``data`` as ``record.typ`` reads it: language, title, lines (strings), sections. Raises ``CannotSet``."""
    import typst  # here, because few processes set one

    given, missing = {"record": json.dumps(data, ensure_ascii=False)}, ""
    for bundled in (True, False):
        try:
            made = typst.Compiler(_source(), ignore_system_fonts=bundled, sys_inputs=given).compile(
                format="pdf", pdf_standards=["ua-1"]
            )
        except typst.TypstError as error:
            found = _GLYPH.search(str(error))
            if found is None:
                raise CannotSet("the record could not be set in type") from None
            missing = found.group(1)
            continue
        if isinstance(made, bytes):
            return made
    raise CannotSet(f"no font on this machine has the letter {missing!r}: install Noto fonts for its script")


@cache
def _source() -> bytes:
    return SOURCE.read_bytes()
