"""The text of a PDF as a reader or a screen reader gets it back: glyphs of the content streams through each font's
ToUnicode map (ISO 32000-1, 9.10), in the order of reading where it is painted the other way round (14.8.2.3.3), or what
stands for them (14.9.4). Enough for what ``engine.base.typeset`` makes: objects that are not packed, and two bytes for
each glyph."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping

from efface.engine.base import typeset
from tests.messages import LANGUAGES

LEFT_TO_RIGHT = tuple(one for one in LANGUAGES if one not in typeset.RIGHT_TO_LEFT)
"""The languages that are read from left to right."""
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
    return "".join(runs(pdf))


def runs(pdf: bytes) -> list[str]:
    """Runs of text in the order they are painted, each in reading order. Raises ``Unreadable``."""
    objects = objects_of(pdf)
    fonts = {name: font(objects, int(number)) for body in objects.values() for name, number in _FONT.findall(body)}
    found: list[str] = []
    for body in objects.values():
        words = _unpacked(body)
        if re.search(rb"\bBT\b", words) and b"Tf" in words:
            found += shown(words, fonts)
    return found


def objects_of(pdf: bytes) -> dict[int, bytes]:
    """By number."""
    return {int(number): body for number, body in _OBJECT.findall(pdf)}


def bare(text: str) -> str:
    """Text without what type-setting changes: spaces, and hyphens at the end of lines."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None or b"/FlateDecode" not in body[: found.start()]:
        return b""
    return zlib.decompressobj().decompress(found[1])


def font(objects: dict[int, bytes], number: int) -> dict[int, str]:
    """Glyph to letters of the font that is object ``number``."""
    to = re.search(rb"/ToUnicode (\d+) 0 R", objects[number])
    return letters_of(_unpacked(objects[int(to[1])]) if to else b"")


def letters_of(words: bytes) -> dict[int, str]:
    """Glyph to letters as a ToUnicode map says."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", words, re.DOTALL):
        for code, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(value.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", words, re.DOTALL):
        for first, last, value in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start = bytes.fromhex(value.decode()).decode("utf-16-be")
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = start[:-1] + chr(ord(start[-1]) + step)
    return found


def shown(words: bytes, fonts: Mapping[bytes, Mapping[int, str]]) -> list[str]:
    """The runs of one content stream, whose fonts are named so."""
    found, strings, before = list[str](), list[bytes](), [b"", b""]
    letters: Mapping[int, str] = {}
    turned, instead = False, None
    for token in _tokens(words):
        is_string = token[:1] == b"(" or (token[:1] == b"<" and token not in (b"<<", b">>"))
        if is_string and before[1] == b"/ActualText":
            instead = _text(_raw(token))
        elif is_string:
            strings.append(_raw(token))
        elif token == b"Tf":
            letters = fonts[before[0][1:]]
        elif token == b"BMC" and before[1] == b"/ReversedChars":
            turned = True
        elif token == b"EMC":
            turned, instead = False, None
        elif token in (b"Tj", b"TJ"):
            run = _letters(b"".join(strings), letters, "".join(found[-3:]), turned=turned)
            found.append(run if instead is None else instead)
            instead = None if instead is None else ""
        if token.isalpha():  # an operator: what stood before it was its own
            strings.clear()
        before = [before[1], token]
    return found


def _raw(token: bytes) -> bytes:
    return _ESCAPE.sub(_escaped, token[1:-1]) if token[:1] == b"(" else bytes.fromhex(token[1:-1].decode())


def _text(raw: bytes) -> str:
    return raw.decode("utf-16") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")


def _letters(raw: bytes, letters: Mapping[int, str], said: str, *, turned: bool) -> str:
    glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]
    for glyph in glyphs:
        if glyph == 0 or not letters.get(glyph):
            raise Unreadable(f"glyph {glyph} after {said[-40:]!r}")
    return "".join(letters[glyph] for glyph in (reversed(glyphs) if turned else glyphs))


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
