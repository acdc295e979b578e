"""The fetcher's way to a browser: one page at a time, each through a proxy of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import efface
from efface.net import frames
from efface.net.browser.model import Render, Rendered
from efface.net.browser.proxy import Proxy
from efface.net.guard import Guard
from efface.net.protocol import ProtocolError, from_wire, to_wire

START_S = 20.0
SLACK_S = 25.0
"""Seconds beyond the page's own within which the runner must have answered."""
WAIT_S = 60.0
"""Longest wait for the browser while other pages are shown."""


class Browser:
    """Start it before the process gives up the file system; ``close`` ends it."""

    def __init__(self, enabled: bool = True) -> None:
        self._stream: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._state: dict[str, Any] = {}
        self._lock = asyncio.Lock()
        if enabled:
            self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        root = str(Path(efface.__file__).parent.parent)
        environment = {
            "PYTHONPATH": os.pathsep.join([root, *(path for path in sys.path if "site-packages" in path)]),
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "efface.net.browser.runner", str(theirs.fileno())], env=environment, cwd="/",
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )  # fmt: skip
            ours.settimeout(START_S)
            state = frames.receive(ours)
            self._state = state if isinstance(state, dict) else {}
        except (OSError, ProtocolError):
            ours.close()
            return
        self._stream = ours

    def state(self) -> dict[str, Any]:
        """ "on" (bool), "reason" (why not), "program", "uid", "landlock"."""
        on = self._stream is not None and bool(self._state.get("program"))
        reason = "" if on else "no Chromium on this machine" if self._stream is not None else "not running"
        return {**self._state, "on": on, "reason": reason}

    async def render(
        self, guard: Guard, url: str, agent: str, total_s: float = 20.0, *, shot: bool = False
    ) -> Rendered:
        """``url`` as a browser shows it; ``shot``: with a picture of the page, whose own pictures are blocked. Never
        raises for what the page does."""
        if not self.state()["on"]:
            return Rendered(url, error="off")
        try:
            async with asyncio.timeout(WAIT_S):
                await self._lock.acquire()
        except TimeoutError:
            return Rendered(url, error="timeout")
        try:
            async with Proxy(guard) as proxy:
                request = Render(url, proxy.port, proxy.token, agent, total_s=total_s, shot=shot)
                answer = await asyncio.to_thread(self._ask, request)
        finally:
            self._lock.release()
        return answer

    def _ask(self, request: Render) -> Rendered:
        stream = self._stream
        if stream is None:
            return Rendered(request.url, error="off")
        try:
            stream.settimeout(request.total_s + SLACK_S)
            stream.sendall(frames.pack(to_wire(request)))
            answer: Rendered = from_wire(Rendered, frames.receive(stream))
        except (OSError, ProtocolError):
            self.close()  # whatever it says now belongs to a page that nobody waits for
            return Rendered(request.url, error="crashed")
        return answer

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._process = None



