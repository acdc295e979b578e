"""A stranger's video becomes hashes of its frames or a typed reason, and opens nothing else."""

from __future__ import annotations

import os
import struct
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.vision import pdq
from efface.vision.video import WORDS, Limits, VideoError
from efface.vision.video.read import Depth, read
from efface.vision.video.sample import Still
from tests.vision import films


@pytest.fixture(scope="module")
def pictures() -> list[films.Pixels]:
    return films.frames(1)


@pytest.fixture(scope="module")
def film(pictures: list[films.Pixels]) -> bytes:
    return films.encoded(pictures, options={"g": "30"})


def reason(data: bytes, limits: Limits | None = None, depth: Depth = "thorough") -> str:
    with pytest.raises(VideoError) as refused:
        read(data, limits, depth=depth)
    assert refused.value.words == WORDS[refused.value.reason]
    return refused.value.reason


def test_the_depths_of_reading(film: bytes) -> None:
    triage, thorough, enrol = (read(film, depth=depth) for depth in ("triage", "thorough", "enrol"))
    assert 4 <= len(triage.frames) <= 12
    assert 12 <= len(thorough.frames) <= 18
    assert len(enrol.frames) > 60
    for made in (triage, thorough, enrol):
        assert (made.width, made.height, made.partial) == (320, 180, "")
        assert made.duration == pytest.approx(12.0, abs=0.2)
        times = [frame.seconds for frame in made.frames]
        assert times == sorted(times)
        assert len(made.telling) == len(made.frames)


def test_the_hash_of_a_frame_is_that_of_the_picture(film: bytes, pictures: list[films.Pixels]) -> None:
    for frame in read(film).frames:
        hashes, _ = pdq.fingerprint(pictures[frame.number])
        assert pdq.distance(frame.pdq, hashes[0]) <= 12
        assert pdq.distance(frame.mirrored, hashes[5]) <= 12


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ("mp4", "libx264"),
        ("matroska", "libx264"),
        ("mpegts", "libx264"),
        ("flv", "libx264"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("mpeg", "mpeg2video"),
        ("asf", "wmv2"),
        ("mp4", "libsvtav1"),
        ("matroska", "libx265"),
    ],
)
def test_containers_and_codecs(kind: str, codec: str, pictures: list[films.Pixels]) -> None:
    options = {"libx265": {"x265-params": "log-level=none:pools=none:frame-threads=1"}, "libsvtav1": {"preset": "12"}}
    rate, policy = 25 if codec == "mpeg2video" else films.RATE, os.sched_getscheduler(0)
    data = films.encoded(pictures[:50], kind=kind, codec=codec, rate=rate, options=options.get(codec))
    made = read(data)
    assert os.sched_getscheduler(0) == policy
    assert made.partial == ""
    assert made.duration == pytest.approx(50 / rate, abs=0.3)
    hashes = [frame.pdq for frame in read(data, depth="enrol").frames]
    assert pdq.least_distance(hashes, pdq.fingerprint(pictures[20])[0][:1]) <= 20


def test_a_fragmented_file_and_one_without_its_beginning(pictures: list[films.Pixels]) -> None:
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    data = films.encoded(pictures, container=flags, options={"g": "20"})
    assert len(read(data).frames) >= 12
    first, last = data.find(b"moof") - 4, data.rfind(b"moof") - 4
    spread = data[:first] + data[last:]
    made = read(spread)
    assert made.frames
    assert made.frames[-1].seconds <= 12.1


def test_a_phone_held_upright(pictures: list[films.Pixels]) -> None:
    data = films.encoded(pictures[:30])
    plain = struct.pack("!9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    at = data.rfind(plain)
    turned = data[:at] + struct.pack("!9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30) + data[at + 36 :]
    made = read(turned)
    assert (made.width, made.height) == (180, 320)
    upright = pdq.fingerprint(np.ascontiguousarray(np.rot90(pictures[0], -1)))[0]
    assert pdq.distance(made.frames[0].pdq, upright[0]) <= 12


def test_the_frames_handed_out_differ_and_are_bounded(film: bytes) -> None:
    met: list[Still] = []
    made = read(film, Limits(stills=3, still_side=200), each=met.append)
    assert len(met) == 3
    assert {int(still.seconds // 3) for still in met} <= {0, 1, 2, 3}
    assert len({int(still.seconds // 3) for still in met}) == 3
    assert all(still.rgb.shape == (112, 200, 3) and still.rgb.dtype == np.uint8 for still in met)
    assert all((still.width, still.height) == (320, 180) for still in met)
    assert {still.number for still in met} <= {frame.number for frame in made.frames}


def test_a_still_is_handed_out_once() -> None:
    met: list[Still] = []
    read(films.encoded([films.scene(3)] * 60), each=met.append)
    assert len(met) == 1


# what is broken


def test_wrong_things() -> None:
    assert reason(b"") == "unknown-format"
    assert reason(b"PK\x03\x04" + bytes(100)) == "unknown-format"
    assert reason(b"\xff\xd8\xff\xe0" + bytes(100)) == "unknown-format"
    assert reason(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n") == "unknown-format"
    assert reason(b"ffconcat version 1.0\nfile /etc/passwd\n") == "unknown-format"


def test_sound_only() -> None:
    assert reason(films.sound()) == "no-video"
    assert reason(films.sound(kind="matroska", codec="libopus")) == "no-video"


def test_truncated(film: bytes, pictures: list[films.Pixels]) -> None:
    assert reason(film[: len(film) // 2]) == "truncated"  # the index stands at the end
    early = films.encoded(pictures, kind="matroska", options={"g": "20"})
    made = read(early[: len(early) // 2])
    assert made.partial == "truncated"
    assert 3 <= made.frames[-1].seconds <= 10


def test_without_key_frames(pictures: list[films.Pixels]) -> None:
    whole = films.encoded(pictures[:25], kind="mpegts", options={"g": "400", "sc_threshold": "0"})
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    starts = [n for n, packet in enumerate(packets) if packet[1] & 0x40 and packet[1] & 0x1F == 1 and packet[2] == 0]
    assert len(starts) > 20
    headless = b"".join(packets[: starts[0]] + packets[starts[1] :])
    assert reason(headless) == "no-key-frames"


def test_encrypted(film: bytes) -> None:
    at = film.find(b"avc1", film.find(b"stsd"))
    assert reason(film[:at] + b"encv" + film[at + 4 :] + b"sinf") != "memory"
    locked = film[:at] + b"encv" + film[at + 4 : at + 60] + b"sinf" + film[at + 64 :]
    assert reason(locked) == "encrypted"


def test_a_codec_that_is_not_read(pictures: list[films.Pixels]) -> None:
    data = films.encoded(pictures[:10], kind="matroska", codec="ffv1")
    assert reason(data) == "unknown-codec"


def test_too_large(film: bytes) -> None:
    assert reason(film, Limits(pixels=10_000)) == "too-many-pixels"
    assert reason(film, Limits(data_bytes=1000)) == "too-large"


def test_pictures_that_grow_half_way(pictures: list[films.Pixels]) -> None:
    small = films.encoded(pictures[:20], kind="mpegts")
    grown = [np.asarray(cv2.resize(picture, (1280, 720)), np.uint8) for picture in pictures[:10]]
    large = films.encoded(grown, kind="mpegts")
    made = read(small + large, Limits(pixels=100_000))
    assert made.frames
    assert (made.width, made.height) == (320, 180)


def test_too_long_costs_its_time_and_covers_the_length() -> None:
    data = films.encoded(films.frames(2, 30.0), options={"g": "20"})
    start = time.monotonic()
    made = read(data, Limits(wall_s=0.02))
    assert time.monotonic() - start < 10
    assert made.partial == "time"
    few = read(data, Limits(records=20), depth="enrol")
    assert len(few.frames) <= 40
    assert few.frames[-1].seconds > 25


def test_all_key_frames_are_thinned() -> None:
    data = films.encoded(films.frames(2, 20.0), kind="avi", codec="mjpeg")
    assert len(read(data, depth="triage").frames) <= 22


def test_it_opens_nothing_else(film: bytes, tmp_path: object) -> None:
    """A movie whose data reference names another file (dref "url ") reads its own bytes or nothing."""
    place = film.find(b"url \x00\x00\x00\x01")
    assert place > 0
    outside = film[:place] + b"url \x00\x00\x00\x00" + film[place + 8 :]
    assert read(outside).frames or True
    with pytest.raises(VideoError):
        read(film[:place] + b"alis\x00\x00\x00\x00" + b"/etc/passwd" + film[place + 8 :])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_print_or_a_typed_reason(data: st.DataObject) -> None:
    source = _small()
    places = data.draw(st.lists(st.integers(0, len(source) - 1), min_size=1, max_size=30))
    broken = bytearray(source)
    for place in places:
        broken[place] = data.draw(st.integers(0, 255))
    try:
        made = read(bytes(broken), Limits(wall_s=5))
    except VideoError as refused:
        assert refused.reason in WORDS
    else:
        assert all(0 <= frame.seconds <= 86_400 for frame in made.frames)


_cache: dict[str, bytes] = {}


def _small() -> bytes:
    if not _cache:
        _cache["film"] = films.encoded(films.frames(5, 2.0, 96, 64))
    return _cache["film"]
