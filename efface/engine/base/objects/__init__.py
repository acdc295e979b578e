"""Sealed objects: captures, tokens, raw mail. In a folder by default, on S3-compatible storage by URL; written once,
never changed.

The store sees ciphertext only. An object is named by a random id, so that names say nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from efface.engine.base import sealing, settings
from efface.engine.base.ids import uuid7
from efface.engine.base.objects.errors import ObjectMissing, StoreUnavailable


class Store(Protocol):
    """Where bytes lie. One adapter, one module; ``tests/engine/test_objects.py`` is their contract."""

    def write(self, name: uuid.UUID, data: bytes) -> None:
        """Durable when it returns. Raises ``StoreUnavailable``."""

    def read(self, name: uuid.UUID) -> bytes:
        """Raises ``ObjectMissing`` and ``StoreUnavailable``."""

    def remove(self, name: uuid.UUID) -> None:
        """Nothing happens where it is not there. Raises ``StoreUnavailable``."""

    def names(self) -> Iterator[uuid.UUID]:
        """All that is there, in no order. Raises ``StoreUnavailable``."""

    def __str__(self) -> str:
        """Where that is, in words without a secret."""


def put(case_id: uuid.UUID, data: bytes, name: uuid.UUID | None = None) -> uuid.UUID:
    """Seal bytes with the case's key and keep them. Returns the object's id. Durable when it returns. ``name``: an id
    that was written down before, so that a process that is killed leaves nothing that nobody knows of."""
    name = name or uuid7()
    store().write(name, sealing.seal(sealing.case_key(case_id), data, f"object:{name}"))
    return name


def get(case_id: uuid.UUID, name: uuid.UUID) -> bytes:
    return sealing.unseal(sealing.case_key(case_id), store().read(name), f"object:{name}")


def remove(name: uuid.UUID) -> None:
    store().remove(name)


def store() -> Store:
    """The configured one. Raises ``settings.SettingError``."""
    where = settings.get("objects")
    if where.startswith("s3://"):
        return _s3(where, settings.get("objects_endpoint"), settings.get("objects_region"), settings.get("objects_key"))
    from efface.engine.base.objects.folder import Folder

    return Folder(Path(where) if where else settings.data_folder() / "objects")


@lru_cache(maxsize=4)
def _s3(where: str, endpoint: str, region: str, key: str) -> Store:
    """Its connections are kept. The secret is read once: a new one counts after a restart."""
    from efface.engine.base.objects.s3 import S3

    return S3.of(where, endpoint, region, key, _secret())


def _secret() -> str:
    path = sealing.secrets_folder() / "objects-secret"
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        words = f"the secret of objects_key belongs in {path}, readable by this user alone"
        raise settings.SettingError(words) from None


def try_out() -> str:
    """Write, read and remove a few bytes. Returns where, in words. Raises ``StoreUnavailable``, ``SettingError``."""
    here, name, data = store(), uuid7(), b"efface"
    here.write(name, data)
    found = here.read(name)
    here.remove(name)
    if found != data:
        raise StoreUnavailable(f"{here} gave back other bytes than it was given")
    return str(here)


__all__ = ["ObjectMissing", "Store", "StoreUnavailable", "get", "put", "remove", "store", "try_out"]
