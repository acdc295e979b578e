"""Looks and prints: made from pixels, carried as bytes, refused in words."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision.local import LocalFormatError, LocalLook, LocalPrint, LocalRefused, TileBits, enrol, look, tiles
from efface.vision.local.looks import MOST_BYTES, WHOLE_KEYPOINTS
from efface.vision.local.prints import GRID, PRINT_KEYPOINTS
from tests.vision.scenes import in_frame, pictures, sheet

SCENES = pictures(4, seed=5)
LOOK = look(SCENES[0]).to_bytes()
PRINT = enrol(SCENES[0]).to_bytes()
TILES = tiles(SCENES[0], [(1, 0, 0, 0, 1, 0)])[0].to_bytes()
KINDS = [(LocalLook, LOOK), (LocalPrint, PRINT), (TileBits, TILES)]


def test_a_look_comes_back_from_its_bytes() -> None:
    group, again = look(SCENES[0]).groups[0], LocalLook.from_bytes(LOOK).groups[0]
    assert 100 < len(group) <= WHOLE_KEYPOINTS
    assert again.box == (0.0, 0.0, 1.0, 1.0)
    assert (again.width, again.height) == (group.width, group.height)
    for name in ("x", "y", "angle", "level", "codes", "mirrored"):
        assert np.array_equal(getattr(again, name), getattr(group, name))


def test_the_mirror_codes_are_those_of_the_mirror_image() -> None:
    ours, theirs = look(SCENES[0]).groups[0], look(np.ascontiguousarray(SCENES[0][:, ::-1])).groups[0]
    theirs_by_code = np.unpackbits(theirs.codes, axis=1).astype(np.float32)
    apart = np.abs(np.unpackbits(ours.mirrored, axis=1).astype(np.float32)[:, None] - theirs_by_code[None]).sum(axis=2)
    assert (apart.min(axis=1) < 30).mean() > 0.6


def test_the_same_pixels_give_the_same_bytes() -> None:
    assert look(SCENES[0]).to_bytes() == LOOK
    assert enrol(SCENES[0]).to_bytes() == PRINT


def test_a_print_is_small_and_keeps_positions_coarse() -> None:
    kept = LocalPrint.from_bytes(PRINT)
    assert len(PRINT) <= 9 * 1024
    assert len(kept) == PRINT_KEYPOINTS
    assert kept.x.max() < GRID and kept.turn.max() < 16
    assert kept.to_bytes() == PRINT
    assert "codes" not in repr(kept)


def test_a_common_picture_is_looked_at_once_and_framed_ones_apart() -> None:
    assert [len(look(picture).groups) for picture in SCENES] == [1, 1, 1, 1]
    framed = look(in_frame(SCENES[0]))
    assert len(framed.groups) == 2
    assert framed.groups[1].box == pytest.approx((1 / 6, 0.25, 4 / 6, 0.75), abs=0.01)
    collage = look(sheet(SCENES))
    assert len({group.box for group in collage.groups}) == 5
    assert len(collage.groups) == 9, "each cell also the other way, for portraits squeezed into it"
    assert len(collage.to_bytes()) <= MOST_BYTES


@pytest.mark.parametrize("kind,data", KINDS)
def test_bytes_of_another_length_or_version_are_refused(kind: type, data: bytes) -> None:
    for broken in (b"", data[:3], data[:-1], data + b"\0", b"XXXX" + data[4:], b"\0" * len(data)):
        with pytest.raises(LocalFormatError):
            kind.from_bytes(broken)


@pytest.mark.parametrize("kind,data", KINDS)
@settings(max_examples=80, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6))
def test_hostile_bytes_are_read_or_refused_never_worse(
    kind: type, data: bytes, changes: list[tuple[int, int]]
) -> None:
    broken = bytearray(data)
    for at, value in changes:
        broken[at % len(broken)] = value
    try:
        kind.from_bytes(bytes(broken))
    except LocalFormatError:
        pass


def test_a_look_cannot_be_larger_than_its_limit() -> None:
    with pytest.raises(LocalFormatError):
        LocalLook.from_bytes(LOOK + b"\0" * MOST_BYTES)


def test_pictures_that_cannot_be_recognised_are_refused_in_words() -> None:
    smooth = np.kron(np.random.default_rng(2).integers(0, 256, (4, 6)), np.ones((100, 100))).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(smooth, (0, 0), 25), dtype=np.uint8)
    for picture, reason in (
        (np.full((400, 600, 3), 90, np.uint8), "blank"),
        (np.tile(np.linspace(40, 200, 600).astype(np.uint8), (400, 1)), "flat"),
        (smooth, "few-corners"),
        (SCENES[0][:40, :40], "small"),
    ):
        with pytest.raises(LocalRefused) as refused:
            enrol(picture)
        assert refused.value.reason == reason
        assert len(str(refused.value)) > 30


def test_a_picture_without_corners_has_an_empty_look() -> None:
    seen = look(np.full((400, 600), 90, np.uint8))
    assert [len(group) for group in seen.groups] == [0]
    assert LocalLook.from_bytes(seen.to_bytes()).groups[0].codes.shape == (0, 32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (20, 20), (700, 9)])
def test_the_oddest_shapes_are_looked_at(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    LocalLook.from_bytes(look(picture).to_bytes())


def test_what_is_no_picture_is_a_value_error() -> None:
    for wrong in (np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)):
        with pytest.raises(ValueError):
            look(wrong)  # type: ignore[arg-type]


def test_tiles_refuse_transforms_that_are_none() -> None:
    for wrong in ((0.0,) * 6, (float("nan"), 0, 0, 0, 1, 0), (1, 1, 0, 1, 1, 0)):
        with pytest.raises(ValueError):
            tiles(SCENES[0], [wrong])
    with pytest.raises(ValueError):
        tiles(SCENES[0], [(1, 0, 0, 0, 1, 0)] * 33)
    assert tiles(SCENES[0], []) == []
