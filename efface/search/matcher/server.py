"""The two sockets of the matcher."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from efface.net import frames
from efface.net.decoded import MOST_FACES, MOST_VECTORS, is_face, is_vector
from efface.net.protocol import Face, ProtocolError, Vector, from_wire
from efface.search.matcher.files import Files
from efface.search.matcher.hits import Compare, Hit, Hits, Holds, Watch, unwire, wire
from efface.search.matcher.holding import Holding
from efface.search.matcher.open import Open

log = logging.getLogger(__name__)
MOST_MEDIA = 2000
MOST_TEXT = 100_000
MOST_PLACES = 8
IDLE_S = 900.0
Answer = Callable[[Any], Any]


def _is_quick(message: Any) -> bool:
    """Whether the answer is known without a comparison of many: what is looked for, a file met before, or what one
    picture shows at a few places."""
    return isinstance(message, dict) and (message.get("op") == "watch" or "again" in message or "tiles" in message)


class Server:
    """Answers from whatever index is in force at that moment."""

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.boot = secrets.token_hex(8)
        self._open = Open()
        self._files = Files()
        self._talks: set[asyncio.Task[None]] = set()

    def asked(self, message: Any) -> Any:
        """One question on the trusted socket."""
        try:
            if not isinstance(message, dict):
                raise ProtocolError("not a question")
            op, body = message.get("op"), message.get("body")
            if op == "compare":
                return {"ok": True, "body": wire(self._compare(unwire(Compare, body)))}
            if op == "forget":
                self.holding.memory.forget(unwire(Compare, body).token)
                return {"ok": True, "body": wire(Hits(self.boot))}
            if op == "missing":
                return {"ok": True, "body": wire(Holds(self.holding.index.missing(unwire(Holds, body).fingerprints)))}
            if op == "watch":
                index = self.holding.index
                return {
                    "ok": True,
                    "body": wire(
                        Watch(
                            self.boot, index.pictures, index.faces, index.looks, self.holding.refreshed, index.vectors
                        )
                    ),
                }
            raise ProtocolError("unknown question")
        except ProtocolError as error:
            return {"ok": False, "error": "bad-question", "detail": str(error)}

    def _compare(self, question: Compare) -> Hits:
        if len(question.media) > MOST_MEDIA:
            raise ProtocolError("too many pictures at once")
        index = self.holding.index
        hits = index.compare_pictures(question.media) + index.compare_text(question.text[:MOST_TEXT])
        if question.token:
            hits += self.holding.memory.take(question.token, question.media)
        return Hits(self.boot, hits)

    def pushed(self, message: Any) -> Any:
        """Faces, local features and copy vectors of one picture, from the fetcher; or what that picture shows at the
        places that were asked about. It learns where to look again, and nothing of whose picture it may be; and where
        an answer came too late or says nothing, that: the picture was not compared."""
        body: dict[str, Any] = {}
        told = False
        try:
            if not isinstance(message, dict):
                raise ProtocolError("not a push")
            told = "tiles" in message
            if told:
                self._told(message)
            else:
                body = self._pushed(message)
        except (ProtocolError, ValueError, OverflowError):
            log.warning("a push from the fetcher could not be read")
            if told:
                return {"ok": False, "error": "not-compared"}
        return {"ok": True, "body": body}

    def _pushed(self, message: dict[str, Any]) -> dict[str, Any]:
        index, want = self.holding.index, message.get("want", 0)
        version = index.version
        key = (str(message.get("sha256") or ""), want if isinstance(want, int) else 0)
        if message.get("again") is True:
            return self._again(message, key, version)
        given = message.get("faces")
        faces = [from_wire(Face, face) for face in given[:MOST_FACES]] if isinstance(given, list) else []
        if not all(map(is_face, faces)):
            raise ProtocolError("faces")
        names = (str(message.get("token") or ""), str(message.get("url") or ""), str(message.get("sha256") or ""))
        found = index.compare_faces(faces) + self._vectors(message.get("vectors"))
        self.holding.memory.add(*names, found)
        look = message.get("look")
        candidates = index.look_alike(b64decode(look, validate=True)) if isinstance(look, str) and look else []
        candidates = candidates[:MOST_PLACES]
        if not candidates:
            self._files.note(key, version, found)
            return {}
        number = self._open.add(names, candidates)
        self._files.note(key, version, found, number)
        return {"number": number, "places": [list(one.affine) for one in candidates]}

    def _again(self, message: dict[str, Any], key: tuple[str, int], version: int) -> dict[str, Any]:
        """The same file at another address: what it resembled counts there too, where that is known."""
        found = self._files.get(key, version)
        if found is not None:
            self.holding.memory.add(str(message.get("token") or ""), str(message.get("url") or ""), key[0], found)
        return {"again": found is not None}

    def _vectors(self, given: Any) -> list[Hit]:
        vectors = [from_wire(Vector, one) for one in given[:MOST_VECTORS]] if isinstance(given, list) else []
        if not all(map(is_vector, vectors)):
            raise ProtocolError("copy vectors")
        return self.holding.index.compare_vectors(vectors)

    def _told(self, message: dict[str, Any]) -> None:
        number, tiles = message.get("number"), message.get("tiles")
        if not isinstance(number, int):
            raise ProtocolError("not what was asked")
        asked = self._open.take(number)
        if asked is None or not isinstance(tiles, list) or len(tiles) != len(asked.candidates):
            raise ProtocolError("not what was asked")
        shown = [b64decode(one, validate=True) if isinstance(one, str) else b"" for one in tiles]
        found = self.holding.index.confirm(asked.candidates, shown)
        self.holding.memory.add(*asked.names, found)
        self._files.told(number, found)

    async def serve(self, folder: Path, stop: asyncio.Event, up: Callable[[], None]) -> None:
        """Both sockets in ``folder``, until ``stop``; ``up`` is called when they answer."""
        servers = [
            await self._listen(folder / "matcher.sock", self.asked),
            await self._listen(folder / "faces.sock", self.pushed),
        ]
        up()
        await stop.wait()
        for server in servers:
            server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _listen(self, path: Path, answer: Answer) -> asyncio.AbstractServer:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            this = asyncio.current_task()
            assert this is not None
            self._talks.add(this)
            this.add_done_callback(self._talks.discard)
            try:
                while True:
                    async with asyncio.timeout(IDLE_S):
                        message = await frames.read(reader)
                    if message is None:
                        return
                    # A comparison takes milliseconds of a core; others are not kept waiting for it. What is only
                    # looked up takes less than a thread would.
                    given = answer(message) if _is_quick(message) else await asyncio.to_thread(answer, message)
                    writer.write(frames.pack(given))
                    await writer.drain()
            except (ProtocolError, TimeoutError, ConnectionError):
                return
            finally:
                writer.close()

        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(talk, str(fresh))
        fresh.chmod(0o600)
        # The name changes hands at once: a client meets the old matcher's socket, or this one's.
        fresh.replace(path)
        return server
