"""A bundle comes back as it was made; anything else is refused in words, whoever reads it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.scenes import scene as textured
from efface.net import bundle
from efface.net.bundle import BundleError, Item, from_json, to_json
from efface.net.decoder import Decoder
from efface.net.protocol import MAX_FRAME, Decoded, Picture, Want, to_wire
from efface.vision.video import FramePrint, VideoPrint
from tests.vision import films
from tests.vision.test_pictures import encoded

HASH = "ab" * 32


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


@pytest.fixture(scope="module")
def items(decoder: Decoder) -> list[Item]:
    """A picture with its local print, a film, an animation, and one that could not be read."""
    busy = encoded("PNG", Image.fromarray(textured(np.random.default_rng(4))))
    film = films.encoded(films.frames(1, 1.0))
    frames = [Image.fromarray(shot) for shot in films.frames(2, 6.0)[::20]]
    animation = encoded("GIF", frames[0], save_all=True, append_images=frames[1:], duration=300)
    files = {"busy.png": busy, "film.mp4": film, "animation.gif": animation, "zürich 東京.txt": b"text"}
    answers = decoder.decode_pictures(list(files.values()), Want.PRINT)
    return [Item(name, one) for name, one in zip(files, answers, strict=True)]


def clip(*frames: FramePrint) -> str:
    return b64encode(VideoPrint(1.0, frames, 64, 64).to_bytes()).decode()


FACE: dict[str, Any] = {
    "box": [0.1, 0.1, 0.5, 0.5], "score": 0.9, "quality": 0.8, "px": 80, "embedding": [0.6, 0.8], "model": "m",
}  # fmt: skip


def small(**changes: Any) -> dict[str, Any]:
    """The wire form of one picture; ``changes`` are of the picture, or of what is beside it."""
    made: dict[str, Any] = to_wire(
        Decoded(Picture(HASH, "cd" * 16, 1000, "image/jpeg", 640, 480, [HASH] * 8, 90))
    )
    for name, value in changes.items():
        (made if name in made else made["picture"])[name] = value
    return made


def text(*decoded: Any, **head: Any) -> bytes:
    items = [{"label": f"{number}.jpg", "decoded": one} for number, one in enumerate(decoded)]
    return json.dumps({"efface": "bundle", "version": 1, "items": items, **head}).encode()


def test_pictures_and_films_come_back(items: list[Item], decoder: Decoder) -> None:
    assert [one.decoded.picture.error for one in items] == ["", "", "", "unknown-format"]
    assert items[0].decoded.print and items[1].decoded.picture.clip and items[2].decoded.picture.clip
    data = to_json(items).encode()
    assert from_json(data) == items
    assert decoder.decode_bundle(data) == items


def test_an_empty_one_and_one_without_all_fields_are_bundles(decoder: Decoder) -> None:
    assert from_json(text()) == decoder.decode_bundle(text()) == []
    least = {"picture": {"sha256": HASH, "md5": "cd" * 16, "pdq": [HASH] * 8, "pdq_quality": 80}}
    assert from_json(text(least)) == decoder.decode_bundle(text(least))
    assert from_json(text(least))[0].decoded.picture.pdq_quality == 80


def test_labels_are_short_and_can_be_shown() -> None:
    body = {"label": "a\x00b\x1b[31m\n" + "é" + "\ud800" + "x" * 500, "decoded": small()}
    (item,) = from_json(json.dumps({"efface": "bundle", "version": 1, "items": [body]}).encode())
    assert item.label.startswith("ab[31méxxx")
    assert len(item.label) <= 120
    assert item.label.isprintable()


BAD: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"{",
    "not text": b"\xff\xfe\x00\xd8",
    "a picture": encoded("JPEG"),
    "nested": b"[" * 100_000,
    "a long number": b'{"efface": "bundle", "version": ' + b"1" * 10_000 + b"}",
    "a list": b"[]",
    "no kind": b"{}",
    "another kind": text(efface="export"),
    "another version": text(version=2),
    "no version": b'{"efface": "bundle", "items": []}',
    "no items": b'{"efface": "bundle", "version": 1}',
    "items that are no list": text(items={"0": small()}),
    "too many": text(*[small()] * (bundle.MOST_ITEMS + 1)),
    "a number for an item": text(items=[3]),
    "no label": text(items=[{"decoded": small()}]),
    "a label of numbers": text(items=[{"label": 3, "decoded": small()}]),
    "nothing decoded": text(items=[{"label": "a"}]),
    "decoded as text": text("x"),
    "an unknown field": text({**small(), "pixels": ""}),
    "a field with a long name": text({**small(), "x" * 10_000: ""}),
    "no picture": text({"faces": []}),
    "a look": text(small(look=b64encode(b"ELK\x01").decode())),
    "no digests": text(small(sha256="")),
    "digests in capitals": text(small(sha256=HASH.upper())),
    "a digest with a line end": text(small(sha256=HASH + "\n")),
    "md5 too long": text(small(md5=HASH)),
    "seven hashes": text(small(pdq=[HASH] * 7)),
    "hashes that are none": text(small(pdq=["z" * 64] * 8)),
    "hashes as one text": text(small(pdq=HASH)),
    "a hundred thousand hashes": text(small(pdq=[""] * 100_000)),
    "quality of nothing": text(small(pdq=[], clip=clip(FramePrint(0, 0.0, 90, HASH, HASH)))),
    "quality above all": text(small(pdq_quality=101)),
    "quality as text": text(small(pdq_quality="90")),
    "quality as truth": text(small(pdq_quality=True)),
    "a long type": text(small(mime="x" * 41)),
    "a long reason": text(small(error="x" * 41)),
    "a long refusal": text(small(print_refused="x" * 41)),
    "no fingerprint": text(small(pdq=[], pdq_quality=0)),
    "a negative width": text(small(width=-1)),
    "a huge height": text(small(height=10**30)),
    "a huge size": text(small(size=10**30)),
    "seconds without end": text(small(seconds=float("inf"))),
    "seconds that are none": text(small(seconds=float("nan"))),
    "seconds of 400 digits": text(small(seconds=10**400)),
    "negative seconds": text(small(seconds=-1.0)),
    "faces without end": text(small(faces=[FACE] * 65)),
    "a face counted wrongly": text(items=[{"label": "a", "decoded": {"picture": {**small()["picture"], "faces": -1}}}]),
    "a face without a box": text(small(faces=[{**FACE, "box": []}])),
    "a face nowhere": text(small(faces=[{**FACE, "box": [0.0, 0.0, 1.0, float("nan")]}])),
    "an embedding of no numbers": text(small(faces=[{**FACE, "embedding": [float("nan")] * 2}])),
    "an embedding without end": text(small(faces=[{**FACE, "embedding": [1e999] * 2}])),
    "an embedding of 400 digits": text(small(faces=[{**FACE, "embedding": [10**400]}])),
    "an embedding too long": text(small(faces=[{**FACE, "embedding": [0.0] * 2049}])),
    "an embedding of words": text(small(faces=[{**FACE, "embedding": ["x"]}])),
    "a model too long": text(small(faces=[{**FACE, "model": "m" * 201}])),
    "a face that is turned no way": text(small(faces=[{**FACE, "turn": float("nan")}])),
    "a face sharp without end": text(small(faces=[{**FACE, "sharp": float("inf")}])),
    "a face of negative size": text(small(faces=[{**FACE, "px": -5}])),
    "a clip that is no base64": text(small(clip="ä" * 8)),
    "a clip with other signs": text(small(clip="AA AA===")),
    "a clip that is none": text(small(clip=b64encode(b"EVP1" + bytes(60)).decode())),
    "a clip without frames": text(small(clip=clip())),
    "a print that is no base64": text(small(print="*")),
    "a print that is none": text(small(print=b64encode(b"EPR\x01" + bytes(60)).decode())),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_bundle_is_refused_in_words(decoder: Decoder, name: str) -> None:
    for read in (from_json, decoder.decode_bundle):
        with pytest.raises(BundleError) as refused:
            read(BAD[name])
        assert 4 < len(str(refused.value)) <= 300
    assert from_json(text(small())) == decoder.decode_bundle(text(small()))


def test_which_file_is_wrong_is_told(decoder: Decoder) -> None:
    for read in (from_json, decoder.decode_bundle):
        with pytest.raises(BundleError, match=r"file 2: .*digests"):
            read(text(small(), small(sha256="")))


def test_too_long_is_refused_before_it_is_read(decoder: Decoder) -> None:
    for read in (from_json, decoder.decode_bundle):
        with pytest.raises(BundleError, match="larger"):
            read(b" " * (bundle.MOST_BYTES + 1))


def test_no_more_is_written_than_is_read(items: list[Item]) -> None:
    most = to_json([items[0]] * bundle.MOST_ITEMS)
    assert len(from_json(most.encode())) == bundle.MOST_ITEMS
    with pytest.raises(BundleError, match="more files"):
        to_json([items[0]] * (bundle.MOST_ITEMS + 1))
    with pytest.raises(BundleError, match="larger"):
        to_json([Item("x" * bundle.MOST_BYTES, items[0].decoded)])


def test_the_largest_comes_back_through_the_decoder(items: list[Item], decoder: Decoder) -> None:
    """A bundle that may be written can be taken in: the decoder's answer fits its frame."""
    long = VideoPrint(1700.0, tuple(FramePrint(n, float(n), 90, HASH, HASH, HASH, HASH) for n in range(1700)), 64, 64)
    film = Item("film", Decoded(Picture(HASH, "cd" * 16, 1000, "video/mp4", clip=b64encode(long.to_bytes()).decode())))
    count = bundle.MOST_BYTES // len(to_json([film]))
    data = to_json([film] * count).encode()
    assert 0.9 * bundle.MOST_BYTES < len(data) <= bundle.MOST_BYTES < MAX_FRAME
    assert len(decoder.decode_bundle(data)) == count


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*at, key))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = put(value[at[0]], at[1:], new)
    return copy


WHOLE = json.loads(text(small(faces=[FACE], clip=clip(FramePrint(0, 0.0, 90, HASH, HASH)))))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


def read_or_refused(read: Callable[[bytes], list[Item]], data: bytes) -> None:
    """What is taken in can be handed on and is taken in again."""
    try:
        taken = read(data)
    except BundleError as refused:
        assert str(refused)
        return
    assert from_json(to_json(taken).encode()) == taken
    assert all(not one.decoded.look for one in taken)


@settings(max_examples=300, deadline=None)
@given(at=st.sampled_from(sorted(paths(WHOLE), key=repr)), new=ANYTHING)
def test_anything_anywhere_is_refused_or_sound(at: tuple[Any, ...], new: Any) -> None:
    read_or_refused(from_json, json.dumps(put(WHOLE, at, new)).encode())


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused_or_sound(data: st.DataObject) -> None:
    broken = bytearray(json.dumps(WHOLE).encode())
    broken = broken[: data.draw(st.integers(0, len(broken)))] or bytearray(b"x")
    changes = st.tuples(st.integers(0, len(broken) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(changes, max_size=4)):
        broken[place] = value
    read_or_refused(from_json, bytes(broken))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.sampled_from(sorted(paths(WHOLE), key=repr)), new=ANYTHING)
def test_the_sealed_reader_says_the_same(decoder: Decoder, at: tuple[Any, ...], new: Any) -> None:
    data = json.dumps(put(WHOLE, at, new)).encode()
    read_or_refused(decoder.decode_bundle, data)
    try:
        expected: list[Item] | None = from_json(data)
    except BundleError:
        expected = None
    try:
        assert decoder.decode_bundle(data) == expected
    except BundleError:
        assert expected is None
