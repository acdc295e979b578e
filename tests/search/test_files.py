"""What a file resembled is remembered for as long as it would be found again, and not a moment longer."""

from __future__ import annotations

from efface.cases.active import Active
from efface.search.matcher.files import MOST_HITS, Files
from efface.search.matcher.hits import Hit
from efface.search.matcher.index import Bounds, Index
from tests.search.test_matcher import BOUNDS, _pdq, _template

HIT = Hit("o", "c", "f", 0, "face", 0.7, 0.5, True)
KEY = ("5" * 64, 1)


def test_hits_are_known_for_the_same_file_the_same_question_and_the_same_index() -> None:
    files = Files()
    files.note(KEY, 4, [HIT])
    assert files.get(KEY, 4) == [HIT]
    assert files.get(KEY, 5) is None
    assert files.get((KEY[0], 3), 4) is None
    assert files.get(("6" * 64, 1), 4) is None


def test_a_file_that_is_still_asked_about_is_not_known_yet() -> None:
    files = Files()
    files.note(KEY, 4, [HIT], number=9)
    assert files.get(KEY, 4) is None
    files.told(9, [HIT])
    assert files.get(KEY, 4) == [HIT, HIT]
    files.told(9, [HIT])
    assert files.get(KEY, 4) == [HIT, HIT]


def test_what_resembled_very_many_is_compared_each_time() -> None:
    files = Files()
    files.note(KEY, 4, [HIT] * (MOST_HITS + 1))
    assert files.get(KEY, 4) is None


def test_every_change_of_the_index_is_a_new_version() -> None:
    def version(rows: list[Active], bounds: dict[str, Bounds] = BOUNDS) -> int:
        index.replace(rows)
        return index.version

    one, other = _pdq(1), _template([1.0, 0.0])
    index = Index([one], BOUNDS)
    first = index.version
    second = version([one, other])
    third = version([other])
    assert first < second < third
