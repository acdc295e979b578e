"""News are posted to the named address and to no other, through the guard; nothing of an answer but its status comes
back."""

from __future__ import annotations

import asyncio
import base64
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
