"""Bars and logos are told from the picture by standing still, and a picture without them is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from efface.vision import pdq
from efface.vision.video.layout import Layout, clean, find
from efface.vision.video.sample import hashed
from tests.vision import films

Grey = films.Pixels


@pytest.fixture(scope="module")
def moving() -> list[Grey]:
    return [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in films.frames(4, 12.0, 512, 288)[::6]]


def boxed(frame: Grey, top: int, left: int, level: int = 0) -> Grey:
    made = cv2.copyMakeBorder(frame, top, top, left, left, cv2.BORDER_CONSTANT, value=level)
    return np.asarray(cv2.resize(made, (512, round(512 * made.shape[0] / made.shape[1]))), np.uint8)


def stamped(frame: Grey) -> Grey:
    made = frame.copy()
    made[14:44, 380:500] = 250
    cv2.putText(made, "LOGO", (390, 38), cv2.FONT_HERSHEY_DUPLEX, 0.9, 10, 2)
    return made


def apart(left: list[Grey], right: list[Grey]) -> list[int]:
    """Bits between the hashes of each pair."""
    return [pdq.distance(pdq.fingerprint(a)[0][0], pdq.fingerprint(b)[0][0]) for a, b in zip(left, right, strict=True)]


def test_nothing_is_found_where_nothing_is(moving: list[Grey]) -> None:
    assert find(moving) == Layout()


@pytest.mark.parametrize(("top", "left", "level"), [(36, 0, 0), (0, 90, 0), (40, 0, 255), (30, 60, 16), (100, 0, 0)])
def test_bars(moving: list[Grey], top: int, left: int, level: int) -> None:
    frames = [boxed(frame, top, left, level) for frame in moving]
    look = find(frames)
    width, height = 512 + 2 * left, 288 + 2 * top
    expected = (left / width, top / height, 1 - left / width, 1 - top / height)
    assert look.picture == pytest.approx(expected, abs=0.012)
    assert np.median(apart(moving, frames)) > 40
    assert np.median(apart(moving, [clean(frame, look) for frame in frames])) <= 16


def test_a_logo(moving: list[Grey]) -> None:
    frames = [stamped(frame) for frame in moving]
    look = find(frames)
    assert look.picture == (0.0, 0.0, 1.0, 1.0)
    assert len(look.logos) == 1
    left, top, right, bottom = look.logos[0]
    assert left <= 380 / 512 and right >= 499 / 512 and top <= 14 / 288 and bottom >= 43 / 288
    assert (right - left) * (bottom - top) < 0.08
    records = [hashed(0, 0.0, frame, look) for frame in frames]
    bare = [pdq.distance(pdq.fingerprint(a)[0][0], r.clean or r.pdq) for a, r in zip(moving, records, strict=True)]
    assert np.mean(bare) < np.mean(apart(moving, frames))


def test_a_still_has_no_logo(moving: list[Grey]) -> None:
    assert find([stamped(moving[0])] * 12).logos == ()


def test_too_little_to_say(moving: list[Grey]) -> None:
    bars = [boxed(frame, 36, 0) for frame in moving[:2]]
    assert find(bars) == Layout()
    assert find([np.zeros((288, 512), np.uint8)] * 10) == Layout()
    assert find([]) == Layout()
    assert find([moving[0], moving[1][:100]]) == Layout()
