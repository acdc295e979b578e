"""Listings that outlive what they point to: which engines are asked to look again, and when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

OUTDATED = "outdated"
ENGINES = {
    "search_google": "google_search", "search_bing": "bing", "search_yandex": "yandex",
    "search_duckduckgo": "duckduckgo",
}  # fmt: skip
"""Notice type to the law data's desk."""
REMOVED = frozenset({"gone-provisional", "gone-confirmed", "content-replaced", "suspended", "delisting-pending"})
"""Verdicts after which a listing points to nothing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An engine that showed the address, or that was asked to stop showing it. ``engine`` is its notice type;
    ``still``: it was seen there after the removal, None where nobody could look."""

    engine: str
    still: bool | None = None


def due(state: str, listings: Iterable[Listing], asked: Collection[str]) -> tuple[str, ...]:
    """The engines (notice types) to be asked, in order, now that a finding stands at ``state``. ``asked``: engines
    whose follow-up is there already. Where nobody could look whether the listing stays, it is asked for: it costs one
    form, and a listing with a preview is the picture still shown."""
    if state not in REMOVED:
        return ()
    found = [one.engine for one in listings if one.still is not False and one.engine in ENGINES]
    return tuple(engine for engine in dict.fromkeys(found) if engine not in asked)
