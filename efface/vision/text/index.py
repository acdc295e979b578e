"""Names, handles, addresses and numbers looked for in the texts of pages, in memory.

Nothing here is stored and nothing of a text is kept. A search takes a time that grows with the text only: about a
second for 100,000 characters made to be slow, a few for the worst found.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from efface.vision.text.automaton import Automaton
from efface.vision.text.fitting import dialled, written
from efface.vision.text.fold import NONE, Normalised, may_look_otherwise, normalise, skeleton
from efface.vision.text.prints import Kind, Strength, TextPrint, is_latin
from efface.vision.text.sound import sounds

Key = TypeVar("Key", bound=Hashable)

MOST_HITS = 5
"""Places told of one key in one text."""

_DIGITS = str.maketrans("oli", "011")
_WEAKER: dict[Strength, Strength] = {"strong": "review", "review": "review", "weak": "weak"}


@dataclass(frozen=True, slots=True)
class TextHit(Generic[Key]):
    """``start:end`` is where it stands in the text searched and ``matched`` what is written there. ``how``: ``exact``
    as the value was given (capitals aside), ``variant`` in another spelling, script or order. ``strength`` as in
    ``prints.Strength``: a weak one counts only beside another item (see ``counting``)."""

    key: Key
    kind: Kind
    start: int
    end: int
    matched: str
    how: Literal["exact", "variant"]
    strength: Strength


class TextIndex(Generic[Key]):
    """One ``TextPrint`` a key. What is added or removed counts at the next search. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._prints: dict[Key, TextPrint] = {}
        self._letters: Automaton[tuple[Key, int]] = Automaton()
        self._numbers: Automaton[Key] = Automaton()
        self._heard: Automaton[Key] = Automaton()

    def __len__(self) -> int:
        return len(self._prints)

    def __contains__(self, key: object) -> bool:
        return key in self._prints

    def add(self, key: Key, sought: TextPrint) -> None:
        """``key`` stands for exactly this from now on."""
        with self._lock:
            self._drop(key)
            self._prints[key] = sought
            for machine, pattern, owner in self._patterns(key, sought):
                machine.add(pattern, owner)

    def remove(self, key: Key) -> bool:
        """Forgets ``key``; False where it was not there."""
        with self._lock:
            return self._drop(key)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._clear()

    def search(self, text: str) -> list[TextHit[Key]]:
        """What is written in ``text`` (at most its first ``fold.LIMIT`` characters), in the order of the text; of each
        key at most ``MOST_HITS`` places, the exact ones first chosen."""
        plain = normalise(text)
        looks = normalise(text, by_look=True) if may_look_otherwise(text) else plain
        with self._lock:
            found = [*self._in_letters(plain)]
            if looks.text != plain.text:
                found += self._in_letters(looks)
            if len(self._numbers):
                found += self._in_numbers(plain)
            if len(self._heard):
                found += self._in_sounds(plain)
        return _best(found)

    def _patterns(self, key: Key, sought: TextPrint) -> Iterator[tuple[Automaton[object], str, object]]:
        for number, spelling in enumerate(sought.spellings):
            if sought.kind == "phone":
                yield self._numbers, spelling.pattern, key  # type: ignore[misc]
            else:
                yield self._letters, spelling.pattern, (key, number)  # type: ignore[misc]
        for sound in sought.sounds:
            yield self._heard, sound, key  # type: ignore[misc]

    def _drop(self, key: Key) -> bool:
        sought = self._prints.pop(key, None)
        if sought is None:
            return False
        for machine, pattern, owner in self._patterns(key, sought):
            machine.remove(pattern, owner)
        return True

    def _in_letters(self, text: Normalised) -> Iterator[TextHit[Key]]:
        for start, end, (key, number) in self._letters.find(skeleton(text.text)):
            sought = self._prints[key]
            exact = written(text, start, end, sought, sought.spellings[number])
            if exact is not None:
                yield _hit(key, sought, text, start, end, exact)

    def _in_numbers(self, text: Normalised) -> Iterator[TextHit[Key]]:
        digits = text.text.translate(_DIGITS)
        for start, end, key in self._numbers.find(digits):
            sought = self._prints[key]
            fit = dialled(text, start, end, sought)
            if fit is not None:
                yield _hit(key, sought, text, start, end, fit[0] and fit[1])

    def _in_sounds(self, text: Normalised) -> Iterator[TextHit[Key]]:
        heard = sounds(text)
        words = [at for at, gap in enumerate(text.gaps) if gap != NONE]
        for first, last, key in self._heard.find(heard.text):
            start = _word_start(words, heard.places[first])
            end = words[bisect_left(words, heard.places[last - 1] + 1)]
            if first and heard.places[first - 1] >= start:
                continue
            if last < len(heard.places) and heard.places[last] < end:
                continue
            sought = self._prints[key]
            inside = bisect_left(words, end) - bisect_left(words, start)
            begin, stop = text.span(start, end)
            if is_latin(text.source[begin:stop]) != sought.latin and inside == len(sought.spellings[0].parts):
                yield _hit(key, sought, text, start, end, False)


def counting(hits: Iterable[TextHit[Key]], case: Callable[[Key], Hashable]) -> list[TextHit[Key]]:
    """The hits of one page that count: those that are not weak, and weak ones where another item of the same case
    (``case`` of its key) stands on the page too."""
    given = list(hits)
    items: dict[Hashable, set[Key]] = {}
    for hit in given:
        items.setdefault(case(hit.key), set()).add(hit.key)
    return [hit for hit in given if hit.strength != "weak" or len(items[case(hit.key)]) > 1]


def _word_start(words: list[int], at: int) -> int:
    place = bisect_left(words, at)
    return at if place < len(words) and words[place] == at else words[max(place - 1, 0)]


def _hit(key: Key, sought: TextPrint, text: Normalised, start: int, end: int, exact: bool) -> TextHit[Key]:
    first, last = text.span(start, end)
    strength = sought.strength if exact else _WEAKER[sought.strength]
    how: Literal["exact", "variant"] = "exact" if exact else "variant"
    return TextHit(key, sought.kind, first, last, text.source[first:last], how, strength)


def _best(found: list[TextHit[Key]]) -> list[TextHit[Key]]:
    """Of places of one key that overlap the exact one, else the first."""
    chosen: dict[Key, list[TextHit[Key]]] = {}
    for hit in sorted(found, key=lambda hit: (hit.how, hit.start, -hit.end)):
        told = chosen.setdefault(hit.key, [])
        if len(told) < MOST_HITS and not any(hit.start < other.end and other.start < hit.end for other in told):
            told.append(hit)
    return sorted((hit for told in chosen.values() for hit in told), key=lambda hit: (hit.start, hit.end))
