"""Length-prefixed JSON on a stream: four bytes, big-endian, then UTF-8 JSON."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

from efface.net.protocol import MAX_FRAME, ProtocolError

_LENGTH = struct.Struct("!I")


def pack(message: Any) -> bytes:
    """``message`` as one frame. Raises ``ProtocolError`` when it would be longer than ``MAX_FRAME``."""
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(data) > MAX_FRAME:
        raise ProtocolError("message too long")
    return _LENGTH.pack(len(data)) + data


def unpack(data: bytes) -> Any:
    """The message of one frame's body. Raises ``ProtocolError``."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError("not JSON") from None


def _length(head: bytes) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ProtocolError("message too long")
    return int(length)


def read_exactly(stream: socket.socket, size: int) -> bytes:
    """``size`` bytes. Raises ``ConnectionError`` when the other side closes before."""
    data = bytearray()
    while len(data) < size:
        chunk = stream.recv(min(65536, size - len(data)))
        if not chunk:
            raise ConnectionError("closed")
        data += chunk
    return bytes(data)


def receive(stream: socket.socket) -> Any:
    """The next message. Raises ``ConnectionError``, ``ProtocolError`` and whatever the socket's time-out raises."""
    return unpack(read_exactly(stream, _length(read_exactly(stream, 4))))


async def read(reader: asyncio.StreamReader) -> Any:
    """The next message, or None where the other side has closed between two. Raises ``ProtocolError``."""
    try:
        head = await reader.readexactly(4)
        return unpack(await reader.readexactly(_length(head)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
