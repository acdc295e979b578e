"""Faces met on strangers' pages go to the matcher's socket and nowhere else: no answer, log or table holds one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from efface.net import frames
from efface.net.page.urls import url_digest
from efface.net.protocol import Face, ProtocolError, to_wire

_TIMEOUT_S = 10.0


class FacePush:
    """Pushes faces over one connection, opened when needed and again after it broke."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = asyncio.Lock()
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def push(self, token: str, media_url: str, page_url: str, sha256: str, faces: Sequence[Face]) -> bool:
        """Whether the matcher acknowledged. Two attempts."""
        message = frames.pack(
            {
                "token": token,
                "url": url_digest(media_url),
                "page": url_digest(page_url),
                "sha256": sha256,
                "faces": [to_wire(face) for face in faces],
            }
        )
        async with self._lock:
            for _ in range(2):
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        if await self._send(message):
                            return True
                except (OSError, TimeoutError, ProtocolError):
                    pass
                await self._drop()
        return False

    async def _send(self, message: bytes) -> bool:
        if self._link is None:
            self._link = await asyncio.open_unix_connection(self.path)
        reader, writer = self._link
        writer.write(message)
        await writer.drain()
        answer = await frames.read(reader)
        return isinstance(answer, dict) and answer.get("ok") is True

    async def _drop(self) -> None:
        if self._link is not None:
            self._link[1].close()
            self._link = None

    async def close(self) -> None:
        async with self._lock:
            await self._drop()
