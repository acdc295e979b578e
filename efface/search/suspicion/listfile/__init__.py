"""A local file of digests, one a line: 32 hexadecimal digits are an MD5, 64 a SHA-256 or a PDQ hash, which says so:

    # comment
    md5 <32 digits>
    sha256 <64 digits>
    pdq <64 digits>

The word may be left out before an MD5; a bare line of 64 digits is a SHA-256. The file is read into memory, and read
anew when it changed; one that was broken by a change counts as away.

Each worker holds it, packed: some 50 bytes a digest, 50 MB for a million. What is compared with it never leaves the
worker that met it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from efface.search.suspicion.contract import Digests, ListRefused, ListUnavailable
from efface.vision.hamming import MATCH
from efface.vision.index import PdqIndex

_LINE = re.compile(r"(?:(md5|sha256|pdq)[\s:,]+)?([0-9a-fA-F]{32}|[0-9a-fA-F]{64})")
_LENGTH = {"md5": 32, "sha256": 64, "pdq": 64}


_ALL = "list"
"""The one key of all PDQ hashes: which of them it was is nobody's business."""


class Files:
    """Digests of files, of 16 or 32 bytes, sorted and packed."""

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        by_length: dict[int, bytearray] = {}
        for one in digests:
            by_length.setdefault(len(one), bytearray()).extend(one)
        self._sorted = {length: _sorted(bytes(data), length) for length, data in by_length.items()}

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._sorted.values())

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, bytes) or len(digest) not in self._sorted:
            return False
        rows = self._sorted[len(digest)]
        wanted = np.frombuffer(digest, ">u8").astype(np.uint64)
        first, last = (int(np.searchsorted(rows[:, 0], wanted[0], side=side)) for side in ("left", "right"))
        return bool((rows[first:last] == wanted).all(axis=1).any())


def _sorted(data: bytes, length: int) -> NDArray[np.uint64]:
    """Rows of eight bytes a column, each once, by the first."""
    rows = np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, length // 8)
    rows = rows[np.lexsort(rows.T[::-1])]
    again = np.zeros(len(rows), bool)
    again[1:] = (rows[1:] == rows[:-1]).all(axis=1)
    return np.ascontiguousarray(rows[~again])


class ListFile:
    """Safe from any thread. Raises ``ListRefused`` where there is no such file, or a line of it cannot be read."""

    name = "list-file"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._files = Files()
        self._pdq: PdqIndex[str] = PdqIndex()
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        try:
            self._refresh()
        except OSError as error:
            raise ListRefused(f"child_list: {path} cannot be read ({type(error).__name__})") from None

    def __len__(self) -> int:
        return len(self._files) + len(self._pdq)

    def holds(self, met: Sequence[Digests]) -> bool:
        with self._lock:
            try:
                self._refresh()
            except (OSError, ListRefused) as error:
                raise ListUnavailable(f"child_list: {type(error).__name__}") from None
            digests = (digest for one in met for digest in (one.md5, one.sha256) if digest)
            if any(bytes.fromhex(one) in self._files for one in digests):
                return True
            hashes = [list(one.pdq) for one in met if one.pdq]
            return bool(hashes) and any(self._pdq.query(hashes, MATCH))

    def _refresh(self) -> None:
        stat = self.path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp == self._stamp:
            return
        with self.path.open(encoding="ascii", errors="replace") as lines:
            files, hashes = read(lines)
        index: PdqIndex[str] = PdqIndex()
        if hashes:
            index.add(_ALL, hashes)
        self._files, self._pdq, self._stamp = files, index, stamp


def read(lines: Iterable[str]) -> tuple[Files, list[str]]:
    """The file digests and the PDQ hashes of a list. Raises ``ListRefused`` with the number of the line, never with
    what stands in it."""
    hashes: list[str] = []
    files = Files(_digests(lines, hashes))
    if not len(files) and not hashes:
        raise ListRefused("child_list: the file names no digest")
    return files, hashes


def _digests(lines: Iterable[str], hashes: list[str]) -> Iterable[bytes]:
    """The digests of files; PDQ hashes are added to ``hashes`` on the way."""
    for number, line in enumerate(lines, 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        found = _LINE.fullmatch(line)
        kind = (found[1] or ("md5" if len(found[2]) == 32 else "sha256")) if found else ""
        if found is None or len(found[2]) != _LENGTH[kind]:
            raise ListRefused(
                f"child_list: line {number} is no digest; a line is md5, sha256 or pdq and its hexadecimal digits"
            )
        if kind == "pdq":
            hashes.append(found[2].lower())
        else:
            yield bytes.fromhex(found[2])
