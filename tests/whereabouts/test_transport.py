"""A registry that says it is busy is asked once more, after a wait that it does not set."""

import asyncio
from typing import Any

import pytest

from efface.net.guard import Guard
from efface.net.protocol import Limits
from efface.whereabouts import transport
from efface.whereabouts.transport import GuardTransport, Unanswered
from tests.net.internet import Internet, answer, running


def asked(internet: Internet) -> Any:
    async def ask() -> Any:
        async with GuardTransport(Guard(world=internet.world()), Limits()) as way:
            return await way.get_json("http://rdap.example/domain/a.com")

    return asyncio.run(ask())


@pytest.mark.parametrize("wait", ["0", "999999", "Fri, 31 Dec 2999 23:59:59 GMT", "-1", "²"])
def test_busy_once_is_asked_again_and_no_wait_is_long(monkeypatch: pytest.MonkeyPatch, wait: str) -> None:
    monkeypatch.setattr(transport, "PATIENCE_S", 0.01)
    waited: list[float] = []
    pause = asyncio.sleep

    async def note(seconds: float, *more: Any) -> None:
        waited.append(seconds)
        await pause(0)

    monkeypatch.setattr(transport.asyncio, "sleep", note)
    with running() as internet:
        answers = [answer(b"{}", 429, retry_after=wait), answer(b'{"ldhName": "a.com"}', mime="application/json")]
        internet.add("rdap.example", lambda got: answers.pop(0))
        assert asked(internet) == {"ldhName": "a.com"}
        assert len(internet.asked) == 2 and all(0 <= seconds <= 0.01 for seconds in waited)


def test_always_busy_is_said() -> None:
    with running() as internet:
        internet.add("rdap.example", lambda got: answer(b"{}", 429, retry_after="0"))
        with pytest.raises(Unanswered, match="429"):
            asked(internet)
        assert len(internet.asked) == 2


@pytest.mark.parametrize(
    "body", [b"<html>Please wait</html>", b"[" * 100_000, b'{"a": ' * 50_000, b"x" * 1_200_000, b"", b"\xff"]
)
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with running() as internet:
        internet.add("rdap.example", lambda got: answer(body, mime="application/rdap+json"))
        with pytest.raises(Unanswered):
            asked(internet)
