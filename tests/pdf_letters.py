"""The letters that can be read back from a PDF: what its fonts say their glyphs stand for (ISO 32000-2, 9.10.3)."""

from __future__ import annotations

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_ONE = re.compile(rb"^<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>$", re.MULTILINE)
_RANGE = re.compile(rb"^<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>$", re.MULTILINE)


def letters(pdf: bytes) -> set[str]:
    """Every letter some glyph of the PDF is mapped to (``ToUnicode``); empty where nothing can be read back."""
    found: set[str] = set()
    for raw in _STREAM.findall(pdf):
        try:
            text = zlib.decompress(raw)
        except zlib.error:
            text = raw
        if b"beginbfchar" not in text and b"beginbfrange" not in text:
            continue
        for _code, stands_for in _ONE.findall(text):
            found.update(_decoded(stands_for))
        for first, last, stands_for in _RANGE.findall(text):
            start = ord(_decoded(stands_for)[-1])
            found.update(chr(start + step) for step in range(int(last, 16) - int(first, 16) + 1))
    return found


def _decoded(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")
