"""An operator's own embedder: checked before it is kept, refused for matching before it is calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from efface.vision.models import (
    ChecksumMismatch,
    ManifestInvalid,
    ModelDamaged,
    Thresholds,
    active,
    add,
    list_models,
    own,
    packaged,
    verify,
    write_thresholds,
)
from tests.vision.models.conftest import manifest_text

DIM = 4


def embedder(*, rows: str | int = "n", dim: int = DIM, weight: float = 1.0) -> bytes:
    """ONNX: x (n, 3, 112, 112) -> embedding (n, dim), sums over columns of the picture."""
    weights = weight * np.random.default_rng(0).standard_normal((3 * 112 * 112, dim)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "embedder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, dim])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString(deterministic=True))


def manifest(model: bytes) -> str:
    """A manifest of the embedder, without thresholds."""
    text = manifest_text("face-embedder", "", b"", b"", model, registry="file")
    text = text.replace("width = 2", "width = 112").replace("height = 2", "height = 112")
    text = text.replace("dim = 2", f"dim = {DIM}").replace('y = "y"', 'embedding = "y"')
    return text[: text.index("[thresholds]")] + "# a note of the operator's\n"


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A models folder, a manifest and the file it describes."""
    model = embedder()
    (tmp_path / "mine.toml").write_text(manifest(model), encoding="utf-8")
    (tmp_path / "mine.onnx").write_bytes(model)
    return tmp_path / "models", tmp_path / "mine.toml", tmp_path / "mine.onnx"


def test_it_is_kept_but_matches_nothing_before_it_has_thresholds(given: tuple[Path, Path, Path]) -> None:
    models_dir, *_ = given
    row = add(*given)
    assert (row.state, row.in_force) == ("uncalibrated", False) and "calibrate" in row.detail
    assert active(models_dir) == packaged()
    rows = {row.id: row for row in verify(models_dir, everything=True)}
    assert rows["tiny-face-embedder"].state == "uncalibrated"
    assert add(*given) == row, "adding it again changes nothing"


def test_thresholds_put_it_in_force_and_leave_the_rest_of_the_manifest(given: tuple[Path, Path, Path]) -> None:
    models_dir, *_ = given
    model_id = add(*given).model_id
    for review in (0.5, 0.52):
        measured = Thresholds(review, 0.6, 0.4, 0.48, 0.55, {"data": 'what "we" had\\', "people": 200})
        path = write_thresholds(models_dir, model_id, measured)
        assert own(models_dir)[path].thresholds == measured
    assert [manifest.model_id for manifest in active(models_dir)][-1] == model_id
    assert path.read_text("utf-8").count("[thresholds]") == 1 and "a note of the operator's" in path.read_text("utf-8")
    states = {row.id: (row.state, row.in_force) for row in list_models(models_dir, everything=True)}
    assert states["tiny-face-embedder"] == ("installed", True)
    assert states["mobilefacenet-192"] == ("available", False)


def test_packaged_thresholds_are_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalid, match="Copy the packaged one"):
        write_thresholds(tmp_path, packaged()[2].model_id, Thresholds(0.5, 0.6, 0.4))


def test_another_file_than_the_manifests_is_refused(given: tuple[Path, Path, Path]) -> None:
    models_dir, _, model = given
    model.write_bytes(embedder(weight=2))
    with pytest.raises(ChecksumMismatch, match="sha256"):
        add(*given)
    assert not (models_dir / "face-embedder.onnx").exists()


@pytest.mark.parametrize(
    ("model", "why"),
    [
        pytest.param(embedder(dim=3), "promises", id="another length"),
        pytest.param(embedder(rows=1), "two at once", id="one face at a time"),
        pytest.param(embedder(weight=0), "zeros", id="nothing but zeros"),
        pytest.param(b"no model", "cannot load|can load", id="not ONNX"),
        pytest.param(b"", "can load", id="empty"),
    ],
)
def test_a_net_that_does_not_do_what_it_must_is_refused(tmp_path: Path, model: bytes, why: str) -> None:
    (tmp_path / "mine.toml").write_text(manifest(model), encoding="utf-8")
    (tmp_path / "mine.onnx").write_bytes(model)
    with pytest.raises(ModelDamaged, match=why):
        add(tmp_path / "models", tmp_path / "mine.toml", tmp_path / "mine.onnx")
    assert not own(tmp_path / "models")


def test_a_net_that_takes_all_pictures_for_one_is_refused(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(embedder())
    zero = numpy_helper.from_array(np.zeros((3 * 112 * 112, DIM), np.float32), "w")
    model.graph.initializer[0].CopyFrom(zero)
    model.graph.initializer.append(numpy_helper.from_array(np.ones(DIM, np.float32), "one"))
    model.graph.node[1].output[0] = "z"
    model.graph.node.append(helper.make_node("Add", ["z", "one"], ["y"]))
    test_a_net_that_does_not_do_what_it_must_is_refused(tmp_path, model.SerializeToString(), "the same embedding")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('role = "face-embedder"', 'role = "triage"', "only embedders of"),
        ("width = 112", "width = 160", "112 x 112"),
        ('embedding = "y"', 'y = "y"', "embedding"),
        ('id = "tiny-face-embedder"', 'id = "mobilefacenet-192"', "another"),
        ('file = "face-embedder.onnx"', 'file = "rfb-320.onnx"', "another"),
        ('licence = "CC0-1.0"\n', "", "licence"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(given: tuple[Path, Path, Path], old: str, new: str, why: str) -> None:
    text = given[1].read_text("utf-8")
    assert old in text
    given[1].write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ManifestInvalid, match=why):
        add(*given)


def test_a_second_embedder_does_not_push_out_the_first(given: tuple[Path, Path, Path]) -> None:
    add(*given)
    text = given[1].read_text("utf-8").replace('id = "tiny-face-embedder"', 'id = "other"')
    given[1].write_text(text.replace("face-embedder.onnx", "other.onnx"), encoding="utf-8")
    with pytest.raises(ManifestInvalid, match="already fills"):
        add(*given)
