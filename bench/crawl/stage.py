"""A stage for hostile sites: a name server and a web server on loopback, by hand, so that they may break rules."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord

from efface.net.world import World

Answer = bytes | Iterable[bytes] | None
MOST_SENT = 64 * 1024 * 1024
CLAIMED, OTHER, SECURE = "45.66.77.88", "45.66.77.89", "45.66.77.90"
"""Public-looking addresses; the last has a server that never finishes a TLS handshake."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``path`` with its query, headers in lower case, the address it came from."""

    host: str
    path: str
    headers: dict[str, str]
    peer: str = ""


Handler = Callable[[Asked], Answer]


def page(body: bytes | str = b"", status: int = 200, mime: str = "text/html; charset=utf-8", **more: str) -> bytes:
    """A whole, honest answer."""
    data = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} -", f"Content-Length: {len(data)}", f"Content-Type: {mime}", "Connection: close"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1", "replace") + data


def moved(to: str) -> bytes:
    return page(status=302, Location=to)


@dataclass
class Stage:
    """``names`` maps a host to its addresses, or to a function that gives others each time, or the word of an error
    ("nxdomain", "servfail"); ``sites`` to its handler.
    ``requests`` and ``sent`` count per host what was asked and what bytes went out."""

    names: dict[str, list[str] | Callable[[], list[str] | str]] = field(default_factory=dict)
    sites: dict[str, Handler] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    dns_port: int = 0
    http_port: int = 0
    tls_port: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def add(self, host: str, handler: Handler, addresses: list[str] | None = None) -> str:
        """Its front page's address."""
        self.names[host] = addresses or [CLAIMED]
        self.sites[host] = handler
        return f"http://{host}/"

    @property
    def described(self) -> dict[str, Any]:
        dial = dict.fromkeys((CLAIMED, OTHER, SECURE), "127.0.0.1")
        ports = {"80": self.http_port, "443": self.tls_port}
        return {"dns": ["127.0.0.1", self.dns_port], "dial": dial, "ports": ports, "rdap": {}, "whois": {}}

    def world(self) -> World:
        view = self.described
        dial = {ipaddress.ip_address(a): ipaddress.ip_address(b) for a, b in view["dial"].items()}
        return World(("127.0.0.1", self.dns_port), dial, {80: self.http_port, 443: self.tls_port})


class AsWorld:
    """A stage in the place of a testbed's world, for an installation that crawls it."""

    def __init__(self, stage: Stage) -> None:
        self.start = datetime(2026, 9, 1, 8, tzinfo=UTC)
        self.descriptor = os.memfd_create("stage")
        os.write(self.descriptor, json.dumps(stage.described).encode())
        nowhere = "http://127.0.0.1:9/"
        self.ready: dict[str, Any] = {
            "world": stage.described, "smtp": ["127.0.0.1", 9], "tsa": {"url": nowhere, "certificate": "", "chain": ""},
            "subjects": [], "start": self.start.isoformat(),
        }  # fmt: skip


@contextlib.contextmanager
def standing() -> Iterator[Stage]:
    stage = Stage()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    web, mute = socket.create_server(("127.0.0.1", 0), backlog=128), socket.create_server(("127.0.0.1", 0), backlog=16)
    stage.dns_port, stage.http_port, stage.tls_port = (one.getsockname()[1] for one in (udp, web, mute))
    threading.Thread(target=_names, args=(udp, stage), daemon=True).start()
    threading.Thread(target=_web, args=(web, stage), daemon=True).start()
    try:
        yield stage
    finally:
        stage.stop.set()
        for one in (udp, web, mute):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _names(udp: socket.socket, stage: Stage) -> None:
    while True:
        try:
            data, peer = udp.recvfrom(4096)
            if not data:
                return
            query = DNSRecord.parse(data)
        except OSError:
            return
        except Exception:  # whatever is no question gets no answer
            continue
        reply = query.reply()
        name = str(query.q.qname).rstrip(".").lower()
        given = stage.names.get(name, "nxdomain")
        given = given() if callable(given) else given
        if isinstance(given, str):
            reply.header.rcode = RCODE.SERVFAIL if given == "servfail" else RCODE.NXDOMAIN
        else:
            for text in given:
                six = ":" in text
                if QTYPE[query.q.qtype] == ("AAAA" if six else "A"):
                    kind, data_ = (QTYPE.AAAA, AAAA(text)) if six else (QTYPE.A, A(text))
                    reply.add_answer(RR(query.q.qname, kind, rdata=data_, ttl=0))
        with contextlib.suppress(OSError):
            udp.sendto(reply.pack(), peer)


def _web(listener: socket.socket, stage: Stage) -> None:
    while True:
        try:
            stream, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(stream, stage), daemon=True).start()


def _one(stream: socket.socket, stage: Stage) -> None:
    with stream, contextlib.suppress(OSError, ValueError, IndexError):
        stream.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = stream.recv(65536)
            if not chunk:
                return
            head += chunk
        first, *lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
        headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines}
        host = headers.get("host", "").partition(":")[0]
        stage.requests[host] += 1
        handler = stage.sites.get(host)
        asked = Asked(host, first.split(" ")[1], headers, stream.getpeername()[0])
        answer = handler(asked) if handler else page(b"no such host", 404)
        if answer is None:
            stage.stop.wait(15)  # says nothing, and hangs up at last
            return
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if stage.stop.is_set() or stage.sent[host] > MOST_SENT:
                return
            stream.sendall(piece)
            stage.sent[host] += len(piece)
