"""Objects as files in a folder of this host."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from efface.engine.base.objects.errors import ObjectMissing, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    def __str__(self) -> str:
        return f"the folder {self.path}"

    def write(self, name: uuid.UUID, data: bytes) -> None:
        path = self._path(name)
        temporary = path.with_suffix(".part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError as error:
            raise StoreUnavailable(f"{self} cannot be written: {error.strerror}") from error

    def read(self, name: uuid.UUID) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(str(name)) from None
        except OSError as error:
            raise StoreUnavailable(f"{self} cannot be read: {error.strerror}") from error

    def remove(self, name: uuid.UUID) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{self} cannot be written: {error.strerror}") from error

    def names(self) -> Iterator[uuid.UUID]:
        for path in self.path.glob("??/*"):
            if len(path.name) == 32 and not path.suffix:
                yield uuid.UUID(path.name)

    def _path(self, name: uuid.UUID) -> Path:
        # The last characters of a version 7 id are random: they spread the files.
        return self.path / name.hex[-2:] / name.hex
