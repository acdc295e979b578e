"""Exact: the indexes find what comparing one by one finds, at once after every change."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision import scan
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


@pytest.mark.parametrize("wanted", [1, 2, 11, 12, 64, 65, 130])
@pytest.mark.parametrize("side_by_side", [True, False])
@pytest.mark.parametrize("threshold", [0, 31, 90, 128, 200])
def test_compiled_and_plain_find_the_same_pairs(wanted: int, side_by_side: bool, threshold: int) -> None:
    kernels = scan._kernels()
    if kernels is None:
        pytest.skip("numba cannot be imported here")
    rng = np.random.default_rng(wanted)
    rows = rng.integers(0, 256, (2500, 32), dtype=np.uint8)
    asked = rows[rng.integers(0, len(rows), wanted)].copy()
    for position, one in enumerate(asked):
        bits = np.unpackbits(one)
        bits[rng.choice(256, position % 36, replace=False)] ^= 1
        asked[position] = np.packbits(bits)
    if side_by_side:
        rows = np.ascontiguousarray(rows.T).T
    ours = scan._compiled(kernels, rows, asked, threshold, len(rows))
    plain = scan._plain(rows, asked, threshold)
    assert sorted(map(tuple, ours.T.tolist())) == sorted(map(tuple, plain.T.tolist()))
    if threshold == 31:
        assert {pair[1] for pair in plain.T.tolist()} >= {n for n in range(wanted) if n % 36 <= 31}


def test_words_and_bytes_give_the_same() -> None:
    texts = [_hash(seed) for seed in range(200)]
    near = scan.scan(scan.words(texts), scan.words([_near(texts[7], 30)]))
    assert (near.rows.tolist(), near.wanted.tolist(), near.distances.tolist()) == ([7], [0], [30])
    same = scan.scan(scan.octets(texts), scan.octets([_near(texts[7], 30)]))
    assert (same.rows.tolist(), same.distances.tolist()) == ([7], [30])
    with pytest.raises(ValueError, match="both"):
        scan.scan(scan.octets(texts), scan.words(texts))
    with pytest.raises(ValueError, match="rows"):
        scan.scan(np.zeros((2, 3), np.uint64), np.zeros((2, 3), np.uint64))
    assert scan.scan(scan.octets([]), scan.octets(texts)).rows.size == 0


def test_more_pairs_than_room() -> None:
    kernels = scan._kernels()
    rows = np.zeros((6000, 32), np.uint8)
    if kernels is not None:
        assert scan._compiled(kernels, rows, rows[:3], 31, len(rows)).shape == (3, 18_000)


def test_many_are_added_at_once() -> None:
    index: PdqIndex[int] = PdqIndex()
    index.add_many((key, [_hash(key), _hash(key + 10_000)]) for key in range(5000))
    assert len(index) == 10_000
    assert [hit.key for hit in index.query([[_hash(4999 + 10_000)]])[0]] == [4999]
    with pytest.raises(ValueError, match="hex"):
        index.add_many([(1, ["zz"])])


def test_a_change_waits_for_nobody_and_no_look_sees_half_of_it() -> None:
    """Two hashes of one key are always both there or both gone, whoever looks meanwhile."""
    index: PdqIndex[str] = PdqIndex()
    for name in range(500):
        index.add(f"k{name}", [_hash(name)])
    pair, halves, ended = [_hash(9001), _hash(9002)], [], threading.Event()

    def look() -> None:
        while not ended.is_set():
            found = index.query([[pair[0]], [pair[1]]])
            if bool(found[0]) != bool(found[1]):
                halves.append(found)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    for _ in range(150):
        index.add("pair", pair)
        assert index.query([[pair[1]]])[0]
        index.remove("pair")
        assert not index.query([[pair[1]]])[0]
    ended.set()
    for looker in lookers:
        looker.join()
    assert halves == []
