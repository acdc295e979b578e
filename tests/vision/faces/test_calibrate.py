"""Thresholds from labelled photos rest on enough comparisons, or are refused; trials count who is taken for whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.faces import at_far, reduce
from efface.vision.faces import FaceFound
from efface.vision.faces.calibrate import TooFewPhotos, calibrate, threshold
from efface.vision.faces.labelled import Labelled, Unread, people, pictures, read
from efface.vision.faces.trial import of_one, of_three, run
from efface.vision.models.runtime import Pixels

DIM = 24


def face(person: int, photo: int, *, px: int = 100) -> FaceFound:
    own = np.random.default_rng(person).standard_normal(DIM)
    vector = own + 0.45 * np.random.default_rng(1000 * person + photo).standard_normal(DIM)
    vector /= np.linalg.norm(vector)
    return FaceFound([0.3, 0.3, 0.4, 0.4], 0.99, 0.9, px, [float(value) for value in vector], "made@sha256:0")


def photos(count: int, each: int = 4) -> list[Labelled]:
    return [Labelled(f"{person:04}", [face(person, photo)]) for person in range(count) for photo in range(each)]


def test_thresholds_come_with_the_counts_they_rest_on() -> None:
    found = calibrate(photos(300), "made-up faces")
    measured, counts = found.thresholds, found.thresholds.calibration
    assert measured.same <= measured.review <= measured.strong
    assert counts["data"] == "made-up faces" and (counts["people"], counts["photos"]) == (300, 1200)
    comparisons, alarms = counts["review_comparisons"], counts["review_false_alarms"]
    assert isinstance(comparisons, int) and isinstance(alarms, int)
    assert 0 < alarms / comparisons <= 1e-4 and comparisons > 300_000
    assert measured.single_review <= measured.strong


def test_too_few_people_carry_no_threshold() -> None:
    with pytest.raises(TooFewPhotos, match="130 people"):
        calibrate(photos(80), "too few")
    with pytest.raises(TooFewPhotos, match="give 0"):
        calibrate([], "nobody")


def test_a_threshold_is_reached_by_no_more_than_the_share() -> None:
    cosines = np.random.default_rng(5).normal(0, 0.15, 100_000).astype(np.float32)
    cosine = threshold(cosines, 1e-4, "review")
    assert 5 <= (cosines >= cosine).sum() <= 10
    with pytest.raises(TooFewPhotos, match="333,334"):
        threshold(cosines, 1.5e-5, "strong")


def test_a_trial_counts_bystanders_apart_and_misses_as_misses() -> None:
    some = [*photos(3), Labelled("0000", [])]
    some[3] = replace(some[3], faces=[face(0, 3), face(2, 9)])
    tried = run(some, 3, of_three(0.4))
    assert tried.enrolled == 3 and len(tried.genuine) == 4
    assert tried.genuine[1] == -1, "a photo without a face is not found"
    assert len(tried.impostor) == 3 * 8 and len(tried.bystander) == 2
    assert max(tried.bystander) > 0.6, "whoever stands beside is counted, also where it is the person"
    assert tried.found(0.5) == 0.75 and tried.others == 26 and tried.false(0.6) >= 1
    assert run([Labelled("0000", [])], 1, of_one).refused == {"no-face": 1}


def test_smaller_probes_are_looked_for_in_the_place_of_the_photos() -> None:
    some = photos(3)
    tried = run(some, 3, of_three(0.4), [replace(photo, faces=[]) for photo in some])
    assert tried.genuine.tolist() == [-1, -1, -1] and tried.others == 0 and at_far(tried, 1e-6)["comparisons"] == 0


def test_a_picture_is_reduced_until_its_face_is_as_wide_as_asked() -> None:
    wide = replace(face(0, 0), box=[0.1, 0.1, 0.5, 0.5])
    picture = np.zeros((300, 400, 3), dtype=np.uint8)
    assert reduce(picture, wide, 24).shape == (36, 48, 3)
    assert reduce(picture, wide, 300) is picture


class _Blind:
    def analyse(self, rgb: Pixels) -> list[FaceFound]:
        assert rgb.dtype == np.uint8 and rgb.shape[2] == 3
        return []


def test_a_labelled_folder_is_read_and_what_is_no_picture_is_named(tmp_path: Path) -> None:
    for name in ("ann", "bea", "empty"):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / "ann" / "1.png"), np.full((20, 30, 3), 90, np.uint8))
    (tmp_path / "ann" / "notes.txt").write_text("no photo", encoding="utf-8")
    (tmp_path / "bea" / "2.jpg").write_bytes(b"\xff\xd8 torn")
    assert people(tmp_path) == ["ann", "bea"]
    found, unread = read(tmp_path, _Blind())
    assert found == [Labelled("ann", [])]
    assert [(one.person, one.name) for one in unread] == [("bea", "2.jpg")] and unread[0].reason
    assert isinstance(list(pictures(tmp_path))[1][1], Unread)
