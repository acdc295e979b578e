"""A question to a search service: its secret goes to that address alone, redirects and other answers are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from efface.net.fetch import Session
from efface.net.guard import Guard
from efface.net.protocol import Limits
from tests.net.internet import Internet, answer, running


@pytest.fixture
def internet() -> Iterator[Internet]:
    with running() as net:
        yield net


def test_a_secret_is_not_carried_through_a_redirect(internet: Internet) -> None:
    told: list[str] = []

    def thief(request: object) -> bytes:
        told.append(str(request))
        return answer(b"{}")

    moved = b"HTTP/1.1 302 Found\r\nLocation: http://thief.test/\r\nContent-Length: 0\r\n\r\n"
    internet.add("search.test", lambda _: moved)
    internet.add("thief.test", thief)

    async def go() -> str:
        async with Session(Guard(world=internet.world()), Limits(total_s=5)) as session:
            fetched = await session.get("http://search.test/", want="text", redirects=0, more={"X-Key": "secret"})
        return fetched.facts.error

    assert asyncio.run(go())
    assert told == []
