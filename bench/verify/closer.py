"""The matcher's own server and index, holding what these worlds enrolled, without a database behind it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from efface.net import frames
from efface.net.protocol import ProtocolError
from efface.vision.local import LocalRefused, enrol


class Closer:
    """``enrol`` keeps a picture for a case; ``compare`` asks as a check does."""

    def __init__(self) -> None:
        import django

        django.setup()
        from efface.search.matcher.index import Index
        from efface.search.matcher.memory import Memory
        from efface.search.matcher.server import Server

        self.index = Index([], {})
        self.server = Server(SimpleNamespace(index=self.index, memory=Memory()))  # type: ignore[arg-type]

    def enrol(self, case: uuid.UUID, pixels: Any) -> bool:
        """False where the picture has too little detail for its parts to be told again."""
        from efface.cases.active import Active

        try:
            kept = b64encode(enrol(pixels).to_bytes()).decode()
        except LocalRefused:
            return False
        self.index.replace([Active(uuid.uuid4(), case, uuid.uuid4(), "local", {"local": kept})], [case])
        return True

    def compare(self, question: Any) -> Any:
        return self.server._compare(question)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ProtocolError, asyncio.CancelledError):
            while (message := await frames.read(reader)) is not None:
                writer.write(frames.pack(await asyncio.to_thread(self.server.pushed, message)))
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def standing(path: Path) -> Iterator[Closer]:
    """Listens for what the fetcher hands over."""
    closer = Closer()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.start_unix_server(closer.talk, path=str(path))
    server = asyncio.run_coroutine_threadsafe(listening, loop).result(20)
    try:
        yield closer
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
