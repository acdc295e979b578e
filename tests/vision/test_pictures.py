"""Hostile bytes become pixels or a typed reason, never an exception of somebody's library."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from efface.vision import pdq
from efface.vision.formats import MIMES, sniff
from efface.vision.pictures import PictureError, read_pixels
from tests.vision.test_pdq import scene


def encoded(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (picture or Image.fromarray(scene(1))).save(out, kind, **options)
    return out.getvalue()


def enormous_png(width: int, height: int) -> bytes:
    """A PNG whose header promises a picture of that size; its pixels are all black and pack to almost nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    machine = zlib.compressobj(1)
    rows = bytes((1 + width * 3) * 100)
    packed = b"".join(machine.compress(rows) for _ in range(height // 100)) + machine.flush()
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", list(MIMES))
def test_every_format_is_read_and_its_fingerprint_is_the_same(kind: str) -> None:
    data = encoded(kind)
    assert sniff(data) == MIMES[kind]
    pixels = read_pixels(data)
    assert (pixels.width, pixels.height, pixels.mime) == (640, 480, MIMES[kind])
    reference = pdq.fingerprint(scene(1))[0]
    assert pdq.least_distance(reference[:1], pdq.fingerprint(pixels.rgb)[0][:1]) <= (pdq.MATCH if kind == "GIF" else 14)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16"])
def test_modes_of_png(mode: str) -> None:
    picture = Image.fromarray(scene(2))
    if mode == "I;16":
        wide = np.asarray(picture.convert("L"), dtype=np.uint16) * 257
        picture = Image.fromarray(wide)
    else:
        picture = picture.convert(mode)
    pixels = read_pixels(encoded("PNG", picture))
    reference = pdq.fingerprint(scene(2))[0]
    assert pdq.least_distance(reference[:1], pdq.fingerprint(pixels.rgb)[0][:1]) <= pdq.MATCH


def test_cmyk_jpeg() -> None:
    pixels = read_pixels(encoded("JPEG", Image.fromarray(scene(2)).convert("CMYK")))
    reference = pdq.fingerprint(scene(2))[0]
    assert pdq.least_distance(reference[:1], pdq.fingerprint(pixels.rgb)[0][:1]) <= pdq.MATCH


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_stood_upright_as_a_browser_would(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded("JPEG", exif=exif, quality=95)
    pixels = read_pixels(data)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert (pixels.width, pixels.height) == upright.size
    ours, theirs = pdq.fingerprint(pixels.rgb)[0], pdq.fingerprint(np.asarray(upright))[0]
    assert pdq.distance(ours[0], theirs[0]) <= 12


def test_a_large_jpeg_is_decoded_small() -> None:
    data = encoded("JPEG", Image.fromarray(scene(1)).resize((4000, 3000)))
    pixels = read_pixels(data)
    assert (pixels.width, pixels.height) == (4000, 3000)
    assert max(pixels.rgb.shape[:2]) < 1100
    assert max(read_pixels(data, 1280).rgb.shape[:2]) >= 1280


def test_transparency_lies_on_white() -> None:
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert read_pixels(encoded("PNG", picture)).rgb.min() == 255


def test_only_the_first_frame_counts() -> None:
    frames = [Image.fromarray(scene(seed)) for seed in (1, 2, 3)]
    data = encoded("GIF", frames[0], save_all=True, append_images=frames[1:])
    near = pdq.least_distance(pdq.fingerprint(scene(1))[0], pdq.fingerprint(read_pixels(data).rgb)[0])
    assert near <= pdq.MATCH


def reason(data: bytes) -> str:
    with pytest.raises(PictureError) as error:
        read_pixels(data)
    return error.value.reason


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (40_001, 1_000), (65_535, 65_535)])
def test_too_many_pixels_are_refused_from_the_header(width: int, height: int) -> None:
    assert reason(_head(width, height)) == "too-many-pixels"


def _head(width: int, height: int) -> bytes:
    data = enormous_png(100, 100)
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return data[:16] + head + struct.pack("!I", zlib.crc32(b"IHDR" + head)) + data[33:]


@pytest.mark.parametrize("data", [b"", b"\x00", b"<html>", b"%PDF-1.7", b"BM" + bytes(60), b"II*\x00" + bytes(60)])
def test_other_formats_are_not_touched(data: bytes) -> None:
    assert reason(data) == "unknown-format"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_a_truncated_picture_is_corrupt(kind: str) -> None:
    data = encoded(kind)
    assert reason(data[: len(data) // 2]) == "corrupt"


def test_a_truncated_jpeg_shows_what_is_there_as_browsers_do() -> None:
    data = encoded("JPEG")
    assert read_pixels(data[: len(data) * 2 // 3]).width == 640


@pytest.mark.parametrize("kind", list(MIMES))
def test_rubbish_after_the_first_bytes_is_corrupt(kind: str) -> None:
    assert reason(encoded(kind)[:16] + b"rubbish" * 50) in ("corrupt", "unknown-format")


def test_the_bytes_decide_and_not_the_name() -> None:
    assert read_pixels(encoded("PNG")).mime == "image/png"
    assert read_pixels(encoded("JPEG") + b"<script>alert(1)</script>PK\x03\x04").mime == "image/jpeg"


@given(st.sampled_from(sorted(MIMES)), st.integers(0, 2000), st.binary(min_size=1, max_size=40))
def test_damage_anywhere_is_pixels_or_a_reason(kind: str, place: int, damage: bytes) -> None:
    data = bytearray(_SMALL[kind])
    data[place % len(data) : place % len(data) + len(damage)] = damage
    try:
        pixels = read_pixels(bytes(data))
    except PictureError as error:
        assert error.reason in ("corrupt", "too-many-pixels", "unknown-format", "memory")
    else:
        assert pixels.rgb.ndim == 3
        assert pixels.rgb.dtype == np.uint8


_SMALL = {kind: encoded(kind, Image.fromarray(scene(5, 40, 30))) for kind in MIMES}


def test_texts_that_unpack_to_too_much_do_not_hide_a_picture() -> None:
    data = encoded("PNG")
    bombs = b""
    for name, head in (
        (b"zTXt", b"Comment\x00\x00"),
        (b"iCCP", b"icc\x00\x00"),
        (b"iTXt", b"Comment\x00\x01\x00\x00\x00"),
    ):
        body = head + zlib.compress(bytes(50_000_000))
        bombs += struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))
    hidden = data[:33] + bombs + data[33:]
    with pytest.raises(ValueError, match="large"):
        Image.open(io.BytesIO(hidden)).load()
    assert np.array_equal(read_pixels(hidden).rgb, read_pixels(data).rgb)


def test_broken_markers_do_not_hide_a_jpeg() -> None:
    data = encoded("JPEG")
    for body in (b"Exif\x00\x00" + b"\xff" * 100, b"MPF\x00" + b"\xff" * 50, b"ICC_PROFILE\x00\x01"):
        marker = b"\xff\xe1" if body.startswith(b"Exif") else b"\xff\xe2"
        hidden = data[:2] + marker + struct.pack("!H", len(body) + 2) + body + data[2:]
        assert np.array_equal(read_pixels(hidden).rgb, read_pixels(data).rgb)


def test_inks_are_read_as_colours() -> None:
    picture = read_pixels(encoded("JPEG", Image.new("CMYK", (64, 64), (255, 0, 0, 0)))).rgb
    assert picture[32, 32, 0] < 60
    assert picture[32, 32, 2] > 180
