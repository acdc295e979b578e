"""Two proxies that stand "elsewhere": what leaves through them comes from another loopback address."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator

CHUNK = 65536


@contextlib.contextmanager
def standing() -> Iterator[dict[str, str]]:
    """Names of ways out, and the proxies that they lead through: one SOCKS5 (RFC 1928), one HTTP (CONNECT)."""
    socks, connect = (socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(2))
    threading.Thread(target=_serve, args=(socks, _socks, "127.0.0.2"), daemon=True).start()
    threading.Thread(target=_serve, args=(connect, _connect, "127.0.0.3"), daemon=True).start()
    try:
        yield {
            "north": f"socks5://127.0.0.1:{socks.getsockname()[1]}",
            "south": f"http://127.0.0.1:{connect.getsockname()[1]}",
        }
    finally:
        for one in (socks, connect):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _serve(listener: socket.socket, greet: object, source: str) -> None:
    while True:
        try:
            stream, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(stream, greet, source), daemon=True).start()


def _one(stream: socket.socket, greet: object, source: str) -> None:
    with stream, contextlib.suppress(OSError, ValueError, IndexError):
        stream.settimeout(30)
        target, yes, no = greet(stream)  # type: ignore[operator]
        if not ipaddress.ip_address(target[0]).is_loopback:
            stream.sendall(no)
            return
        try:
            far = socket.create_connection(target, 10, source_address=(source, 0))
        except OSError:
            stream.sendall(no)
            return
        with far:
            stream.sendall(yes)
            back = threading.Thread(target=_pump, args=(far, stream), daemon=True)
            back.start()
            _pump(stream, far)
            back.join(30)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _socks(stream: socket.socket) -> tuple[tuple[str, int], bytes, bytes]:
    stream.recv(300)
    stream.sendall(b"\x05\x00")
    asked = stream.recv(300)
    if asked[3] != 1:
        raise ValueError("asked for a name, not for an address")
    target = socket.inet_ntoa(asked[4:8]), int.from_bytes(asked[8:10], "big")
    return target, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"


def _connect(stream: socket.socket) -> tuple[tuple[str, int], bytes, bytes]:
    head = b""
    while b"\r\n\r\n" not in head:
        more = stream.recv(4096)
        if not more:
            raise ValueError("no request")
        head += more
    host, _, port = head.split(b" ")[1].decode().rpartition(":")
    return (host, int(port)), b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 502 -\r\nContent-Length: 0\r\n\r\n"
