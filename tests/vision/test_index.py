"""Exact: the indexes find what comparing one by one finds, at once after every change."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision.hamming import least_distance
from efface.vision.index import FaceIndex, PdqHit, PdqIndex


def _hash(seed: int) -> str:
    return random.Random(seed).randbytes(32).hex()


def _near(value: str, bits: int, seed: int = 0) -> str:
    """``value`` with exactly ``bits`` bits turned over."""
    number = int(value, 16)
    for bit in random.Random(seed).sample(range(256), bits):
        number ^= 1 << bit
    return f"{number:064x}"


def test_a_near_hash_is_found_with_its_distance_and_view() -> None:
    index: PdqIndex[str] = PdqIndex()
    for name in range(300):
        index.add(f"k{name}", [_hash(name)])
    views = [_hash(1000 + view) for view in range(8)]
    views[5] = _near(_hash(42), 20)
    assert index.query([views, [_hash(7)], [_hash(9999)]]) == [[PdqHit("k42", 20, 5)], [PdqHit("k7", 0, 0)], []]


def test_the_threshold_is_inclusive() -> None:
    index: PdqIndex[str] = PdqIndex()
    index.add("a", [_hash(1)])
    assert index.query([[_near(_hash(1), 31)]], 31)[0]
    assert not index.query([[_near(_hash(1), 32)]], 31)[0]


def test_changes_count_at_once() -> None:
    index: PdqIndex[str] = PdqIndex()
    index.add("a", [_hash(1), _hash(2)])
    index.add("b", [_hash(2)])
    assert [hit.key for hit in index.query([[_hash(2)]])[0]] == ["a", "b"]
    index.add("a", [_hash(3)])
    assert [hit.key for hit in index.query([[_hash(2)]])[0]] == ["b"]
    assert index.remove("b") and not index.remove("b")
    assert index.query([[_hash(1)], [_hash(2)], [_hash(3)]]) == [[], [], [PdqHit("a", 0, 0)]]
    assert len(index) == 1 and "a" in index and "b" not in index
    index.clear()
    assert len(index) == 0 and index.query([[_hash(3)]]) == [[]]


@pytest.mark.parametrize("bad", ["", "00", "g" * 64, "0" * 63, "0" * 65, " " * 64, "00" * 31 + "  "])
def test_a_malformed_hash_changes_nothing(bad: str) -> None:
    index: PdqIndex[str] = PdqIndex()
    index.add("a", [_hash(1)])
    with pytest.raises(ValueError, match="hex"):
        index.add("a", [_hash(2), bad])
    with pytest.raises(ValueError, match="hex"):
        index.query([[bad]])
    assert index.query([[_hash(1)]])[0]


moves = st.lists(
    st.tuples(st.sampled_from(["add", "remove"]), st.integers(0, 5), st.lists(st.integers(0, 30), max_size=6)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(moves, st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 140))
def test_any_history_gives_what_one_by_one_gives(
    history: list[tuple[str, int, list[int]]], asked: list[int], threshold: int
) -> None:
    index: PdqIndex[int] = PdqIndex()
    plain: dict[int, list[str]] = {}
    for what, key, seeds in history:
        if what == "add":
            hashes = [_hash(seed) for seed in seeds]
            index.add(key, hashes)
            plain[key] = hashes
        else:
            assert index.remove(key) == bool(plain.pop(key, []))
    plain = {key: hashes for key, hashes in plain.items() if hashes}
    views = [_hash(seed) for seed in asked]
    (found,) = index.query([views], threshold)
    expected = {key: distance for key in plain if (distance := least_distance(plain[key], views)) <= threshold}
    assert {hit.key: hit.distance for hit in found} == expected
    for hit in found:
        assert least_distance(plain[hit.key], [views[hit.view]]) == hit.distance
    assert len(index) == sum(len(hashes) for hashes in plain.values())


def test_a_block_boundary_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efface.vision.scan._BLOCK", 8)
    index: PdqIndex[int] = PdqIndex()
    for key in range(200):
        index.add(key, [_hash(key)])
    assert [[hit.key for hit in found] for found in index.query([[_hash(key)] for key in range(200)])] == [
        [key] for key in range(200)
    ]


def _vector(seed: int, dim: int = 16) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).standard_normal(dim)]


def test_faces_compare_by_cosine_within_one_model() -> None:
    index: FaceIndex[str] = FaceIndex()
    for seed in range(100):
        index.add(f"k{seed}", "one", _vector(seed))
    index.add("other", "two", _vector(7))
    near = [value * 3 for value in _vector(7)]
    (found,) = index.query("one", [near], 0.99)
    assert [(hit.key, hit.cosine) for hit in found] == [("k7", 1.0)]
    assert [hit.key for hit in index.query("two", [near], 0.99)[0]] == ["other"]
    assert index.query("three", [near, near], 0.0) == [[], []]


def test_the_nearest_face_comes_first() -> None:
    index: FaceIndex[str] = FaceIndex()
    index.add("far", "m", [1.0, 1.0])
    index.add("near", "m", [1.0, 0.1])
    assert [hit.key for hit in index.query("m", [[1.0, 0.0]], 0.5)[0]] == ["near", "far"]


def test_face_changes_count_at_once_and_leave_no_numbers_behind() -> None:
    index: FaceIndex[str] = FaceIndex()
    for seed in range(5):
        index.add(str(seed), "m", _vector(seed))
    index.add("3", "m", _vector(30))
    assert index.query("m", [_vector(3)], 0.99) == [[]]
    for seed in (0, 4, 2):
        assert index.remove(str(seed))
    assert not index.remove("0") and len(index) == 2 and "1" in index
    assert [hit.key for hit in index.query("m", [_vector(1)], 0.99)[0]] == ["1"]
    rows = index._shelves["m"].rows
    assert not rows[2:5].any(), "what was removed is overwritten"
    index.remove("1")
    index.remove("3")
    assert index.query("m", [_vector(1)], -1) == [[]]


def test_a_template_may_change_its_model() -> None:
    index: FaceIndex[str] = FaceIndex()
    index.add("a", "old", _vector(1))
    index.add("a", "new", _vector(1, 8))
    assert len(index) == 1
    assert index.query("old", [_vector(1)], 0.9) == [[]]
    assert index.query("new", [_vector(1, 8)], 0.9)[0][0].key == "a"


@pytest.mark.parametrize("bad", [[], [0.0] * 16, [float("nan")] * 16, [1.0] * 15, [[1.0] * 16]])
def test_a_template_without_direction_or_of_another_size_changes_nothing(bad: list[float]) -> None:
    index: FaceIndex[str] = FaceIndex()
    index.add("a", "m", _vector(1))
    with pytest.raises(ValueError, match="template"):
        index.add("a", "m", bad)
    assert index.query("m", [_vector(1)], 0.9)[0]


@pytest.mark.parametrize("bad", [[], [0.0] * 16, [float("nan")] * 16, [1.0] * 15])
def test_a_strange_face_matches_nothing(bad: list[float]) -> None:
    index: FaceIndex[str] = FaceIndex()
    index.add("a", "m", _vector(1))
    assert index.query("m", [bad], -1) == [[]]
