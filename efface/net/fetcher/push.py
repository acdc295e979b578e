"""What strangers' pictures are compared by goes to the matcher's socket and nowhere else: no answer, log or table holds
a face or the local features of a picture.

Local features take a second round: the matcher names the places in the picture where something enrolled seems to lie,
and is told what the picture shows there. Pixels do not leave the decoder for that.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from efface.net import frames
from efface.net.page.urls import url_digest
from efface.net.protocol import Decoded, ProtocolError, Want, to_wire

_TIMEOUT_S = 10.0
MOST_PLACES = 8
"""Places asked for in one picture."""


class Push:
    """One connection, opened when needed and again after it broke."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = asyncio.Lock()
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def picture(
        self, token: str, media_url: str, page_url: str, decoded: Decoded, want: Want = Want.PLAIN
    ) -> tuple[int, list[list[float]]] | None:
        """Hand over the faces, local features and copy vectors of one picture. A number for it and the places that the
        matcher asks about (transforms of six numbers each, none where it is satisfied); None where it did not
        acknowledge, or asks in another form."""
        body = await self._ask(
            {
                "token": token,
                "url": url_digest(media_url),
                "page": url_digest(page_url),
                "sha256": decoded.picture.sha256,
                "faces": [to_wire(face) for face in decoded.faces],
                "look": decoded.look,
                "want": int(want),
                "vectors": [to_wire(vector) for vector in decoded.vectors],
            }
        )
        if body is None:
            return None
        places = _places(body.get("places", []))
        number = body.get("number", 0)
        if places is None or type(number) is not int or (places and number < 1):
            return None
        return number, places

    async def again(self, token: str, media_url: str, sha256: str, want: Want) -> bool:
        """The same file was met at another address. Whether the matcher knows what it resembles, and counts it here."""
        body = await self._ask(
            {"token": token, "url": url_digest(media_url), "sha256": sha256, "want": int(want), "again": True}
        )
        return body is not None and body.get("again") is True

    async def tiles(self, number: int, tiles: Sequence[str]) -> bool:
        """Tell what the picture of this number shows at the places asked for. Whether it was acknowledged."""
        return await self._ask({"number": number, "tiles": list(tiles)}) is not None

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The body of the answer. Two attempts."""
        try:
            packed = frames.pack(message)
        except ProtocolError:
            return None
        async with self._lock:
            for _ in range(2):
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        body = await self._send(packed)
                        if body is not None:
                            return body
                except (OSError, TimeoutError, ProtocolError):
                    pass
                except asyncio.CancelledError:
                    await self._drop()  # its answer would be taken for the next one's
                    raise
                await self._drop()
        return None

    async def _send(self, message: bytes) -> dict[str, Any] | None:
        if self._link is None:
            self._link = await asyncio.open_unix_connection(self.path)
        reader, writer = self._link
        writer.write(message)
        await writer.drain()
        answer = await frames.read(reader)
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            return None
        body = answer.get("body")
        return body if isinstance(body, dict) else {}

    async def _drop(self) -> None:
        if self._link is not None:
            self._link[1].close()
            self._link = None

    async def close(self) -> None:
        async with self._lock:
            await self._drop()


def _places(given: Any) -> list[list[float]] | None:
    """All the places as they were given, since the answer goes by their order; None unless each is one."""
    if not isinstance(given, list) or len(given) > MOST_PLACES:
        return None
    try:
        places = [[float(value) for value in place] for place in given if isinstance(place, list)]
    except (TypeError, ValueError, OverflowError):
        return None
    sound = all(len(place) == 6 and all(map(math.isfinite, place)) for place in places)
    return places if sound and len(places) == len(given) else None
