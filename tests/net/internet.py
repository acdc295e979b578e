"""A tiny internet on loopback for these tests: a name server and web servers by hand, reached through a world."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from efface.net.fetch import Session
from efface.net.guard import Guard
from efface.net.protocol import FetchFacts, Limits
from efface.net.world import World

Handler = Callable[["Request"], bytes | list[bytes] | None]


@dataclass
class Request:
    """``send`` writes more than one answer's bytes when a handler wants to; ``headers`` are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    stream: socket.socket
    host: str = ""


def answer(body: bytes = b"", status: int = 200, mime: str = "text/html", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {mime}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass
class Internet:
    """``names`` maps a host name to claimed addresses (text) or to a DNS error word; ``sites`` a host to its handler.
    ``asked`` lists every (host, target) requested, ``agents`` the user agents."""

    names: dict[str, list[str] | str] = field(default_factory=dict)
    sites: dict[str, Handler] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    queries: list[tuple[str, str]] = field(default_factory=list)
    dial: dict[str, str] = field(default_factory=lambda: {"45.66.77.88": "127.0.0.1", "45.66.77.89": "127.0.0.1"})
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    dns_port: int = 0
    http_port: int = 0
    ports: dict[int, int] = field(default_factory=dict)

    def add(self, host: str, handler: Handler, addresses: list[str] | None = None) -> None:
        self.names[host] = addresses or ["45.66.77.88"]
        self.sites[host] = handler

    def world(self) -> World:
        dial = {ipaddress.ip_address(a): ipaddress.ip_address(b) for a, b in self.dial.items()}
        return World(("127.0.0.1", self.dns_port), dial, {80: self.http_port, **self.ports})

    def world_json(self) -> dict[str, Any]:
        ports = {str(key): value for key, value in {80: self.http_port, **self.ports}.items()}
        return {"dns": ["127.0.0.1", self.dns_port], "dial": self.dial, "ports": ports, "rdap": {}, "whois": {}}


@contextlib.contextmanager
def running() -> Iterator[Internet]:
    internet = Internet()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
    internet.dns_port, internet.http_port = udp.getsockname()[1], tcp.getsockname()[1]
    threading.Thread(target=_serve_dns, args=(udp, internet), daemon=True).start()
    threading.Thread(target=_serve_http, args=(tcp, internet), daemon=True).start()
    try:
        yield internet
    finally:
        with contextlib.suppress(OSError):
            tcp.shutdown(socket.SHUT_RDWR)
        tcp.close()
        with contextlib.suppress(OSError):
            udp.shutdown(socket.SHUT_RDWR)
        udp.close()


def _serve_dns(udp: socket.socket, internet: Internet) -> None:
    while True:
        try:
            data, peer = udp.recvfrom(4096)
        except OSError:
            return
        if not data:
            return
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = query.question[0].name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        internet.queries.append((name, kind))
        given = internet.names.get(name)
        if isinstance(given, str):
            if given == "silent":
                continue
            reply.set_rcode(dns.rcode.from_text(given))
        elif (name, kind) in internet.records:
            reply.answer.append(
                dns.rrset.from_text(query.question[0].name, 0, "IN", kind, *internet.records[name, kind])
            )
        elif given is None and not any(key[0] == name for key in internet.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif given and kind in ("A", "AAAA"):
            texts = given() if callable(given) else given
            fit = [text for text in texts if (":" in text) == (kind == "AAAA")]
            if fit:
                reply.answer.append(dns.rrset.from_text(query.question[0].name, 0, "IN", kind, *fit))
        with contextlib.suppress(OSError):
            udp.sendto(reply.to_wire(), peer)


def _serve_http(tcp: socket.socket, internet: Internet) -> None:
    while True:
        try:
            stream, _ = tcp.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(stream, internet), daemon=True).start()


def _one(stream: socket.socket, internet: Internet) -> None:
    with stream, contextlib.suppress(OSError, ValueError):
        stream.settimeout(20)
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = stream.recv(65536)
            if not chunk:
                return
            data += chunk
        head = data.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:]}
        host = headers.get("host", "").split(":")[0]
        internet.asked.append((host, target))
        internet.agents.append(headers.get("user-agent", ""))
        handler = internet.sites.get(host) or internet.sites.get("*")
        request = Request(method, target, headers, stream, host)
        body = handler(request) if handler else answer(b"no such host", 404)
        for piece in body if isinstance(body, list) else [body]:
            if piece:
                stream.sendall(piece)


def fetch(guard: Guard, url: str) -> tuple[FetchFacts, bytes]:
    """One GET through a guard, within five seconds."""

    async def go() -> tuple[FetchFacts, bytes]:
        async with Session(guard, Limits(total_s=5)) as session:
            fetched = await session.get(url)
        return fetched.facts, fetched.body

    return asyncio.run(go())
