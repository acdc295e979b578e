"""What changed between two readings of the law, and what was read since a day: for the lawyer who reviews it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from efface.law.model import Law

FOLDERS = ("notices", "jurisdictions", "channels", "calendars", "sources", "translations", "words", "groups", "zones")
LISTS = ("rules", "ladder", "no_clock")


@dataclass(frozen=True, slots=True)
class Change:
    """``where``: "notices.us_tida.clock.hours"; ``before`` and ``after`` as they are written, None for nothing."""

    what: Literal["added", "removed", "changed"]
    where: str
    before: Any = None
    after: Any = None


def difference(old: Law, new: Law) -> list[Change]:
    """Every fact that differs, the smallest part named; an entry that is only in one of them is named whole."""
    found: list[Change] = []
    for name in (*FOLDERS, *LISTS):
        found += _compare(_plain(getattr(old, name)), _plain(getattr(new, name)), name, depth=0)
    return found


def since(law: Law, day: date) -> list[str]:
    """What was read, or came into force, on ``day`` or later."""
    found = []
    for name in ("notices", "jurisdictions", "channels", "calendars"):
        for id, entry in sorted(getattr(law, name).items()):
            if entry.as_of >= day:
                found.append(f"{name}.{id}: read on {entry.as_of}")
            started = getattr(entry, "in_force", None)
            if started is not None and started >= day:
                found.append(f"{name}.{id}: in force since {started}")
    return found + [f"sources.{key}: read on {one.checked}" for key, one in law.sources.items() if one.checked >= day]


def _plain(value: Any) -> Any:
    """Records as mappings; lists of records that have an id, a name or a route as mappings by it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        keys = [_key(item) for item in value]
        if keys and all(keys) and len(set(keys)) == len(keys):
            return {key: _plain(item) for key, item in zip(keys, value, strict=True)}
        return [_plain(item) for item in value]
    return value


def _key(item: Any) -> str:
    for name in ("id", "name", "route", "step"):
        if hasattr(item, name):
            return str(getattr(item, name))
    return ""


def _compare(old: Any, new: Any, where: str, depth: int) -> Iterator[Change]:
    if old == new:
        return
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield Change("changed", where, old, new)
        return
    for key in sorted({*old, *new}, key=str):
        here = f"{where}.{key}"
        if key not in old:
            yield Change("added", here, None, new[key] if depth else None)
        elif key not in new:
            yield Change("removed", here, old[key] if depth else None, None)
        else:
            yield from _compare(old[key], new[key], here, depth + 1)
