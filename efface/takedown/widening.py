"""What a check teaches about the asset set: other addresses at which the same thing stands. Pure.

Only what was seen to serve the target joins it: a copy on another host, a piece of its video, the page in another
language. So it is asked for by name when the page that led there is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from efface.net.protocol import AssetRef, Observation

MOST_SEGMENTS = 3
"""Pieces that are kept of one video."""
MOST_NEW = 12


@dataclass(frozen=True, slots=True)
class Widened:
    """``sha256`` of a piece of a video, which is known again by its bytes; ``like`` is the address of the asset that it
    is a copy of, whose hashes are its own too ("" where it is none)."""

    role: str
    url: str
    sha256: str = ""
    like: str = ""


def widened(known: Iterable[AssetRef], seen: Observation) -> list[Widened]:
    """The new members, each once, in the order in which they were met."""
    known = list(known)
    have = {asset.url for asset in known}
    by_path = {urlsplit(asset.url).path: asset for asset in known if asset.role not in ("page", "search", "segment")}
    videos = sum(asset.role == "segment" for asset in known)
    found: dict[str, Widened] = {}
    for look in [*seen.pages.values(), *seen.others]:
        if look.serves_target and look.facts.url not in have:
            found.setdefault(look.facts.url, Widened("page", look.facts.url))
        for url in look.target_media:
            if url not in have:
                twin = by_path.get(urlsplit(url).path)
                found.setdefault(url, Widened("cdn", url, like=twin.url) if twin else Widened("media", url))
    if not videos:
        for medium in seen.media:
            for piece in medium.pieces[:MOST_SEGMENTS]:
                if piece.url not in have:
                    found.setdefault(piece.url, Widened("segment", piece.url, piece.sha256))
    return list(found.values())[:MOST_NEW]
