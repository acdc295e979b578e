"""The parts of the pages' scripts that need no browser give what Python gives."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bench.clips import scene
from efface.vision import pdq
from efface.vision.faces import align
from efface.vision.faces.detect import arrange, shrink, suppress
from efface.vision.faces.quality import pose_share, quality, sharp_share, turn
from efface.vision.video import VideoPrint
from web.build import BuildFailed, call, check_types

POINTS = np.array([[60.0, 50], [100, 55], [82, 80], [62, 100], [95, 104]], np.float32)


def ask(*asked: Any) -> list[Any]:
    try:
        return call(asked)
    except BuildFailed as error:
        if "fetch" in str(error).lower():
            pytest.skip(f"the scripts' packages cannot be had here: {error}")
        raise


def given(pixels: np.ndarray) -> dict[str, Any]:
    return {"width": pixels.shape[1], "height": pixels.shape[0], "data": b64encode(pixels.tobytes()).decode()}


def got(answer: dict[str, Any], channels: int = 3) -> np.ndarray:
    shape = (answer["height"], answer["width"], channels)[: 2 if channels == 1 else 3]
    return np.frombuffer(b64decode(answer["data"]), np.uint8).reshape(shape)


def apart(one: np.ndarray, other: np.ndarray) -> tuple[float, int]:
    """Mean and greatest difference."""
    difference = np.abs(one.astype(int) - other.astype(int))
    return float(difference.mean()), int(difference.max())


def test_the_types_hold() -> None:
    try:
        assert check_types() == ""
    except BuildFailed as error:
        pytest.skip(str(error))


def test_digests() -> None:
    data = [np.random.default_rng(n).bytes(n) for n in (0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001)]
    calls = [(name, b64encode(one).decode(), len(one) // 3) for one in data for name in ("sha256", "md5", "crc32")]
    answers = ask(*calls)
    expected = [
        value
        for one in data
        for value in (hashlib.sha256(one).hexdigest(), hashlib.md5(one).hexdigest(), zlib.crc32(one))
    ]
    assert answers == expected


@pytest.mark.parametrize("size", [(480, 360), (500, 375), (500, 333), (333, 500), (1280, 720), (100, 40), (240, 240)])
def test_pdq(size: tuple[int, int]) -> None:
    pictures = [scene(seed, size) for seed in range(4)]
    for answer, picture in zip(ask(*(("fingerprint", given(one)) for one in pictures)), pictures, strict=True):
        hashes, worth = pdq.fingerprint(picture)
        distances = [pdq.distance(one, other) for one, other in zip(hashes, answer["hashes"], strict=True)]
        assert max(distances) <= 4 and abs(worth - answer["quality"]) <= 1


def test_the_eight_views_are_those_of_the_picture_really_turned() -> None:
    picture = scene(5, (320, 240))
    turned = [picture, np.rot90(picture), picture[::-1, ::-1], np.rot90(picture, -1), picture[::-1], picture[:, ::-1]]
    whole, *each = ask(
        ("fingerprint", given(picture)), *(("fingerprint", given(np.ascontiguousarray(t))) for t in turned)
    )
    for view, one in zip(whole["hashes"], each, strict=False):
        assert pdq.distance(view, one["hashes"][0]) <= 2
    assert len(set(whole["hashes"])) == 8


def test_too_small_and_too_narrow_have_no_fingerprint() -> None:
    shapes = [(15, 100, 3), (16, 16, 3), (20, 6000, 3)]
    small, least, narrow = ask(*(("fingerprint", given(np.zeros(shape, np.uint8))) for shape in shapes))
    assert small is None and narrow is None and least["quality"] == 0


def test_resampling_is_opencv_s() -> None:
    picture = scene(7, (401, 303))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    sizes = [(200, 151), (320, 242), (500, 400), (77, 90)]
    answers = ask(
        ("grey", given(picture)),
        *(("linear", given(picture), *size) for size in sizes),
        *(("shrink", given(picture), *size) for size in [(100, 75), (320, 240), (61, 80)]),
        *(("areaRgb", given(picture), *size) for size in [(100, 75), (133, 101), (48, 48)]),
    )
    assert apart(got(answers[0], 1), grey)[1] == 0
    for answer, size in zip(answers[1:5], sizes, strict=True):
        assert apart(got(answer), cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR))[1] <= 1
    for answer, size in zip(answers[5:8], [(100, 75), (320, 240), (61, 80)], strict=True):
        assert apart(got(answer), shrink(picture, size))[1] <= 1
    for answer, size in zip(answers[8:], [(100, 75), (133, 101), (48, 48)], strict=True):
        assert apart(got(answer), cv2.resize(picture, size, interpolation=cv2.INTER_AREA))[1] <= 1


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.9, 5.0])
def test_chips(scale: float) -> None:
    """Enlarged by a cubic kernel, as it is, and shrunk first."""
    picture = scene(3, (900, 700))
    points = POINTS * scale
    mean, most = apart(got(ask(("chip", given(picture), points.tolist()))[0]), align.chip(picture, points))
    assert mean < 0.35 and most <= 8


def test_quarter_turns() -> None:
    picture = scene(2, (50, 30))
    for turns, answer in enumerate(ask(*(("turned", given(picture), turns) for turns in range(4)))):
        assert np.array_equal(got(answer), np.rot90(picture, turns))


def test_what_a_face_is_worth() -> None:
    chip = scene(9, (112, 112))
    answer = ask(("worth", given(chip), POINTS.tolist(), 60, 0.9))[0]
    expected = [quality(chip, POINTS, 60, 0.9), sharp_share(chip), pose_share(POINTS), turn(POINTS)]
    assert answer == pytest.approx(expected, abs=2e-4)


def test_boxes() -> None:
    rng = np.random.default_rng(4)
    corner = rng.uniform(0, 100, (60, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 60, (60, 2)), rng.uniform(0.7, 1, (60, 1))], axis=1)
    rows = [dict(zip(("x1", "y1", "x2", "y2", "score"), map(float, box), strict=True)) for box in boxes]
    kept, wide, tall = ask(("suppress", rows), ("arrange", 1200, 400), ("arrange", 300, 900))
    assert kept == suppress(boxes.astype(np.float64)).tolist()
    for answer, (width, height) in ((wide, (1200, 400)), (tall, (300, 900))):
        cells = arrange(width, height, 320, 240)
        assert [(one["x"], one["y"], one["width"], one["height"], one["turns"]) for one in answer] == [
            (one.x, one.y, one.width, one.height, one.turns) for one in cells
        ]


def test_a_clip_is_packed_as_python_reads_it() -> None:
    hashes, _ = pdq.fingerprint(scene(1))
    frames = [{"seconds": n / 2, "quality": 50 + n, "pdq": hashes[0], "mirrored": hashes[5]} for n in range(5)]
    clip = {"duration": 2.5, "width": 640, "height": 360, "ending": 1, "frames": frames}
    read = VideoPrint.from_bytes(b64decode(ask(("packed", clip))[0]))
    assert (read.duration, read.width, read.height, read.partial) == (2.5, 640, 360, "time")
    assert [(one.seconds, one.quality, one.pdq, one.mirrored) for one in read.frames] == [
        tuple(one.values()) for one in frames
    ]


def test_frames_are_kept_where_the_picture_changes_and_once_a_second() -> None:
    still = [(n / 24, 100) for n in range(24 * 4)]
    moving = [(n / 24, 10 + 5 * n % 200) for n in range(24 * 2)]
    longer = [(n / 2, 10 + 5 * n % 200) for n in range(2 * 3600)]
    kept, changed, thinned = ask(("sampled", still, 4), ("sampled", moving, 2), ("sampled", longer, 3600))
    assert kept == [0, 1, 2, 3]
    assert len(changed) == 24 and np.diff(changed).max() < 0.09
    assert len(thinned) == 1800


def face(**more: Any) -> dict[str, Any]:
    return {"box": [0, 0, 1, 1], "px": 120, "quality": 0.6, "sharp": 0.9, "turn": 0.0, **more}


@pytest.mark.parametrize(
    ("faces", "candidates", "advice"),
    [
        ([], 0, "no-face"),
        ([face()], 1, None),
        ([face(), face(px=30)], 1, None),
        ([face(), face(px=90)], 2, None),
        ([face(px=200), face(px=90)], 1, None),
        ([face(px=20)], 0, "small"),
        ([face(quality=0.05, sharp=0.1)], 0, "blurred"),
        ([face(quality=0.05, turn=0.5)], 0, "turned"),
    ],
)
def test_which_face_could_be_hers(faces: list[Any], candidates: int, advice: str | None) -> None:
    chosen = ask(("choose", faces))[0]
    assert len(chosen["candidates"]) == candidates and chosen.get("advice") == advice


def test_what_a_file_is(tmp_path: Path) -> None:
    from PIL import Image

    picture = Image.new("RGB", (37, 21), (200, 30, 30))
    for name, form in (("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.gif", "GIF"), ("a.webp", "WEBP")):
        picture.save(tmp_path / name, form)
    picture.save(tmp_path / "moving.gif", save_all=True, append_images=[Image.new("RGB", (37, 21))], loop=0)
    names = ("a.jpg", "a.png", "a.gif", "a.webp", "moving.gif")
    heads = [(tmp_path / name).read_bytes() for name in names]
    others = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypisom",
        b"\xff\xd8\xff" + b"\xff" * 50,
              b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif"]  # fmt: skip
    answers = ask(*(("header", b64encode(one).decode()) for one in [*heads, *others]))
    assert [one["kind"] for one in answers] == [
        "jpeg", "png", "gif", "webp", "gif", "", "jpeg", "png", "", "heic", "video", "jpeg", "avif",
    ]  # fmt: skip
    assert [one["size"] for one in answers[:5]] == [{"width": 37, "height": 21}] * 5
    assert [one["size"] for one in answers[5:]] == [None] * len(others)
    assert [one["animated"] for one in answers[:5]] == [False, False, False, False, True]
