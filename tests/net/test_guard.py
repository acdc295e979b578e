"""Nothing but a global address is ever dialled, whatever a name, a redirect or an answer says."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from efface.net import guard as guard_module
from efface.net.address import BLOCKED, literal, name_problem, refusal
from efface.net.fetch import Session
from efface.net.guard import Guard, NetError, Refused
from efface.net.protocol import Limits
from efface.net.world import WorldError, load_world
from tests.net.internet import Internet, answer, running

HOSTILE_ADDRESSES = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1",
    "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.9.9", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "3fff::1",
]  # fmt: skip
HOSTILE_HOSTS = [
    "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "0177.0.0.1", "127.0.0.01", "0x7f.0x0.0.1",
    "4294967295", "1", "0", "ex.1", "ex.0x1", "fe80::1%eth0", "[::1]", "localhost", "LOCALHOST", "x.localhost",
    "printer", "db.internal", "nas.local", "router.home.arpa", "host.lan", "", ".", "a..b.com", "-a.com", "a b.com",
    "127.0.0.1.", "[::ffff:7f00:1]", "x" * 64 + ".com",
]  # fmt: skip


@pytest.fixture
def internet() -> Iterator[Internet]:
    with running() as net:
        yield net


def resolve(guard: Guard, host: str) -> list[str]:
    return [str(address) for address in asyncio.run(guard.resolve(host))]


def fetch(guard: Guard, url: str, **more: Any) -> Any:
    async def go() -> Any:
        async with Session(guard, Limits(total_s=5)) as session:
            return await session.get(url, **more)

    return asyncio.run(go())


@pytest.mark.parametrize("text", HOSTILE_ADDRESSES)
def test_an_address_that_is_not_global_is_refused(text: str) -> None:
    assert refusal(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "45.66.77.88", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_a_global_address_is_not(text: str) -> None:
    assert refusal(ipaddress.ip_address(text)) == ""


@given(st.sampled_from(BLOCKED), st.integers(min_value=0))
def test_no_address_of_a_blocked_network_slips_through(blocked: tuple[Any, str], number: int) -> None:
    network = blocked[0]
    assert refusal(network[number % network.num_addresses])


def test_our_own_public_addresses_are_refused() -> None:
    mine = ipaddress.ip_address("45.66.77.99")
    guard = Guard(own=[mine])
    assert guard.judge(mine) == "own address"
    assert not Guard(own=[]).judge(mine)


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_hosts_that_some_resolver_would_take_for_an_inner_address(host: str) -> None:
    with pytest.raises(Refused):
        Guard().check_host(host)


@given(st.ip_addresses())
def test_a_canonical_literal_reads_back(address: Any) -> None:
    assert literal(str(address)) == address


def test_names_are_names() -> None:
    assert literal("example.com") is None
    assert name_problem("xn--bcher-kva.example") == ""
    assert name_problem("a_b.example.com") == ""


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.test/", "file:///etc/passwd", "gopher://a.test/", "http://a.test:22/", "http://a.test:6379/",
        "http://user:secret@a.test/", "http://user@a.test/", "https://a.test:25/", "http://a.test/" + "x" * 5000,
        "http://[::1]/", "http://0x7f.1/", "http://127.0.0.1:80/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked_for(url: str) -> None:
    with pytest.raises(Refused):
        Guard().check_url(URL(url))


def test_digits_of_other_scripts_are_the_same_address() -> None:
    with pytest.raises((Refused, ValueError)):
        Guard().check_url(URL("http://①②⑦.⓪.⓪.①/"))


@pytest.mark.parametrize("bad", ["127.0.0.1", "10.0.0.1", "::ffff:45.66.77.88", "64:ff9b::7f00:1", "169.254.169.254"])
def test_one_inner_answer_among_public_ones_refuses_all(internet: Internet, bad: str) -> None:
    internet.add("mixed.test", lambda request: answer(b"inside"), ["45.66.77.88", bad])
    guard = Guard(world=internet.world())
    with pytest.raises(Refused):
        resolve(guard, "mixed.test")
    assert fetch(guard, "http://mixed.test/").facts.error == "refused"
    assert internet.asked == []


def test_an_address_the_world_does_not_know_is_unreachable(internet: Internet) -> None:
    internet.add("far.test", lambda request: answer(b"x"), ["45.66.77.200"])
    assert fetch(Guard(world=internet.world()), "http://far.test/").facts.error == "reset"


def test_a_name_that_answers_differently_the_second_time_is_dialled_where_it_was_judged(internet: Internet) -> None:
    internet.add("rebind.test", lambda request: answer(b"public"))
    guard = Guard(world=internet.world())
    assert asyncio.run(_flip(internet, guard)) == ("", "")
    assert {kind for _, kind in internet.queries} == {"A", "AAAA"}
    assert len(internet.queries) == 2
    assert fetch(guard, "http://rebind.test/").facts.error == "refused"


async def _flip(internet: Internet, guard: Guard) -> tuple[str, str]:
    """Two fetches in one session, the name turned inwards between them."""
    async with Session(guard, Limits(total_s=5)) as session:
        first = await session.get("http://rebind.test/1")
        internet.names["rebind.test"] = ["127.0.0.1"]
        second = await session.get("http://rebind.test/2")
    return first.facts.error, second.facts.error


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/",
        "http://2130706433/", "file:///etc/passwd", "gopher://a.test/", "http://inner.test/", "http://localhost/",
        "//127.0.0.1/x", "http://a.test:6379/",
    ],
)  # fmt: skip
def test_a_redirect_inwards_is_refused(internet: Internet, target: str) -> None:
    internet.add("inner.test", lambda request: answer(b"inside"), ["10.0.0.1"])
    internet.add("a.test", lambda request: answer(status=302, Location=target))
    fetched = fetch(Guard(world=internet.world()), "http://a.test/")
    assert fetched.facts.error == "refused"
    assert fetched.body == b""
    assert internet.asked == [("a.test", "/")]


def test_without_a_world_loopback_is_not_reached(internet: Internet) -> None:
    internet.add("loop.test", lambda request: answer(b"inside"), ["127.0.0.1"])
    guard = Guard(nameservers=[("127.0.0.1", internet.dns_port)])
    assert fetch(guard, "http://loop.test:8080/").facts.error == "refused"
    assert internet.asked == []


class TestEachWallAlone:
    """The same hostile name with one wall after another taken away: the ones behind it must still stand, and with all
    of them gone the test reaches loopback, which shows that it would notice."""

    @pytest.fixture
    def inside(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Guard, list[str]]]:
        with running() as net:
            net.add("evil.test", lambda request: answer(b"inside"), ["127.0.0.1"])
            guard = Guard(nameservers=[("127.0.0.1", net.dns_port)], own=[])
            monkeypatch.setattr(guard_module, "HTTP_PORTS", frozenset({net.http_port}))
            self.url = f"http://evil.test:{net.http_port}/"
            yield guard, net.asked  # type: ignore[misc]

    def test_all_walls(self, inside: tuple[Guard, list[str]]) -> None:
        assert fetch(inside[0], self.url).facts.error == "refused"
        assert inside[1] == []

    def test_answers_not_judged(self, inside: tuple[Guard, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
        guard, asked = inside
        judged = guard.judge
        monkeypatch.setattr(guard, "resolve", self._unjudged)
        assert guard.judge == judged
        assert fetch(guard, self.url).facts.error == "refused"
        assert asked == []

    def test_every_wall_gone(self, inside: tuple[Guard, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
        guard, asked = inside
        monkeypatch.setattr(guard_module, "refusal", lambda address, own: "")
        assert fetch(guard, self.url).body == b"inside"
        assert len(asked) == 1

    async def _unjudged(self, host: str) -> list[Any]:
        return [ipaddress.ip_address("127.0.0.1")]


def test_the_peer_is_asked_for_again(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    internet.add("a.test", lambda request: answer(b"x"))
    guard = Guard(world=internet.world())
    calls: list[str] = []

    def first_only(host: str) -> bool:
        calls.append(host)
        return len(calls) == 1

    monkeypatch.setattr(guard, "may_dial", first_only)
    assert fetch(guard, "http://a.test/").facts.error == "refused"
    assert len(calls) == 2
    assert internet.asked == []


def test_dns_failures_have_their_words(internet: Internet) -> None:
    internet.names |= {"broken.test": "SERVFAIL", "empty.test": []}
    guard = Guard(world=internet.world(), dns_timeout_s=0.5)
    assert fetch(guard, "http://nobody.test/").facts.error == "nxdomain"
    assert fetch(guard, "http://broken.test/").facts.error == "servfail"
    assert fetch(guard, "http://empty.test/").facts.error == "servfail"
    internet.names["slow.test"] = "silent"
    assert fetch(guard, "http://slow.test/").facts.error == "servfail"


def test_records_for_the_look_ups(internet: Internet) -> None:
    internet.records[("a.test", "MX")] = ["10 mail.a.test."]
    internet.records[("a.test", "TXT")] = ['"v=spf1 -all"']
    internet.records[("a.test", "SOA")] = ["ns.a.test. hostmaster.a.test. 1 2 3 4 5"]
    guard = Guard(world=internet.world())
    assert asyncio.run(guard.query("a.test", "MX")) == ["10 mail.a.test."]
    assert asyncio.run(guard.query("a.test", "TXT")) == ["v=spf1 -all"]
    assert asyncio.run(guard.query("a.test", "SOA")) == ["ns.a.test. hostmaster.a.test. 1 2 3 4 5"]
    assert asyncio.run(guard.query("a.test", "NS")) == []
    with pytest.raises(NetError) as error:
        asyncio.run(guard.query("nobody.test", "MX"))
    assert error.value.kind == "nxdomain"
    with pytest.raises(Refused):
        asyncio.run(guard.query("a.test", "AXFR"))


@pytest.fixture
def whois() -> Iterator[socket.socket]:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                stream, _ = server.accept()
            except OSError:
                return
            with stream:
                asked = stream.recv(1000)
                size = int(asked) if asked.strip().isdigit() else 0
                stream.sendall(b"you asked " + asked if not size else b"x" * size)

    threading.Thread(target=serve, daemon=True).start()
    yield server
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def test_whois_goes_through_the_guard(internet: Internet, whois: socket.socket) -> None:
    internet.names |= {"whois.test": ["45.66.77.88"], "inner.test": ["127.0.0.1"]}
    internet.ports[43] = whois.getsockname()[1]
    guard = Guard(world=internet.world())
    assert asyncio.run(guard.exchange("whois.test", 43, b"a.test\r\n")) == b"you asked a.test\r\n"
    with pytest.raises(Refused):
        asyncio.run(guard.exchange("inner.test", 43, b"a.test\r\n"))
    with pytest.raises(Refused):
        asyncio.run(guard.exchange("whois.test", 25, b"HELO\r\n"))
    with pytest.raises(NetError) as error:
        asyncio.run(guard.exchange("whois.test", 43, b"100000\r\n", limit=5000))
    assert error.value.kind == "too-large"


def test_onion_names_need_tor() -> None:
    with pytest.raises(Refused):
        Guard().check_host("expyuzz4wqqyqhjn.onion")
    assert Guard(socks="socks5://127.0.0.1:9050").check_host("expyuzz4wqqyqhjn.onion") is None


@pytest.mark.parametrize(
    "data",
    [
        {"dns": ["127.0.0.1", 53], "dial": {"45.66.77.88": "10.0.0.1"}, "ports": {}},
        {"dns": ["8.8.8.8", 53], "dial": {}, "ports": {}},
        {"dns": ["127.0.0.1"], "dial": {}, "ports": {}},
        {"dial": {}, "ports": {}},
        {"dns": ["127.0.0.1", 53], "dial": {"x": "127.0.0.1"}, "ports": {}},
        [],
        None,
    ],
)
def test_a_world_is_dialled_on_loopback_only(data: Any) -> None:
    with pytest.raises(WorldError):
        load_world(data)
