"""Many patterns looked for at once (Aho and Corasick, 1975), with patterns that come and go."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

Owner = TypeVar("Owner", bound=Hashable)

_LEAST_NEW = 512


class Automaton(Generic[Owner]):
    """Patterns, each with its owners. A new pattern counts at the next search: it goes into a small machine beside the
    large one until there are many. One that went is not found from then on, and the next search builds a machine
    without it. Not for several threads at once."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._owners: dict[str, set[Owner]] = {}
        self._built: list[str] = []
        self._known: set[str] = set()
        self._large: AhoCorasick | None = None
        self._stale = False
        self._new: dict[str, None] = {}
        self._small: AhoCorasick | None = None

    def __len__(self) -> int:
        """Number of patterns."""
        return len(self._owners)

    def add(self, pattern: str, owner: Owner) -> None:
        """``pattern`` is not empty."""
        self._owners.setdefault(pattern, set()).add(owner)
        if pattern not in self._known and pattern not in self._new:
            self._new[pattern] = None
            self._small = None

    def remove(self, pattern: str, owner: Owner) -> None:
        """Nothing happens where it was not there."""
        owners = self._owners.get(pattern)
        if owners is None:
            return
        owners.discard(owner)
        if owners:
            return
        del self._owners[pattern]
        if pattern in self._new:
            del self._new[pattern]
            self._small = None
        self._stale = self._stale or pattern in self._known

    def find(self, text: str) -> Iterator[tuple[int, int, Owner]]:
        """(start, end, owner) of every place of every pattern in ``text``, overlapping ones too."""
        if self._stale or len(self._new) > max(_LEAST_NEW, len(self._known) // 4):
            self._build()
        if self._new and self._small is None:
            self._small = AhoCorasick(list(self._new))
        for machine, patterns in ((self._large, self._built), (self._small, list(self._new))):
            if machine is None:
                continue
            for number, start, end in machine.find_matches_as_indexes(text, overlapping=True):
                for owner in self._owners.get(patterns[number], ()):
                    yield start, end, owner

    def _build(self) -> None:
        self._built = list(self._owners)
        self._known = set(self._built)
        self._large = AhoCorasick(self._built) if self._built else None
        self._new = {}
        self._small = None
        self._stale = False
