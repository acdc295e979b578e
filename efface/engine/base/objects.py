"""Sealed objects: captures, tokens, raw mail. A folder by default; written once, never changed.

The store sees ciphertext only. An object is named by a random id, so that names say nothing.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from efface.engine.base import sealing, settings
from efface.engine.base.ids import uuid7


class ObjectMissing(LookupError):
    """The object store does not have it."""


def folder() -> Path:
    configured = settings.get("objects")
    if configured.startswith("s3://"):
        raise settings.SettingError("this version keeps objects in a folder; set objects to a path")
    return Path(configured) if configured else settings.data_folder() / "objects"


def _path(name: uuid.UUID) -> Path:
    # The last characters of a version 7 id are random: they spread the files.
    return folder() / name.hex[-2:] / name.hex


def put(case_id: uuid.UUID, data: bytes) -> uuid.UUID:
    """Seal bytes with the case's key and keep them. Returns the object's id. Durable when it returns."""
    name = uuid7()
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = sealing.seal(sealing.case_key(case_id), data, f"object:{name}")
    temporary = path.with_suffix(".part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    return name


def get(case_id: uuid.UUID, name: uuid.UUID) -> bytes:
    try:
        sealed = _path(name).read_bytes()
    except FileNotFoundError:
        raise ObjectMissing(str(name)) from None
    return sealing.unseal(sealing.case_key(case_id), sealed, f"object:{name}")


def remove(name: uuid.UUID) -> None:
    _path(name).unlink(missing_ok=True)
