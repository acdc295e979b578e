"""What goes to the matcher arrives and is acknowledged, or the medium is said to be not searched. Nothing is raised."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from efface.net import frames
from efface.net.fetcher import push as pushing
from efface.net.fetcher.context import Context
from efface.net.fetcher.push import MOST_PLACES, Push
from efface.net.fetcher.scan import NOT_DELIVERED, scan
from efface.net.guard import Guard
from efface.net.page.urls import url_digest
from efface.net.protocol import Decoded, Face, Picture, Scan, ScanRequest, Want, to_wire
from tests.net.internet import Request, answer, running
from tests.vision.test_pictures import encoded

FACE = Face([0.1, 0.1, 0.2, 0.2], 0.9, 0.9, 80, [0.6, 0.8], "m")
DECODED = Decoded(Picture(sha256="5" * 64, faces=1), [FACE], look="bG9vaw==")
PLACES = [[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.5, 0.0, 0.25, 0.0, 0.5, 0.25]]
ACK = {"ok": True}
HANG_UP = object()
SAY_NOTHING = object()


class Matcher:
    """Says what it was told to say, one answer a message, over however many connections."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.said: list[Any] = []
        self.connections = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while (message := await frames.read(reader)) is not None:
            self.said.append(message)
            given = self.answers.pop(0) if self.answers else ACK
            if given is SAY_NOTHING:
                await reader.read()
            if given is SAY_NOTHING or given is HANG_UP:
                break
            writer.write(given if isinstance(given, bytes) else frames.pack(given))
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(matcher: Matcher, path: Path) -> AsyncIterator[Push]:
    server = await asyncio.start_unix_server(matcher.talk, str(path))
    push = Push(str(path))
    try:
        yield push
    finally:
        await push.close()
        server.close()


Ask = Callable[[Push], Awaitable[Any]]


async def picture(push: Push) -> Any:
    return await push.picture("tok", "http://a.test/m.jpg", "http://a.test/", DECODED)


def asked(folder: Path, matcher: Matcher, *calls: Ask) -> list[Any]:
    """What each of these calls answers, one after the other on one ``Push``."""

    async def go() -> list[Any]:
        async with listening(matcher, folder / "m.sock") as push:
            return [await call(push) for call in calls]

    return asyncio.run(go())


def test_places_are_asked_for_and_tiles_told_under_their_number(tmp_path: Path) -> None:
    matcher = Matcher({"ok": True, "body": {"number": 7, "places": PLACES}})
    answers = asked(tmp_path, matcher, picture, lambda push: push.tiles(7, ["QQ==", ""]))
    assert answers == [(7, PLACES), True]
    assert matcher.said == [
        {
            "token": "tok",
            "url": url_digest("http://a.test/m.jpg"),
            "page": url_digest("http://a.test/"),
            "sha256": "5" * 64,
            "faces": [to_wire(FACE)],
            "look": "bG9vaw==",
            "vectors": [],
            "want": 0,
        },
        {"number": 7, "tiles": ["QQ==", ""]},
    ]
    assert matcher.connections == 1


@pytest.mark.parametrize("body", [None, {}, {"places": []}, {"number": 3, "places": []}, [], "text", 5])
def test_a_matcher_that_is_satisfied_asks_for_nothing(tmp_path: Path, body: Any) -> None:
    ((number, places),) = asked(tmp_path, Matcher({"ok": True, "body": body}), picture)
    assert places == []
    assert number in (0, 3)


PLACE = PLACES[0]


@pytest.mark.parametrize(
    "body",
    [
        {"number": 1, "places": None},
        {"number": 1, "places": "abcdef"},
        {"number": 1, "places": {"0": PLACE}},
        {"number": 1, "places": 6},
        {"number": 1, "places": [None]},
        {"number": 1, "places": [3]},
        {"number": 1, "places": ["abcdef"]},
        {"number": 1, "places": ["123456"]},
        {"number": 1, "places": [["x"] * 6]},
        {"number": 1, "places": [[None] * 6]},
        {"number": 1, "places": [[[]] * 6]},
        {"number": 1, "places": [[10**400] * 6]},
        {"number": 1, "places": [[float("nan")] * 6]},
        {"number": 1, "places": [[float("inf")] * 6]},
        {"number": 1, "places": [PLACE[:5]]},
        {"number": 1, "places": [[*PLACE, 0.0]]},
        {"number": 1, "places": [[]]},
        {"number": 1, "places": [PLACE, [], PLACE]},
        {"number": 1, "places": [PLACE, "123456"]},
        {"number": 1, "places": [PLACE] * (MOST_PLACES + 1)},
        {"number": "1", "places": [PLACE]},
        {"number": None, "places": [PLACE]},
        {"number": True, "places": [PLACE]},
        {"number": 1.5, "places": [PLACE]},
        {"number": 0, "places": [PLACE]},
        {"number": -1, "places": [PLACE]},
        {"places": [PLACE]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_an_answer_of_another_form_is_no_delivery(tmp_path: Path, body: Any) -> None:
    matcher = Matcher({"ok": True, "body": body})
    assert asked(tmp_path, matcher, picture, picture) == [None, (0, [])]


@pytest.mark.parametrize(
    "bad",
    [
        {"ok": False},
        {"ok": 1},
        {"body": {}},
        [],
        "ok",
        None,
        b"\x00\x00\x00\x03{{{",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x01\x00" + b"[" * 256,
        HANG_UP,
    ],
    ids=lambda bad: "hung up" if bad is HANG_UP else repr(bad)[:30],
)
def test_it_is_said_again_over_a_new_connection(tmp_path: Path, bad: Any) -> None:
    matcher = Matcher(bad, {"ok": True, "body": {"number": 2, "places": PLACES}})
    assert asked(tmp_path, matcher, picture) == [(2, PLACES)]
    assert matcher.connections == 2
    assert matcher.said[0] == matcher.said[1]
    matcher = Matcher(bad, bad)
    assert asked(tmp_path, matcher, lambda push: push.tiles(1, []), picture) == [False, (0, [])]
    assert matcher.connections == 3


def test_an_answer_cut_short_is_none(tmp_path: Path) -> None:
    class Cut(Matcher):
        async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self.said.append(await frames.read(reader))
            writer.write(frames.pack(ACK)[:-2])
            writer.close()

    matcher = Cut()
    assert asked(tmp_path, matcher, picture) == [None]
    assert matcher.connections == 2


def test_a_matcher_that_came_back_is_told(tmp_path: Path) -> None:
    async def go() -> list[Any]:
        first, second = Matcher(), Matcher()
        path = tmp_path / "m.sock"
        push = Push(str(path))
        answers = [await picture(push)]
        server = await asyncio.start_unix_server(first.talk, str(path))
        answers.append(await picture(push))
        server.close()
        path.unlink(missing_ok=True)
        assert push._link is not None
        push._link[1].close()
        server = await asyncio.start_unix_server(second.talk, str(path))
        answers.append(await picture(push))
        await push.close()
        await push.close()
        server.close()
        return [*answers, len(first.said), len(second.said)]

    assert asyncio.run(go()) == [None, (0, []), (0, []), 1, 1]


def test_a_silent_matcher_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "_TIMEOUT_S", 0.2)
    matcher = Matcher(SAY_NOTHING, SAY_NOTHING)
    assert asked(tmp_path, matcher, picture, picture) == [None, (0, [])]


def test_pictures_pushed_at_once_have_their_own_answers(tmp_path: Path) -> None:
    matcher = Matcher(*({"ok": True, "body": {"number": number, "places": PLACES}} for number in range(1, 21)))

    async def go() -> list[Any]:
        async with listening(matcher, tmp_path / "m.sock") as push:
            return await asyncio.gather(*(picture(push) for _ in range(20)))

    assert sorted(number for number, _ in asyncio.run(go())) == list(range(1, 21))
    assert matcher.connections == 1


def test_more_than_a_frame_is_not_delivered(tmp_path: Path) -> None:
    matcher = Matcher()
    assert asked(tmp_path, matcher, lambda push: push.tiles(1, ["x" * (17 << 20)]), picture) == [False, (0, [])]
    assert len(matcher.said) == 1


# a whole scan


class Decoding:
    """In place of the decoder: the picture has a look, and tiles as this test wants them."""

    def __init__(self, tiles: list[str]) -> None:
        self.told = tiles
        self.places: list[Any] = []
        self.bodies: list[bytes] = []

    async def picture(self, data: bytes, want: Want) -> Decoded:
        return Decoded(Picture(sha256="5" * 64), [], "bG9vaw==" if want & Want.LOOK else "")

    async def tiles(self, data: bytes, transforms: Any) -> list[str]:
        self.bodies.append(data)
        self.places.append(transforms)
        return self.told


JPEG = encoded("JPEG")


def scanned(folder: Path, decoding: Decoding, matcher: Matcher | None, looks: bool = True) -> Scan:
    def site(request: Request) -> bytes:
        return answer(JPEG, mime="image/jpeg")

    async def go() -> Scan:
        request = ScanRequest("http://a.test/m.jpg", token="tok", looks=looks)
        if matcher is None:
            return await scan(request, Context(Guard(world=internet.world()), decoding, None))  # type: ignore[arg-type]
        async with listening(matcher, folder / "m.sock") as push:
            return await scan(request, Context(Guard(world=internet.world()), decoding, push))  # type: ignore[arg-type]

    with running() as internet:
        internet.add("a.test", site)
        return asyncio.run(go())


def facts(answered: Scan) -> tuple[str, str]:
    return answered.media[0].facts.error, answered.media[0].facts.detail


ASKS = {"ok": True, "body": {"number": 4, "places": PLACES}}


def test_a_scan_tells_the_tiles_of_the_very_picture(tmp_path: Path) -> None:
    decoding, matcher = Decoding(["QQ==", ""]), Matcher(ASKS)
    answered = scanned(tmp_path, decoding, matcher)
    assert facts(answered) == ("", "")
    assert (decoding.places, decoding.bodies) == ([PLACES], [JPEG])
    assert matcher.said[1:] == [{"number": 4, "tiles": ["QQ==", ""]}]
    assert "bG9vaw" not in str(to_wire(answered))


@pytest.mark.parametrize("tiles", [[], ["QQ=="], ["QQ=="] * 3])
def test_tiles_that_cannot_be_told_are_no_search(tmp_path: Path, tiles: list[str]) -> None:
    matcher = Matcher(ASKS)
    assert facts(scanned(tmp_path, Decoding(tiles), matcher)) == ("internal", NOT_DELIVERED)
    assert len(matcher.said) == 1


def test_tiles_that_are_not_acknowledged_are_no_search(tmp_path: Path) -> None:
    matcher = Matcher(ASKS, HANG_UP, HANG_UP)
    assert facts(scanned(tmp_path, Decoding(["QQ=="] * 2), matcher)) == ("internal", NOT_DELIVERED)


def test_an_answer_of_another_form_is_no_search(tmp_path: Path) -> None:
    decoding = Decoding(["QQ=="] * 2)
    matcher = Matcher({"ok": True, "body": {"number": 4, "places": [PLACE, "x"]}})
    assert facts(scanned(tmp_path, decoding, matcher)) == ("internal", NOT_DELIVERED)
    assert decoding.places == []


def test_nobody_to_tell_is_no_search_unless_nothing_is_to_be_told(tmp_path: Path) -> None:
    assert facts(scanned(tmp_path, Decoding([]), None)) == ("internal", NOT_DELIVERED)
    assert facts(scanned(tmp_path, Decoding([]), None, looks=False)) == ("", "")
