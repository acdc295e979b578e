"""What the faces and local features of a file resembled, so that the same file met elsewhere need not be decoded again.

Kept are hits, which belong to cases, under the SHA-256 of the file: nothing of a stranger's picture. They are worth
nothing any more as soon as what is compared with changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from efface.search.matcher.hits import Hit

MOST = 50_000
MOST_OPEN = 2000
MOST_HITS = 50
"""A file with more hits is compared again each time."""

Key = tuple[str, int]
"""SHA-256 of the file, and what was wanted of it (``efface.net.protocol.Want``)."""


@dataclass(slots=True)
class _Kept:
    version: int
    hits: list[Hit] = field(default_factory=list)


class Files:
    """``version`` is the index's: what was compared with another one is not known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._open: OrderedDict[int, tuple[Key, _Kept]] = OrderedDict()

    def note(self, key: Key, version: int, hits: Sequence[Hit], number: int = 0) -> None:
        """A file was compared. With a ``number``, what it shows at some places is still to be told under it."""
        if not key[0] or len(key[0]) > 64:
            return
        kept = _Kept(version, list(hits))
        with self._lock:
            if number:
                self._open[number] = (key, kept)
                while len(self._open) > MOST_OPEN:
                    self._open.popitem(last=False)
            else:
                self._keep(key, kept)

    def told(self, number: int, hits: Sequence[Hit]) -> None:
        """What was still to be told of a file has been."""
        with self._lock:
            waiting = self._open.pop(number, None)
            if waiting is not None:
                waiting[1].hits.extend(hits)
                self._keep(*waiting)

    def get(self, key: Key, version: int) -> list[Hit] | None:
        """The hits of a file; None where it was not compared with all that is looked for now."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.version != version:
                return None
            self._kept.move_to_end(key)
            return list(kept.hits)

    def _keep(self, key: Key, kept: _Kept) -> None:
        if len(kept.hits) > MOST_HITS:
            return
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
