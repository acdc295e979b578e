"""Bounded inflation of a gzip or deflate body. Library streaming inflates a whole chunk at once and peaks at hundreds
of megabytes on a bomb; this never holds more than its limit and one step."""

from __future__ import annotations

import zlib

_STEP = 65536
_MEMBERS = 16


class Inflate:
    """Feed it the raw body; ``out`` never exceeds ``limit`` bytes. ``full`` is set when there was more."""

    def __init__(self, coding: str, limit: int) -> None:
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise ValueError("coding")
        self.out = bytearray()
        self.full = False
        self._gzip = coding != "deflate"
        self._limit = limit
        self._members = 1
        self._head = b""
        self._started = self._gzip
        self._machine = zlib.decompressobj(31 if self._gzip else 15)

    def feed(self, chunk: bytes) -> None:
        """Inflate ``chunk``. Raises ``ValueError`` for a broken stream."""
        data = chunk if self._started else self._begin(chunk)
        while data and not self.full:
            room = self._limit - len(self.out)
            try:
                piece = self._machine.decompress(data, min(_STEP, room + 1))
            except zlib.error as error:
                raise ValueError(str(error)) from None
            self.out += piece[:room]
            if len(piece) > room:
                self.full = True
                return
            data = self._machine.unconsumed_tail
            if self._machine.eof:
                data = self._next_member()

    def _begin(self, chunk: bytes) -> bytes:
        """The stream so far once its first two bytes are there: many servers send raw deflate without the zlib header
        (RFC 1950 section 2.2) that the coding's name stands for."""
        self._head += chunk
        if len(self._head) < 2:
            return b""
        self._started = True
        if self._head[0] & 0x0F != 8 or int.from_bytes(self._head[:2], "big") % 31:
            self._machine = zlib.decompressobj(-15)
        return self._head

    def _next_member(self) -> bytes:
        """What follows a finished gzip member, if it is another one; trailing rubbish is dropped."""
        rest = self._machine.unused_data
        if not self._gzip or rest[:2] != b"\x1f\x8b":
            return b""
        self._members += 1
        if self._members > _MEMBERS:
            self.full = True
            return b""
        self._machine = zlib.decompressobj(31)
        return rest

    @property
    def complete(self) -> bool:
        """Whether the stream ended where it said it would."""
        return self._machine.eof
