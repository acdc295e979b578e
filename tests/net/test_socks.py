"""Onion names, and everything where so configured, go through the SOCKS proxy and are resolved there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from efface.net.guard import Guard
from tests.net.internet import Internet, answer, fetch, running

ONION = "expyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzzd.onion"


class Proxy:
    """A SOCKS5 server (RFC 1928, no authentication) that answers every connection with one page."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.asked: list[tuple[int, str, int]] = []
        self.url = f"socks5://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                stream, _ = self.server.accept()
            except OSError:
                return
            with stream:
                stream.recv(300)
                stream.sendall(b"\x05\x00")
                request = stream.recv(300)
                kind = request[3]
                host = request[5 : 5 + request[4]].decode() if kind == 3 else request[4:-2].hex()
                self.asked.append((kind, host, int.from_bytes(request[-2:], "big")))
                stream.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                stream.recv(65536)
                stream.sendall(answer(b"<p>hidden"))


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.server.shutdown(socket.SHUT_RDWR)
    made.server.close()


@pytest.fixture
def internet() -> Iterator[Internet]:
    with running() as net:
        net.add("a.test", lambda request: answer(b"<p>open"))
        yield net


def test_an_onion_name_reaches_the_proxy_as_a_name(proxy: Proxy, internet: Internet) -> None:
    guard = Guard(world=internet.world(), socks=proxy.url)
    facts, body = fetch(guard, f"http://{ONION}/x")
    assert (facts.error, body, facts.claimed_ip) == ("", b"<p>hidden", "")
    assert proxy.asked == [(3, ONION, 80)]
    assert internet.queries == []


def test_other_names_do_not(proxy: Proxy, internet: Internet) -> None:
    guard = Guard(world=internet.world(), socks=proxy.url)
    assert fetch(guard, "http://a.test/")[1] == b"<p>open"
    assert proxy.asked == []


def test_everything_does_where_so_configured(proxy: Proxy, internet: Internet) -> None:
    guard = Guard(world=internet.world(), socks=proxy.url, socks_all=True)
    assert fetch(guard, "http://a.test/")[1] == b"<p>hidden"
    assert proxy.asked == [(3, "a.test", 80)]
    assert internet.asked == internet.queries == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "http://0x7f.1/", "http://a.test:22/"])
def test_the_guard_stands_before_the_proxy_too(proxy: Proxy, url: str) -> None:
    guard = Guard(socks=proxy.url, socks_all=True)
    assert fetch(guard, url)[0].error == "refused"
    assert proxy.asked == []


def test_a_proxy_that_is_not_there(internet: Internet) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    url = f"socks5://127.0.0.1:{free.getsockname()[1]}"
    free.close()
    assert fetch(Guard(socks=url), f"http://{ONION}/")[0].error == "reset"
