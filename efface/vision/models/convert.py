"""Source model bytes -> ONNX bytes, without a training framework, the same bytes every time.

``tflite``: float graphs of the node kinds that MobileFaceNet and MTCNN use. Activations go from NHWC to NCHW, the
input keeps four axes in the order the manifest names, the batch axis becomes free. ``onnx-clean``: an ONNX file whose
weights are also listed as inputs (old exporters did) gets a clean input list.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

from efface.vision.models.errors import ConversionFailed
from efface.vision.models.prelu import respell

OPSET = 13
IR_VERSION = 8

Floats = npt.NDArray[np.float32]


def convert(kind: str, source: bytes) -> bytes:
    """ONNX bytes of ``source``. ``kind`` is a manifest's ``convert`` word. Raises ``ConversionFailed``."""
    if kind == "none":
        return source
    try:
        if kind == "onnx-clean":
            return _clean(source)
        if kind == "tflite":
            return _Translation(source).run()
    except ConversionFailed:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, struct.error, onnx.checker.ValidationError) as error:
        raise ConversionFailed(f"The source model has an unexpected form ({type(error).__name__}).") from error
    raise ConversionFailed(f"No conversion is called {kind!r}.")


def _finish(model: onnx.ModelProto) -> bytes:
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _clean(source: bytes) -> bytes:
    try:
        model = onnx.load_model_from_string(source)
    except Exception as error:  # protobuf's DecodeError has no public, stable home
        raise ConversionFailed(f"The source is not an ONNX model ({type(error).__name__}).") from error
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return _finish(model)


class _Translation:
    """One TFLite flatbuffer on its way to ONNX. Rank-4 activations are NCHW on the ONNX side throughout."""

    def __init__(self, source: bytes) -> None:
        if source[4:8] != b"TFL3":
            raise ConversionFailed("The source is not a TFLite model.")
        self.model = tflite.Model.GetRootAs(source, 0)
        if self.model.SubgraphsLength() != 1:
            raise ConversionFailed("The source has more than one graph.")
        self.graph = self.model.Subgraphs(0)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.kinds = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
        self.rules: dict[str, Callable[[Any, list[int], int], None]] = {
            "CONV_2D": self.conv,
            "DEPTHWISE_CONV_2D": self.depthwise,
            "MAX_POOL_2D": self.max_pool,
            "FULLY_CONNECTED": self.dense,
            "RESHAPE": self.reshape,
            "REDUCE_MAX": self.reduce,
            "SUM": self.reduce,
        }
        self.plain = {"RELU": "Relu", "ABS": "Abs", "NEG": "Neg", "EXP": "Exp"}
        self.pairs = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div"}

    def run(self) -> bytes:
        for index in range(self.graph.OperatorsLength()):
            operator = self.graph.Operators(index)
            code = self.model.OperatorCodes(operator.OpcodeIndex())
            kind = self.kinds.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "?")
            inputs = [int(i) for i in operator.InputsAsNumpy()]
            (output,) = (int(i) for i in operator.OutputsAsNumpy())
            self.kind = kind
            if kind in self.plain:
                self.emit(self.plain[kind], [self.name(inputs[0])], output)
            elif kind in self.pairs:
                self.binary(operator, inputs, output)
            elif kind in self.rules:
                self.rules[kind](operator, inputs, output)
            else:
                raise ConversionFailed(f"The source uses the node kind {kind}, which is not translated.")
        respell(self.nodes, self.weights)
        graph = helper.make_graph(
            self.nodes,
            "efface",
            [self.value(int(i)) for i in self.graph.InputsAsNumpy()],
            [self.value(int(i)) for i in self.graph.OutputsAsNumpy()],
            self.weights,
        )
        opset = [helper.make_opsetid("", OPSET)]
        return _finish(helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="efface"))

    # tensors

    def shape(self, tensor: int) -> list[int]:
        found = self.graph.Tensors(tensor)
        return [int(n) for n in found.ShapeAsNumpy()] if found.ShapeLength() else []

    def name(self, tensor: int) -> str:
        return str(self.graph.Tensors(tensor).Name().decode("utf-8"))

    def constant(self, tensor: int) -> npt.NDArray[Any] | None:
        """The constant's value, None for an activation."""
        found = self.graph.Tensors(tensor)
        buffer = self.model.Buffers(found.Buffer())
        if not buffer.DataLength():
            return None
        kinds = {tflite.TensorType.FLOAT32: "<f4", tflite.TensorType.INT32: "<i4"}
        if found.Type() not in kinds:
            raise ConversionFailed("The source holds numbers that are neither float32 nor int32.")
        return np.frombuffer(buffer.DataAsNumpy().tobytes(), kinds[found.Type()]).reshape(self.shape(tensor))

    def weight(self, name: str, value: npt.NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def value(self, tensor: int) -> onnx.ValueInfoProto:
        shape = self.shape(tensor)
        order = [shape[i] for i in (0, 3, 1, 2)] if len(shape) == 4 else shape
        return helper.make_tensor_value_info(self.name(tensor), TensorProto.FLOAT, ["n", *order[1:]])

    def emit(self, kind: str, inputs: list[str], output: int | str, **attributes: Any) -> str:
        name = output if isinstance(output, str) else self.name(output)
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def activated(self, option: int, kind: str, inputs: list[str], output: int, **attributes: Any) -> None:
        """The node, with the activation that TFLite fused into it as a node of its own."""
        if option == tflite.ActivationFunctionType.NONE:
            self.emit(kind, inputs, output, **attributes)
        elif option == tflite.ActivationFunctionType.RELU:
            self.emit("Relu", [self.emit(kind, inputs, f"{self.name(output)}/linear", **attributes)], output)
        else:
            raise ConversionFailed(f"{self.kind} has a fused activation that is not translated.")

    def options(self, operator: Any, kind: type[Any]) -> Any:
        found = kind()
        table = operator.BuiltinOptions()
        found.Init(table.Bytes, table.Pos)
        return found

    # node kinds

    def binary(self, operator: Any, inputs: list[int], output: int) -> None:
        rank = len(self.shape(output))
        names: list[str] = []
        for tensor in inputs:
            value = self.constant(tensor)
            if value is None:
                names.append(self.name(tensor))
            elif rank == 4 and value.ndim == 1:
                names.append(self.weight(self.name(tensor), value.reshape(-1, 1, 1)))
            elif value.ndim <= 1 or rank == 2:
                names.append(self.weight(self.name(tensor), value))
            else:
                raise ConversionFailed(f"{self.kind} has a constant of {value.ndim} axes.")
        kinds = {"ADD": tflite.AddOptions, "SUB": tflite.SubOptions, "MUL": tflite.MulOptions, "DIV": tflite.DivOptions}
        option = self.options(operator, kinds[self.kind]).FusedActivationFunction()
        self.activated(option, self.pairs[self.kind], names, output)

    def padding(self, option: int, tensor: int, output: int, kernel: list[int], strides: list[int]) -> list[int]:
        """ONNX pads (top, left, bottom, right) of TFLite's SAME or VALID."""
        if option == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        given, wanted = self.shape(tensor)[1:3], self.shape(output)[1:3]
        total = [max(0, (wanted[i] - 1) * strides[i] + kernel[i] - given[i]) for i in (0, 1)]
        before = [n // 2 for n in total]
        return [*before, *(total[i] - before[i] for i in (0, 1))]

    def window(self, options: Any, tensor: int, output: int, kernel: list[int]) -> dict[str, Any]:
        """The attributes that convolutions and pools share."""
        strides = [options.StrideH(), options.StrideW()]
        pads = self.padding(options.Padding(), tensor, output, kernel, strides)
        return {"kernel_shape": kernel, "strides": strides, "pads": pads}

    def conv(self, operator: Any, inputs: list[int], output: int) -> None:
        weights, bias = self.both(inputs)
        options = self.options(operator, tflite.Conv2DOptions)
        window = self.window(options, inputs[0], output, list(weights.shape[1:3]))
        self.undilated(options)
        names = [
            self.name(inputs[0]),
            self.weight(self.name(inputs[1]), weights.transpose(0, 3, 1, 2)),
            self.weight(self.name(inputs[2]), bias),
        ]
        self.activated(options.FusedActivationFunction(), "Conv", names, output, **window)

    def depthwise(self, operator: Any, inputs: list[int], output: int) -> None:
        weights, bias = self.both(inputs)
        options = self.options(operator, tflite.DepthwiseConv2DOptions)
        window = self.window(options, inputs[0], output, list(weights.shape[1:3]))
        self.undilated(options)
        if options.DepthMultiplier() != 1:
            raise ConversionFailed("A depthwise convolution with a multiplier is not translated.")
        names = [
            self.name(inputs[0]),
            self.weight(self.name(inputs[1]), weights.transpose(3, 0, 1, 2)),
            self.weight(self.name(inputs[2]), bias),
        ]
        group = int(weights.shape[3])
        self.activated(options.FusedActivationFunction(), "Conv", names, output, group=group, **window)

    def both(self, inputs: list[int]) -> tuple[Floats, Floats]:
        weights, bias = (self.constant(tensor) for tensor in inputs[1:3])
        if weights is None or bias is None:
            raise ConversionFailed(f"{self.kind} has weights or a bias that are computed.")
        return weights, bias

    def undilated(self, options: Any) -> None:
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise ConversionFailed("A dilated convolution is not translated.")

    def max_pool(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self.options(operator, tflite.Pool2DOptions)
        kernel = [options.FilterHeight(), options.FilterWidth()]
        window = self.window(options, inputs[0], output, kernel)
        self.activated(options.FusedActivationFunction(), "MaxPool", [self.name(inputs[0])], output, **window)

    def channels_last(self, tensor: int) -> str:
        """The activation as TFLite sees it, for nodes that flatten it."""
        shape = self.shape(tensor)
        if len(shape) != 4 or shape[1:3] == [1, 1]:
            return self.name(tensor)
        return self.emit("Transpose", [self.name(tensor)], f"{self.name(tensor)}/nhwc", perm=[0, 2, 3, 1])

    def flat(self, tensor: int, output: str, shape: list[int]) -> str:
        """Reshape to ``shape`` with the batch axis free."""
        name = self.weight(f"{output}/shape", np.array([-1, *shape[1:]], dtype=np.int64))
        return self.emit("Reshape", [self.channels_last(tensor), name], output)

    def dense(self, operator: Any, inputs: list[int], output: int) -> None:
        weights, bias = self.both(inputs)
        options = self.options(operator, tflite.FullyConnectedOptions)
        source = self.name(inputs[0])
        if len(self.shape(inputs[0])) != 2:
            source = self.flat(inputs[0], f"{self.name(output)}/flat", [-1, int(weights.shape[1])])
        names = [source, self.weight(self.name(inputs[1]), weights), self.weight(self.name(inputs[2]), bias)]
        self.activated(options.FusedActivationFunction(), "Gemm", names, output, transB=1)

    def reshape(self, operator: Any, inputs: list[int], output: int) -> None:
        if len(self.shape(output)) == 4:
            raise ConversionFailed("A reshape to four axes is not translated.")
        self.flat(inputs[0], self.name(output), self.shape(output))

    def reduce(self, operator: Any, inputs: list[int], output: int) -> None:
        axes = self.constant(inputs[1])
        options = self.options(operator, tflite.ReducerOptions)
        if len(self.shape(inputs[0])) != 2 or axes is None or not options.KeepDims():
            raise ConversionFailed(f"{self.kind} over other than the columns of a table is not translated.")
        columns = [int(axis) for axis in axes.reshape(-1)]
        if self.kind == "SUM":
            name = self.weight(f"{self.name(output)}/axes", np.array(columns, dtype=np.int64))
            self.emit("ReduceSum", [self.name(inputs[0]), name], output, keepdims=1)
        else:
            self.emit("ReduceMax", [self.name(inputs[0])], output, axes=columns, keepdims=1)
