"""Reading packed numbers that a stranger may have written: every length is checked before anything is made of them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class LocalFormatError(ValueError):
    """The bytes are not a look, print or tile bits of this version."""


class Reader:
    """Takes numbers off the front of ``data``; raises ``LocalFormatError`` where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        """``struct`` values, little-endian."""
        return struct.unpack("<" + form, self._take(struct.calcsize("<" + form)))

    def array(self, kind: DTypeLike, *shape: int) -> NDArray[Any]:
        """A read-only array of little-endian numbers."""
        plain = np.dtype(kind).newbyteorder("<")
        size = int(np.prod(shape)) * plain.itemsize
        return np.frombuffer(self._take(size), plain).reshape(shape)

    def end(self) -> None:
        """Raises ``LocalFormatError`` unless everything was read."""
        if self._at != len(self._data):
            raise LocalFormatError("more bytes than expected")

    def _take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) != size:
            raise LocalFormatError("fewer bytes than expected")
        self._at += size
        return piece


def require(condition: bool, what: str) -> None:
    """Raises ``LocalFormatError`` unless ``condition``."""
    if not condition:
        raise LocalFormatError(what)
