"""Edited copies are found, say where, and are gone when they are removed."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from efface.vision.local import LocalPrint, enrol, look, tiles
from efface.vision.local.geometry import clipped, inverse, moved, region_of
from efface.vision.local.index import LocalHit, LocalIndex
from tests.vision.scenes import Picture, in_frame, pictures, sheet

SCENES = pictures(6, seed=5)
PRINTS = [enrol(picture) for picture in SCENES]


@pytest.fixture(scope="module")
def index() -> LocalIndex[int]:
    filled: LocalIndex[int] = LocalIndex()
    for key, print_ in enumerate(PRINTS):
        filled.add(key, print_)
    return filled


def matches(index: LocalIndex[int], picture: Picture) -> list[LocalHit[int]]:
    candidates = index.candidates(look(picture))
    seen = tiles(picture, [candidate.affine for candidate in candidates])
    confirmed = [index.confirm(candidate, bits) for candidate, bits in zip(candidates, seen, strict=True)]
    return [hit for hit in confirmed if hit is not None]


def crop(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[height // 8 : height // 8 + height // 2, width // 3 : width // 3 + width // 2])


def tilt(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 17, 0.9)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height)), dtype=np.uint8)


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p,
        crop,
        tilt,
        lambda p: np.ascontiguousarray(p[:, ::-1]),
        lambda p: np.ascontiguousarray(np.rot90(p)),
        lambda p: np.ascontiguousarray(p[::2, ::2]),
        in_frame,
        lambda p: in_frame(np.ascontiguousarray(crop(p)[:, ::-1]), ground=20),
    ],
    ids=["same", "crop", "tilt", "mirror", "quarter", "half", "framed", "mirrored crop in a dark frame"],
)
def test_an_edited_copy_is_found_and_nothing_else(index: LocalIndex[int], edit) -> None:
    for key in (0, 3):
        assert [hit.key for hit in matches(index, edit(SCENES[key]))] == [key]


def test_all_four_of_a_collage_are_found_also_squeezed_portraits(index: LocalIndex[int]) -> None:
    own: LocalIndex[int] = LocalIndex()
    portraits = [np.ascontiguousarray(picture[:, 100:430]) for picture in SCENES[:4]]
    for key, picture in enumerate(portraits):
        own.add(key, enrol(picture))
    assert {hit.key for hit in matches(own, sheet(portraits))} == {0, 1, 2, 3}


def test_a_match_says_where_and_how(index: LocalIndex[int]) -> None:
    (hit,) = matches(index, in_frame(SCENES[2]))
    assert not hit.mirrored and hit.inliers >= 20 and hit.tile_error <= hit.threshold and hit.tiles > 10
    xs, ys = [x for x, _ in hit.region], [y for _, y in hit.region]
    assert (min(xs), min(ys), max(xs), max(ys)) == pytest.approx((1 / 6, 0.25, 4 / 6, 0.75), abs=0.02)
    (hit,) = matches(index, np.ascontiguousarray(crop(SCENES[2])[:, ::-1]))
    assert hit.mirrored
    xs, ys = [x for x, _ in hit.part], [y for _, y in hit.part]
    assert (min(xs), min(ys), max(xs), max(ys)) == pytest.approx((1 / 3, 1 / 8, 5 / 6, 5 / 8), abs=0.03)


def test_a_stranger_in_the_same_frame_is_no_match() -> None:
    own: LocalIndex[str] = LocalIndex()
    own.add("framed", enrol(in_frame(SCENES[0])))
    other = in_frame(SCENES[1])
    candidates = own.candidates(look(other))
    seen = tiles(other, [candidate.affine for candidate in candidates])
    assert all(own.confirm(one, bits) is None for one, bits in zip(candidates, seen, strict=True))
    assert own.candidates(look(in_frame(SCENES[0]))), "the frame itself is found"


def test_removed_means_gone_at_once_and_from_memory() -> None:
    own: LocalIndex[int] = LocalIndex()
    for key, print_ in enumerate(PRINTS):
        own.add(key, print_)
    candidate = own.candidates(look(SCENES[1]))[0]
    seen = tiles(SCENES[1], [candidate.affine])[0]
    assert own.confirm(candidate, seen) is not None
    assert own.remove(1) and not own.remove(1)
    assert 1 not in own and len(own) == 5
    assert own.confirm(candidate, seen) is None
    assert all(one.key != 1 for one in own.candidates(look(SCENES[1])))
    stored = {own._blocks[block, :, at].tobytes() for block in range(len(own._blocks)) for at in range(64)}
    others = {row.tobytes() for key, print_ in enumerate(PRINTS) if key != 1 for row in print_.codes}
    gone = {row.tobytes() for row in PRINTS[1].codes} - others
    assert len(gone) > 150 and not gone & stored
    for key in (0, 2, 3, 4, 5):
        assert [hit.key for hit in matches(own, SCENES[key])] == [key]


def test_adding_again_replaces() -> None:
    own: LocalIndex[str] = LocalIndex()
    own.add("a", PRINTS[0])
    own.add("a", PRINTS[1])
    assert len(own) == 1
    assert not own.candidates(look(SCENES[0]))
    assert [one.key for one in own.candidates(look(SCENES[1]))] == ["a"]
    own.clear()
    assert len(own) == 0 and "a" not in own and not own.candidates(look(SCENES[1]))


def test_the_store_holds_exactly_what_was_added_after_many_changes() -> None:
    """Against a plain dictionary: every code of every print that is there, none of those that went."""
    rng = np.random.default_rng(4)
    own: LocalIndex[int] = LocalIndex()
    there: dict[int, LocalPrint] = {}
    for _ in range(400):
        key = int(rng.integers(60))
        if key in there and rng.random() < 0.6:
            assert own.remove(key)
            del there[key]
        else:
            there[key] = PRINTS[int(rng.integers(len(PRINTS)))]
            own.add(key, there[key])
    assert len(own) == len(there)
    assert int(own._fill[own._tail >= 0].sum()) <= sum(len(print_) for print_ in there.values())
    for key, print_ in there.items():
        slot = own._slots[key]
        block, at = np.divmod(own._places[slot][: len(print_)], 64)
        assert np.array_equal(own._blocks[block, :, at], np.ascontiguousarray(print_.codes).view("<u8"))
        assert np.array_equal(own._owners[block, at], (slot << 8) + np.arange(len(print_)))


def test_threads_may_add_remove_and_ask(index: LocalIndex[int]) -> None:
    own: LocalIndex[int] = LocalIndex()
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for turn in range(20):
                key = start * 100 + turn % 5
                own.add(key, PRINTS[turn % len(PRINTS)])
                own.candidates(SEEN)
                own.remove(key)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and len(own) == 0


SEEN = look(SCENES[0])


def test_hostile_looks_find_nothing_and_break_nothing(index: LocalIndex[int]) -> None:
    """A group of one point many times over, in a frame of one pixel."""
    group = SEEN.groups[0]
    same = {name: np.repeat(getattr(group, name)[:1], 800, axis=0) for name in ("x", "y", "angle", "level")}
    codes = {name: np.repeat(getattr(group, name)[:1], 800, axis=0) for name in ("codes", "mirrored")}
    hostile = type(SEEN)((type(group)((0.0, 0.0, 1.0, 1.0), 1, 1, **same, **codes),) * 13)
    assert index.candidates(hostile) == []


def test_geometry_there_and_back() -> None:
    affine = (0.4, 0.05, 0.2, -0.03, 0.5, 0.1)
    assert moved(inverse(affine), moved(affine, (0.3, 0.8))) == pytest.approx((0.3, 0.8))
    assert region_of((2.0, 0.0, -0.5, 0.0, 2.0, -0.5)) and set(region_of((2.0, 0.0, -0.5, 0.0, 2.0, -0.5))) == {
        (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0),
    }  # fmt: skip
    assert clipped(((2.0, 2.0), (3.0, 2.0), (3.0, 3.0))) == ()
    with pytest.raises(ValueError):
        inverse((1.0, 1.0, 0.0, 1.0, 1.0, 0.0))
