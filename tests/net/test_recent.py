"""A file that was met is not decoded again where nothing is lost by it, and is where something might be."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from efface.net.fetcher.recent import MOST, Recent
from efface.net.protocol import Decoded, Face, Picture, Want

BODY = b"picture"
PICTURE = Picture(sha256=hashlib.sha256(BODY).hexdigest(), pdq=["0" * 64] * 8, pdq_quality=90)
FACE = Face([0.1, 0.1, 0.2, 0.2], 0.9, 0.9, 80, [0.6, 0.8], "m")


def find(recent: Recent, want: Want = Want.PLAIN, knows: bool | None = None) -> Picture | None:
    async def again(sha256: str) -> bool:
        assert sha256 == PICTURE.sha256
        return bool(knows)

    return asyncio.run(recent.find(BODY, want, None if knows is None else again))


def test_a_plain_file_is_known_again_for_what_was_wanted_of_it() -> None:
    recent = Recent()
    assert find(recent) is None
    recent.note(Decoded(PICTURE), Want.PLAIN, True)
    assert find(recent) == PICTURE
    assert find(recent, Want.FACES) is None


@pytest.mark.parametrize(("knows", "found"), [(True, True), (False, False), (None, False)])
def test_one_with_faces_only_where_the_matcher_knows_what_they_resemble(knows: bool | None, found: bool) -> None:
    recent = Recent()
    recent.note(Decoded(PICTURE, [FACE]), Want.FACES, True)
    assert bool(find(recent, Want.FACES, knows)) is found


@pytest.mark.parametrize("decoded", [Decoded(Picture(sha256=PICTURE.sha256, error="crashed")), Decoded(Picture())])
def test_what_could_not_be_read_is_not_remembered(decoded: Decoded) -> None:
    recent = Recent()
    recent.note(decoded, Want.PLAIN, True)
    assert find(recent) is None


def test_what_did_not_reach_the_matcher_is_not_remembered() -> None:
    recent = Recent()
    recent.note(Decoded(PICTURE, [FACE]), Want.FACES, False)
    assert find(recent, Want.FACES, True) is None


def test_it_does_not_grow_for_ever_and_keeps_no_embedding() -> None:
    recent = Recent()
    for number in range(MOST + 10):
        recent.note(Decoded(Picture(sha256=f"{number:064x}"), [FACE]), Want.FACES, True)
    assert len(recent._files) == MOST
    assert "0.6" not in repr(next(iter(recent._files.values())))
