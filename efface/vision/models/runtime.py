"""Running a model through onnxruntime, and proving that it computes what the original did."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from efface.vision.models.errors import ConversionFailed, ModelDamaged
from efface.vision.models.manifest import Input, Manifest

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

_FATAL_ONLY = 4


class Net:
    """A loaded model with its manifest.

    onnxruntime gets one thread, no memory arena and no log. It starts no thread, and opens no file when it
    computes, so a loaded net outlives ``fork`` and works in a sealed process."""

    def __init__(self, manifest: Manifest, model: bytes) -> None:
        """Raises ``ModelDamaged`` where the graph has not the inputs and outputs that the manifest names."""
        import onnxruntime  # 20 MB that processes which only compare or list do without

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = _FATAL_ONLY
        try:
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions share no base but Exception
            raise ModelDamaged(
                f"{manifest.file} is not a model this runtime can load ({type(error).__name__})."
            ) from error
        inputs = [value.name for value in session.get_inputs()]
        outputs = {value.name for value in session.get_outputs()}
        if inputs != [manifest.input.name] or not set(manifest.outputs.values()) <= outputs:
            raise ModelDamaged(f"{manifest.file} has other inputs or outputs than its manifest names.")
        self.manifest = manifest
        self._session = session

    def about(self, key: str) -> str:
        """What the model's file says of itself under ``key``, "" where it says nothing."""
        return str(self._session.get_modelmeta().custom_metadata_map.get(key, ""))

    def run(self, pictures: Pixels) -> dict[str, Floats]:
        """The manifest's named outputs for a batch of pictures (n, height, width, 3), RGB, uint8."""
        words = list(self.manifest.outputs)
        names = [self.manifest.outputs[word] for word in words]
        values = self._session.run(names, {self.manifest.input.name: feed(pictures, self.manifest.input)})
        return dict(zip(words, values, strict=True))


def feed(pictures: Pixels, spec: Input) -> npt.NDArray[Any]:
    """Pixels (n, height, width, 3), RGB, uint8 -> the tensor that ``spec`` describes, contiguous."""
    pixels = pictures if spec.color == "RGB" else pictures[..., ::-1]
    values: npt.NDArray[Any] = pixels
    if spec.dtype == "float32":
        mean, scale = np.asarray(spec.mean, np.float32), np.asarray(1.0 / np.asarray(spec.std), np.float32)
        values = (pixels.astype(np.float32) - mean) * scale
    order = {"NHWC": (0, 1, 2, 3), "NCHW": (0, 3, 1, 2), "NCWH": (0, 3, 2, 1)}[spec.layout]
    return np.ascontiguousarray(values.transpose(order))


def test_input(spec: Input) -> Pixels:
    """The same made-up picture (1, height, width, 3) on every machine, for probes: bits 24 to 31 of
    ``i * 2654435761 + 12345``."""
    index = np.arange(spec.height * spec.width * 3, dtype=np.uint64)
    values = ((index * np.uint64(2654435761) + np.uint64(12345)) >> np.uint64(24)) & np.uint64(255)
    return values.astype(np.uint8).reshape(1, spec.height, spec.width, 3)


def probe(manifest: Manifest, model: bytes) -> float:
    """Runs ``model`` on the test input; the largest difference from what the original computed. 0 without a probe.

    Raises ``ConversionFailed`` where it is beyond the manifest's tolerance, ``ModelDamaged`` as ``Net``."""
    net = Net(manifest, model)
    if manifest.probe is None:
        return 0.0
    answer = net.run(test_input(manifest.input))
    worst = 0.0
    for word, expected in manifest.probe.outputs.items():
        got = answer[word].reshape(-1)[: len(expected)].astype(np.float64)
        difference = np.abs(got - np.array(expected)).max() if got.size == len(expected) else np.inf
        worst = max(worst, float(np.nan_to_num(difference, nan=np.inf)))
    if worst > manifest.probe.tolerance:
        raise ConversionFailed(
            f"{manifest.file} does not compute what the original model does (off by {worst:.3g}, allowed "
            f"{manifest.probe.tolerance:.3g}). This machine's onnxruntime may be broken; do not use the result."
        )
    return worst
