"""Adding an operator's own embedder: of faces, any net that takes them upright at 112 x 112; of copies, any net that
turns a whole picture into one vector. Checked before anything is kept.

It is not used for matching before it has thresholds: for faces ``write_thresholds``, for copies those of its manifest.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

import numpy as np

from efface.vision.models.errors import ChecksumMismatch, ManifestInvalid, ModelDamaged
from efface.vision.models.manifest import Manifest, Thresholds, optional, own, packaged, parse, read
from efface.vision.models.runtime import Net, probe
from efface.vision.models.store import Installed, exclusive, folder_errors, list_models, write_whole

SIDE = 112
MAX_MODEL = 1024 * 1024 * 1024
_LEAST_DIFFERENCE = 1e-4
"""Two pictures of noise whose embeddings are nearer than this are not told apart."""


def add(models_dir: Path, manifest_path: Path, model_path: Path) -> Installed:
    """The embedder that ``manifest_path`` describes, whose ONNX file is ``model_path``, is in ``models_dir``.

    Raises ``ManifestInvalid`` (not an embedder of 112 x 112 faces or of copies, a name that is taken),
    ``ChecksumMismatch`` (not the file that the manifest names), ``ModelDamaged`` (the net does not run, or does not
    answer with one embedding of ``dim`` numbers a picture), ``ConversionFailed`` (its probe fails), or what the
    folder refuses."""
    manifest = read(manifest_path)
    _fits(manifest, manifest_path.name)
    _free(models_dir, manifest)
    model = _checked(manifest, model_path)
    try_out(manifest, model)
    with exclusive(models_dir):
        folder = models_dir / "manifests"
        with folder_errors(folder):
            folder.mkdir(exist_ok=True)
        write_whole(models_dir / manifest.file, model)
        write_whole(folder / f"{manifest.id}.toml", manifest_path.read_bytes())
    return next(row for row in list_models(models_dir, everything=True) if row.model_id == manifest.model_id)


def try_out(manifest: Manifest, model: bytes) -> None:
    """Runs the embedder on noise, one picture and two at once. Raises ``ModelDamaged`` or ``ConversionFailed``."""
    net = Net(manifest, model)
    size = (2, manifest.input.height, manifest.input.width, 3)
    noise = np.random.default_rng(112).integers(0, 256, size, dtype=np.uint8)
    try:
        both = net.run(noise)["embedding"]
        first = net.run(noise[:1])["embedding"]
    except Exception as error:  # the runtime's exceptions share no base but Exception
        raise ModelDamaged(
            f"{manifest.file} does not run on one picture and on two at once ({type(error).__name__}). Its first axis "
            "must be free, and its input as [input] says."
        ) from error
    if both.shape != (2, manifest.dim) or first.shape != (1, manifest.dim):
        raise ModelDamaged(
            f"{manifest.file} answers two pictures with {both.shape}; its manifest promises (2, {manifest.dim})."
        )
    lengths = np.linalg.norm(both, axis=1)
    if not np.isfinite(both).all() or lengths.min() < 1e-6:
        raise ModelDamaged(f"{manifest.file} answers noise with numbers that are none, or with nothing but zeros.")
    if np.abs(both[0] - first[0]).max() > 1e-2 * lengths[0]:
        raise ModelDamaged(f"{manifest.file} gives a picture another embedding when a second one is beside it.")
    if np.linalg.norm(both[0] / lengths[0] - both[1] / lengths[1]) < _LEAST_DIFFERENCE:
        raise ModelDamaged(f"{manifest.file} gives two different pictures the same embedding.")
    probe(manifest, model)


def write_thresholds(models_dir: Path, model_id: str, thresholds: Thresholds) -> Path:
    """Puts ``thresholds`` into the operator's manifest of the embedder ``model_id``, in the place of those it had, and
    leaves every other line as it is. From then on it is in force. The manifest's path.

    Raises ``ManifestInvalid`` where no own manifest is of that model, or its thresholds are no table of their own."""
    for path, manifest in own(models_dir).items():
        if manifest.model_id != model_id:
            continue
        text = _without_thresholds(path.read_text("utf-8")) + _as_toml(thresholds)
        if dataclasses.replace(manifest, thresholds=thresholds) != parse(text, path.name):
            raise ManifestInvalid(f"{path.name}: write its thresholds as a table [thresholds], or take them out")
        write_whole(path, text.encode("utf-8"))
        return path
    raise ManifestInvalid(
        f"{model_id} has no manifest of your own, and packaged manifests are not written to. Copy the packaged one "
        "into manifests/ in the models folder, under an id of its own, and calibrate again."
    )


def _fits(manifest: Manifest, name: str) -> None:
    if manifest.role not in ("face-embedder", "copy"):
        raise ManifestInvalid(f"{name}: only embedders of faces or copies can be added; its role is {manifest.role}")
    if manifest.role == "copy" and manifest.thresholds is None:
        raise ManifestInvalid(f"{name}: a copy embedder brings its [thresholds], with the data they were measured on")
    if manifest.role == "face-embedder" and (manifest.input.width, manifest.input.height) != (SIDE, SIDE):
        raise ManifestInvalid(f"{name}: faces are {SIDE} x {SIDE}, its [input] is another size")
    if "embedding" not in manifest.outputs:
        raise ManifestInvalid(f"{name}: [outputs] must say which output is the embedding")
    if manifest.source.registry != "file":
        raise ManifestInvalid(f'{name}: a model that comes with its file has [source] registry = "file"')


def _free(models_dir: Path, manifest: Manifest) -> None:
    """Neither its name nor its file is another model's."""
    mine = own(models_dir)
    for path, other in mine.items():
        if other.role == manifest.role and other.id != manifest.id:
            raise ManifestInvalid(
                f"{path.name} already fills the role {manifest.role}. Take it out of manifests/ in the models folder "
                "first; templates that were made with it rest until it is back."
            )
    for other in [*packaged(), *optional(), *(one for one in mine.values() if one.id != manifest.id)]:
        if other.id == manifest.id or other.file == manifest.file:
            raise ManifestInvalid(f"{manifest.id}: its id or file name is that of {other.title}; give it another")


def _checked(manifest: Manifest, path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_MODEL:
            raise ModelDamaged(f"{path.name} is larger than {MAX_MODEL // 1024**3} GB.")
        content = path.read_bytes()
    except OSError as error:
        raise ModelDamaged(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256 or len(content) != manifest.bytes:
        raise ChecksumMismatch(
            f"{path.name} is not the file that the manifest names: it has {len(content)} bytes and sha256 {found}. If "
            "it is the file you mean, from where you mean, put these into the manifest."
        )
    return content


_HEADER = re.compile(r"^\s*\[\s*([^\]]+?)\s*\]")


def _without_thresholds(text: str) -> str:
    """The TOML text without its table ``thresholds`` and the tables in it."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            dropping = header.group(1).split(".")[0].strip() == "thresholds"
        if not dropping:
            kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def _as_toml(thresholds: Thresholds) -> str:
    lines = ["", "[thresholds]"]
    numbers = (field.name for field in dataclasses.fields(thresholds) if field.name != "calibration")
    lines += [f"{name} = {getattr(thresholds, name)!r}" for name in numbers]
    lines += ["", "[thresholds.calibration]"]
    lines += [f"{key} = {_value(value)}" for key, value in thresholds.calibration.items()]
    return "\n".join(lines) + "\n"


def _value(value: str | int | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    safe = "".join(letter if letter.isprintable() else " " for letter in value)
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'
