"""aiohttp connectors that dial only what the guard pinned."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from efface.net.address import Address
from efface.net.guard import Guard, NetError, Pin, Refused, is_onion

_PER_HOST = 4
_CERTIFICATES = 32


class PinnedResolver(AbstractResolver):
    """Asks the guard once for every host and port, and gives the same answer as long as it lives."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pins: dict[tuple[str, int], asyncio.Task[list[Pin]]] = {}

    async def pins(self, host: str, port: int) -> list[Pin]:
        key = (host, port)
        if key not in self._pins:
            self._pins[key] = asyncio.create_task(self._guard.pins(host, port))
        return await asyncio.shield(self._pins[key])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=pin.host,
                port=pin.port,
                family=socket.AF_INET6 if ":" in pin.host else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for pin in await self.pins(host, port)
        ]

    async def close(self) -> None:
        for task in self._pins.values():
            task.cancel()
        await asyncio.gather(*self._pins.values(), return_exceptions=True)

    def claimed(self, host: str, port: int) -> list[Address]:
        """The claimed addresses pinned for ``host`` so far, in the order they are dialled."""
        task = self._pins.get((host, port))
        if task is None or not task.done() or task.cancelled() or task.exception():
            return []
        return [pin.claimed for pin in task.result()]


@dataclass(frozen=True, slots=True)
class Tls:
    """``how``: version and cipher of the connection; ``chain``: certificates as the server sent them, its own first,
    DER."""

    how: str = ""
    chain: tuple[bytes, ...] = ()


_MOST_CHAIN = 10


def _tls(sealed: Any) -> Tls:
    """Of an ``ssl.SSLObject``. The chain is public from Python 3.13 on, and there before under a name of its own."""
    if sealed is None:
        return Tls()
    cipher = sealed.cipher()
    how = f"{sealed.version() or ''} {cipher[0] if cipher else ''}".strip()
    if hasattr(sealed, "get_unverified_chain"):
        return Tls(how, tuple(sealed.get_unverified_chain())[:_MOST_CHAIN])
    inner: Any = getattr(sealed, "_sslobj", None)
    try:
        chain = [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_unverified_chain() or ()]
    except (AttributeError, ValueError):
        own = sealed.getpeercert(binary_form=True)
        chain = [own] if own else []
    return Tls(how, tuple(chain[:_MOST_CHAIN]))


class GuardedConnector(aiohttp.TCPConnector):
    """Dials pins only: literal addresses go through the resolver too, the socket address is checked when the socket
    is made, and the peer once more before a byte of the request is sent."""

    def __init__(self, guard: Guard, resolver: PinnedResolver, tls: ssl.SSLContext) -> None:
        super().__init__(
            resolver=resolver,
            use_dns_cache=False,
            ssl=tls,
            limit=16,
            limit_per_host=_PER_HOST,
            happy_eyeballs_delay=None,
            socket_factory=self._socket,
            enable_cleanup_closed=False,
        )
        self._guard = guard
        self._pinned = resolver
        self.certificates: dict[str, dict[str, Any]] = {}
        """Host to the certificate it showed and that was checked, as ``ssl`` parses it; the first ``_CERTIFICATES``."""
        self.shown: dict[str, Tls] = {}
        """The same hosts' whole chains, as they were sent."""

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:
        return await self._pinned.resolve(host, port)

    def _socket(self, address: Any) -> socket.socket:
        family, kind, proto, _, target = address
        if not self._guard.may_dial(str(target[0])):
            raise Refused("address not global")
        return socket.socket(family=family, type=kind, proto=proto)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        if not peer or not self._guard.may_dial(str(peer[0])):
            connection.close()
            raise Refused("peer not global")
        shown = transport.get_extra_info("peercert") if transport is not None else None
        if shown and len(self.certificates) < _CERTIFICATES:
            self.certificates[req.url.raw_host or ""] = shown
            self.shown[req.url.raw_host or ""] = _tls(transport.get_extra_info("ssl_object") if transport else None)
        return connection


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Certificates are checked: a site whose certificate does not fit is an observation ("tls"), not a fetch."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _through(upstream: str, resolver: PinnedResolver, tls: ssl.SSLContext) -> aiohttp.BaseConnector:
    """Connections by way of an operator's proxy, which is asked for the pinned address and never for a name: what a
    name means elsewhere is not for a stranger's name server to say."""
    from aiohttp_socks import ProxyConnector

    class Through(ProxyConnector):
        async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:
            return await resolver.resolve(host, port)

    return Through.from_url(upstream, rdns=False, ssl=tls, limit=16, happy_eyeballs_delay=None)


class Connectors:
    """The connectors of one request: pins and kept-alive connections live and die with it."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._guard = guard
        self._tls = tls
        self.resolver = PinnedResolver(guard)
        self._direct: GuardedConnector | None = None
        self._socks: aiohttp.BaseConnector | None = None
        self._upstream: aiohttp.BaseConnector | None = None

    def for_url(self, url: URL) -> aiohttp.BaseConnector:
        """The connector for ``url``: through SOCKS for onion names (and for everything when so configured)."""
        if self.via_socks(url):
            if self._socks is None:
                from aiohttp_socks import ProxyConnector

                self._socks = ProxyConnector.from_url(self._guard.socks, rdns=True, ssl=self._tls, limit=16)
            return self._socks
        if self._guard.upstream:
            if self._upstream is None:
                self._upstream = _through(self._guard.upstream, self.resolver, self._tls)
            return self._upstream
        if self._direct is None:
            self._direct = GuardedConnector(self._guard, self.resolver, self._tls)
        return self._direct

    def via_socks(self, url: URL) -> bool:
        return bool(self._guard.socks) and (self._guard.socks_all or is_onion(url.raw_host or ""))

    def certificate(self, host: str) -> dict[str, Any]:
        """The checked certificate ``host`` showed, empty where there was none (or through SOCKS)."""
        return self._direct.certificates.get(host, {}) if self._direct is not None else {}

    def tls(self, host: str) -> Tls:
        """What ``host`` showed when a connection was sealed; empty where there was none (or through a proxy)."""
        return self._direct.shown.get(host, Tls()) if self._direct is not None else Tls()

    def claimed(self, url: URL, peer: str) -> str:
        """The claimed address behind ``peer``, as text; empty through SOCKS."""
        host, port = url.raw_host or "", url.port or 0
        pinned = self.resolver.claimed(host, port)
        if self._guard.upstream:
            return str(pinned[0]) if pinned else ""
        if self._guard.world is None:
            return peer if peer and ipaddress.ip_address(peer) in pinned else ""
        for address in pinned:
            target = self._guard.world.target(address, port)
            if target is not None and (not peer or str(target[0]) == peer):
                return str(address)
        return str(pinned[0]) if pinned else ""

    async def close(self) -> None:
        for connector in (self._direct, self._socks, self._upstream):
            if connector is not None:
                await connector.close()
        await self.resolver.close()


__all__ = ["Connectors", "GuardedConnector", "NetError", "PinnedResolver", "tls_context"]
