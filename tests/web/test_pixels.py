"""A browser sees the pixels that Python sees: whichever way round a file stores them, whatever form it has."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.clips import scene
from efface.vision import pdq
from efface.vision.pictures import FACE_SIDE, read_pixels
from web.build import BuildFailed
from web.device import Device, NoChromium, device

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Device]:
    try:
        with device() as found:
            yield found
    except (NoChromium, BuildFailed) as error:
        pytest.skip(str(error))


def stored(picture: Any, form: str, **more: Any) -> bytes:
    out = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(out, form, **more)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def seen(browser: Device, data: bytes, side: int) -> np.ndarray:
    found = browser.pixels(data, side)
    return np.frombuffer(b64decode(found["data"]), np.uint8).reshape(found["height"], found["width"], 3)


def with_alpha() -> Image.Image:
    picture = Image.fromarray(scene(4, (700, 500))).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((700, 500)))
    return picture


LARGE = scene(8, (4000, 3000))
FILES = {
    **{f"turned {n}": stored(scene(n, (800, 500)), "JPEG", exif=exif(n), quality=92) for n in range(1, 9)},
    **{f"large, turned {n}": stored(LARGE, "JPEG", exif=exif(n), quality=92) for n in (1, 6)},
    "grey": stored(Image.fromarray(scene(3)).convert("L"), "JPEG"),
    "progressive": stored(scene(3), "JPEG", progressive=True),
    "palette": stored(Image.fromarray(scene(5)).quantize(64), "PNG"),
    "see-through": stored(with_alpha(), "PNG"),
    "large png": stored(scene(6, (2600, 1400)), "PNG"),
    "webp": stored(scene(7), "WEBP", quality=90),
    "gif": stored(Image.fromarray(scene(9)).quantize(128), "GIF"),
    "wide": stored(scene(10, (2400, 300)), "JPEG"),
    "tall": stored(scene(11, (150, 1200)), "JPEG"),
    "small": stored(scene(12, (40, 30)), "PNG"),
}


CLOSER = ("large, turned 6", "large png", "wide", "see-through")


@pytest.mark.parametrize(
    ("name", "side"), [*((name, pdq.HASH_SIDE) for name in FILES), *((name, FACE_SIDE) for name in CLOSER)]
)
def test_pixels_and_hashes_agree(browser: Device, name: str, side: int) -> None:
    ours, theirs = read_pixels(FILES[name], side).rgb, seen(browser, FILES[name], side)
    assert theirs.shape == ours.shape
    assert np.abs(theirs.astype(int) - ours).mean() < 3
    if min(ours.shape[:2]) >= pdq.LEAST_SIDE and name != "small":
        distances = map(pdq.distance, pdq.fingerprint(ours)[0], pdq.fingerprint(theirs)[0])
        assert max(distances) <= 10


def test_a_picture_stored_another_way_round_would_be_seen(browser: Device) -> None:
    """The comparison above sees red where orientation is left out."""
    ours = read_pixels(FILES["turned 6"], 480).rgb
    plain = seen(browser, stored(scene(6, (800, 500)), "JPEG", quality=92), 480)
    assert plain.shape != ours.shape


def test_a_camera_s_photo_is_done_in_time_and_leaves_nothing(browser: Device) -> None:
    made = browser.make(FILES["large, turned 6"])
    assert made["ms"] < 6000 and made["decoded"]["picture"]["width"] == 3000
    assert browser.complaints == []


def test_a_video_that_lies_or_breaks_off(browser: Device) -> None:
    from bench import clips

    whole = clips.encode(clips.film(clips.Pictures([], 1), 1, "shots", 3.0, (320, 240), 12), 12)
    assert browser.make(whole, "a.mp4", "video/mp4")["decoded"]["picture"]["seconds"] == pytest.approx(3, abs=0.2)
    assert browser.make(whole[: len(whole) // 3], "a.mp4", "video/mp4")["trouble"] == "video"
    assert browser.make(b"\0\0\0\x18ftypisom" + bytes(500), "a.mp4", "video/mp4")["trouble"] == "video"
