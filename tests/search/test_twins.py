"""Thumbnails known by their hash alone: nothing that their full medium, or their page, would tell is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from efface.net.page.urls import url_digest
from efface.net.protocol import MediaRef, Scan, ScannedMedia, ScanRequest
from efface.search.matcher.hits import Hit
from efface.search.media import Met
from efface.search.models import Media, Sighting
from efface.search.pages import _of_twins
from tests.search.scene import Page, StubFetcher
from tests.search.test_crawl import PACE, World

pytestmark = pytest.mark.django_db
WHOLE = replace(PACE, pages=200, step=200)


class Sparing(StubFetcher):
    """A fetcher that looks at thumbnails as the real one does; ``of``: path of a thumbnail -> path of its full one."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self.closely: list[str] = []

    def _refs(self, page: Page) -> list[tuple[MediaRef, str]]:
        return [
            (replace(ref, of=self._url(full) if (full := self.of.get(self._path(ref.url))) else ""), name)
            for ref, name in super()._refs(page)
        ]

    def scan(self, request: ScanRequest) -> Scan:
        lone = next(
            (name for page in self.pages.values() for path, (name, _link) in page.thumbs.items()
             if self._path(request.url) == path), None,
        )  # fmt: skip
        if lone is not None:
            self.closely.append(self._path(request.url))
            one = self._media(MediaRef(request.url), lone, request.faces)
            return Scan(replace(one.facts), media=[one])
        found = super().scan(replace(request, skip=[*request.skip, *request.hashed]))
        return replace(found, media=[self._spared(one, request) for one in found.media])

    def _spared(self, one: ScannedMedia, request: ScanRequest) -> ScannedMedia:
        if one.ref.of:
            return replace(one, how="twin")
        elsewhere = one.ref.role == "thumbnail" and one.ref.link not in ("", request.url)
        if request.glance and elsewhere:
            return replace(one, how="hash", picture=replace(one.picture, faces=0))
        return one


@pytest.fixture
def world(now: datetime) -> World:
    made = World(now)
    made.fetcher = Sparing()
    made.fetcher.pages = {
        "/": Page(["/v/1"], thumbs={"/t/1.jpg": ("one~3", "/v/1")}),
        "/v/1": Page([], {"/m/1.jpg": "one"}, {"/t/1.jpg": ("one~3", "/v/1")}),
    }
    made.fetcher.of = {}
    made.fetcher.faces = {"one": 1, "one~3": 1}
    return made


def _on_its_page(world: World) -> None:
    """The list shows the thumbnail without its full medium, the page with it."""
    fetcher: Any = world.fetcher
    plain = fetcher.scan

    def scan(request: ScanRequest) -> Scan:
        fetcher.of = {"/t/1.jpg": "/m/1.jpg"} if request.url.endswith("/v/1") else {}
        return plain(request)  # type: ignore[no-any-return]

    fetcher.scan = scan


def test_what_the_full_medium_resembles_its_thumbnail_resembles_too() -> None:
    def met(name: str, twin: str = "") -> Met:
        return Met(MediaRef(f"http://a.example/{name}"), name, b"", None, "", [], 90, True, twin=twin)

    hits = [Hit("o", "c", "f", 0, kind, 1.0, 0.0, True) for kind in ("face", "local", "vector", "pdq", "video")]
    found = _of_twins([met("full"), met("small", "full"), met("alone"), met("lost", "elsewhere")], hits)
    # Hashes are each medium's own.
    assert [(hit.kind, hit.media) for hit in found] == [("face", 1), ("local", 1), ("vector", 1)]


def test_a_thumbnail_glanced_at_on_a_list_is_known_once_its_page_was_read(world: World) -> None:
    world.matcher.templates = 1
    _on_its_page(world)
    world.visit(WHOLE)
    assert world.fetcher.fetched.count("/t/1.jpg") == 1
    assert not Media.objects.filter(faces_seen=False).exists()
    assert set(Media.objects.values_list("faces", flat=True)) == {1}


def test_one_that_shows_something_else_than_its_full_medium_is_looked_at(world: World) -> None:
    world.matcher.templates = 1
    page = Page([], {"/m/1.jpg": "one"}, {"/t/1.jpg": ("other", "/v/1")})
    world.fetcher.pages |= {"/": Page(["/v/1"], thumbs={"/t/1.jpg": ("other", "/v/1")}), "/v/1": page}
    world.fetcher.faces["other"] = 2
    _on_its_page(world)
    world.visit(WHOLE)
    assert world.fetcher.closely == ["/t/1.jpg"]  # type: ignore[attr-defined]
    assert sorted(Media.objects.values_list("faces", "faces_seen")) == [(1, True), (2, True)]


def test_thumbnails_of_a_page_behind_a_wall_are_looked_at_closely(world: World) -> None:
    world.matcher.templates = 1
    world.fetcher.pages["/v/1"] = Page(walls=["login"])
    world.visit(WHOLE)
    assert world.fetcher.closely == ["/t/1.jpg"]  # type: ignore[attr-defined]
    assert Media.objects.get().faces_seen


def test_lists_are_looked_at_closely_where_their_pages_may_wait(world: World) -> None:
    world.matcher.templates = 1
    world.visit(replace(PACE, pages=12, step=12))
    assert [request.glance for request in world.fetcher.requests] == [False, False]
    assert Sighting.objects.filter(media__faces_seen=False).count() == 0


def test_only_thumbnails_of_this_page_are_named_as_hashed(world: World) -> None:
    world.matcher.templates = 1
    _on_its_page(world)
    world.visit(WHOLE)
    named = {request.url.rsplit("e", 1)[-1]: set(request.hashed) for request in world.fetcher.requests}
    assert named == {"/": set(), "/v/1": {url_digest("http://quiet-lake.example/t/1.jpg")}}
