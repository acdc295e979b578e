"""Both questions put to one page that was scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from efface.net.protocol import Scan
from efface.search.suspicion import terms
from efface.search.suspicion.contract import Digests, KnownList
from efface.search.suspicion.terms import Terms
from efface.vision.hamming import LOW_QUALITY


@dataclass(frozen=True, slots=True)
class Alarm:
    """That a page may show child material. ``reasons`` are ids: of a list, of terms. Nothing of the page."""

    how: Literal["list", "terms"]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What pages are held against: a list of known files, where one is configured, and terms."""

    known: KnownList | None
    terms: Terms

    def of(self, scan: Scan) -> Alarm | None:
        """Raises ``ListUnavailable``."""
        if not scan.media and not scan.skipped:
            return None
        met = digests(scan)
        if self.known is not None and met and self.known.holds(met):
            return Alarm("list", (self.known.name,))
        ids = terms.found(f"{scan.title}\n{scan.text}", self.terms)
        return Alarm("terms", tuple(ids)) if ids else None


def digests(scan: Scan) -> Sequence[Digests]:
    """Of everything whose bytes were fetched, once each."""
    met = {
        one.picture.sha256: Digests(
            one.picture.md5, one.picture.sha256,
            tuple(one.picture.pdq) if one.picture.pdq_quality >= LOW_QUALITY else (),
        )
        for one in scan.media
        if one.picture.sha256
    }  # fmt: skip
    return list(met.values())
