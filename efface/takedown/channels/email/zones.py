"""The time zones of a country, from the zone table of the time zone data (package ``tzdata``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[str, tuple[str, ...]]:
    try:
        text = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError):
        return {}
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_rest = line.split("\t")
            found.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in found.items()}


def of(country: str) -> tuple[str, ...]:
    """``country`` is an ISO 3166 alpha-2 code. Empty where it is not known."""
    return _table().get(country.strip().upper(), ())
