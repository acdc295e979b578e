"""Any text to plain letters and digits, with the way back: what was written to be found by people and not by machines,
read as people read it.

Undone are compatibility forms (fullwidth, bold, circled; Unicode NFKC), accents, zero-width and other ignorable
characters, look-alike letters of other scripts (after Unicode TR 39), other scripts (by sound, through anyascii), and
whatever stands between the letters. A character costs a table look-up.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from array import array
from dataclasses import dataclass

from anyascii import anyascii

LIMIT = 100_000
"""Characters of a text that are read; what comes after is not."""

NONE, MARK, SPACE, FAR = 0, 1, 2, 3
"""What stands before a letter: nothing, punctuation, white space as well, or so much that two words do not belong
together."""

_FAR_CHARACTERS = 12
_MOST_LETTERS = 6
_MOST_IN_ALL = 3 * LIMIT

_PAIRS = (
    "аaвbеeзeёeіiїiкkмmнhоoрpсcтtуyхxѕsјjԁdԛqԝwһhӏlьbгrпn"  # Cyrillic
    "αaβbγyεeιiκkνvοoρpτtυuχxωwηnμuσo"  # Greek
    "օoսuոnհhցgաwѕsքp"  # Armenian
    "ᎪaᏴbᏟcᎠdᎬeᎻhᎫjᏦkᏞlᎷmᏢpᎡrᏚsᎢtᏙvᎳwᏃz"  # Cherokee
)
_CAPITALS = "ВbНhРpСcУyХxГrΡpΥyΧxΝnΗhΜmΖzΒbՕoՍu"
_LOOKALIKES = {
    **{letter.upper(): plain for letter, plain in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)},
    **dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)),
    **dict(zip(_CAPITALS[::2], _CAPITALS[1::2], strict=True)),
}
_OF_ANOTHER = re.compile("[" + "".join(_LOOKALIKES) + "]")
_WORD = re.compile(r"[^\W\d_]+(?:[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]+[^\W\d_]+)*")
_SYMBOLS = {"@": "a", "$": "s", "€": "e", "!": "i", "¡": "i", "|": "l", "+": "t", "£": "l", "¢": "c"}
_SIGN = re.compile("[" + re.escape("".join(_SYMBOLS)) + "]")


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` is a-z and 0-9 only, without anything between. For its character i, ``origin[i]`` is the position of
    the character of ``source`` that it came from and ``gaps[i]`` what stood before it; ``gaps[len(text)]`` is what
    followed the last."""

    source: str
    text: str
    origin: array[int]
    gaps: bytes

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` stands in the source, with the accents of its last letter."""
        last = self.origin[end - 1] + 1
        while last < len(self.source) and _fold(self.source[last]) == "":
            last += 1
        return self.origin[start], last


def may_look_otherwise(text: str) -> bool:
    """Whether ``normalise`` with ``by_look`` may give something else than without."""
    return _OF_ANOTHER.search(text, 0, LIMIT) is not None or _SIGN.search(text, 0, LIMIT) is not None


def normalise(text: str, *, by_look: bool = False) -> Normalised:
    """The letters and digits of ``text``, at most its first ``LIMIT`` characters.

    Letters of other scripts stand for their sound; within a word that mixes scripts, for what they look like.
    ``by_look``: they always do, where they look like a Latin letter, and symbols that stand for letters count
    (``$`` in ``jane_$mith``)."""
    source = text[:LIMIT]
    looks = {} if source.isascii() else _looks(source, by_look)
    letters: list[str] = []
    origin = array("I")
    gaps = bytearray()
    gap, width, lines = FAR, 0, 0
    for position, character in enumerate(source):
        folded = looks.get(position)
        if folded is None:
            folded = _fold(character)
        if folded is None and by_look and character in _SYMBOLS and _touches(source, position):
            folded = _SYMBOLS[character]
        if folded == "":
            continue
        if folded is None:
            width += 1
            lines += character == "\n"
            kind = SPACE if character.isspace() else MARK
            gap = FAR if width > _FAR_CHARACTERS or lines > 1 else max(gap, kind)
            continue
        for number, letter in enumerate(folded):
            letters.append(letter)
            origin.append(position)
            gaps.append(gap if number == 0 else NONE)
        gap, width, lines = NONE, 0, 0
        if len(letters) > _MOST_IN_ALL:
            break
    gaps.append(FAR)
    if gap not in (NONE, FAR):
        gaps[-1] = gap
    return Normalised(source, "".join(letters), origin, bytes(gaps))


@functools.lru_cache(maxsize=1 << 16)
def _fold(character: str) -> str | None:
    """Letters and digits that a character stands for; empty for one to be passed over, None for one that separates."""
    if character.isascii():
        return character.lower() if character.isalnum() else None
    category = unicodedata.category(character)
    if category[0] == "M" or category in ("Cf", "Cn", "Co", "Cs"):
        return ""
    if category[0] == "Z" or category == "Cc":
        return None
    if category == "So" and not ("\U0001f150" <= character <= "\U0001f1ff" or "\u24b6" <= character <= "\u24e9"):
        return None
    plain = unicodedata.normalize("NFKC", character)
    if category[0] in "SP" and not any(one.isalnum() for one in plain):
        return None
    letters = "".join(one for one in anyascii(plain).lower() if one.isascii() and one.isalnum())
    if not letters and category[0] in "LN":
        letters = "".join(one for one in anyascii(character).lower() if one.isascii() and one.isalnum())
    return letters[:_MOST_LETTERS] or None


def _looks(source: str, always: bool) -> dict[int, str]:
    """Positions of letters that stand for what they look like."""
    found: dict[int, str] = {}
    if not _OF_ANOTHER.search(source):
        return found
    for word in _WORD.finditer(source):
        others = [position for position in range(*word.span()) if source[position] in _LOOKALIKES]
        if not others:
            continue
        if not always and not any(_latin(source[position]) for position in range(*word.span())):
            continue
        for position in others:
            found[position] = _LOOKALIKES[source[position]]
    return found


def _latin(character: str) -> bool:
    return character.isalpha() and (character < "\u0250" or "\u1e00" <= character < "\u1f00")


def _touches(source: str, position: int) -> bool:
    """Whether a letter or digit stands directly beside."""
    before = source[position - 1] if position else " "
    after = source[position + 1] if position + 1 < len(source) else " "
    return before.isalnum() or after.isalnum()


_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def stands_alone(character: str) -> bool:
    """Whether a letter is of a script that writes words without spaces (Han, kana, Hangul with its particles, Thai)."""
    return _NO_SPACES.match(character) is not None


LEET = str.maketrans("0134567892l", "oieasgtbgzi")
"""Digits as the letters they are written for. Also l as i, because 1 is written for both: a value and a text are folded
alike before they are compared."""


def skeleton(text: str) -> str:
    """``text``, of a-z and 0-9, with digits as letters; as many characters."""
    return text.translate(LEET)
