"""The browser's only way out: a proxy on loopback that asks the egress guard for every connection it is asked to make.

It lives as long as one page is shown, answers to one password, and counts requests and bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from base64 import b64encode
from dataclasses import dataclass

from yarl import URL

from efface.net.guard import HTTP_PORTS, Guard, NetError, Refused, is_onion

HEAD_BYTES = 64 * 1024
HEAD_S = 10.0
DIAL_S = 10.0
MOST_BYTES = 25_000_000
MOST_CONNECTIONS = 400
AT_ONCE = 32
_CHUNK = 65536
_HOP = frozenset({"proxy-authorization", "proxy-connection", "connection", "keep-alive", "te", "trailer", "upgrade"})


@dataclass(slots=True)
class Counted:
    """``refused`` holds the guard's word for each connection it forbade."""

    connections: int = 0
    received: int = 0
    refused: list[str] | None = None

    def refuse(self, why: str) -> None:
        self.refused = [*(self.refused or []), why][:100]


class Proxy:
    """``async with Proxy(guard) as proxy``: listens until the end of the block."""

    def __init__(self, guard: Guard, *, most_bytes: int = MOST_BYTES) -> None:
        self.guard = guard
        self.most_bytes = most_bytes
        self.token = secrets.token_urlsafe(24)
        self.counted = Counted()
        self.port = 0
        self._word = "basic " + b64encode(f"efface:{self.token}".encode()).decode()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=HEAD_BYTES)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        self._talks.add(this)
        this.add_done_callback(self._talks.discard)
        try:
            async with self._gate:
                await self._one(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        except asyncio.CancelledError:
            pass  # the page is shown no longer
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        given = next((value for name, value in headers if name.lower() == "proxy-authorization"), "")
        if not hmac.compare_digest(given.lower()[:6] + given[6:], self._word):
            await _say(writer, 407, 'Proxy-Authenticate: Basic realm="efface"\r\n')
            return
        self.counted.connections += 1
        if self.counted.connections > MOST_CONNECTIONS or self.counted.received > self.most_bytes:
            await _say(writer, 429)
            return
        try:
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                far = await self._dial(host.strip("[]"), int(port))
            else:
                url = URL(target)
                if url.scheme != "http":
                    raise Refused("scheme")
                self.guard.check_url(url)
                far = await self._dial(url.raw_host or "", url.port or 80)
        except Refused as refusal:
            self.counted.refuse(refusal.detail)
            await _say(writer, 403)
            return
        except (NetError, OSError, TimeoutError):
            await _say(writer, 502)
            return
        try:
            if method == "CONNECT":
                await _say(writer, 200, close=False)
            else:
                far[1].write(_forwarded(method, url, headers))
                await far[1].drain()
            await self._pump((reader, writer), far)
        finally:
            far[1].close()

    async def _dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if port not in HTTP_PORTS:
            raise Refused("port")
        async with asyncio.timeout(DIAL_S):
            if self.guard.socks and (self.guard.socks_all or is_onion(host)):
                self.guard.check_host(host)
                return await _through_socks(self.guard.socks, host, port)
            return await self.guard.dial(await self.guard.pins(host, port))

    async def _pump(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Both ways until the far side ends, or too much came."""

        async def out() -> None:
            with contextlib.suppress(ConnectionError):
                while chunk := await near[0].read(_CHUNK):
                    far[1].write(chunk)
                    await far[1].drain()

        sending = asyncio.create_task(out())
        try:
            while chunk := await far[0].read(_CHUNK):
                self.counted.received += len(chunk)
                if self.counted.received > self.most_bytes:
                    return
                near[1].write(chunk)
                await near[1].drain()
        finally:
            sending.cancel()


def _forwarded(method: str, url: URL, headers: list[tuple[str, str]]) -> bytes:
    """The request as the origin gets it: one a connection, without what was meant for the proxy, and for the host that
    was judged."""
    path = url.raw_path_qs or "/"
    kept = [f"{name}: {value}" for name, value in headers if name and name.lower() not in (*_HOP, "host")]
    first = [f"{method} {path} HTTP/1.1", f"Host: {url.raw_authority}"]
    return "\r\n".join([*first, *kept, "Connection: close", "", ""]).encode("latin-1", "replace")


async def _say(writer: asyncio.StreamWriter, status: int, more: str = "", close: bool = True) -> None:
    length = "Content-Length: 0\r\nConnection: close\r\n" if close else ""
    writer.write(f"HTTP/1.1 {status} -\r\n{more}{length}\r\n".encode())
    await writer.drain()


async def _through_socks(socks: str, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    from python_socks import ProxyError
    from python_socks.async_.asyncio import Proxy as Upstream

    try:
        sock = await Upstream.from_url(socks, rdns=True).connect(host, port, timeout=DIAL_S)
    except ProxyError as error:
        raise OSError(type(error).__name__) from None
    return await asyncio.open_connection(sock=sock)
