"""Pictures that stand at a finding's addresses and are far from it by their hash: what the matcher says of them.

A part of her picture, or it with something added, is as far from it as a stranger's. The fetcher hands the local
features of such a picture to the matcher; here its hits are laid over what was seen. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from efface.net.page.urls import url_digest
from efface.net.protocol import Observation
from efface.search.matcher.hits import Hit, Shown


def questions(seen: Observation) -> list[Shown]:
    """The media that were handed over, for ``Compare``."""
    return [
        Shown(url_digest(one.facts.url), sha256=one.picture.sha256)
        for one in seen.media
        if one.compared and not one.matches
    ]


def marked(seen: Observation, shown: Sequence[Shown], hits: Sequence[Hit], cases: Collection[str]) -> Observation:
    """``seen``, where media that resemble a picture of one of ``cases`` are the target. ``shown`` is what ``questions``
    gave, ``hits`` the answer to it. A resemblance of whole pictures (copy vectors) counts only where it is strong."""
    telling = [hit for hit in hits if hit.kind == "local" or (hit.kind == "vector" and hit.strong)]
    found = {shown[hit.media].url_digest for hit in telling if 0 <= hit.media < len(shown) and hit.case in cases}
    media = [
        replace(one, matches=True) if one.compared and url_digest(one.facts.url) in found else one for one in seen.media
    ]
    return replace(seen, media=media)


def uncompared(seen: Observation) -> Observation:
    """``seen``, where the matcher could not be asked: nothing was compared closely."""
    return replace(seen, media=[replace(one, compared=False) if one.compared else one for one in seen.media])
