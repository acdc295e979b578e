"""A page that shows more than there is time for is answered in part, and what was left is said."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from efface.net.fetcher import observe as observing
from efface.net.fetcher import scan as scanning
from efface.net.fetcher.capture import capture
from efface.net.fetcher.context import Context
from efface.net.fetcher.decoding import Decoding
from efface.net.fetcher.observe import observe
from efface.net.guard import Guard
from efface.net.page.model import Page
from efface.net.protocol import (
    AssetRef,
    CaptureRequest,
    Decoded,
    Limits,
    MediaRef,
    Observation,
    ObserveRequest,
    Picture,
    Scan,
    ScanRequest,
    Want,
)
from efface.takedown import sight
from tests.net.internet import Request, answer, running
from tests.vision.test_pictures import encoded

HOST = "http://a.test"
JPEG = encoded("JPEG")
PICTURES = [MediaRef(f"{HOST}/{number}.jpg") for number in range(10)]
VIDEOS = [MediaRef(f"{HOST}/{number}.mp4", source="video") for number in range(scanning.MOST_VIDEOS + 3)]


class Reader:
    """In place of the decoder: a page that shows these media; some take long to decode."""

    def __init__(self, refs: list[MediaRef], slow: float = 0.0) -> None:
        self.refs, self.slow = refs, slow

    async def picture(self, data: bytes, want: Want = Want.PLAIN) -> Decoded:
        await asyncio.sleep(self.slow)
        return Decoded(Picture(sha256="5" * 64, size=len(data), pdq=["0" * 64] * 8, pdq_quality=90))

    async def page(self, fetched: Any, limits: Limits, keep_html: bool = False) -> Page:
        return Page(base=HOST, media=self.refs, text="words enough to be a page")


def asked(call: Any, reader: Reader, dead: tuple[str, ...] = (), hang: tuple[str, ...] = ()) -> tuple[Any, list[str]]:
    """The answer, and which media were fetched, in that order."""

    def site(request: Request) -> bytes:
        path = request.target.split("?")[0]
        if path.startswith(hang or ("-",)):
            time.sleep(1.5)
        if path.startswith(dead or ("-",)):
            return answer(status=404)
        return answer(JPEG, mime="image/jpeg") if "." in path else answer(b"<html>a page</html>")

    async def go() -> Any:
        return await call(Context(Guard(world=internet.world()), reader, None))  # type: ignore[arg-type]

    with running() as internet:
        internet.add("a.test", site)
        found = asyncio.run(go())
        return found, [target for _host, target in internet.asked if "." in target]


def scan(token: str = "") -> Any:
    return lambda context: scanning.scan(ScanRequest(f"{HOST}/page", token=token), context)


def names(refs: Any) -> list[str]:
    return [ref.url.removeprefix(HOST) for ref in refs]


def test_pictures_come_first_and_some_videos_are_left() -> None:
    refs = [*VIDEOS, *PICTURES]
    found: Scan
    found, order = asked(scan(), Reader(refs))
    media = names(one.ref for one in found.media)
    assert len(media) == len(PICTURES) + scanning.MOST_VIDEOS and len(found.skipped) == 3
    assert sorted([*media, *names(found.skipped)]) == sorted(names(refs))
    assert all(path.endswith(".jpg") for path in order[: len(PICTURES) - 4])


def test_another_scan_leaves_others() -> None:
    left = [set(names(asked(scan(token), Reader(VIDEOS))[0].skipped)) for token in "abcdef"]
    assert len(set.intersection(*left)) == 0


def test_videos_that_are_not_there_take_no_place() -> None:
    found, _ = asked(scan(), Reader(VIDEOS), dead=("/0.mp4", "/1.mp4", "/2.mp4"))
    assert found.skipped == [] and len(found.media) == len(VIDEOS)


def test_what_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MEDIA_S", 0.6)
    found, _ = asked(scan(), Reader(PICTURES), hang=("/3.jpg",))
    assert names(found.skipped) == ["/3.jpg"] and len(found.media) == len(PICTURES) - 1


def test_no_video_is_begun_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "VIDEOS_S", -1.0)
    found, _ = asked(scan(), Reader([*VIDEOS, *PICTURES]))
    assert names(found.skipped) == names(VIDEOS)


def test_evidence_has_every_video_there_is_time_for() -> None:
    found, _ = asked(lambda context: capture(CaptureRequest(f"{HOST}/page"), context), Reader(VIDEOS))
    assert names(one.ref for one in found.media) == names(VIDEOS)


def test_a_check_that_could_not_look_at_everything_concludes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding's own media come first; a page of which some media were missed was not seen."""
    monkeypatch.setattr(observing, "MEDIA_S", 0.8)
    request = ObserveRequest([AssetRef("page", f"{HOST}/page"), AssetRef("media", f"{HOST}/0.mp4")], ["f" * 64])
    found: Observation
    found, order = asked(lambda context: observe(request, context), Reader([*VIDEOS, MediaRef(f"{HOST}/9.jpg")]),
                         hang=("/9.jpg",))  # fmt: skip
    assert order[0] == "/0.mp4" and not found.media[0].facts.error
    assert sight.page(found, frozenset())[0] == "infra"
    late = replace(request, assets=[request.assets[0], AssetRef("media", f"{HOST}/9.jpg")])
    found, _ = asked(lambda context: observe(late, context), Reader([]), hang=("/9.jpg",))
    assert sight.media(found.media[0]) == "infra"


def test_what_nobody_waits_for_is_not_decoded() -> None:
    class Slow:
        def __init__(self) -> None:
            self.read: list[bytes] = []

        def decode_pictures(self, pictures: list[bytes], want: Want) -> list[Decoded]:
            self.read += pictures
            time.sleep(0.2)
            return [Decoded(Picture(size=len(data))) for data in pictures]

        def close(self) -> None:
            pass

    async def go() -> list[bytes]:
        slow = Slow()
        decoding = Decoding(slow)  # type: ignore[arg-type]
        first = [asyncio.create_task(decoding.picture(b"%d" % number, want)) for number, want in enumerate((0, 1, 2))]  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        first[2].cancel()
        await asyncio.gather(*first, return_exceptions=True)
        await asyncio.sleep(0.3)
        await decoding.close()
        return slow.read

    assert asyncio.run(go()) == [b"0", b"1"]
