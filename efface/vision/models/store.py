"""The models folder: what is installed, whether it is intact, and writing into it whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from efface.vision.models import supplied
from efface.vision.models.errors import ConversionFailed, DiskFull, InstallRunning, ModelDamaged, ModelsFolderUnusable
from efface.vision.models.manifest import (
    ROLES,
    Input,
    Manifest,
    Source,
    active,
    optional,
    own,
    packaged,
    uncalibrated,
)
from efface.vision.models.runtime import probe

State = Literal["installed", "missing", "damaged", "uncalibrated", "available"]
"""``uncalibrated``: an operator's embedder without thresholds, refused for matching. ``available``: an optional model
that is not installed, which is nothing to mend."""
PARTIAL = ".partial"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model as the folder holds it. ``detail`` says what is wrong, and what to do, where something is; ``in_force``
    whether face search uses it (or would, once it is installed). ``model_id`` is the identity with its sha256."""

    id: str
    role: str
    title: str
    licence: str
    provenance: str
    caveat: str
    file: str
    bytes: int
    model_id: str
    state: State
    detail: str = ""
    in_force: bool = True
    sha256: str = ""
    origin: str = ""
    terms: str = ""
    input: str = ""
    output: str = ""
    alignment: str = ""
    thresholds: dict[str, Any] | None = None


def list_models(models_dir: Path, *, everything: bool = False) -> list[Installed]:
    """Every model in force with its state, judged by presence and size. ``everything``: also the operator's embedder
    that is not calibrated yet, the packaged models that an operator's takes the place of, and the optional ones.

    Raises ``ManifestInvalid``."""
    return _rows(models_dir, deep=False, everything=everything)


def verify(models_dir: Path, *, everything: bool = False) -> list[Installed]:
    """Like ``list_models``, but every file is read, its sha256 compared, and its answer to a made-up picture held
    against the original model's. Writes nothing."""
    return _rows(models_dir, deep=True, everything=everything)


def _rows(models_dir: Path, *, deep: bool, everything: bool) -> list[Installed]:
    manifests = active(models_dir)
    rows = [_describe(models_dir, manifest, deep=deep) for manifest in manifests]
    if everything:
        copier = copy_model(models_dir)
        for manifest in [*own(models_dir).values(), *packaged(), *optional()]:
            if manifest not in manifests:
                manifests.append(manifest)
                rows.append(_describe(models_dir, manifest, deep=deep, in_force=manifest == copier))
    return rows


def copy_model(models_dir: Path) -> Manifest | None:
    """The copy embedder in force: the operator's own, or an optional one whose terms they accepted; None without one.

    Raises ``ManifestInvalid`` as ``active``."""
    for manifest in own(models_dir).values():
        if manifest.role == "copy" and not uncalibrated(manifest):
            return manifest
    for manifest in optional():
        if manifest.role == "copy" and not uncalibrated(manifest) and supplied.accepted(models_dir, manifest):
            return manifest
    return None


def read_checked(models_dir: Path, manifest: Manifest) -> bytes | None:
    """The model's bytes, None where it is not installed. Raises ``ModelDamaged`` where its sha256 is another."""
    if manifest.source.registry == "environment":
        given = supplied.read(models_dir, manifest)
        return None if given is None else checked(manifest, given)
    path = models_dir / manifest.file
    try:
        if path.stat().st_size != manifest.bytes:
            raise ModelDamaged(_damaged(manifest))
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ModelDamaged(f"{manifest.file} cannot be read: {why}. Mend the folder's permissions.") from error
    return checked(manifest, content)


def checked(manifest: Manifest, content: bytes) -> bytes:
    """``content``, where it is the model. Raises ``ModelDamaged``."""
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise ModelDamaged(_damaged(manifest))
    return content


def write_whole(path: Path, content: bytes) -> None:
    """``path`` holds all of ``content`` afterwards, or what it held before; also after a power cut. Mode 0644.

    Raises ``DiskFull`` or ``ModelsFolderUnusable``."""
    fresh = path.with_name(f".{path.name}.new")
    with folder_errors(path.parent):
        try:
            with fresh.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            fresh.chmod(0o644)
            fresh.replace(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            fresh.unlink(missing_ok=True)


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turns the operating system's refusals about ``folder`` into errors that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"No room left in the models folder {folder}. Free about 150 MB and run the installation again; "
                "it goes on where it stopped."
            ) from error
        raise ModelsFolderUnusable(
            f"The models folder {folder} cannot be used: {error.strerror or type(error).__name__}. "
            "Give another folder, or make this one writable."
        ) from error


@contextmanager
def exclusive(models_dir: Path) -> Iterator[Path]:
    """Makes the folder and its working subfolder, and keeps other installations out of it until the end.

    Yields the working subfolder. Raises ``InstallRunning``, ``DiskFull`` or ``ModelsFolderUnusable``."""
    partial = models_dir / PARTIAL
    with folder_errors(models_dir):
        partial.mkdir(parents=True, exist_ok=True)
        handle = os.open(partial / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallRunning(
                f"Another installation is writing to {models_dir}. Wait for it to end, then look with verify."
            ) from None
        yield partial
    finally:
        os.close(handle)


def _damaged(manifest: Manifest) -> str:
    todo = {
        "file": "Put the right file there, or add the model again with a manifest that fits the file.",
        "environment": f"Get {manifest.source.package} {manifest.source.version} again, and install with --from.",
    }.get(manifest.source.registry, "Install the models again.")
    return f"{manifest.file} is not the file its manifest names (another size or sha256). {todo}"


def _describe(models_dir: Path, manifest: Manifest, *, deep: bool, in_force: bool = True) -> Installed:
    state, detail = _state(models_dir, manifest, deep=deep)
    needed = in_force or uncalibrated(manifest) or manifest.source.registry == "file"
    if state == "missing":
        detail = "Install the models."
        if manifest.source.registry == "file":
            detail = f"Put {manifest.file} into the models folder; its manifest names no package to get it from."
        elif not needed:
            state, detail = "available", manifest.terms or f"Not installed: efface models install {manifest.id}"
            if manifest.role in ROLES:
                detail = "Not needed: a model of your own is in force in its place."
    elif state == "installed" and uncalibrated(manifest):
        state = "uncalibrated"
        detail = "Not used for matching before it has thresholds: efface models calibrate --faces FOLDER"
        if manifest.role == "copy":
            detail = "Not used for matching: its manifest has no [thresholds]."
    return Installed(
        id=manifest.id,
        role=manifest.role,
        title=manifest.title,
        licence=manifest.licence,
        provenance=manifest.provenance,
        caveat=manifest.caveat,
        file=manifest.file,
        bytes=manifest.bytes,
        model_id=manifest.model_id,
        state=state,
        detail=detail,
        in_force=in_force,
        sha256=manifest.sha256,
        origin=_origin(manifest.source),
        terms=manifest.terms,
        input=_input_words(manifest.input),
        output=", ".join(manifest.outputs) + (f" ({manifest.dim} numbers)" if manifest.dim else ""),
        alignment=manifest.align,
        thresholds=asdict(manifest.thresholds) if manifest.thresholds else None,
    )


def _state(models_dir: Path, manifest: Manifest, *, deep: bool) -> tuple[State, str]:
    try:
        if deep:
            content = read_checked(models_dir, manifest)
            if content is None:
                return "missing", ""
            probe(manifest, content)
        else:
            size = _size(models_dir, manifest)
            if size is None:
                return "missing", ""
            if size != manifest.bytes:
                raise ModelDamaged(_damaged(manifest))
    except (FileNotFoundError, NotADirectoryError):
        return "missing", ""
    except (ModelDamaged, ConversionFailed, OSError) as error:
        return "damaged", str(error)
    return "installed", ""


def _size(models_dir: Path, manifest: Manifest) -> int | None:
    if manifest.source.registry == "environment":
        return supplied.size(models_dir, manifest)
    return (models_dir / manifest.file).stat().st_size


def _origin(source: Source) -> str:
    return "a file of your own" if source.registry == "file" else f"{source.registry} {source.package} {source.version}"


def _input_words(spec: Input) -> str:
    return f"{spec.width} x {spec.height} {spec.color}, (pixel - {spec.mean}) / {spec.std}, {spec.layout} {spec.dtype}"
