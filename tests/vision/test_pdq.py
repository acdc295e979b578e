"""The same picture is near whichever way round it stands; another one is far."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from efface.vision import pdq

Array = NDArray[np.uint8]


def scene(seed: int, width: int = 640, height: int = 480) -> Array:
    """A smooth made-up picture: light and dark patches of many sizes."""
    rng = np.random.default_rng(seed)
    layers = []
    for cells in (3, 6, 12, 24, 48):
        small = Image.fromarray((rng.random((cells, cells, 3)) * 255).astype(np.uint8))
        layers.append(np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32))
    mixed = sum(layer / (i + 1) for i, layer in enumerate(layers)) / sum(1 / (i + 1) for i in range(len(layers)))
    return np.clip(mixed, 0, 255).astype(np.uint8)


def recompressed(picture: Array, quality: int) -> Array:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out), dtype=np.uint8)


VIEWS: dict[str, Callable[[Array], Array]] = {
    "original": lambda a: a,
    "rotate-90-left": lambda a: np.rot90(a, 1),
    "rotate-180": lambda a: np.rot90(a, 2),
    "rotate-90-right": lambda a: np.rot90(a, -1),
    "flip-vertical": lambda a: a[::-1],
    "flip-horizontal": lambda a: a[:, ::-1],
    "transpose": lambda a: a.transpose(1, 0, 2),
    "transverse": lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
}


def test_every_view_has_its_name() -> None:
    assert tuple(VIEWS) == pdq.DIHEDRAL


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("seed", [1, 2])
def test_each_of_the_eight_hashes_is_the_hash_of_its_view(view: str, seed: int) -> None:
    ours, _ = pdq.fingerprint(scene(seed))
    theirs, _ = pdq.fingerprint(np.ascontiguousarray(VIEWS[view](scene(seed))))
    near = [pdq.distance(one, theirs[0]) for one in ours]
    assert int(np.argmin(near)) == pdq.DIHEDRAL.index(view)
    assert min(near) <= 4
    assert sorted(near)[1] > pdq.MATCH


@pytest.mark.parametrize("size", [(1000, 750), (750, 1000), (1601, 1203), (2400, 900)])
def test_hashes_of_other_programmes_are_near_at_any_size(size: tuple[int, int]) -> None:
    """The reference code at full size, against ours of the decoded picture, mirrored ones too."""
    for seed in range(4):
        picture = scene(seed, *size)
        ours, quality = pdq.fingerprint(pdq.to_hash_size(picture))
        bits, reference_quality = pdqhash.compute(picture)
        theirs = np.packbits(np.asarray(bits, np.uint8)).tobytes().hex()
        mirrored = pdqhash.compute(np.ascontiguousarray(picture[:, ::-1]))[0]
        assert pdq.distance(ours[0], theirs) <= 10
        assert abs(quality - reference_quality) <= 8
        assert pdq.distance(ours[5], np.packbits(np.asarray(mirrored, np.uint8)).tobytes().hex()) <= 16


def test_half_of_the_bits_are_set() -> None:
    hashes, _ = pdq.fingerprint(scene(5))
    assert {int(value, 16).bit_count() for value in hashes} == {128}


def test_eight_hashes_of_sixty_four_digits_and_a_quality() -> None:
    hashes, quality = pdq.fingerprint(scene(1))
    assert len(hashes) == 8
    assert all(len(value) == 64 and int(value, 16) >= 0 for value in hashes)
    assert quality > pdq.LOW_QUALITY


@pytest.mark.parametrize("quality", [85, 30])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.25, 2.0])
def test_recompressed_and_resized_copies_match(quality: int, share: float) -> None:
    picture = scene(3)
    size = (round(640 * share), round(480 * share))
    copy = recompressed(np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)), quality)
    ours, theirs = pdq.fingerprint(picture)[0], pdq.fingerprint(copy)[0]
    assert pdq.least_distance(ours[:1], theirs[:1]) <= 20


def test_blurred_and_grey_copies_match() -> None:
    picture = scene(4)
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2)), dtype=np.uint8)
    grey = np.asarray(Image.fromarray(picture).convert("L"), dtype=np.uint8)
    ours = pdq.fingerprint(picture)[0][:1]
    assert pdq.least_distance(ours, pdq.fingerprint(blurred)[0]) <= pdq.MATCH
    assert pdq.least_distance(ours, pdq.fingerprint(grey)[0]) <= 4


def test_different_pictures_do_not_match() -> None:
    prints = [pdq.fingerprint(scene(seed))[0] for seed in range(12)]
    pairs = [pdq.least_distance(prints[i], prints[j]) for i in range(12) for j in range(i)]
    assert min(pairs) > 2 * pdq.MATCH


def test_a_flat_picture_says_little() -> None:
    assert pdq.fingerprint(np.full((300, 300, 3), 128, dtype=np.uint8))[1] < pdq.LOW_QUALITY


def test_one_size_rule() -> None:
    assert pdq.to_hash_size(scene(1, 1600, 400)).shape == (128, 512, 3)
    assert pdq.to_hash_size(scene(1, 100, 200)).shape == (512, 256, 3)
    assert pdq.to_hash_size(scene(1, 512, 10)).shape == (10, 512, 3)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((10, 200, 3), np.uint8), np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64, 3), np.float32), np.zeros(9)],
)
def test_what_is_no_picture_is_a_value_error(picture: Array) -> None:
    with pytest.raises(ValueError, match="picture"):
        pdq.fingerprint(picture)


def test_a_ribbon_is_no_crash() -> None:
    with pytest.raises(ValueError, match="narrow"):
        pdq.fingerprint(np.zeros((16, 40_000, 3), np.uint8))


HASHES = st.integers(0, 2**256 - 1).map(lambda value: f"{value:064x}")


@given(HASHES, HASHES)
def test_distance_is_a_metric(a: str, b: str) -> None:
    assert pdq.distance(a, a) == 0
    assert pdq.distance(a, b) == pdq.distance(b, a)
    assert (pdq.distance(a, b) == 0) == (a == b)


@given(HASHES, st.sets(st.integers(0, 255)))
def test_distance_counts_flipped_bits(a: str, bits: set[int]) -> None:
    flipped = int(a, 16)
    for bit in bits:
        flipped ^= 1 << bit
    assert pdq.distance(a, f"{flipped:064x}") == len(bits)


def test_least_distance_of_nothing_is_the_farthest() -> None:
    assert pdq.least_distance([], ["0" * 64]) == 256
    assert pdq.least_distance(["f" * 64], ["0" * 64, "f" * 63 + "e"]) == 1


def test_a_malformed_hash_is_a_value_error() -> None:
    for bad in ("", "0" * 63, "g" * 64):
        with pytest.raises(ValueError, match=r"."):
            pdq.distance(bad, "0" * 64)
