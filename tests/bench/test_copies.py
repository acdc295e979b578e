"""The bench's edits are the same every time, and its report counts what it says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bench.copies import LEAST_SPARE, Answer, Query, _score, derived, run
from bench.edits import COLLAGE, NAMES, edited, rng_for
from bench.scenes import scene
from efface.vision.local import enrol

SCENES = [scene(np.random.default_rng(seed), 320, 240) for seed in range(12)]


def test_there_are_the_nineteen_edits() -> None:
    assert NAMES == (
        "identity", "jpeg_q30", "resize50", "crop10", "crop30", "crop50", "mirror", "rot90", "rot5", "watermark",
        "screenshot50", "screenshot50_dark", "caption", "collage2x2", "blur3", "colour", "censor25",
        "mirror+screenshot", "crop30+screenshot",
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_is_a_picture_and_the_same_every_time(name: str) -> None:
    first = edited(name, SCENES[0], rng_for(1, "a.jpg", name), SCENES[1:4])
    assert first == edited(name, SCENES[0], rng_for(1, "a.jpg", name), SCENES[1:4])
    assert cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_COLOR).size > 0


def test_crops_remove_that_share_of_each_side() -> None:
    for percent in (10, 30, 50):
        name = f"crop{percent}"
        picture = cv2.imdecode(np.frombuffer(edited(name, SCENES[0], rng_for(1, "a", name)), np.uint8), 1)
        assert picture.shape[:2] == (round(240 * (1 - percent / 100)), round(320 * (1 - percent / 100)))


def test_false_matches_are_counted_and_collage_members_are_not() -> None:
    queries = [Query(edit, b"", frozenset({0, 1}) if edit == COLLAGE else frozenset({0}), 0) for edit in NAMES]
    found = [frozenset({0, 1, 7}) if query.edit == COLLAGE else frozenset({0}) for query in queries]
    score = _score(queries, found, 1000)
    assert score["recall"] == dict.fromkeys(NAMES, 1.0)
    assert (score["false_matches"], score["false_by_edit"]) == (1, {COLLAGE: 1})
    nothing = _score(queries, [frozenset[int]()] * len(queries), 1000)
    assert nothing["recall"] == dict.fromkeys(NAMES, 0.0)
    assert Answer(frozenset(), frozenset(), {}).ms == {}


def test_a_derived_print_is_far_from_both_it_was_made_from() -> None:
    one, other = enrol(SCENES[0]), enrol(SCENES[1])
    made = derived(one, other, np.random.default_rng(0))
    apart = np.bitwise_count(made.codes ^ one.codes).sum(axis=1)
    assert 25 < apart.mean() < 39
    assert np.array_equal(made.signs, other.signs)
    assert made.to_bytes() != one.to_bytes()


@pytest.mark.slow
def test_the_bench_runs_and_finds_what_was_edited(tmp_path) -> None:
    for number, picture in enumerate(SCENES):
        cv2.imwrite(str(tmp_path / f"{number:02d}.png"), picture)
    report = run(tmp_path, distractors=40, seed=3, processes=2)
    default = report["methods"]["default"]
    assert report["queries_per_edit"] == len(SCENES) - LEAST_SPARE
    assert set(default["recall"]) == set(NAMES)
    assert default["recall"]["mirror"] == 1.0 and default["false_matches"] == 0
    assert report["methods"]["pdq31"]["recall"]["crop50"] == 0.0


def test_too_few_photos_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError):
        run(tmp_path, distractors=0)
