"""Whatever the bytes are: fingerprints or a documented reason, within the limits, and the picture after it is read."""

from __future__ import annotations

import ctypes
import io
import json
import struct
import time
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

import av
import numpy as np
import pytest
from PIL import Image

from bench.scenes import scene as textured
from efface.net.decoder import Decoder, moving, work
from efface.net.protocol import Decoded, Want
from efface.vision import pdq, pictures
from efface.vision.local import LocalLook, LocalPrint, TileBits
from efface.vision.local.tiles import MOST_BYTES
from efface.vision.video import WORDS, VideoPrint
from tests.net.test_decoder import forked
from tests.vision import films
from tests.vision.test_pdq import scene
from tests.vision.test_pictures import encoded, enormous_png

REASONS = {*WORDS, *get_args(pictures.Reason), "timeout", "crashed"}
ALL = Want.LOOK | Want.PRINT
GOOD = encoded("PNG", Image.fromarray(scene(9, 160, 120)))
WHOLE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


def answered(decoder: Decoder, data: bytes, want: Want = ALL) -> Decoded:
    """The answer for ``data``; the picture behind it in the batch must have its own."""
    start = time.monotonic()
    bad, good = decoder.decode_pictures([data, GOOD], want)
    assert time.monotonic() - start < 90, "a picture has 15 seconds and a video 60"
    assert (good.picture.error, good.picture.sha256, len(good.picture.pdq)) == ("", pdq.sha256(GOOD), 8)
    picture = bad.picture
    assert (picture.sha256, picture.md5, picture.size) == (pdq.sha256(data), pdq.md5(data), len(data))
    if picture.error:
        assert picture.error in REASONS
        assert (picture.pdq, picture.pdq_quality, bad.faces) == ([], 0, [])
        assert (picture.clip, bad.look, bad.print) == ("", "", "")
    return bad


# what the files are


@cache
def shots() -> list[films.Pixels]:
    return films.frames(1, 3.0)


@cache
def film() -> bytes:
    return films.encoded(shots(), options={"g": "10"})


@cache
def motion_jpegs() -> bytes:
    return films.encoded(shots()[:10], kind="avi", codec="mjpeg")


def without_key_frames(kind: str, codec: str = "libx264") -> bytes:
    """A film whose packets are all there but those of its key frames."""
    options = {"g": "400", **({"sc_threshold": "0"} if codec == "libx264" else {})}
    out = io.BytesIO()
    whole = films.encoded(shots(), codec=codec, options=options)
    with av.open(io.BytesIO(whole)) as source, av.open(out, "w", format=kind) as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None and not packet.is_keyframe:
                packet.stream = copied
                target.mux(packet)
    return out.getvalue()


def archive(locked: bool = False) -> bytes:
    """A ZIP with a picture in it; ``locked``: marked as encrypted, its bytes scrambled."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("picture.jpg", GOOD)
    data = bytearray(out.getvalue())
    if locked:
        central = data.find(b"PK\x01\x02")
        data[6] |= 1
        data[central + 8] |= 1
        start = data.find(GOOD[:8])
        noise = np.random.default_rng(3).bytes(len(GOOD))
        data[start : start + len(GOOD)] = bytes(a ^ b for a, b in zip(GOOD, noise, strict=True))
    return bytes(data)


@cache
def gif(count: int, width: int = 80, height: int = 60) -> bytes:
    """``count`` frames (a multiple of twenty), a new picture each fortieth of a second."""
    frames = [Image.fromarray(scene(seed, width, height)).quantize(64) for seed in range(20)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=40, optimize=False, disposal=1)
    data = out.getvalue()
    first = data.find(b"\x21\xf9\x04")
    return data[:first] + data[first:-1] * (count // 20) + b";"


def sound(kind: str, codec: str) -> bytes:
    if codec in ("aac", "libopus"):
        return films.sound(1.0, kind, codec)
    out = io.BytesIO()
    tone = (8000 * np.sin(np.arange(48_000) / 20)).astype(np.int16).reshape(1, -1)
    with av.open(out, "w", format=kind) as writer:
        stream = writer.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=48_000, frame_size=1152)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            writer.mux(stream.encode(part))
        writer.mux(stream.encode(None))
    return out.getvalue()


def described_as(data: bytes, width: int, height: int) -> bytes:
    """The film with another size in its sample description and its track header (ISO 14496-12, 8.5.2 and 8.3.2)."""
    made = bytearray(data)
    struct.pack_into("!HH", made, made.find(b"avc1", made.find(b"stsd")) + 28, width, height)
    head = made.find(b"tkhd") - 4
    (size,) = struct.unpack_from("!I", made, head)
    struct.pack_into("!II", made, head + size - 8, width << 16, height << 16)
    return bytes(made)


def frames_of_size(data: bytes, width: int, height: int) -> bytes:
    """The motion JPEG film whose pictures (and not its container) promise another size."""
    made, at = bytearray(data), 0
    while (at := made.find(b"\xff\xc0\x00\x11", at)) >= 0:
        struct.pack_into("!HH", made, at + 5, height, width)
        at += 4
    return bytes(made)


def locked_film() -> bytes:
    at = film().find(b"avc1", film().find(b"stsd"))
    return film()[:at] + b"encv" + film()[at + 4 : at + 60] + b"sinf" + film()[at + 64 :]


def noise(size: int, first: bytes = b"") -> bytes:
    return first + np.random.default_rng(1).bytes(size)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "unknown-format"),
    "one byte": (lambda: b"\xff", "unknown-format"),
    "random": (lambda: noise(100_000), "unknown-format"),
    "random after a JPEG's first bytes": (lambda: noise(50_000, b"\xff\xd8\xff\xe0"), "corrupt"),
    "rubbish after a GIF's head": (lambda: b"GIF89a" + bytes([100, 0, 100, 0, 0, 0, 0]) + b"rubbish" * 5000, "corrupt"),
    "random after an MP4's first bytes": (lambda: noise(50_000, film()[:32]), "truncated"),
    "JPEG cut in its head": (lambda: encoded("JPEG")[:300], "corrupt"),
    "PNG cut": (lambda: encoded("PNG")[:5000], "corrupt"),
    "GIF cut": (lambda: encoded("GIF")[:2000], "corrupt"),
    "MP4 cut": (lambda: film()[: len(film()) // 2], "truncated"),
    "MP4 of 40 bytes": (lambda: film()[:40], "truncated"),
    "13000 x 13000": (lambda: enormous_png(13_000, 13_000), "too-many-pixels"),
    "ZIP": (archive, "unknown-format"),
    "encrypted ZIP": (lambda: archive(locked=True), "unknown-format"),
    "encrypted film": (locked_film, "encrypted"),
    "film without key frames, MP4": (lambda: without_key_frames("mp4"), "no-key-frames"),
    "film without key frames, Matroska": (lambda: without_key_frames("matroska"), "no-key-frames"),
    "film without key frames, transport stream": (lambda: without_key_frames("mpegts"), "no-key-frames"),
    "film without key frames, AVI": (lambda: without_key_frames("avi", "mpeg4"), "no-key-frames"),
    "sound, MP4": (lambda: sound("mp4", "aac"), "no-video"),
    "sound, MP3 in MP4": (lambda: sound("mp4", "libmp3lame"), "no-video"),
    "sound, samples in QuickTime": (lambda: sound("mov", "pcm_s16le"), "no-video"),
    "sound, WebM": (lambda: sound("webm", "libopus"), "no-video"),
    "sound, MP3": (lambda: sound("mp3", "libmp3lame"), "unknown-format"),
    "sound, WAV": (lambda: sound("wav", "pcm_s16le"), "unknown-format"),
    "film of 4096 x 4096": (
        lambda: films.encoded([np.zeros((4096, 4096, 3), np.uint8)], kind="avi", codec="mjpeg"),
        "too-many-pixels",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_has_its_reason(decoder: Decoder, name: str) -> None:
    make, reason = REFUSED[name]
    assert answered(decoder, make()).picture.error == reason


def near(decoded: Decoded, picture: Any, most: int = pdq.MATCH) -> bool:
    return pdq.distance(decoded.picture.pdq[0], pdq.fingerprint(np.asarray(picture))[0][0]) <= most


def test_pictures_out_of_the_ordinary_have_their_fingerprints(decoder: Decoder) -> None:
    picture = Image.fromarray(scene(1))
    grey = np.asarray(picture.convert("L"), np.uint16) * 257
    for data, mime in (
        (encoded("JPEG", picture.convert("CMYK")), "image/jpeg"),
        (encoded("PNG", Image.fromarray(grey)), "image/png"),
        (encoded("JPEG") + archive(), "image/jpeg"),
        (encoded("PNG") + archive(locked=True), "image/png"),
        (encoded("GIF") + b"<html><script>alert(1)</script></html>", "image/gif"),
    ):
        decoded = answered(decoder, data)
        assert (decoded.picture.error, decoded.picture.mime) == ("", mime)
        assert (decoded.picture.width, decoded.picture.height) == (640, 480)
        assert near(decoded, scene(1))


def test_a_jpeg_cut_short_shows_what_is_there(decoder: Decoder) -> None:
    data = encoded("JPEG")
    whole, most = (answered(decoder, one).picture for one in (data, data[: len(data) * 19 // 20]))
    assert (most.error, most.width, most.height) == ("", 640, 480)
    assert whole.sha256 != most.sha256
    assert pdq.distance(whole.pdq[0], most.pdq[0]) <= pdq.MATCH


def test_one_pixel_is_a_picture_without_fingerprints(decoder: Decoder) -> None:
    for kind in ("PNG", "JPEG", "GIF"):
        decoded = answered(decoder, encoded(kind, Image.new("RGB", (1, 1))))
        assert (decoded.picture.error, decoded.picture.pdq, decoded.print, decoded.look) == ("", [], "", "")
        assert decoded.print_refused in ("small", "blank")


def test_the_largest_that_is_allowed_fits(decoder: Decoder) -> None:
    data = encoded("PNG", Image.new("P", (6300, 6300)), transparency=0)
    decoded = answered(decoder, data, Want.PLAIN)
    assert (decoded.picture.error, decoded.picture.width, decoded.picture.height) == ("", 6300, 6300)


def test_ten_thousand_frames_cost_the_first_thousand(decoder: Decoder) -> None:
    decoded = answered(decoder, gif(10_000), Want.PLAIN)
    assert decoded.picture.error == ""
    assert near(decoded, Image.open(io.BytesIO(gif(10_000))).convert("RGB"))
    clip = VideoPrint.from_bytes(b64decode(decoded.picture.clip))
    assert clip.partial == "time"
    assert clip.duration <= 40.0
    assert 1 < len(clip.frames) <= 1000


@pytest.mark.parametrize("size", [(16, 16), (65_535, 65_535)])
def test_a_film_is_as_large_as_its_pictures_and_not_as_its_header_says(decoder: Decoder, size: tuple[int, int]) -> None:
    picture = answered(decoder, described_as(film(), *size), Want.PLAIN).picture
    assert (picture.error, picture.width, picture.height) == ("", 320, 180)
    assert picture.pdq == answered(decoder, film(), Want.PLAIN).picture.pdq


def test_frames_that_promise_more_than_the_container_are_not_made(decoder: Decoder) -> None:
    assert answered(decoder, motion_jpegs()).picture.error == ""
    assert answered(decoder, frames_of_size(motion_jpegs(), 65_500, 65_500)).picture.error in (
        "corrupt",
        "too-many-pixels",
    )
    small = answered(decoder, frames_of_size(motion_jpegs(), 16, 32)).picture
    assert (small.error, small.width) == ("", 16)


def test_damage_anywhere_costs_one_file(decoder: Decoder) -> None:
    """Damaged bytes in files of each kind, all in one batch: every one is answered, and each good one between them."""
    small = Image.fromarray(scene(5, 80, 60))
    kinds = [encoded(kind, small) for kind in pictures.FORMATS]
    kinds += [gif(20), films.encoded(shots()[:4]), films.encoded(shots()[:4], kind="webm", codec="libvpx")]
    kinds += [motion_jpegs()[:20_000]]
    rng = np.random.default_rng(7)
    batch: list[bytes] = []
    for data in kinds:
        for _ in range(6):
            broken = bytearray(data)
            for _ in range(int(rng.integers(1, 20))):
                broken[int(rng.integers(0, len(broken)))] = int(rng.integers(0, 256))
            batch += [bytes(broken), GOOD]
    answers = decoder.decode_pictures(batch, ALL)
    assert [one.picture.sha256 for one in answers] == [pdq.sha256(data) for data in batch]
    assert {one.picture.error for one in answers[1::2]} == {""}
    assert {one.picture.error for one in answers[0::2]} <= {"", *REASONS}
    assert {"", "corrupt"} <= {one.picture.error for one in answers[0::2]}


def test_a_reader_that_crashes_on_a_film_costs_the_film(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work.rehearse(None) == []
    monkeypatch.setattr(moving, "video", lambda *_: ctypes.string_at(0))
    with forked(monkeypatch, 10.0) as decoder:
        answers = decoder.decode_pictures([GOOD, film(), GOOD, film(), GOOD])
    assert [one.picture.error for one in answers] == ["", "crashed", "", "crashed", ""]
    assert answers[1].picture.sha256 == pdq.sha256(film())


# what comes out of what can be read


def test_a_film_and_an_animation_have_a_clip(decoder: Decoder) -> None:
    animation = gif(20)
    for data, mime, size, seconds in (
        (film(), "video/mp4", (320, 180), 3.0),
        (animation, "image/gif", (80, 60), 0.8),
    ):
        picture = answered(decoder, data).picture
        assert (picture.error, picture.mime, picture.width, picture.height) == ("", mime, *size)
        assert len(picture.pdq) == 8
        clip = VideoPrint.from_bytes(b64decode(picture.clip))
        assert (clip.width, clip.height, clip.partial) == (*size, "")
        assert clip.duration == pytest.approx(seconds, abs=0.1)
        assert clip.duration == pytest.approx(picture.seconds, abs=0.01)
        assert len(clip.telling) > 2
    hashes = [frame.pdq for frame in VideoPrint.from_bytes(b64decode(answered(decoder, film()).picture.clip)).frames]
    assert pdq.least_distance(hashes, pdq.fingerprint(shots()[15])[0][:1]) <= 12


def test_a_picture_that_stands_still_has_no_clip(decoder: Decoder) -> None:
    picture = answered(decoder, encoded("GIF")).picture
    assert (picture.clip, picture.seconds) == ("", 0.0)


def test_a_print_is_made_of_her_own_pictures_only_and_refused_in_words(decoder: Decoder) -> None:
    busy = encoded("PNG", Image.fromarray(textured(np.random.default_rng(4))))
    blank = encoded("PNG", Image.new("RGB", (640, 480), (90, 90, 90)))
    made = answered(decoder, busy, Want.PRINT)
    assert len(LocalPrint.from_bytes(b64decode(made.print))) >= 40
    assert (made.print_refused, made.look) == ("", "")
    refused = answered(decoder, blank, Want.PRINT)
    assert (refused.print, refused.print_refused, refused.picture.error) == ("", "blank", "")
    plain = answered(decoder, busy, Want.PLAIN)
    assert (plain.print, plain.print_refused, plain.look) == ("", "", "")


def test_a_look_is_made_of_strangers_pictures(decoder: Decoder) -> None:
    busy = textured(np.random.default_rng(4))
    seen = answered(decoder, encoded("PNG", Image.fromarray(busy)), Want.LOOK)
    assert sum(map(len, LocalLook.from_bytes(b64decode(seen.look)).groups)) > 100
    assert seen.print == ""
    icon = answered(decoder, encoded("PNG", Image.fromarray(busy[:60, :60])), Want.LOOK)
    assert (icon.look, icon.picture.error) == ("", "")


def test_tiles_are_told_where_they_are_asked_for(decoder: Decoder) -> None:
    data = encoded("PNG", Image.fromarray(textured(np.random.default_rng(4))))
    tiles = decoder.decode_tiles(data, [WHOLE, (0.5, 0.0, 0.25, 0.0, 0.5, 0.25)])
    assert len(tiles) == 2
    assert all(TileBits.from_bytes(b64decode(one)).inside.all() for one in tiles)
    assert tiles[0] != tiles[1]
    assert decoder.decode_tiles(data, []) == []


def test_a_small_part_of_an_enrolled_picture_is_told_whole(decoder: Decoder) -> None:
    """Where few tiles lie in the picture, each is looked at in nine places: the longest answer there is."""
    data = encoded("PNG", Image.fromarray(textured(np.random.default_rng(4))))
    (told,) = decoder.decode_tiles(data, [(2.5, 0.0, -0.7, 0.0, 2.5, -0.7)])
    seen = TileBits.from_bytes(b64decode(told))
    assert len(b64decode(told)) == MOST_BYTES
    assert len(seen.signs) == 9 and 1 <= int(seen.inside.sum()) <= 12


@pytest.mark.parametrize(
    "places",
    [
        [[float("nan")] * 6],
        [[float("inf")] * 6],
        [[0] * 6],
        [[1, 1, 0, 1, 1, 0]],
        [["x"] * 6],
        ["abcdef"],
        [[1, 0, 0, 0, 1]],
        [[1, 0, 0, 0, 1, 0, 0]],
        [[]],
        [[[]] * 6],
        [None],
        [3],
        [WHOLE, None],
        [[object()] * 6],
        [WHOLE] * 40,
    ],
    ids=lambda places: repr(places)[:40] if "object" not in repr(places) else "an object",
)
def test_places_that_are_none_have_no_tiles(decoder: Decoder, places: Any) -> None:
    assert decoder.decode_tiles(GOOD, places) == []
    assert len(decoder.decode_tiles(GOOD, [WHOLE])) == 1


def test_what_is_no_picture_has_no_tiles(decoder: Decoder) -> None:
    for data in (b"", b"<html>", film(), enormous_png(13_000, 13_000), GOOD[: len(GOOD) // 2]):
        assert decoder.decode_tiles(data, [WHOLE]) == []
    assert len(decoder.decode_tiles(GOOD, [WHOLE])) == 1


def test_reasons_are_words_and_nothing_of_the_file(decoder: Decoder) -> None:
    canary = b"a-canary-in-the-file"
    for data in (film()[:400] + canary * 20, b"\xff\xd8\xff" + canary * 20, b"GIF89a" + canary * 20, canary):
        decoded = answered(decoder, data)
        assert decoded.picture.error in REASONS
        assert canary.decode() not in json.dumps([decoded.picture.error, decoded.picture.mime, decoded.print_refused])
