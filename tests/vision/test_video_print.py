"""What is kept of a video travels packed and comes back the same, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.vision.video import FramePrint, VideoPrint

HASH = st.binary(min_size=32, max_size=32).map(bytes.hex)
MAYBE = st.one_of(st.just(""), HASH)
FRAME = st.builds(
    FramePrint,
    st.integers(0, 2**32 - 1),
    st.integers(0, 86_400_000).map(lambda ms: ms / 1000),
    st.integers(0, 100),
    HASH,
    MAYBE,
    MAYBE,
    MAYBE,
)
PRINT = st.builds(
    lambda seconds, frames, width, partial: VideoPrint(
        seconds / 1000, tuple(sorted(frames, key=lambda frame: frame.seconds)), width, 720, partial
    ),
    st.integers(0, 86_400_000),
    st.lists(FRAME, max_size=8),
    st.integers(0, 10_000),
    st.sampled_from(["", "time", "truncated", "corrupt", "too-large"]),
)


@given(PRINT)
def test_packed_and_back(video: VideoPrint) -> None:
    assert VideoPrint.from_bytes(video.to_bytes()) == video


@given(PRINT, st.data())
def test_anything_else_is_refused(video: VideoPrint, data: st.DataObject) -> None:
    packed = bytearray(video.to_bytes())
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    try:
        made = VideoPrint.from_bytes(bytes(packed))
    except ValueError:
        return
    assert made.frames == video.frames  # only a word of the head was changed to another that is allowed


@given(st.binary(max_size=200))
def test_bytes_of_anybody_are_refused(data: bytes) -> None:
    for start in (b"", b"EVP1"):
        with pytest.raises(ValueError):
            VideoPrint.from_bytes(start + data)


@given(PRINT)
def test_vpdq_records(video: VideoPrint) -> None:
    kept = [(frame.seconds, frame.quality, frame.pdq) for frame in video.frames]
    for text in (video.to_vpdq_json(), video.to_vpdq_signal()):
        made = VideoPrint.from_vpdq_json(text)
        assert [(frame.seconds, frame.quality, frame.pdq) for frame in made.frames] == kept
    names = {"frame_number", "quality", "hash", "timestamp"}
    assert all(set(item) == names for item in json.loads(video.to_vpdq_json()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '["ab,50,1.0"]',
        f'["{"0" * 64},101,1.0"]',
        f'["{"0" * 64},50,-1"]',
        f'["{"0" * 64},50,nan"]',
        f'["{"g" * 64},50,1"]',
        '[{"hash": 5}]',
        "[" * 5000,
    ],
)
def test_vpdq_records_of_anybody(text: str) -> None:
    with pytest.raises(ValueError):
        VideoPrint.from_vpdq_json(text)


def test_a_line_of_the_reference_tool() -> None:
    made = VideoPrint.from_vpdq_json(json.dumps([f"30,100,{'AB' * 32},1.001"]))
    assert made.frames == (FramePrint(30, 1.001, 100, "ab" * 32),)
