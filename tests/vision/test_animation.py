"""An animated picture is looked at like a short video, within limits."""

from __future__ import annotations

import functools
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from efface.vision import pdq
from efface.vision.animation import MOST_STILLS, is_animated, read
from efface.vision.pictures import PictureError
from efface.vision.video import Limits, VideoIndex
from efface.vision.video.read import read as read_video
from tests.vision import films


def animated(pictures: list[films.Pixels], kind: str = "GIF", **options: object) -> bytes:
    first, *rest = (Image.fromarray(picture) for picture in pictures)
    out = io.BytesIO()
    first.save(out, kind, save_all=True, append_images=rest, **{"duration": 200, **options})
    return out.getvalue()


@pytest.fixture(scope="module")
def pictures() -> list[films.Pixels]:
    return films.frames(20, 8.0, 160, 90)[::4]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_frames_of_every_kind(kind: str, pictures: list[films.Pixels]) -> None:
    data = animated(pictures[:15], kind, duration=400)
    assert is_animated(data)
    made = read(data, Limits(stills=16))
    assert made.frames == 15
    assert 10 <= len(made.print.frames) <= 15
    assert made.print.duration == pytest.approx(6.0, abs=0.2)
    assert (made.print.width, made.print.height, made.print.partial) == (160, 90, "")
    assert made.stills[0].number == 0
    assert 3 <= len(made.stills) <= MOST_STILLS
    assert pdq.distance(made.print.frames[0].pdq, pdq.fingerprint(pictures[0])[0][0]) <= 14


def test_a_gif_of_her_video_is_found() -> None:
    frames = films.frames(20, 12.0, 160, 90)
    index: VideoIndex[str] = VideoIndex()
    index.add("hers", read_video(films.encoded(frames), depth="enrol"))
    (hit,) = index.query(read(animated(frames[20:100:4], duration=400)).print)
    assert hit.key == "hers"
    assert hit.offset == pytest.approx(2.0, abs=0.3)


def test_one_frame_is_no_animation(pictures: list[films.Pixels]) -> None:
    for kind in ("GIF", "WEBP", "AVIF", "PNG", "JPEG"):
        out = io.BytesIO()
        Image.fromarray(pictures[0]).save(out, kind)
        assert not is_animated(out.getvalue())
    assert not is_animated(b"GIF89a")
    assert not is_animated(b"")


def test_thousands_of_frames_cost_the_first_of_them() -> None:
    shades = [np.full((32, 32, 3), number % 2 * 255, np.uint8) for number in range(1_500)]
    data = animated(shades, duration=20)
    made = read(data, Limits(animation_frames=200, wall_s=8))
    assert made.print.partial == "time"
    assert made.frames <= 200
    assert len(made.print.frames) <= 21


def test_a_still_repeated_has_one_record(pictures: list[films.Pixels]) -> None:
    made = read(animated([pictures[0]] * 30, "WEBP"))
    assert len(made.print.frames) == 1
    assert len(made.stills) == 1


def test_broken_half_way(pictures: list[films.Pixels]) -> None:
    data = animated(pictures[:12])
    made = read(data[: len(data) // 2])
    assert 1 <= len(made.print.frames) < 12


def test_refusals(pictures: list[films.Pixels]) -> None:
    for data, reason in (
        (b"", "unknown-format"),
        (b"\xff\xd8\xff", "unknown-format"),
        (b"GIF89a" + bytes(20), "corrupt"),
        (animated([np.zeros((8, 8, 3), np.uint8), np.ones((8, 8, 3), np.uint8)]), "corrupt"),
    ):
        with pytest.raises(PictureError) as refused:
            read(data)
        assert refused.value.reason == reason
    with pytest.raises(PictureError) as refused:
        read(animated(pictures[:2]), Limits(pixels=1000))
    assert refused.value.reason == "too-many-pixels"


@functools.cache
def small() -> bytes:
    return animated(films.frames(21, 1.0, 64, 48)[::2])


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_damage_anywhere(data: st.DataObject) -> None:
    source = small()
    broken = bytearray(source)
    for place in data.draw(st.lists(st.integers(0, len(source) - 1), min_size=1, max_size=20)):
        broken[place] = data.draw(st.integers(0, 255))
    try:
        made = read(bytes(broken), Limits(wall_s=3))
    except PictureError:
        return
    assert made.print.frames
