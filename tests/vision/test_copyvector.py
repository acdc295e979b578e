"""Copy vectors: any embedder by manifest, all parts of a picture at once, nothing of what is blank."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.scenes import scene as textured
from efface.vision.copyvector import WHOLE, CopyEngine, pictures_within, piece
from efface.vision.models import ManifestInvalid, add, list_models
from efface.vision.models.manifest import parse
from tests.vision.films import scene
from tests.vision.models import copier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A models folder into which an operator put a copy embedder of their own."""
    (tmp_path / "mine.toml").write_text(copier.manifest(copier.model()), encoding="utf-8")
    (tmp_path / "mine.onnx").write_bytes(copier.model())
    row = add(tmp_path / "models", tmp_path / "mine.toml", tmp_path / "mine.onnx")
    assert (row.role, row.state, row.in_force) == ("copy", "installed", True)
    return tmp_path / "models"


def test_without_one_there_is_no_engine(tmp_path: Path) -> None:
    assert CopyEngine.load(tmp_path) is None


def test_without_thresholds_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(copier.manifest(copier.model(), thresholds=False), encoding="utf-8")
    (tmp_path / "mine.onnx").write_bytes(copier.model())
    with pytest.raises(ManifestInvalid, match="thresholds"):
        add(tmp_path / "models", tmp_path / "mine.toml", tmp_path / "mine.onnx")
    manifests = tmp_path / "models" / "manifests"
    manifests.mkdir(parents=True)
    (manifests / "mine.toml").write_text(copier.manifest(copier.model(), thresholds=False), encoding="utf-8")
    (tmp_path / "models" / "tiny-copier.onnx").write_bytes(copier.model())
    assert CopyEngine.load(tmp_path / "models") is None
    assert {row.state for row in list_models(tmp_path / "models", everything=True) if row.role == "copy"} >= {
        "uncalibrated"
    }


@pytest.mark.parametrize("broken", ["dim = 24", 'kind = "embedder"', 'embedding = "y"'])
def test_a_manifest_that_could_not_be_compared_by_is_refused(broken: str) -> None:
    other = {"dim = 24": "dim = 4096", 'kind = "embedder"': 'kind = "score"', 'embedding = "y"': 'y = "y"'}[broken]
    with pytest.raises(ManifestInvalid, match="copy embedder"):
        parse(copier.manifest(copier.model()).replace(broken, other), "mine.toml")


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(folder: Path) -> None:
    engine = CopyEngine.load(folder)
    assert engine is not None and engine.manifest.model_id.startswith("tiny-copier@sha256:")
    pictures = [scene(seed, 300 + 20 * seed, 200) for seed in range(4)]
    together = engine.embed(pictures)
    for picture, vector in zip(pictures, together, strict=True):
        (alone,) = engine.embed([picture])
        assert vector is not None and alone is not None and vector.shape == (copier.DIM,)
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-4 and np.allclose(vector, alone, atol=1e-4)


def test_what_is_blank_has_none(folder: Path) -> None:
    engine = CopyEngine.load(folder)
    assert engine is not None
    blank = np.full((100, 100, 3), 250, np.uint8)
    first, second = engine.embed([blank, scene(1)])
    assert first is None and second is not None and engine.embed([blank]) == [None]


def test_the_picture_in_a_screenshot_is_looked_at_by_itself(folder: Path) -> None:
    """As a whole, screenshots of different pictures resemble each other more than their originals."""
    engine = CopyEngine.load(folder)
    assert engine is not None
    original = np.asarray(cv2.resize(textured(np.random.default_rng(4)), (336, 240)))
    shown = np.full((400, 400, 3), 245, np.uint8)
    shown[80:320, 32:368] = original
    boxes = [WHOLE, *pictures_within(shown)]
    (hers,), parts = engine.embed([original]), engine.embed([piece(shown, box) for box in boxes])
    cosines = [float(hers @ part) for part in parts if part is not None and hers is not None]
    assert len(cosines) > 1 and max(cosines[1:]) > 0.9 > cosines[0]


def test_most_pictures_hold_no_other() -> None:
    assert sum(len(pictures_within(cv2.resize(scene(seed), (512, 384)))) for seed in range(8)) <= 2
