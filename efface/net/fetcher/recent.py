"""Files met lately, by their SHA-256: the same picture stands at many addresses, and need not be decoded at each.

Only fingerprints are kept, in memory. Of a file with faces, local features or copy vectors it is remembered that there
are some; what they resemble the matcher knows, or says that it does not, and then the file is decoded again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from efface.net.protocol import Decoded, Picture, Want

MOST = 10_000
LONGEST_CLIP = 4_000
"""Characters of the frames of a video that are kept with it; longer ones are decoded again."""

Again = Callable[[str], Awaitable[bool]]
"""Asks the matcher whether it knows what the file of this SHA-256 resembles, and has it count for this scan."""


@dataclass(frozen=True, slots=True)
class File:
    """``pushed``: it has faces, local features or copy vectors, which were handed to the matcher."""

    picture: Picture
    pushed: bool


class Recent:
    """One per process."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, Want], File] = OrderedDict()
        self._wants: set[Want] = set()

    async def find(self, body: bytes, want: Want, again: Again | None) -> Picture | None:
        """The fingerprints of ``body``, where it was met and need not be looked at again."""
        digest = hashlib.sha256(body).hexdigest()
        known = self._files.get((digest, want))
        if known is None:
            return None
        self._files.move_to_end((digest, want))
        if known.pushed and (again is None or not await again(digest)):
            return None
        return known.picture

    def hashes(self, body: bytes) -> Picture | None:
        """The hashes of ``body``, whatever was wanted when it was met; of its faces nothing."""
        digest = hashlib.sha256(body).hexdigest()
        for want in (Want.PLAIN, *self._wants):
            known = self._files.get((digest, want))
            if known is not None:
                return replace(known.picture, faces=0, face_px=0)
        return None

    def note(self, decoded: Decoded, want: Want, delivered: bool) -> None:
        """A file was decoded; ``delivered``: all it showed was handed over."""
        picture = decoded.picture
        if not delivered or picture.error or not picture.sha256 or len(picture.clip) > LONGEST_CLIP:
            return
        self._wants.add(want)
        self._files[picture.sha256, want] = File(picture, bool(decoded.faces or decoded.look or decoded.vectors))
        while len(self._files) > MOST:
            self._files.popitem(last=False)
