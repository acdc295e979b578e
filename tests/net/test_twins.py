"""A thumbnail is known by its hash where its full medium was looked at; one that shows something else is looked at."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from efface.net.fetcher.context import Context
from efface.net.fetcher.scan import scan
from efface.net.fetcher.twins import fulls, is_twin, stands_elsewhere
from efface.net.guard import Guard
from efface.net.page.model import Page
from efface.net.page.urls import url_digest
from efface.net.protocol import Decoded, Limits, MediaRef, Picture, Scan, ScanRequest, Want
from tests.net.internet import Request, answer, running

HOST = "http://a.test"
FULL, SMALL = f"{HOST}/full.jpg", f"{HOST}/small.jpg"
SAME, NEAR, OTHER = "0" * 64, "0" * 60 + "ffff", "f" * 64


def jpeg(name: str) -> bytes:
    return b"\xff\xd8\xff\xe0" + name.encode() + b" " * 600


class Reader:
    """In place of the decoder: hashes by the picture's name, two faces on the full one; notes what was wanted."""

    def __init__(self, refs: list[MediaRef], hashes: dict[str, str]) -> None:
        self.refs, self.hashes = refs, hashes
        self.asked: list[tuple[str, Want]] = []

    async def picture(self, data: bytes, want: Want = Want.PLAIN) -> Decoded:
        name = data[4:].split()[0].decode()
        self.asked.append((name, want))
        if not self.hashes.get(name):
            return Decoded(Picture(sha256=name.ljust(64, "0"), size=len(data), error="corrupt"))
        faces = 2 if want & Want.FACES else 0
        sha = url_digest(name)
        return Decoded(Picture(sha, size=len(data), pdq=[self.hashes[name]] * 8, pdq_quality=90, faces=faces))

    async def page(self, fetched: Any, limits: Limits, keep_html: bool = False) -> Page:
        return Page(base=f"{HOST}/page", media=self.refs, text="words enough to be a page")


def scanned(reader: Reader, **more: Any) -> tuple[Scan, list[str]]:
    """The answer, and which media were fetched."""

    def site(request: Request) -> bytes:
        name = request.target.strip("/").removesuffix(".jpg")
        if name == "page":
            return answer(b"<html>a page</html>")
        return answer(jpeg(name), mime="image/jpeg") if name in reader.hashes else answer(status=404)

    async def go() -> Scan:
        context = Context(Guard(world=internet.world()), reader, None)  # type: ignore[arg-type]
        async with asyncio.timeout(20):
            return await scan(ScanRequest(f"{HOST}/page", **{"token": "t", "faces": True, **more}), context)

    with running() as internet:
        internet.add("a.test", site)
        found = asyncio.run(go())
        return found, [target for _host, target in internet.asked if "." in target]


REFS = [MediaRef(SMALL, "thumbnail", of=FULL), MediaRef(FULL)]


def test_a_twin_is_hashed_and_has_the_faces_of_its_full_medium() -> None:
    reader = Reader(REFS, {"full": SAME, "small": NEAR})
    found, _ = scanned(reader)
    assert [(one.how, one.picture.faces) for one in found.media] == [("twin", 2), ("closely", 2)]
    assert reader.asked == [("full", Want.FACES), ("small", Want.PLAIN)]


@pytest.mark.parametrize(
    "hashes",
    [{"full": SAME, "small": OTHER}, {"small": SAME}, {"full": "", "small": SAME}],
    ids=["shows something else", "full one is not there", "full one cannot be read"],
)
def test_what_is_no_twin_is_looked_at_closely(hashes: dict[str, str]) -> None:
    reader = Reader(REFS, hashes)
    found, _ = scanned(reader)
    small = next(one for one in found.media if one.ref.url == SMALL)
    assert (small.how, small.picture.faces) == ("closely", 2)
    assert ("small", Want.FACES) in reader.asked


def test_media_that_call_each_other_small_wait_for_nobody() -> None:
    refs = [MediaRef(SMALL, "thumbnail", of=FULL), MediaRef(FULL, "thumbnail", of=SMALL)]
    found, _ = scanned(Reader(refs, {"full": SAME, "small": SAME}))
    assert [one.how for one in found.media] == ["closely", "closely"]


@pytest.mark.parametrize(("known", "fetched"), [(NEAR, False), (OTHER, True)])
def test_one_that_was_hashed_before_is_fetched_only_where_it_is_no_twin(known: str, fetched: bool) -> None:
    found, asked = scanned(
        Reader(REFS, {"full": SAME, "small": known}), hashed={url_digest(SMALL): known}
    )  # fmt: skip
    assert ("/small.jpg" in asked) is fetched
    assert [ref.url for ref in found.skipped] == ([] if fetched else [SMALL])


@pytest.mark.parametrize(("glance", "how"), [(True, "hash"), (False, "closely")])
def test_a_lists_thumbnail_is_glanced_at_where_its_page_will_be_read(glance: bool, how: str) -> None:
    refs = [MediaRef(SMALL, "thumbnail", link=f"{HOST}/v/1")]
    found, _ = scanned(Reader(refs, {"small": SAME}), glance=glance)
    assert [one.how for one in found.media] == [how]
    assert found.media[0].picture.faces == (0 if glance else 2)


def test_where_nothing_closer_is_wanted_nothing_is_spared() -> None:
    reader = Reader(REFS, {"full": SAME, "small": SAME})
    found, _ = scanned(reader, faces=False)
    assert {one.how for one in found.media} == {"closely"}
    assert {want for _name, want in reader.asked} == {Want.PLAIN}


def test_who_is_whose_full_medium() -> None:
    chain = [MediaRef("a", "thumbnail", of="b"), MediaRef("b", "thumbnail", of="c"), MediaRef("c")]
    assert fulls(chain) == {1: 2}
    assert fulls([MediaRef("a", "thumbnail", of="elsewhere")]) == {}


@pytest.mark.parametrize(
    ("link", "elsewhere"),
    [("/v/1", True), ("/full.jpg", False), ("/clip.mp4", False), ("/page", False), ("", False)],
)
def test_which_thumbnails_stand_for_another_page(link: str, elsewhere: bool) -> None:
    ref = MediaRef(SMALL, "thumbnail", link=HOST + link if link else "")
    assert stands_elsewhere(ref, f"{HOST}/page") is elsewhere
    assert not stands_elsewhere(MediaRef(SMALL, "media", link=ref.link), f"{HOST}/page")
    assert not stands_elsewhere(MediaRef(SMALL, "thumbnail", link="http://b.test/v/1"), f"{HOST}/page")


def test_flat_moving_and_unread_pictures_have_no_twin() -> None:
    full = Picture(pdq=[SAME] * 8, pdq_quality=90)
    assert is_twin(NEAR, 90, full)
    assert not is_twin(NEAR, 40, full)
    assert not is_twin(NEAR, 90, Picture(pdq=[SAME] * 8, pdq_quality=40))
    assert not is_twin(NEAR, 90, Picture(pdq=[SAME] * 8, pdq_quality=90, clip="QQ=="))
    assert not is_twin(NEAR, 90, Picture(error="corrupt"))
    assert not is_twin("", 90, full)
