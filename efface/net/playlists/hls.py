"""HTTP Live Streaming playlists (RFC 8216)."""

from __future__ import annotations

import math
import re

from yarl import URL

from efface.net.page.urls import absolute
from efface.net.playlists.model import MOST_PIECES, MOST_SECONDS, MOST_VARIANTS, Piece, PlaylistError, Track, Variant

_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,64})=("[^"\r\n]{0,4096}"|[^",\r\n]{0,512})')
_LINE_CHARS = 8_192
_MOST_LINES = 100_000
_SOUND = re.compile(r"(?:mp4a|ac-3|ec-3|opus|flac|alac|mp3|vorbis|dts)\b", re.IGNORECASE)


def parse(text: str, base: str) -> list[Variant] | Track:
    """The variants of a master playlist, or the pieces of a media playlist; ``base`` is the list's own address. Pieces
    that are encrypted are left out. Raises ``PlaylistError``."""
    lines = [line.strip() for line in text[:5_000_000].lstrip("\ufeff").splitlines()[:_MOST_LINES]]
    lines = [line for line in lines if line and len(line) <= _LINE_CHARS]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise PlaylistError("not-a-playlist")
    here = _address(base)
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return _master(lines, here)
    return _Media(here).read(lines)


def _address(base: str) -> URL:
    try:
        return URL(base)
    except (ValueError, TypeError):
        raise PlaylistError("not-a-playlist") from None


def _master(lines: list[str], base: URL) -> list[Variant]:
    variants: list[Variant] = []
    told: dict[str, str] | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            told = _attributes(line)
        elif not line.startswith("#") and told is not None:
            url = absolute(base, line)
            if url and not _is_sound(told.get("CODECS", "")):
                width, height = _resolution(told.get("RESOLUTION", ""))
                variants.append(Variant(url, _number(told.get("BANDWIDTH", "")), width, height))
            told = None
        if len(variants) >= MOST_VARIANTS:
            break
    if not variants:
        raise PlaylistError("no-video")
    return variants


class _Media:
    """A media playlist being read, line by line."""

    def __init__(self, base: URL) -> None:
        self.base = base
        self.pieces: list[Piece] = []
        self.init: Piece | None = None
        self.start = 0.0
        self.seconds = 0.0
        self.range = ""
        self.next_byte: dict[str, int] = {}
        self.encrypted = False
        self.met_encrypted = False
        self.missing = False
        self.live = True

    def read(self, lines: list[str]) -> Track:
        for line in lines:
            name, _, value = line.partition(":")
            if not line.startswith("#"):
                self._piece(line)
            elif name == "#EXTINF":
                self.seconds = _seconds(value.split(",")[0])
            elif name == "#EXT-X-BYTERANGE":
                self.range = value.strip()
            elif name == "#EXT-X-MAP":
                self._map(_attributes(line))
            elif name == "#EXT-X-KEY":
                self.encrypted = _attributes(line).get("METHOD", "NONE") != "NONE"
            elif name == "#EXT-X-GAP":
                self.missing = True
            elif line.startswith("#EXT-X-ENDLIST") or (name == "#EXT-X-PLAYLIST-TYPE" and value.strip() == "VOD"):
                self.live = False
            if len(self.pieces) >= MOST_PIECES:
                break
        if not self.pieces:
            raise PlaylistError("encrypted" if self.met_encrypted else "live" if self.live else "no-video")
        return Track(tuple(self.pieces), live=self.live)

    def _piece(self, reference: str) -> None:
        url = absolute(self.base, reference)
        first, last = self._bytes(url)
        self.met_encrypted |= self.encrypted
        if url and not self.encrypted and not self.missing and self.start < MOST_SECONDS:
            self.pieces.append(Piece(url, self.start, self.seconds, first, last, self.init))
        self.start += self.seconds
        self.seconds, self.range, self.missing = 0.0, "", False

    def _map(self, told: dict[str, str]) -> None:
        url = absolute(self.base, told.get("URI", ""))
        self.range = told.get("BYTERANGE", "")
        first, last = self._bytes(url)
        self.range = ""
        self.init = Piece(url, first=first, last=last) if url and not self.encrypted else None

    def _bytes(self, url: str) -> tuple[int, int]:
        """First and last byte of the range given last; -1 for the whole."""
        length, at, place = self.range.partition("@")
        size = _number(length)
        if not size:
            return -1, -1
        first = _number(place) if at else self.next_byte.get(url, 0)
        self.next_byte[url] = first + size
        return first, first + size - 1


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _is_sound(codecs: str) -> bool:
    named = [name.strip() for name in codecs.split(",") if name.strip()]
    return bool(named) and all(_SOUND.match(name) for name in named)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _resolution(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return min(_number(width), 100_000), min(_number(height), 100_000)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return min(value, MOST_SECONDS) if math.isfinite(value) and value > 0 else 0.0
