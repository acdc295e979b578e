"""The same name as it is spelt by different transliterations: Yuliya, Julia, Iuliia and Юлия.

Used only where the value and the text are written in different scripts; within one script spelling counts.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from efface.vision.text.fold import NONE, Normalised

_VOWELS = frozenset("aeiou")
_TOGETHER = (
    ("shch", "S"), ("sch", "S"), ("tch", "C"), ("sh", "S"), ("ch", "C"), ("zh", "Z"), ("kh", "h"), ("ts", "c"),
    ("tz", "c"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("x", "ks"), ("w", "v"), ("q", "k"),
    ("z", "s"), ("oy", "u"), ("ou", "u"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sounds:
    """``text`` is what ``Normalised.text`` sounds like; ``places[i]`` is the position in that of its character i."""

    text: str
    places: array[int]


def sounds(text: Normalised) -> Sounds:
    """Word by word; never longer than twice the text."""
    out: list[str] = []
    places = array("I")
    start, size = 0, len(text.text)
    while start < size:
        end = start + 1
        while end < size and text.gaps[end] == NONE:
            end += 1
        for letter, place in _word(text.text[start:end]):
            out.append(letter)
            places.append(start + place)
        start = end
    return Sounds("".join(out), places)


def _word(word: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(word):
        letters, step = _sound(word, at)
        for letter in letters:
            if not found or found[-1][0] != letter:
                found.append((letter, at))
        at += step
    return found


def _sound(word: str, at: int) -> tuple[str, int]:
    for spelling, sound in _TOGETHER:
        if word.startswith(spelling, at):
            return sound, len(spelling)
    letter, following = word[at], word[at + 1 : at + 2]
    if letter in "jyi":
        return ("", 1) if following and following in _VOWELS | {"y", "j"} else ("i", 1)
    if letter == "c":
        return ("c", 1) if following and following in "eiy" else ("k", 1)
    return letter, 1
