"""Frames, bars and gutters are seen; a common picture has none."""

from __future__ import annotations

import numpy as np
import pytest

from efface.vision import regions
from efface.vision.local.keypoints import to_look_size
from tests.vision.scenes import in_frame, pictures, sheet

SCENES = pictures(4, seed=5)


def test_a_common_picture_has_no_pictures_in_it() -> None:
    assert [regions.find(to_look_size(picture)) for picture in SCENES] == [[]] * 4


@pytest.mark.parametrize("ground", [245, 20])
def test_the_picture_in_a_screen_is_found(ground: int) -> None:
    (box,) = regions.find(to_look_size(in_frame(SCENES[0], ground)))
    assert box == pytest.approx((1 / 6, 0.25, 4 / 6, 0.75), abs=0.01)


def test_the_cells_of_a_collage_are_found_and_completed() -> None:
    boxes = regions.find(to_look_size(sheet(SCENES)))
    assert len(boxes) == 4
    for known in ([boxes[0], boxes[1]], boxes[1:], boxes):
        cells = regions.cells(known)
        assert len(cells) == 4
        for left, top in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
            assert any(cell == pytest.approx((left, top, left + 0.5, top + 0.5), abs=0.06) for cell in cells)
    assert regions.cells(boxes[:1]) == []


def test_the_oddest_shapes_have_none() -> None:
    for shape in ((1, 1), (1, 900), (41, 41), (640, 3)):
        assert regions.find(np.zeros(shape, np.uint8)) == []
