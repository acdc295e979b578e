"""The Chrome DevTools Protocol over a pipe: JSON messages that end with a zero byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

MOST_MESSAGE = 24 * 1024 * 1024


class CdpError(Exception):
    """The browser said no, or is gone."""


class Cdp:
    """``tell`` hears every event: its name, parameters and session."""

    def __init__(self, reading: int, writing: int, tell: Callable[[str, dict[str, Any], str], None]) -> None:
        self._reading, self._writing, self._tell = reading, writing, tell
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._buffer = bytearray()
        self.gone = asyncio.Event()
        os.set_blocking(reading, False)
        asyncio.get_running_loop().add_reader(reading, self._read)

    async def ask(self, method: str, session: str = "", timeout_s: float = 10.0, **given: Any) -> dict[str, Any]:
        """The answer. Raises ``CdpError`` and ``TimeoutError``."""
        number = self.say(method, session, **given)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            self._waiting.pop(number, None)

    def say(self, method: str, session: str = "", **given: Any) -> int:
        """Send without waiting for an answer. The number it was sent under. Raises ``CdpError``."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        if session:
            message["sessionId"] = session
        view = memoryview(json.dumps(message).encode() + b"\0")
        try:
            while view:
                view = view[os.write(self._writing, view) :]
        except OSError:
            self._end()
            raise CdpError("gone") from None
        return self._number

    def _read(self) -> None:
        try:
            chunk = os.read(self._reading, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk or len(self._buffer) + len(chunk) > MOST_MESSAGE:
            self._end()
            return
        self._buffer += chunk
        while (end := self._buffer.find(0)) >= 0:
            message = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            with contextlib.suppress(ValueError, RecursionError):
                self._hear(json.loads(message))

    def _hear(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        number = message.get("id")
        if isinstance(number, int):
            future = self._waiting.get(number)
            if future is not None and not future.done():
                if "error" in message:
                    future.set_exception(CdpError(str(message["error"])[:200]))
                else:
                    result = message.get("result")
                    future.set_result(result if isinstance(result, dict) else {})
        elif isinstance(message.get("method"), str):
            given = message.get("params")
            self._tell(message["method"], given if isinstance(given, dict) else {}, str(message.get("sessionId") or ""))

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)
        self.gone.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(CdpError("gone"))

    def close(self) -> None:
        if not self.gone.is_set():
            self._end()
        for descriptor in (self._reading, self._writing):
            with contextlib.suppress(OSError):
                os.close(descriptor)
