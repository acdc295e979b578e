"""A thumbnail need not be looked at as closely as the full medium that it is a small version of.

A page says which is which (``MediaRef.of``), and a page may lie: so the small one is fetched and hashed all the same,
and only where its hash is the full one's does it pass for a twin. What is no twin is looked at closely.
"""

from __future__ import annotations

from collections.abc import Sequence

from efface.net.fetcher.context import site_of
from efface.net.page.urls import ends_as_picture, ends_as_video
from efface.net.protocol import MediaRef, Picture
from efface.vision.hamming import LOW_QUALITY, MATCH, distance


def fulls(refs: Sequence[MediaRef]) -> dict[int, int]:
    """Place of a small version -> place of the full medium it is said to be of, where both are among ``refs``. A full
    one that is itself said to be a small version of something is none: nobody waits for each other."""
    places = {ref.url: place for place, ref in enumerate(refs) if not ref.of}
    return {place: places[ref.of] for place, ref in enumerate(refs) if ref.of and ref.of in places}


def stands_elsewhere(ref: MediaRef, page: str) -> bool:
    """Whether a thumbnail stands for another page of the site that ``page`` is of."""
    if ref.role != "thumbnail" or not ref.link or ref.link == page:
        return False
    return not (ends_as_picture(ref.link) or ends_as_video(ref.link)) and site_of(ref.link) == site_of(page)


def is_twin(small: str, quality: int, full: Picture) -> bool:
    """Whether what hashes to ``small`` (64 hexadecimal digits; ``quality`` 0..100) shows what ``full`` shows, a still
    picture."""
    if full.error or full.clip or not full.pdq or len(small) != 64:
        return False
    return min(quality, full.pdq_quality) >= LOW_QUALITY and distance(small, full.pdq[0]) <= MATCH
