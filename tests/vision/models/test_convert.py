"""Conversion changes the spelling, not the numbers."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from efface.vision.models import ConversionFailed
from efface.vision.models.convert import convert
from efface.vision.models.prelu import respell
from tests.vision.models.conftest import tiny_model, with_listed_weights


def _run(model: bytes, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    return np.asarray(y)


def test_cleaning_takes_weights_off_the_list_of_inputs_and_changes_no_number() -> None:
    x = np.random.default_rng(1).standard_normal((3, 3, 2, 2)).astype(np.float32)
    cleaned = convert("onnx-clean", with_listed_weights())
    assert [value.name for value in onnx.load_model_from_string(cleaned).graph.input] == ["x"]
    assert np.array_equal(_run(cleaned, x), _run(tiny_model(), x))


def test_conversion_gives_the_same_bytes_every_time() -> None:
    assert convert("onnx-clean", with_listed_weights()) == convert("onnx-clean", with_listed_weights())


@pytest.mark.parametrize("kind", ["tflite", "onnx-clean"])
@pytest.mark.parametrize("source", [b"", b"no model", b"\x00\x00\x00\x00TFL2" + bytes(100)])
def test_what_is_no_model_is_refused(kind: str, source: bytes) -> None:
    with pytest.raises(ConversionFailed):
        convert(kind, source)


def test_an_unknown_conversion_is_refused() -> None:
    with pytest.raises(ConversionFailed, match="zip"):
        convert("zip", b"")


def _prelu(slope: np.ndarray) -> onnx.ModelProto:
    half = (slope / 2).reshape(-1, 1, 1).astype(np.float32)
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("Sub", ["x", "a"], ["s"]),
        helper.make_node("Mul", ["half", "s"], ["m"]),
        helper.make_node("Add", ["r", "m"], ["y"]),
    ]
    shape = ["n", len(slope), 4, 4]
    graph = helper.make_graph(
        nodes,
        "prelu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(half, "half")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _respelt(model: onnx.ModelProto) -> onnx.ModelProto:
    nodes, weights = list(model.graph.node), list(model.graph.initializer)
    respell(nodes, weights)
    graph = helper.make_graph(nodes, "respelt", list(model.graph.input), list(model.graph.output), weights)
    return helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=8)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=9), st.integers(0, 1000))
def test_the_cheaper_prelu_computes_the_same(slopes: list[float], seed: int) -> None:
    model = _prelu(np.array(slopes, dtype=np.float32))
    cheaper = _respelt(model)
    assert [node.op_type for node in cheaper.graph.node] == ["Conv", "Relu", "Conv", "Add"]
    x = np.random.default_rng(seed).standard_normal((2, len(slopes), 4, 4)).astype(np.float32)
    assert np.allclose(_run(cheaper.SerializeToString(), x), _run(model.SerializeToString(), x), atol=1e-4)


def test_a_prelu_whose_parts_are_used_elsewhere_is_left_alone() -> None:
    model = _prelu(np.array([0.5], dtype=np.float32))
    model.graph.node.append(helper.make_node("Neg", ["s"], ["other"]))
    assert "Abs" in {node.op_type for node in _respelt(model).graph.node}
