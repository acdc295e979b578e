"""Copy vectors out of the sandbox: only where a copy embedder is installed, only where they are wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from bench.scenes import scene as textured
from efface.net.bundle import BundleError, Item, from_json, to_json
from efface.net.decoder import Decoder
from efface.net.protocol import Decoded, Vector, Want
from efface.vision.models import add
from tests.vision import films
from tests.vision.models import copier
from tests.vision.test_pictures import encoded


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    folder = tmp_path_factory.mktemp("m")
    (folder / "mine.toml").write_text(copier.manifest(copier.model()), encoding="utf-8")
    (folder / "mine.onnx").write_bytes(copier.model())
    add(folder / "models", folder / "mine.toml", folder / "mine.onnx")
    with Decoder(models=folder / "models") as made:
        yield made


def framed() -> bytes:
    shown = np.full((400, 400, 3), 245, np.uint8)
    shown[80:320, 32:368] = cv2.resize(textured(np.random.default_rng(4)), (336, 240))
    return encoded("PNG", Image.fromarray(shown))


def test_the_sealed_decoder_has_them(decoder: Decoder) -> None:
    assert decoder.state()["on"] and decoder.state()["copies"].startswith("tiny-copier@sha256:")
    (met,) = decoder.decode_pictures([framed()], Want.VECTOR)
    assert len(met.vectors) > 1 and met.vectors[0].box == [0.0, 0.0, 1.0, 1.0]
    assert all(len(one.values) == copier.DIM and one.model == decoder.state()["copies"] for one in met.vectors)
    (hers,) = decoder.decode_pictures([framed()], Want.VECTOR | Want.PRINT)
    assert hers.vectors == met.vectors[:1], "what is enrolled is the picture, not the pictures within it"


def test_nobody_gets_what_was_not_asked_for(decoder: Decoder) -> None:
    film = films.encoded(films.frames(1, 2.0))
    blank = encoded("PNG", Image.new("RGB", (300, 300), "white"))
    assert [one.vectors for one in decoder.decode_pictures([framed(), film], Want.LOOK)] == [[], []]
    assert [one.vectors for one in decoder.decode_pictures([film, blank, b"no picture"], Want.VECTOR)] == [[], [], []]


def test_without_a_model_nothing_is_different(tmp_path: Path) -> None:
    with Decoder(models=tmp_path) as bare, Decoder() as none:
        assert (bare.state()["copies"], bare.state()["on"]) == ("", True)
        asked, plain = (one.decode_pictures([framed()], Want.VECTOR)[0] for one in (bare, none))
        assert asked == plain == none.decode_pictures([framed()])[0] and asked.vectors == []


def test_a_bundle_carries_them_and_says_nothing_where_there_are_none(decoder: Decoder) -> None:
    (hers,) = decoder.decode_pictures([framed()], Want.VECTOR | Want.PRINT)
    assert from_json(to_json([Item("a", hers)]).encode())[0].decoded == hers
    without = to_json([Item("a", replace(hers, vectors=[]))])
    assert "vectors" not in json.loads(without)["items"][0]["decoded"]
    assert from_json(without.encode())[0].decoded.vectors == []


@pytest.mark.parametrize(
    "broken",
    [
        Vector("m", [float("nan")], [0, 0, 1, 1]), Vector("m", [], [0, 0, 1, 1]), Vector("", [1.0], [0, 0, 1, 1]),
        Vector("m", [1.0], [0, 0, 1]), Vector("m", [1.0], [0, 0, 2, 1]), Vector("m", [0.1] * 3000, [0, 0, 1, 1]),
    ],
)  # fmt: skip
def test_numbers_that_are_no_vector_are_refused(decoder: Decoder, broken: Vector) -> None:
    (plain,) = decoder.decode_pictures([framed()])
    with pytest.raises(BundleError):
        from_json(to_json([Item("a", replace(plain, vectors=[broken]))]).encode())
    many: Decoded = replace(plain, vectors=[Vector("m", [1.0], [0, 0, 1, 1])] * 9)
    with pytest.raises(BundleError, match="vectors"):
        from_json(to_json([Item("a", many)]).encode())
