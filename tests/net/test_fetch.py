"""A stranger's server can waste neither time nor memory, and whatever it does has a word."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.fetch import Fetched, Session, get_json
from efface.net.guard import Guard
from efface.net.inflate import Inflate
from efface.net.protocol import Limits
from tests.net.internet import Internet, Request, answer, running


@pytest.fixture(scope="module")
def shared() -> Iterator[Internet]:
    with running() as net:
        yield net


@pytest.fixture
def internet(shared: Internet) -> Internet:
    shared.asked.clear()
    shared.agents.clear()
    return shared


def fetch(internet: Internet, url: str, limits: Limits | None = None, **more: Any) -> Fetched:
    async def go() -> Fetched:
        async with Session(Guard(world=internet.world()), limits or Limits(total_s=5)) as session:
            return await session.get(url, **more)

    return asyncio.run(go())


def test_a_plain_page(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(b"<p>hello", Etag='"1"', Set_Cookie="id=secret"))
    fetched = fetch(internet, "http://a.test/x?y=1#z")
    assert fetched.ok
    assert fetched.body == b"<p>hello"
    assert fetched.facts.final_url == "http://a.test/x?y=1"
    assert fetched.facts.claimed_ip == "45.66.77.88"
    assert fetched.facts.mime == "text/html"
    assert fetched.facts.headers["etag"] == '"1"'
    assert "set-cookie" not in fetched.facts.headers


def test_what_is_sent(internet: Internet) -> None:
    seen: list[dict[str, str]] = []

    def site(request: Request) -> bytes:
        seen.append(request.headers)
        return answer(b"", Set_Cookie="id=1")

    internet.add("a.test", site)

    async def twice() -> None:
        async with Session(Guard(world=internet.world()), Limits(total_s=5)) as session:
            await session.get("http://a.test/", etag='"7"', last_modified="x", referer="http://b.test/")
            await session.get("http://a.test/")

    asyncio.run(twice())
    assert seen[0]["accept-encoding"] == "gzip"
    assert seen[0]["if-none-match"] == '"7"'
    assert seen[0]["referer"] == "http://b.test/"
    assert "cookie" not in seen[1]
    assert "referer" not in seen[1]


def test_gzip(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(gzip.compress(b"<p>hello" * 100), Content_Encoding="gzip"))
    assert fetch(internet, "http://a.test/").body == b"<p>hello" * 100


def test_a_gzip_bomb_costs_its_limit(internet: Internet) -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(machine.compress(bytes(1 << 20)) for _ in range(256)) + machine.flush()
    assert len(bomb) < 300_000
    internet.add("a.test", lambda request: answer(bomb, Content_Encoding="gzip"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fetched = fetch(internet, "http://a.test/")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert fetched.clipped
    assert len(fetched.body) == Limits().page_bytes
    assert grown < 64 * 1024


def test_a_gzip_bomb_that_claims_to_be_a_picture(internet: Internet) -> None:
    bomb = gzip.compress(b"\xff\xd8\xff" + bytes(40_000_000))
    internet.add("a.test", lambda request: answer(bomb, mime="image/jpeg", Content_Encoding="gzip"))
    fetched = fetch(internet, "http://a.test/", want="picture")
    assert fetched.facts.error == "too-large"
    assert fetched.body == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_codings_nobody_asked_for(internet: Internet, coding: str) -> None:
    internet.add("a.test", lambda request: answer(b"xxxx", Content_Encoding=coding))
    assert fetch(internet, "http://a.test/").facts.error == "bad-answer"


def test_a_broken_gzip(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(b"\x1f\x8b\x08rubbish", Content_Encoding="gzip"))
    assert fetch(internet, "http://a.test/").facts.error == "bad-answer"


def drip(piece: bytes, pause: float, count: int, head: bytes = b"") -> Any:
    def site(request: Request) -> None:
        request.stream.sendall(head)
        for _ in range(count):
            request.stream.sendall(piece)
            time.sleep(pause)

    return site


def test_a_body_that_drips_meets_the_deadline(internet: Internet) -> None:
    internet.add("a.test", drip(b"x", 0.05, 200, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
    start = time.monotonic()
    fetched = fetch(internet, "http://a.test/", Limits(total_s=0.6))
    assert fetched.facts.error == "timeout"
    assert fetched.facts.status == 200
    assert time.monotonic() - start < 1.5


def test_headers_that_drip_meet_the_deadline(internet: Internet) -> None:
    internet.add("a.test", drip(b"X-A: b\r\n", 0.05, 200, b"HTTP/1.1 200 OK\r\n"))
    start = time.monotonic()
    assert fetch(internet, "http://a.test/", Limits(total_s=0.6)).facts.error == "timeout"
    assert time.monotonic() - start < 1.5


def test_redirects_share_one_deadline(internet: Internet) -> None:
    def site(request: Request) -> bytes:
        time.sleep(0.25)
        return answer(status=302, Location=f"/{len(internet.asked)}")

    internet.add("a.test", site)
    start = time.monotonic()
    assert fetch(internet, "http://a.test/", Limits(total_s=0.6)).facts.error == "timeout"
    assert time.monotonic() - start < 1.5


def test_headers_without_end(internet: Internet) -> None:
    internet.add("a.test", drip(b"X-Header: " + b"v" * 1000 + b"\r\n", 0, 5000, b"HTTP/1.1 200 OK\r\n"))
    fetched = fetch(internet, "http://a.test/")
    assert fetched.facts.error in ("too-large", "bad-answer")


def test_one_header_without_end(internet: Internet) -> None:
    internet.add("a.test", drip(b"v" * 65536, 0, 200, b"HTTP/1.1 200 OK\r\nX-A: "))
    assert fetch(internet, "http://a.test/").facts.error == "too-large"


def test_more_headers_than_the_limit(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(b"x", **{f"X-{i}": "v" * 500 for i in range(90)}))
    assert fetch(internet, "http://a.test/", Limits(total_s=5, header_bytes=20_000)).facts.error == "too-large"


def test_a_length_that_promises_more(internet: Internet) -> None:
    internet.add("a.test", lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort")
    fetched = fetch(internet, "http://a.test/")
    assert fetched.facts.error == "reset"
    assert fetched.body == b""


def test_a_length_that_promises_less(internet: Internet) -> None:
    internet.add("a.test", lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshort and then some more")
    fetched = fetch(internet, "http://a.test/")
    assert fetched.body == b"short" or fetched.facts.error == "bad-answer"


def test_a_picture_too_large_is_not_read(internet: Internet) -> None:
    internet.add(
        "a.test",
        lambda request: (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 99000000\r\n\r\n\xff\xd8\xff\xe0"
        ),
    )
    fetched = fetch(internet, "http://a.test/", want="picture")
    assert fetched.facts.error == "too-large"


def test_a_picture_too_large_without_saying_so(internet: Internet) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\xff\xd8\xff\xe0\r\n"
    internet.add("a.test", drip(b"10000\r\n" + b"x" * 65536 + b"\r\n", 0, 100, head))
    fetched = fetch(internet, "http://a.test/", Limits(total_s=5, media_bytes=200_000), want="picture")
    assert fetched.facts.error == "too-large"
    assert fetched.facts.size < 600_000


def test_a_page_too_large_is_clipped(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(b"<p>" + b"x" * 300_000))
    fetched = fetch(internet, "http://a.test/", Limits(total_s=5, page_bytes=100_000))
    assert fetched.clipped
    assert len(fetched.body) == 100_000


def test_what_is_no_picture_is_not_read_as_one(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(b"<html>" + b"x" * 100_000, mime="image/jpeg"))
    fetched = fetch(internet, "http://a.test/", want="picture")
    assert fetched.ok
    assert fetched.body == b""


def test_redirect_loop(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(status=302, Location="/b" if request.target == "/a" else "/a"))
    fetched = fetch(internet, "http://a.test/a")
    assert fetched.facts.error == "redirect-loop"
    assert fetched.facts.redirects == ["http://a.test/b", "http://a.test/a"]


def test_a_chain_longer_than_eight(internet: Internet) -> None:
    internet.add("a.test", lambda request: answer(status=301, Location=request.target + "x"))
    fetched = fetch(internet, "http://a.test/")
    assert fetched.facts.error == "redirect-loop"
    assert len(internet.asked) == 9


def test_a_chain_of_eight_is_followed(internet: Internet) -> None:
    def site(request: Request) -> bytes:
        step = int(request.target[1:])
        return answer(b"end") if step == 8 else answer(status=307, Location=f"/{step + 1}")

    internet.add("a.test", site)
    fetched = fetch(internet, "http://a.test/0")
    assert fetched.body == b"end"
    assert fetched.facts.final_url == "http://a.test/8"


@pytest.mark.parametrize("location", ["http://[", "http://a b/", "\x01\x02", "http://a.test:999999/"])
def test_a_redirect_to_rubbish(internet: Internet, location: str) -> None:
    internet.add("a.test", lambda request: answer(status=302, Location=location))
    assert fetch(internet, "http://a.test/").facts.error in ("bad-answer", "refused", "redirect-loop", "nxdomain")


def test_a_line_break_in_location_makes_no_header(internet: Internet) -> None:
    seen: list[dict[str, str]] = []

    def site(request: Request) -> bytes:
        seen.append(request.headers)
        if request.target == "/":
            return answer(status=302, Location="/x%0d%0aX-Injected:%20yes")
        return answer(b"end")

    internet.add("a.test", site)
    assert fetch(internet, "http://a.test/").body == b"end"
    assert all("x-injected" not in headers for headers in seen)


@pytest.mark.parametrize(
    "raw",
    [b"SSH-2.0-OpenSSH\r\n", b"\x00\x01\x02\x03", b"HTTP/9.9 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"],
)
def test_what_is_not_http(internet: Internet, raw: bytes) -> None:
    internet.add("a.test", lambda request: raw)
    assert fetch(internet, "http://a.test/").facts.error == "bad-answer"


def test_closed_without_a_word(internet: Internet) -> None:
    internet.add("a.test", lambda request: b"")
    assert fetch(internet, "http://a.test/").facts.error == "reset"


def test_nobody_listens(internet: Internet) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    internet.add("a.test", lambda request: b"")
    internet.ports[8080] = port
    assert fetch(internet, "http://a.test:8080/").facts.error == "reset"


def test_a_certificate_that_does_not_fit(internet: Internet, tmp_path: Any) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_plain_tls, args=(server,), daemon=True).start()
    internet.add("a.test", lambda request: b"")
    internet.ports[443] = server.getsockname()[1]
    assert fetch(internet, "https://a.test/").facts.error == "tls"
    server.close()


def _plain_tls(server: socket.socket) -> None:
    stream, _ = server.accept()
    with stream:
        stream.recv(1000)
        stream.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal alert: handshake failure


def test_tls_is_checked() -> None:
    from efface.net.connect import tls_context

    assert tls_context().verify_mode == ssl.CERT_REQUIRED
    assert tls_context().check_hostname


def test_not_an_address(internet: Internet) -> None:
    for url in ("", "not an address", "http://", "http://[", "http:///x", "javascript:alert(1)"):
        assert fetch(internet, url).facts.error == "refused"


def test_json(internet: Internet) -> None:
    bodies = {"/ok": b'{"a": [1]}', "/html": b"<html>", "/deep": b"[" * 100_000, "/long": b'"' + b"x" * 3000 + b'"'}
    internet.add("a.test", lambda request: answer(bodies[request.target], mime="application/json"))
    guard = Guard(world=internet.world())
    assert asyncio.run(get_json(guard, "http://a.test/ok"))[1] == {"a": [1]}
    for path, word in (("/html", "bad-answer"), ("/deep", "bad-answer"), ("/long", "too-large")):
        facts, data = asyncio.run(get_json(guard, "http://a.test" + path, limit=2000 if path == "/long" else 500_000))
        assert (facts.error, data) == (word, None)


@given(st.binary(max_size=5000), st.integers(1, 6000), st.integers(1, 700))
def test_inflating_in_pieces_is_inflating(data: bytes, limit: int, piece: int) -> None:
    raw = zlib.compress(data)[2:-4]
    bodies = [("gzip", gzip.compress(data)), ("deflate", zlib.compress(data))]
    if raw[0] & 0x0F != 8:  # else it looks like the header that it lacks
        bodies.append(("deflate", raw))
    for coding, packed in bodies:
        machine = Inflate(coding, limit)
        for start in range(0, len(packed), piece):
            machine.feed(packed[start : start + piece])
        assert bytes(machine.out) == data[:limit]
        assert machine.full == (len(data) > limit)


@given(st.binary(max_size=2000))
def test_inflating_rubbish_is_a_value_error_or_nothing(data: bytes) -> None:
    machine = Inflate("gzip", 1000)
    try:
        machine.feed(data)
    except ValueError:
        pass
    assert len(machine.out) <= 1000


def test_a_body_is_reserved_before_it_is_read(internet: Internet) -> None:
    asked: list[int] = []

    async def reserve(size: int) -> None:
        asked.append(size)

    internet.add("a.test", lambda request: answer(b"\xff\xd8\xff" + bytes(997), mime="image/jpeg"))
    assert fetch(internet, "http://a.test/", want="picture", reserve=reserve).ok
    internet.add("a.test", lambda request: b"HTTP/1.1 200 OK\r\n\r\n\xff\xd8\xff\xe0")
    assert fetch(internet, "http://a.test/", want="picture", reserve=reserve).ok
    assert asked == [1000, Limits().media_bytes]


def test_the_budget_holds_the_whole_process() -> None:
    from efface.net.fetcher.context import Budget

    async def go() -> tuple[int, int]:
        budget = Budget(100)
        held = most = 0

        async def one() -> None:
            nonlocal held, most
            share = budget.share()
            await share.take(30)
            await share.take(40)
            held += 40
            most = max(most, held)
            await asyncio.sleep(0.002)
            held -= 40
            await share.give()
            await share.give()

        async with asyncio.timeout(5):
            await asyncio.gather(*(one() for _ in range(20)))
        return most, budget.free

    assert asyncio.run(go()) == (80, 100)
