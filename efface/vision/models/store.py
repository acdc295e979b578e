"""The models folder: what is installed, whether it is intact, and writing into it whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from efface.vision.models.errors import ConversionFailed, DiskFull, InstallRunning, ModelDamaged, ModelsFolderUnusable
from efface.vision.models.manifest import Manifest, active
from efface.vision.models.runtime import probe

State = Literal["installed", "missing", "damaged"]
PARTIAL = ".partial"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model as the folder holds it. ``detail`` says what is wrong, and what to do, where something is."""

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


def list_models(models_dir: Path) -> list[Installed]:
    """Every model in force with its state, judged by presence and size. Raises ``ManifestInvalid``."""
    return [_describe(models_dir, manifest, deep=False) for manifest in active(models_dir)]


def verify(models_dir: Path) -> list[Installed]:
    """Like ``list_models``, but every file is read, its sha256 compared, and its answer to a made-up picture held
    against the original model's. Writes nothing."""
    return [_describe(models_dir, manifest, deep=True) for manifest in active(models_dir)]


def read_checked(models_dir: Path, manifest: Manifest) -> bytes | None:
    """The model's bytes, None where it is not installed. Raises ``ModelDamaged`` where its sha256 is another."""
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
    return f"{manifest.file} is not the file its manifest names (another size or sha256). Install the models again."


def _describe(models_dir: Path, manifest: Manifest, *, deep: bool) -> Installed:
    state: State = "installed"
    detail = ""
    try:
        if deep:
            content = read_checked(models_dir, manifest)
            present = content is not None
            if content is not None:
                probe(manifest, content)
        else:
            size = (models_dir / manifest.file).stat().st_size
            present = True
            if size != manifest.bytes:
                raise ModelDamaged(_damaged(manifest))
    except (FileNotFoundError, NotADirectoryError):
        present = False
    except (ModelDamaged, ConversionFailed, OSError) as error:
        present, state, detail = True, "damaged", str(error)
    if not present:
        state = "missing"
        detail = "Install the models."
        if manifest.source.registry == "file":
            detail = f"Put {manifest.file} into the models folder; its manifest names no package to get it from."
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
    )
