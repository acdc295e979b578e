"""What was seen to serve the target joins the asset set, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from efface.net.protocol import AssetRef, Observation, Segment
from efface.takedown.widening import MOST_NEW, MOST_SEGMENTS, Widened, widened
from tests.takedown.test_verdict import ALIVE, FULL, PAGE, page, picture, seen

KNOWN = [AssetRef("page", PAGE), AssetRef("media", FULL)]
MIRROR = FULL.replace("img.a", "edge.b")


def shown(*urls: str) -> Observation:
    return seen(replace(page(served=True), target_media=list(urls)), ALIVE)


def test_a_copy_on_another_host_is_one_of_the_same_file() -> None:
    assert widened(KNOWN, shown(FULL, MIRROR)) == [Widened("cdn", MIRROR, like=FULL)]
    other = "https://img.a.example/large/9.jpg"
    assert widened(KNOWN, shown(other)) == [Widened("media", other)]


def test_pieces_of_a_video_are_known_by_their_bytes_and_taken_once() -> None:
    pieces = [Segment(f"https://v.example/{n}.ts", str(n) * 64) for n in range(6)]
    video = replace(picture(status=200, matches=True), pieces=pieces)
    found = widened(KNOWN, seen(page(served=True), [video]))
    assert found == [Widened("segment", one.url, one.sha256) for one in pieces[:MOST_SEGMENTS]]
    assert widened([*KNOWN, AssetRef("segment", pieces[0].url)], seen(page(served=True), [video])) == []


def test_another_address_joins_only_when_it_shows_it() -> None:
    there, not_there = page(served=True, url=PAGE + "/xx"), page(url=PAGE + "/yy")
    assert widened(KNOWN, seen(page(served=True), others=[there, not_there])) == [Widened("page", PAGE + "/xx")]


@given(some.lists(some.sampled_from([FULL, MIRROR, *(f"https://x.example/{n}.jpg" for n in range(30))])))
def test_it_is_bounded_and_says_nothing_twice(urls: list[str]) -> None:
    found = widened(KNOWN, shown(*urls))
    assert len(found) <= MOST_NEW and len({one.url for one in found}) == len(found)
    assert {one.url for one in found}.isdisjoint(one.url for one in KNOWN)
    assert widened([*KNOWN, *(AssetRef(one.role, one.url) for one in found)], shown(*urls[:MOST_NEW])) == [] or len(
        set(urls)) > MOST_NEW  # fmt: skip
