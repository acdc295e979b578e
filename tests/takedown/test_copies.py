"""A changed copy in the old place is the target; what resembles another case's picture, or only somewhat, is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from efface.net.page.urls import url_digest
from efface.net.protocol import Picture
from efface.search.matcher.hits import Hit, Shown
from efface.takedown import copies
from tests.takedown.test_verdict import FULL, THUMB, page, picture, seen, told

CASE = "c1"
STOOD = replace(picture(status=200, distance=120, compared=True), picture=Picture(sha256="5" * 64))
SEEN = seen(page(404), [STOOD, picture("thumbnail")])


def hit(kind: str = "local", *, case: str = CASE, strong: bool = True, media: int = 0) -> Hit:
    return Hit("o1", case, "f1", media, kind, 9.0, 6.0, strong)


def test_only_what_was_handed_over_and_is_not_known_yet_is_asked_about() -> None:
    assert copies.questions(SEEN) == [Shown(url_digest(FULL), sha256="5" * 64)]
    assert copies.questions(seen(page(404), [replace(STOOD, matches=True), picture("thumbnail")])) == []


@pytest.mark.parametrize(("hits", "state"), [
    ([hit()], "partial"), ([hit("vector")], "partial"), ([], "gone-provisional"),
    ([hit(case="c2")], "gone-provisional"),
    ([hit("vector", strong=False)], "gone-provisional"), ([hit("face")], "gone-provisional"),
    ([hit(media=7)], "gone-provisional"), ([hit(media=-1)], "gone-provisional"),
])  # fmt: skip
def test_what_the_matcher_says_decides(hits: list[Hit], state: str) -> None:
    assert told(copies.marked(SEEN, copies.questions(SEEN), hits, {CASE})).state == state


def test_where_the_matcher_cannot_be_asked_a_person_is() -> None:
    assert told(copies.uncompared(SEEN)).state == "conflict"


def test_the_other_media_stay_as_they_were() -> None:
    both = seen(page(404), [STOOD, picture("thumbnail", url=THUMB)])
    assert copies.marked(both, copies.questions(both), [hit()], {CASE}).media[1] == both.media[1]
