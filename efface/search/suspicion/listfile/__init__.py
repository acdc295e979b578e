"""A local file of digests, one a line: 32 hexadecimal digits are an MD5, 64 a SHA-256 or a PDQ hash, which says so:

    # comment
    md5 <32 digits>
    sha256 <64 digits>
    pdq <64 digits>

The word may be left out before an MD5; a bare line of 64 digits is a SHA-256. The file is read into memory, and read
anew when it changed; one that was broken by a change counts as away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path

from efface.search.suspicion.contract import Digests, ListRefused, ListUnavailable
from efface.vision.hamming import MATCH
from efface.vision.index import PdqIndex

_LINE = re.compile(r"(?:(md5|sha256|pdq)[\s:,]+)?([0-9a-fA-F]{32}|[0-9a-fA-F]{64})")
_LENGTH = {"md5": 32, "sha256": 64, "pdq": 64}


class ListFile:
    """Safe from any thread. Raises ``ListRefused`` where there is no such file, or a line of it cannot be read."""

    name = "list-file"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._files: frozenset[bytes] = frozenset()
        self._pdq: PdqIndex[int] = PdqIndex()
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
        files, hashes = read(self.path.read_text(encoding="ascii", errors="replace"))
        index: PdqIndex[int] = PdqIndex()
        index.add_many((number, [one]) for number, one in enumerate(hashes))
        self._files, self._pdq, self._stamp = files, index, stamp


def read(text: str) -> tuple[frozenset[bytes], list[str]]:
    """The file digests and the PDQ hashes of a list. Raises ``ListRefused`` with the number of the line, never with
    what stands in it."""
    files: set[bytes] = set()
    hashes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
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
            files.add(bytes.fromhex(found[2]))
    if not files and not hashes:
        raise ListRefused("child_list: the file names no digest")
    return frozenset(files), hashes
