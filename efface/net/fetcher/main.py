"""The fetcher's command line, socket and life."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import os
import resource
import signal
import socket
import stat
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from efface.net import avoided, frames
from efface.net.address import Address
from efface.net.browser import Browser
from efface.net.connect import tls_context
from efface.net.decoder import Decoder
from efface.net.fetch import BOT_AGENT
from efface.net.fetcher.capture import capture
from efface.net.fetcher.confine import confine
from efface.net.fetcher.context import Context, ExtraOps
from efface.net.fetcher.decoding import Decoding
from efface.net.fetcher.lists import listed
from efface.net.fetcher.observe import observe
from efface.net.fetcher.preview import preview
from efface.net.fetcher.push import Push
from efface.net.fetcher.questions import question
from efface.net.fetcher.robots import robots
from efface.net.fetcher.scan import scan
from efface.net.fetcher.sealing import seal_medium
from efface.net.fetcher.tell import tell
from efface.net.guard import Guard
from efface.net.paths import PathError, read_paths
from efface.net.process import die_with_parent, no_dumps, run, settle
from efface.net.protocol import (
    CaptureRequest,
    ListRequest,
    ObserveRequest,
    PreviewRequest,
    ProtocolError,
    QuestionRequest,
    RobotsRequest,
    ScanRequest,
    SealMediumRequest,
    TellRequest,
    from_wire,
    to_wire,
)
from efface.net.spacing import longer_s
from efface.net.world import World, WorldError, read_world

MAX_CONNECTIONS = 128
AT_ONCE = 12
"""Requests worked on at the same time; the others wait."""
SLOW_AT_ONCE = 48
"""The same of those that wait between pages, and do little else."""
QUEUE = 256
REQUEST_S = 240.0
"""No request takes longer, whatever its limits say, but for what it waits between pages."""

log = logging.getLogger("efface.fetcher")
_OPS: dict[str, tuple[type, Callable[[Any, Context], Awaitable[Any]]]] = {
    "scan": (ScanRequest, scan),
    "robots": (RobotsRequest, robots),
    "list": (ListRequest, listed),
    "question": (QuestionRequest, question),
    "tell": (TellRequest, tell),
    "capture": (CaptureRequest, capture),
    "seal": (SealMediumRequest, seal_medium),
    "observe": (ObserveRequest, observe),
    "preview": (PreviewRequest, preview),
}


def main(argv: Sequence[str] | None = None, extra_ops: ExtraOps | None = None) -> int:
    """Run until told to stop. Exit status 0 after SIGTERM, 2 for a command line or world that will not do."""
    given = _arguments(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    no_dumps()
    if given.exit_with_parent:
        die_with_parent()
    world: World | None = None
    if given.world_fd is not None:
        if given.kind == "production":
            log.error("an installation of kind production takes no world")
            return 2
        try:
            world = read_world(given.world_fd)
        except (WorldError, OSError) as error:
            log.error("%s", error)
            return 2
    os.environ.clear()
    try:
        paths = read_paths(given.path)
    except PathError as error:
        log.error("%s", error)
        return 2
    guard = Guard(
        world=world, nameservers=_nameservers(given.nameserver), socks=given.socks, socks_all=given.socks_all,
        paths=paths,
    )  # fmt: skip
    guard.own = guard.own | _addresses(given.own)
    decoder = Decoder(models=given.models)
    browser = Browser(enabled=not given.no_browser)
    listener = _listen(Path(given.socket))
    tls_context()  # reads certificates; what else is needed from the file system is open by now
    confined = confine(given.models)
    try:
        return run(_serve(given, guard, decoder, browser, listener, extra_ops or {}, confined))
    finally:
        browser.close()
        decoder.close()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="efface-fetcher", description=__doc__)
    parser.add_argument("--socket", required=True, help="unix socket to listen on")
    parser.add_argument("--faces-socket", default="", help="the matcher's socket for faces and local features met")
    parser.add_argument("--models", default=None, help="folder of installed models")
    parser.add_argument("--world-fd", type=int, default=None, help="inherited descriptor with a testbed's world")
    parser.add_argument("--kind", default="", help="installation kind; production refuses a world")
    parser.add_argument("--nameserver", action="append", default=[], help="ADDRESS or ADDRESS:PORT, repeatable")
    parser.add_argument("--own", action="append", default=[], help="an address of ours never to be dialled, repeatable")
    parser.add_argument("--socks", default="", help="SOCKS proxy for onion names, socks5://HOST:PORT")
    parser.add_argument("--socks-all", action="store_true", help="send everything through the SOCKS proxy")
    parser.add_argument("--path", action="append", default=[], help="another way out, NAME=PROXY, repeatable")
    parser.add_argument("--agent", default=BOT_AGENT, help="user agent")
    parser.add_argument("--no-browser", action="store_true", help="show no page to the system's Chromium")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the parent process ends")
    return parser.parse_args(argv)


def _nameservers(given: Sequence[str]) -> list[tuple[str, int]] | None:
    pairs: list[tuple[str, int]] = []
    for text in given:
        host, colon, port = text.rpartition(":")
        pairs.append((host.strip("[]"), int(port)) if colon and port.isdigit() and host.count(":") != 1 else (text, 53))
    return pairs or None


def _addresses(given: Sequence[str]) -> frozenset[Address]:
    return frozenset(ipaddress.ip_address(text) for text in given)


def _listen(path: Path) -> socket.socket:
    """A listening socket for this user alone, in the place of one that a crash left behind (never of anything else)."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old)
    listener.listen(256)
    return listener


async def _serve(
    given: argparse.Namespace,
    guard: Guard,
    decoder: Decoder,
    browser: Browser,
    listener: socket.socket,
    extra: ExtraOps,
    confined: bool,
) -> int:
    push = Push(given.faces_socket) if given.faces_socket else None
    context = Context(guard, Decoding(decoder), push, given.agent, browser)
    service = Service(context, extra, confined)
    server = await asyncio.start_unix_server(service.connection, sock=listener)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("ready decoder=%s", decoder.state().get("on"))
    settle()
    # The supervisor waits for this line.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        server.close()
        await service.close()
        await context.lines.close()
        await context.decoding.close()
        if push is not None:
            await push.close()
    return 0


class Service:
    """Answers frames on any number of connections; one connection carries one request at a time."""

    def __init__(self, context: Context, extra: ExtraOps | None = None, confined: bool = False) -> None:
        self.context = context
        self.confined = confined
        self.extra = extra or {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._slow = asyncio.Semaphore(SLOW_AT_ONCE)
        self._waiting = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            if len(self._tasks) > MAX_CONNECTIONS:
                writer.write(frames.pack({"ok": False, "error": "busy", "detail": "connections"}))
                return
            while (message := await self._next(reader)) is not None:
                writer.write(await self._answer(message))
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            if task is not None:
                self._tasks.discard(task)
            writer.close()

    async def _next(self, reader: asyncio.StreamReader) -> Any:
        try:
            return await frames.read(reader)
        except ProtocolError:
            return None

    async def _answer(self, message: Any) -> bytes:
        try:
            body = await self._perform(message)
        except ProtocolError as error:
            return frames.pack({"ok": False, "error": "bad-request", "detail": str(error)[:300]})
        except _Busy:
            return frames.pack({"ok": False, "error": "busy", "detail": "requests"})
        except TimeoutError:
            return frames.pack({"ok": False, "error": "timeout", "detail": ""})
        except Exception as error:
            log.error("request failed: %s", type(error).__name__)
            log.debug("request failed", exc_info=error)
            return frames.pack({"ok": False, "error": "internal", "detail": type(error).__name__})
        try:
            return frames.pack({"ok": True, "body": body})
        except ProtocolError:
            return frames.pack({"ok": False, "error": "too-large", "detail": "answer"})

    async def _perform(self, message: Any) -> Any:
        if not isinstance(message, dict) or not isinstance(message.get("op"), str):
            raise ProtocolError("not a request")
        op, body = message["op"], message.get("body", {})
        if op == "ping":
            return self._ping()
        kind = (_OPS.get(op) or self.extra.get(op) or (None, None))[0]
        if kind is None:
            raise ProtocolError("unknown operation")
        request = from_wire(kind, body)
        avoid = avoided.read(message.get("avoid", []))
        if self._waiting >= QUEUE:
            raise _Busy
        self._waiting += 1
        try:
            pace_s = getattr(request, "pace_s", 0.0)
            async with self._slow if pace_s else self._gate, asyncio.timeout(REQUEST_S + longer_s(pace_s)):
                with avoided.during(avoid):
                    if op in _OPS:
                        return to_wire(await _OPS[op][1](request, self.context))
                    return to_wire(await self.extra[op][1](request, self.context.guard))
        finally:
            self._waiting -= 1

    def _ping(self) -> dict[str, Any]:
        return {
            "decoder": self.context.decoding.decoder.state(),
            "browser": self.context.browser.state(),
            "confined": self.confined,
            "faces": self.context.push is not None,
            "world": self.context.guard.world is not None,
            "paths": sorted(self.context.guard.paths),
            "ops": sorted({*_OPS, *self.extra, "ping"}),
            "pid": os.getpid(),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Busy(Exception):
    pass
