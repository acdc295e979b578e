"""The words of a PDF that typst made, read back by its fonts' own tables: what somebody who copies or listens gets."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
_FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
# A string holds parentheses as they are where they come in pairs.
_IN = rb"(?:\\.|[^\\()])"
_PAIR = rb"\((?:" + _IN + rb"|\((?:" + _IN + rb"|\(" + _IN + rb"*\))*\))*\)"
_SHOWN = re.compile(
    rb"/ReversedChars BMC|EMC|/ActualText(" + _PAIR + rb"|<[0-9A-Fa-f]*>)|/(f\d+) [\d.]+ Tf"
    rb"|\[((?:" + _PAIR + rb"|[\d.\s-])*)\]TJ|(" + _PAIR + rb")Tj",
    re.S,
)
_STRING = re.compile(_PAIR, re.S)
_ESCAPE = re.compile(rb"\\(\d{1,3}|.)", re.S)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class NoGlyph(AssertionError):
    """A glyph that no letter belongs to: an empty box on the page."""


def words(pdf: bytes) -> list[str]:
    """Runs of text in the order they are painted, each in reading order. Raises ``NoGlyph``."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {
        name: _letters(_stream(objects[int(found[1])]))
        for body in objects.values() for name, number in _FONT.findall(body)
        if (found := re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(number), b"")))
    }  # fmt: skip
    return [run for body in objects.values() if b" Tf " in (told := _stream(body)) for run in _runs(told, fonts)]


def _runs(told: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    found: list[str] = []
    letters: dict[int, str] = {}
    reversed_, instead = False, None
    for match in _SHOWN.finditer(told):
        if match[0] in (b"/ReversedChars BMC", b"EMC"):
            reversed_, instead = match[0] != b"EMC", None
        elif match[1] is not None:
            instead = _text(match[1])
        elif match[2]:
            letters = fonts[match[2]]
        else:
            raw = b"".join(_ESCAPE.sub(_plain, one[1:-1]) for one in _STRING.findall(match[0]))
            glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
            if missing := [one for one in glyphs if one not in letters]:
                raise NoGlyph(f"glyphs {missing} belong to no letter")
            said = "".join(letters[one] for one in (reversed(glyphs) if reversed_ else glyphs))
            found.append(said if instead is None else instead)
            instead = None if instead is None else ""
    return found


def _text(given: bytes) -> str:
    raw = bytes.fromhex(given[1:-1].decode()) if given[:1] == b"<" else _ESCAPE.sub(_plain, given[1:-1])
    return raw.decode("utf-16") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")


def _plain(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)]) if match[1].isdigit() else _NAMED.get(match[1], match[1])


def _letters(table: bytes) -> dict[int, str]:
    return {
        int(glyph, 16): bytes.fromhex(said.decode()).decode("utf-16-be")
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S)
        for glyph, said in re.findall(rb"<([0-9A-F]+)> <([0-9A-F]+)>", block)
    }


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body[: found.start()] else found[1]
