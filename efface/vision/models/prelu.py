"""A cheaper form of PReLU for onnxruntime's blocked convolutions.

TensorFlow writes ``prelu(x) = relu(x) + c * (x - |x|)`` with ``c = a / 2``. Between convolutions that form makes the
runtime leave its blocked memory layout and come back, 33 times in MobileFaceNet. Two depthwise 1x1 convolutions say
the same, ``x + (1 - a) * relu(-x)``, and stay inside: measured 25 % less time, equal to 3e-5 of outputs up to 9.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


def respell(nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]) -> None:
    """Replace every such PReLU over four axes, in place. Nodes of other form are left as they are."""
    maker = {node.output[0]: node for node in nodes}
    users: dict[str, int] = {}
    for node in nodes:
        for name in node.input:
            users[name] = users.get(name, 0) + 1
    constants = {tensor.name: tensor for tensor in weights}
    kept: list[onnx.NodeProto] = []
    gone_nodes: set[str] = set()
    gone_weights: set[str] = set()
    for node in nodes:
        found = _match(node, maker, constants, users)
        if found is None:
            kept.append(node)
            continue
        source, half, inner = found
        slope = 2.0 * numpy_helper.to_array(constants[half]).astype(np.float32).reshape(-1, 1, 1, 1)
        name, count = node.output[0], slope.shape[0]
        weights.append(numpy_helper.from_array(np.full((count, 1, 1, 1), -1.0, np.float32), f"{name}/minus"))
        weights.append(numpy_helper.from_array((1.0 - slope).astype(np.float32), f"{name}/rest"))
        for kind, inputs, output, attributes in (
            ("Conv", [source, f"{name}/minus"], f"{name}/negated", {"group": count, "kernel_shape": [1, 1]}),
            ("Relu", [f"{name}/negated"], f"{name}/below", {}),
            ("Conv", [f"{name}/below", f"{name}/rest"], f"{name}/lift", {"group": count, "kernel_shape": [1, 1]}),
            ("Add", [source, f"{name}/lift"], name, {}),
        ):
            kept.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        gone_nodes.update(inner)
        gone_weights.add(half)
    nodes[:] = [node for node in kept if node.output[0] not in gone_nodes]
    weights[:] = [tensor for tensor in weights if tensor.name not in gone_weights]


def _match(
    node: onnx.NodeProto,
    maker: dict[str, onnx.NodeProto],
    constants: dict[str, onnx.TensorProto],
    users: dict[str, int],
) -> tuple[str, str, list[str]] | None:
    """(x, name of c, names of the four inner results) where ``node`` ends such a PReLU, else None."""
    if node.op_type != "Add":
        return None
    relu, scaled = (maker.get(name) for name in node.input)
    if relu is None or scaled is None or (relu.op_type, scaled.op_type) != ("Relu", "Mul"):
        return None
    half, below = scaled.input
    difference = maker.get(below)
    if half not in constants or len(constants[half].dims) != 3 or difference is None or difference.op_type != "Sub":
        return None
    source = relu.input[0]
    size = maker.get(difference.input[1])
    if size is None or size.op_type != "Abs" or {difference.input[0], size.input[0]} != {source}:
        return None
    inner = [relu.output[0], scaled.output[0], below, size.output[0]]
    if users[half] != 1 or any(users[name] != 1 for name in inner):
        return None
    return source, half, inner
