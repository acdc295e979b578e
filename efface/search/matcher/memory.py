"""Which cases the faces of a scan resembled: kept under the scan's token for ten minutes, then forgotten.

Strangers' embeddings are compared on arrival and are not kept.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from efface.search.matcher.hits import Hit, Shown

KEEP_S = 600.0
MOST_TOKENS = 5000
MOST_HITS = 500
"""Hits kept of one scan."""
MOST_TOKEN = 64
"""Longest token, characters."""


@dataclass(slots=True)
class _Scan:
    until: float
    hits: list[tuple[str, str, Hit]]


class Memory:
    """``clock`` gives seconds that only grow (tests hand in their own)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._scans: OrderedDict[str, _Scan] = OrderedDict()

    def add(self, token: str, url_digest: str, sha256: str, hits: Sequence[Hit]) -> None:
        if not token or len(token) > MOST_TOKEN or not hits:
            return
        now = self._clock()
        with self._lock:
            self._forget(now)
            scan = self._scans.setdefault(token, _Scan(now + KEEP_S, []))
            room = MOST_HITS - len(scan.hits)
            scan.hits += [(url_digest[:64], sha256[:64], hit) for hit in hits[:room]]

    def take(self, token: str, media: Sequence[Shown]) -> list[Hit]:
        """The hits of a scan, each at the position of its picture in ``media``. They stay until their time is over, so
        that a question may be asked again."""
        with self._lock:
            self._forget(self._clock())
            scan = self._scans.get(token)
            kept = list(scan.hits) if scan else []
        by_url = {shown.url_digest: position for position, shown in enumerate(media)}
        by_file = {shown.sha256: position for position, shown in enumerate(media) if shown.sha256}
        # A picture may have been pushed twice: of each template the best face counts.
        best: dict[tuple[int, str], Hit] = {}
        for url_digest, sha256, hit in kept:
            position = by_url.get(url_digest, by_file.get(sha256, -1))
            key = (position, hit.fingerprint)
            if position >= 0 and (key not in best or best[key].score < hit.score):
                best[key] = replace(hit, media=position)
        return list(best.values())

    def drop(self, cases: set[str]) -> None:
        """Forget what was kept for these cases: their consent ended."""
        with self._lock:
            for scan in self._scans.values():
                scan.hits = [entry for entry in scan.hits if entry[2].case not in cases]

    def forget(self, token: str) -> None:
        """What a scan resembled is forgotten at once, and nothing is taken under its token any more: its page is
        suspected of child material."""
        with self._lock:
            self._scans.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._forget(self._clock())
            return len(self._scans)

    def _forget(self, now: float) -> None:
        # Tokens are in the order in which they came, and all live equally long.
        while self._scans:
            token, scan = next(iter(self._scans.items()))
            if scan.until > now and len(self._scans) < MOST_TOKENS:
                return
            del self._scans[token]
