"""The text of a PDF as a reader or a screen reader gets it back: glyphs of the content streams through each font's
ToUnicode map (ISO 32000-1, 9.10). Enough for what ``engine.base.typeset`` makes: objects that are not packed, two bytes
a glyph. Text that runs from right to left comes back as it is painted: ``tests.pdf_words`` turns it round."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from efface.engine.base import typeset
from tests.messages import LANGUAGES

LEFT_TO_RIGHT = tuple(one for one in LANGUAGES if one not in typeset.RIGHT_TO_LEFT)
"""The languages whose text it gives back as it is read."""
_OBJECT = re.compile(rb"(?<![\d.])(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
_TOKEN = re.compile(rb"[\s\[\]]+|/?[^\s\[\]()<>/]+|<[0-9A-Fa-f]*>|<<|>>|.", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Unreadable(AssertionError):
    """A glyph that stands for nothing: a missing letter, or one that cannot be copied or read aloud."""


def read_back(pdf: bytes) -> str:
    """All text in the order of the page, without the spaces that line breaks swallow. Raises ``Unreadable``."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {name: _map(objects, int(number)) for body in objects.values() for name, number in _FONT.findall(body)}
    text = ""
    for body in objects.values():
        words = _unpacked(body)
        if re.search(rb"\bBT\b", words) and b"Tf" in words:
            text += _shown(words, fonts)
    return text


def bare(text: str) -> str:
    """Text without what type-setting changes: spaces, and hyphens at the end of lines."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None or b"/FlateDecode" not in body[: found.start()]:
        return b""
    return zlib.decompressobj().decompress(found[1])


def _map(objects: dict[int, bytes], number: int) -> dict[int, str]:
    to = re.search(rb"/ToUnicode (\d+) 0 R", objects[number])
    words, found = _unpacked(objects[int(to[1])]) if to else b"", {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", words, re.DOTALL):
        for code, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(value.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", words, re.DOTALL):
        for first, last, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start = bytes.fromhex(value.decode()).decode("utf-16-be")
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = start[:-1] + chr(ord(start[-1]) + step)
    return found


def _shown(words: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, strings, before = "", list[bytes](), [b"", b""]
    font: dict[int, str] = {}
    for token in _tokens(words):
        if token[:1] == b"(":
            strings.append(_ESCAPE.sub(_escaped, token[1:-1]))
        elif token[:1] == b"<" and token not in (b"<<", b">>"):
            strings.append(bytes.fromhex(token[1:-1].decode()))
        elif token == b"Tf":
            font = fonts[before[0][1:]]
        elif token in (b"Tj", b"TJ"):
            said += _letters(b"".join(strings), font, said)
        if token.isalpha():  # an operator: what stood before it was its own
            strings.clear()
        before = [before[1], token]
    return said


def _letters(raw: bytes, font: dict[int, str], said: str) -> str:
    letters = ""
    for at in range(0, len(raw) - 1, 2):
        glyph = int.from_bytes(raw[at : at + 2], "big")
        if glyph == 0 or not font.get(glyph):
            raise Unreadable(f"glyph {glyph} after {(said + letters)[-40:]!r}")
        letters += font[glyph]
    return letters


def _tokens(words: bytes) -> Iterator[bytes]:
    """Names, numbers, operators and strings; a string may hold brackets that balance (7.3.4.2)."""
    at = 0
    while at < len(words):
        if words[at : at + 1] != b"(":
            token = _TOKEN.match(words, at)
            assert token is not None
            at = token.end()
            if token[0].strip(b" \t\r\n\0\f[]"):
                yield token[0]
            continue
        start, depth = at, 0
        while True:
            here, at = words[at : at + 1], at + 1
            if here == b"\\":
                at += 1
            depth += (here == b"(") - (here == b")")
            if depth == 0:
                break
        yield words[start:at]


def _escaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8) & 255]) if found[1].isdigit() else _LETTERS.get(found[1], found[1])
