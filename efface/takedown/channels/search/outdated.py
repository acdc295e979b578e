"""Listings that outlive what they point to: which engines are asked to look again, and when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

OUTDATED = "outdated"
ENGINES = {
    "search_google": "google_search", "search_bing": "bing", "search_yandex": "yandex",
    "search_duckduckgo": "duckduckgo",
}  # fmt: skip
"""Notice type to the law data's desk."""
REMOVED = frozenset({"gone-provisional", "gone-confirmed", "content-replaced", "suspended", "delisting-pending"})
"""Verdicts after which a listing points to nothing."""


STILL = {"alive": True, "cached": True, "near": True, "gone": False}
"""From what a check saw at a noted result (``sight.media``) to whether it is still listed; else nobody could tell."""
_HOSTS = {"google": "search_google", "bing": "search_bing", "yandex": "search_yandex",
          "duckduckgo": "search_duckduckgo"}  # fmt: skip


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


def by_engine(results: Iterable[tuple[str, bool | None]]) -> dict[str, bool | None]:
    """Engine (notice type) to whether it still lists it, from (address of a result, still there): one that still stands
    decides, then one that could not be looked at. Results of engines that have no desk are passed over."""
    found: dict[str, list[bool | None]] = {}
    for url, still in results:
        names = (urlsplit(url).hostname or "").lower().split(".")
        engine = next((_HOSTS[one] for one in names if one in _HOSTS), "")
        if engine:
            found.setdefault(engine, []).append(still)
    return {engine: True if True in all_ else None if None in all_ else False for engine, all_ in found.items()}
