"""The thumbnails of a video in one picture are told from a picture, and each is found."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from efface.vision import sprites
from efface.vision.sprites import Grid
from efface.vision.video import VideoIndex
from efface.vision.video.read import read
from tests.vision import films


def sheet(pictures: list[films.Pixels], columns: int, rows: int, size: tuple[int, int] = (160, 90)) -> films.Pixels:
    made = np.zeros((rows * size[1], columns * size[0], 3), np.uint8)
    for number, picture in enumerate(pictures[: columns * rows]):
        row, column = divmod(number, columns)
        place = made[row * size[1] : (row + 1) * size[1], column * size[0] : (column + 1) * size[0]]
        place[:] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    out = io.BytesIO()
    Image.fromarray(made).save(out, "JPEG", quality=75)
    return np.asarray(Image.open(out), np.uint8)


@pytest.mark.parametrize(
    ("columns", "rows", "size"), [(5, 5, (160, 90)), (10, 2, (100, 56)), (2, 2, (160, 120)), (8, 4, (90, 160))]
)
def test_the_grid(columns: int, rows: int, size: tuple[int, int]) -> None:
    pictures = [picture for seed in range(30, 40) for picture in films.frames(seed, 3.0)[::5]]
    assert sprites.grid(sheet(pictures, columns, rows, size)) == Grid(columns, rows)


def test_pictures_are_no_sheets() -> None:
    for seed in range(15):
        assert sprites.grid(films.scene(seed, 640, 480)) is None
    assert sprites.grid(np.zeros((300, 400, 3), np.uint8)) is None
    assert sprites.grid(np.zeros((20, 20, 3), np.uint8)) is None
    assert sprites.fingerprints(films.scene(1)) == []


def test_tiles_are_found_and_blank_ones_left_out() -> None:
    frames = films.frames(44, 12.0)
    index: VideoIndex[str] = VideoIndex()
    index.add("hers", read(films.encoded(frames), depth="enrol"))
    tiles = sprites.fingerprints(sheet(frames[::7], 6, 4))
    assert 14 <= len(tiles) <= 18
    assert {tile.number for tile in tiles} <= set(range(18))
    for tile in tiles:
        (hit,) = index.match_picture(tile.hashes)
        assert hit.seconds == pytest.approx(tile.number * 0.7, abs=0.6)
