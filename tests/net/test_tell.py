"""News are posted to the named address and to no other, through the guard; nothing of an answer but its status comes
back."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from efface.net.fetch import Session
from efface.net.fetcher.tell import MOST_BYTES, tell
from efface.net.guard import Guard
from efface.net.protocol import Limits, TellRequest, Told
from tests.net.internet import Internet, Request, answer, running


@pytest.fixture
def internet() -> Iterator[Internet]:
    with running() as net:
        yield net


def go(internet: Internet, request: TellRequest) -> Told:
    guard = Guard(world=internet.world())
    context: Any = SimpleNamespace(session=lambda limits: Session(guard, limits))
    return asyncio.run(tell(request, context))


def told(url: str, body: bytes = b"{}", **headers: str) -> TellRequest:
    return TellRequest(url, base64.b64encode(body).decode(), headers, Limits(total_s=5))


def test_it_is_posted_with_its_headers(internet: Internet) -> None:
    heard: list[Request] = []

    def take(request: Request) -> bytes:
        heard.append(request)
        return answer(b"secret words", 202)

    internet.add("shelter.test", take)
    given = go(internet, told("http://shelter.test/news?x=1", b'{"a":1}', **{"Efface-Signature": "t=1,v1=a"}))
    assert given.facts.status == 202 and not given.facts.error
    assert "secret words" not in repr(given)
    (request,) = heard
    assert (request.method, request.target) == ("POST", "/news?x=1")
    assert request.headers["content-type"] == "application/json" and request.headers["content-length"] == "7"
    assert request.headers["efface-signature"] == "t=1,v1=a"


def test_a_redirect_is_not_followed(internet: Internet) -> None:
    asked: list[str] = []
    internet.add("shelter.test", lambda _: answer(b"", 307, Location="http://thief.test/"))
    internet.add("thief.test", lambda request: asked.append(request.method) or answer(b""))
    assert go(internet, told("http://shelter.test/")).facts.error == "redirect-loop"
    assert asked == []


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "::1", "::ffff:10.0.0.1",
])  # fmt: skip
def test_an_address_inside_is_never_dialled(internet: Internet, address: str) -> None:
    asked: list[str] = []
    internet.add("shelter.test", lambda request: asked.append(request.method) or answer(b""), [address])
    internet.dial[address] = "127.0.0.1"
    assert go(internet, told("http://shelter.test/")).facts.error == "refused"
    assert asked == []


@pytest.mark.parametrize("request_", [
    TellRequest("http://shelter.test/", "not base64!"),
    told("http://shelter.test/", b"x" * (MOST_BYTES + 1)),
    told("http://shelter.test/", b"{}", **{"X-A": "b\r\nHost: elsewhere"}),
    told("http://shelter.test/", b"{}", **{"X A": "b"}),
])  # fmt: skip
def test_what_has_not_its_form_is_refused_before_anything_is_dialled(internet: Internet, request_: TellRequest) -> None:
    internet.add("shelter.test", lambda _: answer(b""))
    assert go(internet, request_).facts.error == "refused"
    assert internet.asked == [] and internet.queries == []


def test_an_answer_without_end_is_not_read_to_its_end(internet: Internet) -> None:
    """Ten gigabytes announced, and as many sent as are taken."""
    sent: list[int] = []

    def pour(request: Request) -> None:
        request.stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                request.stream.sendall(b"x" * 65536)
                sent.append(65536)

    internet.add("shelter.test", pour)
    given = go(internet, told("http://shelter.test/"))
    assert given.facts.status == 200 and not given.facts.error and given.facts.size < 1_000_000
    assert sum(sent) < 50_000_000 and given.facts.headers == {}


def test_an_answer_that_drips_says_its_status_all_the_same(internet: Internet) -> None:
    def drip(request: Request) -> None:
        request.stream.sendall(b"HTTP/1.1 202 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(100):
                request.stream.sendall(b".")
                time.sleep(0.05)

    internet.add("shelter.test", drip)
    request = TellRequest("http://shelter.test/", base64.b64encode(b"{}").decode(), {}, Limits(total_s=1))
    begun = time.monotonic()
    given = go(internet, request)
    assert given.facts.status == 202 and given.facts.error == "timeout" and time.monotonic() - begun < 4


def test_one_that_never_answers_ends_in_time(internet: Internet) -> None:
    internet.add("shelter.test", lambda request: time.sleep(3))
    request = TellRequest("http://shelter.test/", base64.b64encode(b"{}").decode(), {}, Limits(total_s=1))
    given = go(internet, request)
    assert (given.facts.status, given.facts.error) == (0, "timeout")
