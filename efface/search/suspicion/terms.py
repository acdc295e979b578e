"""Words by which a page says that it shows children. Conservative: one place is no alarm, neither are news and house
rules.

An alarm names ids of terms ("en.age", "own.3"), never words. The data is ``terms.yaml``; an operator may have a file of
phrases that only a hotline may hand out (setting ``child_terms``)::

    - paper lantern meadow
    - sha256: 64 hexadecimal digits, as ``digest`` gives them, of a phrase of at most four words
    - phrase: ...
      alone: true        # enough by itself
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from efface.search.suspicion.contract import ListRefused

NEAR = 8
"""Words between a declaration and what must stand beside it."""
AROUND = 40
"""Words around a declaration in which two words of news, law or help unsay it."""
BEFORE = 4
ENOUGH = 2
"""Places, or different phrases, that make an alarm."""
MOST_WORDS = 4
MOST_CHARACTERS = 40_000
ADULT = 18
_WORD = re.compile(r"\d+|[^\W\d_]+")
_SHAPE = {"age", "young", "beside", "not", "about"}


@dataclass(frozen=True, slots=True)
class Language:
    """One language of ``terms.yaml``; phrases as words, None for the number."""

    age: tuple[tuple[str | None, ...], ...]
    young: tuple[tuple[str | None, ...], ...]
    beside: frozenset[str]
    unsaid: frozenset[str]
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """``own``: digest of a phrase -> (id, whether it is enough by itself); ``own_lengths``: of how many words."""

    languages: Mapping[str, Language]
    own: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    own_lengths: frozenset[int] = frozenset()


def words(text: str) -> list[str]:
    """Lower-case words and numbers, in order; what stands between them is gone ("16-YO" -> "16", "yo")."""
    return _WORD.findall(unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold())


def digest(phrase: str) -> str:
    """By which a phrase may stand in a file without being read: SHA-256 (hex) of its words, a space between them."""
    return hashlib.sha256(" ".join(words(phrase)).encode()).hexdigest()


def found(text: str, terms: Terms) -> list[str]:
    """Ids of the terms that make an alarm; empty where there is none. Pure."""
    said = words(text)
    if not said:
        return []
    places: dict[int, str] = {}
    own = set(_own(said, terms))
    for name, language in terms.languages.items():
        for start, kind in _declared(said, language):
            places.setdefault(start, f"{name}.{kind}")
    alone = any(enough for _id, enough in own)
    if not alone and len(places) + len(own) < ENOUGH:
        return []
    return sorted({*places.values(), *(one for one, _enough in own)})


def _declared(said: Sequence[str], language: Language) -> Iterator[tuple[int, str]]:
    """Where somebody is said to be a child beside something sexual, and nothing around unsays it."""
    if language.beside.isdisjoint(said):
        return
    for kind, phrases in (("age", language.age), ("young", language.young)):
        for phrase in phrases:
            for start in _starts(said, phrase):
                end = start + len(phrase)
                if language.unsaid.intersection(said[max(0, start - BEFORE) : start]):
                    continue
                if language.beside.isdisjoint(said[max(0, start - NEAR) : end + NEAR]):
                    continue
                if len(language.about.intersection(said[max(0, start - AROUND) : end + AROUND])) < ENOUGH:
                    yield start, kind


def _starts(said: Sequence[str], phrase: tuple[str | None, ...]) -> Iterator[int]:
    anchor = next(place for place, word in enumerate(phrase) if word is not None)
    at = -1
    while True:
        try:
            at = said.index(phrase[anchor] or "", at + 1)
        except ValueError:
            return
        start = at - anchor
        if start >= 0 and start + len(phrase) <= len(said) and all(
            _is_child(there) if word is None else there == word
            for word, there in zip(phrase, said[start:], strict=False)
        ):
            yield start


def _is_child(word: str) -> bool:
    return word.isdecimal() and len(word) <= 2 and 1 <= int(word) < ADULT


def _own(said: Sequence[str], terms: Terms) -> Iterator[tuple[str, bool]]:
    for length in terms.own_lengths:
        for start in range(len(said) - length + 1):
            known = terms.own.get(hashlib.sha256(" ".join(said[start : start + length]).encode()).hexdigest())
            if known is not None:
                yield known


@cache
def read(own: str = "") -> Terms:
    """The terms of every language, and those of the operator's file ``own``. Raises ``ListRefused``."""
    data = yaml.safe_load((Path(__file__).parent / "terms.yaml").read_text(encoding="utf-8"))
    languages = {str(name): _language(str(name), given) for name, given in data.items()}
    if not own:
        return Terms(languages)
    try:
        given = yaml.safe_load(Path(own).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeError) as error:
        raise ListRefused(f"child_terms: {own} cannot be read ({type(error).__name__})") from None
    return Terms(languages, *_read_own(given))


def _language(name: str, given: Any) -> Language:
    if not isinstance(given, dict) or set(given) != _SHAPE:
        raise ListRefused(f"terms.yaml: {name} has {', '.join(sorted(_SHAPE))} and nothing else")
    return Language(
        tuple(map(_phrase, given["age"])), tuple(map(_phrase, given["young"])),
        frozenset(_plain(given["beside"])), frozenset(_plain(given["not"])), frozenset(_plain(given["about"])),
    )  # fmt: skip


def _phrase(text: str) -> tuple[str | None, ...]:
    return tuple(None if part == "{n}" else word for part in text.split() for word in _parts(part))


def _parts(part: str) -> list[str]:
    return [part] if part == "{n}" else words(part)


def _plain(given: Iterable[Any]) -> Iterator[str]:
    for one in given:
        if not isinstance(one, str):
            raise ListRefused(f"terms.yaml: {one!r} is no word; quote it")
        yield from words(one)


def _read_own(given: Any) -> tuple[dict[str, tuple[str, bool]], frozenset[int]]:
    """The operator's file: by digest. A phrase that is written as its digest may have any number of words."""
    own: dict[str, tuple[str, bool]] = {}
    lengths: set[int] = set()
    if not isinstance(given, list) or not given:
        raise ListRefused("child_terms: the file is a list of phrases; see the operator's guide")
    for number, one in enumerate(given, 1):
        entry = {"phrase": one} if isinstance(one, str) else one
        if not isinstance(entry, dict) or not set(entry) <= {"phrase", "sha256", "alone"}:
            raise ListRefused(f"child_terms: entry {number} has phrase or sha256, and may have alone")
        phrase, hashed, alone = entry.get("phrase"), entry.get("sha256"), entry.get("alone", False)
        if not isinstance(alone, bool) or (phrase is None) == (hashed is None):
            raise ListRefused(f"child_terms: entry {number} has either phrase or sha256; alone is true or false")
        if phrase is not None:
            length = len(words(phrase)) if isinstance(phrase, str) else 0
            if not 1 <= length <= MOST_WORDS:
                raise ListRefused(f"child_terms: the phrase of entry {number} has one to {MOST_WORDS} words")
            own[digest(phrase)] = (f"own.{number}", alone)
            lengths.add(length)
        else:
            if not isinstance(hashed, str) or not re.fullmatch("[0-9a-f]{64}", hashed):
                raise ListRefused(f"child_terms: the sha256 of entry {number} has 64 hexadecimal digits")
            own[hashed] = (f"own.{number}", alone)
            lengths.update(range(1, MOST_WORDS + 1))
    return own, frozenset(lengths)
