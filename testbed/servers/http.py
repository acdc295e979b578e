"""HTTP for everybody: sites, CDN edges, RDAP, the search engine. One handler, many loopback addresses, one port.

A request is routed by its ``Host`` and by the address it came in on: a name that does not live at that address gets the
host's default answer, as on the real web.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TextIO
from urllib.parse import parse_qs, unquote

from aiohttp import web

from testbed import happen, render
from testbed.notice import canonical, find_urls
from testbed.servers.rdap import Rdap
from testbed.servers.search import Search
from testbed.state import State
from testbed.web import Answer, Web

DRIP_S = 0.1
DRIPS = {"drip": 30, "headers": 60, "hang": 5}
"""How often a hostile answer gets a move on before it gives up: a demo has no time for real patience."""


class Front:
    """Routes requests. ``lives_at`` tells the claimed addresses of a host name now. Where there is a ``log``, a line is
    written to it for each request: seconds of the machine's steady clock, status (0 for none), host, path."""

    log: TextIO | None = None

    def __init__(
        self, state: State, pages: Web, rdap: Rdap, search: Search, lives_at: Callable[[str], list[str]]
    ) -> None:
        self.state, self.pages, self.rdap, self.search = state, pages, rdap, search
        self._lives_at = lives_at
        self._claimed = {dial: claimed for claimed, dial in state.world.dial.items()}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.log is None:
            return await self._handle(request)
        came, status = time.monotonic(), 0
        try:
            answer = await self._handle(request)
            status = answer.status
            return answer
        finally:
            host = request.host.partition(":")[0].lower().rstrip(".")
            self.log.write(f"{came:.4f} {status} {host} {request.raw_path}\n")

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower().rstrip(".")
        sock = request.transport.get_extra_info("sockname") if request.transport else None
        claimed = self._claimed.get(sock[0] if sock else "", "")
        path, _, query = request.raw_path.partition("?")
        path = unquote(path) if "%" in path else path
        if claimed not in self._lives_at(host):
            return web.Response(status=404, text="default site\n")
        if request.method == "POST":
            return await self._post(request, host, path)
        if request.method not in {"GET", "HEAD"}:
            return web.Response(status=405)
        found = self._get(host, path, query, claimed, request.headers.get("user-agent", ""))
        if found.raw:
            return await self._misbehave(request, found.raw)
        return self._respond(request, found)

    def _get(self, host: str, path: str, query: str, claimed: str, agent: str) -> Answer:
        services = self.state.world.services
        if host in {services["rdap-names"], services["rdap-numbers"]}:
            return self.rdap.answer(path)
        if host == services["search"]:
            return self.search.answer(path, query)
        site = self.state.by_host.get(host)
        if site is not None and claimed == site.edge and self.state.behind_cdn(host):
            return self.pages.edge(host, path, query, agent)
        if site is None:
            return Answer(200, f"<!doctype html><title>{host}</title><h1>{host}</h1>".encode())
        return self.pages.answer(host, path, query, agent)

    @staticmethod
    def _respond(request: web.BaseRequest, found: Answer) -> web.Response:
        headers = dict(found.headers)
        headers.setdefault("server", "nginx")
        if found.status == 200 and headers.get("etag") and request.headers.get("if-none-match") == headers["etag"]:
            return web.Response(status=304, headers=headers)
        headers["content-type"] = found.mime
        body = bytes(found.body)
        if request.method == "HEAD":
            headers["content-length"] = str(len(body))
            return web.Response(status=found.status, headers=headers)
        return web.Response(status=found.status, body=body, headers=headers)

    async def _post(self, request: web.BaseRequest, host: str, path: str) -> web.StreamResponse:
        form = parse_qs((await request.content.read(200_000)).decode("utf-8", "replace"))
        named = find_urls("\n".join(value for values in form.values() for value in values))
        if host == self.state.world.services["search"] and path == "/report":
            found = self.search.report(named)
            return web.Response(status=found.status, body=bytes(found.body), content_type="text/html")
        site = self.state.by_host.get(host)
        if site is None or path != "/report":
            return web.Response(status=404)
        for value in form.get("url", []):
            if value.startswith("/"):
                named.append(canonical(f"http://{site.domain}{value}"))
        if not form.get("website"):
            happen.file_form(self.state, site.domain, named)
        operator = self.state.world.operator(site.operator)
        return web.Response(text=render.report(site, operator, done=True), content_type="text/html")

    async def _misbehave(self, request: web.BaseRequest, how: str) -> web.StreamResponse:
        """Play a hostile answer on the raw connection and end it. All of them give up after some seconds."""
        transport = request.transport
        assert transport is not None
        start = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"
        with contextlib.suppress(ConnectionError, RuntimeError):
            if how == "lying":
                transport.write(start + b"content-length: 5000000\r\n\r\n<html>short")
            elif how == "drip":
                transport.write(start + b"transfer-encoding: chunked\r\n\r\n")
            elif how == "headers":
                transport.write(start)
            for turn in range(DRIPS.get(how, 0)):
                if transport.is_closing():
                    break
                if how == "drip":
                    transport.write(b"1\r\nx\r\n")
                elif how == "headers":
                    transport.write(b"x-%d: " % turn + b"y" * 3000 + b"\r\n")
                await asyncio.sleep(DRIP_S)
            transport.close()
        raise asyncio.CancelledError


async def listen(front: Front, addresses: list[str], port: int) -> tuple[web.Server, asyncio.Server]:
    """Bind every address on ``port``. Raises ``OSError`` when one is taken."""
    server = web.Server(front.handle, access_log=None)
    loop = asyncio.get_running_loop()
    return server, await loop.create_server(server, host=addresses, port=port, backlog=256)
