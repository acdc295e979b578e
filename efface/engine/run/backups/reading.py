"""Proving a backup before anything is touched: it opens, is whole, and every part has the digest its list names."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from efface.engine.base import age
from efface.engine.run.backups.take import FORMAT

MOST_MANIFEST = 512 << 20


class NotReadable(ValueError):
    """The file is no backup, not whole, or not for this key. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A proven backup file, to be read again part by part."""

    file: Path
    identities: age.Who
    manifest: dict[str, Any]

    def parts(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, IO[bytes]]]:
        with _archive(self.file, self.identities) as tar:
            for entry in tar:
                data = tar.extractfile(entry) if wanted(entry.name) else None
                if data is not None:
                    yield entry.name, data

    def read(self, name: str) -> bytes:
        return next(data.read() for _, data in self.parts(lambda one: one == name))


class _Chunks(io.RawIOBase):
    """An iterator of bytes, read as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._held = following
        size = min(len(buffer), len(self._held))
        buffer[:size], self._held = self._held[:size], self._held[size:]
        return size


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """gunzip, a chunk at a time, and not past its end."""
    unpack = zlib.decompressobj(31)
    for chunk in chunks:
        data = chunk
        while data:
            yield unpack.decompress(data, 1 << 20)
            data = unpack.unconsumed_tail
            if unpack.eof and (data or unpack.unused_data):
                raise NotReadable("there is something after the end of the backup")
    yield unpack.flush()
    if not unpack.eof:
        raise NotReadable("the backup was cut off")


@contextmanager
def _archive(file: Path, identities: age.Who) -> Iterator[tarfile.TarFile]:
    try:
        with file.open("rb") as source:
            raw = io.BufferedReader(_Chunks(_unpacked(age.pieces(source, identities))), 1 << 20)
            with tarfile.open(fileobj=cast(Any, raw), mode="r|") as tar:
                yield tar
            # The archive's reader stops early: the seal of the last chunk is proven only at the end.
            while raw.read(1 << 20):
                pass
    except age.CannotOpen as error:
        raise NotReadable(f"{file}: {error}") from None
    except (tarfile.TarError, zlib.error) as error:
        raise NotReadable(f"{file} is no backup of Efface ({type(error).__name__})") from None
    except OSError as error:
        raise NotReadable(f"{file} cannot be read: {error.strerror}") from None
    except MemoryError:
        raise NotReadable(
            f"{file} was sealed to a passphrase by an older version and is opened as a whole: this machine has too "
            "little memory for it"
        ) from None


def prove(file: Path, identities: age.Who, part: str) -> Opened:
    """Read a file to its end and check every part. ``part`` is "database" or "keys". Raises ``NotReadable``."""
    digests: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    with _archive(file, identities) as tar:
        for entry in tar:
            data = tar.extractfile(entry)
            if data is None or entry.name in digests:
                raise NotReadable(f"{file} is no backup of Efface")
            if entry.name == "manifest.json" and entry.size <= MOST_MANIFEST:
                text = data.read()
                digests[entry.name] = hashlib.sha256(text).hexdigest()
                manifest = _manifest(text, file)
            else:
                digests[entry.name] = hashlib.file_digest(cast(Any, data), "sha256").hexdigest()
    digests.pop("manifest.json", None)
    if not manifest or manifest.get("digests") != digests:
        raise NotReadable(f"{file} is not whole: its list and what is in it do not agree")
    if manifest.get("format") != FORMAT:
        raise NotReadable(f"{file} was made by another version of Efface; use that one")
    if manifest.get("part") != part:
        raise NotReadable(f"{file} is the part with the {manifest.get('part')}, not with the {part}")
    return Opened(file, identities, manifest)


def _manifest(text: bytes, file: Path) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotReadable(f"{file} is no backup of Efface")
    return found
