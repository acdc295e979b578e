"""Boxes, turns, tiles and alignment, without a model."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.vision.faces.align import ARCFACE_112, chip, similarity
from efface.vision.faces.detect import arrange, fine_windows, shrink, suppress, turn_back, windows
from efface.vision.faces.landmarks import crop, square
from efface.vision.faces.quality import pose_share, quality, sharp_share, size_share
from efface.vision.faces.vectors import unit

sides = st.integers(16, 6000)


@given(st.integers(0, 3), st.integers(2, 40), st.integers(2, 40), st.data())
def test_turning_back_finds_the_pixel_again(turns: int, width: int, height: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    picture = np.zeros((height, width), dtype=np.uint8)
    picture[y, x] = 1
    turned = np.rot90(picture, turns)
    (row,), (column,) = np.nonzero(turned)
    middle = np.array([[column + 0.5, row + 0.5]])
    back = turn_back(middle, turned.shape[1], turned.shape[0], turns)
    assert back.tolist() == [[x + 0.5, y + 0.5]]


@given(sides, sides)
def test_windows_cover_the_picture_and_stay_inside(width: int, height: int) -> None:
    parts = windows(width, height)
    assert parts[0] == (0, 0, width, height)
    assert len(parts) <= 10
    for x, y, across, down in parts:
        assert x >= 0 and y >= 0 and x + across <= width and y + down <= height
    if len(parts) > 1:
        assert max(x + across for x, _, across, _ in parts[1:]) == width
        assert max(y + down for _, y, _, down in parts[1:]) == height
        columns = sorted({(x, across) for x, _, across, _ in parts[1:]})
        for (x, across), (following, _) in itertools.pairwise(columns):
            assert following < x + across, "tiles overlap: a face on a seam is whole in one of them"


@given(sides, sides)
def test_fine_windows_cover_the_picture_in_few_looks(width: int, height: int) -> None:
    parts = fine_windows(width, height)
    assert len(parts) <= 16 and (parts or max(width, height) <= 450)
    for x, y, across, down in parts:
        assert x >= 0 and y >= 0 and x + across <= width and y + down <= height
    if parts:
        assert max(x + across for x, _, across, _ in parts) == width
        assert max(y + down for _, y, _, down in parts) == height


@given(sides, sides)
def test_the_three_turned_views_fit_beside_each_other(width: int, height: int) -> None:
    cells = arrange(width, height, 320, 240)
    assert [cell.turns for cell in cells] == [1, 2, 3]
    taken = np.zeros((240, 320), dtype=np.uint8)
    for cell in cells:
        taken[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] += 1
        across, down = (height, width) if cell.turns % 2 else (width, height)
        assert across * cell.scale(width, height) <= cell.width + 1e-6
        assert down * cell.scale(width, height) <= cell.height + 1e-6
    assert taken.max() == 1


def test_of_boxes_on_one_face_the_surest_stays() -> None:
    boxes = np.array(
        [[0, 0, 10, 10, 0.8], [1, 1, 11, 11, 0.9], [50, 50, 60, 60, 0.75], [52, 52, 56, 56, 0.7]], dtype=np.float32
    )
    assert suppress(boxes).tolist() == [1, 2]
    assert suppress(np.empty((0, 5), np.float32)).tolist() == []


@given(st.floats(0.2, 5), st.floats(-3.1, 3.1), st.floats(-50, 50), st.floats(-50, 50))
def test_alignment_undoes_any_turn_size_and_shift(scale: float, angle: float, x: float, y: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (ARCFACE_112 @ turn.T + [x, y]).astype(np.float32)
    matrix = similarity(points)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], ARCFACE_112, atol=0.05)


def test_five_points_in_one_place_do_not_break_alignment() -> None:
    picture = np.zeros((50, 50, 3), dtype=np.uint8)
    assert chip(picture, np.full((5, 2), 20, dtype=np.float32)).shape == (112, 112, 3)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0, 12.0])
def test_a_chip_shows_the_same_whatever_the_size_of_the_face(scale: float) -> None:
    ramp = np.tile(np.linspace(0, 255, round(112 * scale)).astype(np.uint8)[None, :, None], (round(112 * scale), 1, 3))
    shown = chip(ramp, (ARCFACE_112 * scale).astype(np.float32))
    expected = np.linspace(0, 255, 112)
    assert np.abs(shown[20:90, 10:100, 0].mean(axis=0) - expected[10:100]).max() < 6


def test_crops_beyond_the_edge_are_black() -> None:
    picture = np.full((40, 40, 3), 200, dtype=np.uint8)
    corner = square(np.array([[30, 30, 50, 50]], dtype=np.float32))[0]
    view = crop(picture, corner, 20)
    assert view[0, 0].tolist() == [200, 200, 200]
    assert view[-1, -1].tolist() == [0, 0, 0]


@given(st.integers(16, 900), st.integers(16, 900))
def test_shrinking_gives_the_size_asked_for(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 90, dtype=np.uint8)
    small = shrink(picture, (37, 21))
    assert small.shape == (21, 37, 3)
    assert small.min() == small.max() == 90


def test_quality_falls_with_size_blur_and_turning_away() -> None:
    squares = np.kron(np.random.default_rng(0).integers(0, 2, (14, 14)), np.ones((8, 8))) * 150 + 50
    sharp = np.repeat(squares.astype(np.uint8)[:, :, None], 3, axis=2)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4), dtype=np.uint8)
    front = ARCFACE_112.astype(np.float32)
    side = front.copy()
    side[2, 0] = front[1, 0]
    assert size_share(20) < size_share(40) < size_share(80) == 1
    assert sharp_share(blurred) < sharp_share(sharp)
    assert sharp_share(np.full_like(sharp, 7)) == 0
    assert pose_share(side) < pose_share(front) == 1
    assert pose_share(np.zeros((5, 2), np.float32)) == 0
    assert quality(blurred, side, 20, 0.5) < quality(sharp, front, 80, 1.0)


def test_a_vector_without_direction_matches_nothing() -> None:
    rows = np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1]], dtype=np.float32)
    assert unit(rows).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0], [0, 0], [0, 0]]
