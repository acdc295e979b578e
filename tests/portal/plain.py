"""How plain a text is, with a measure that fits its language. Pure; nothing of it is tuned on our own sentences.

A sentence ends at a full stop, a question or exclamation mark, a colon or semicolon. No sentence is longer than what
guides of plain language allow (GOV.UK: 25 words). Romance languages write articles and prepositions apart and have
five more; Arabic writes them together and has five fewer.

As a whole: LIX (Björnsson 1968: words in a sentence plus the percentage of words longer than six letters; up to 40 is
"easy") for English, German, Spanish, French and Portuguese; Pisarek's index (half the root of the squares of words in a
sentence and of the percentage of words of four syllables or more; up to 10 is read by everybody who finished school)
for Polish and Ukrainian, whose words are long because of their endings; for Arabic, of which a letter count alone says
little, words in a sentence, with a bound on words longer than seven letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = {"es": 30, "fr": 30, "pt": 30, "ar": 20}
LONGEST_ELSEWHERE = 25
EASY_LIX, EASY_PISAREK = 40.0, 10.0
ARABIC_WORDS, ARABIC_LONG = 12.0, 20.0
SLAVIC = ("pl", "uk")
_END = re.compile(r"(?<=[.!?؟…:;؛])[\s”»\"“)]+|\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_NOT_READ = re.compile(r"%\(\w+\)[sd]|https?://\S+|\S+@\S+|\b[\w-]+\.(?:org|example|com)\b\S*")
_SYLLABLE = re.compile(r"[aeiouyąęóаеєиіїоуюя]", re.IGNORECASE)
_SOFT = re.compile(r"i(?=[aąeęioóu])", re.IGNORECASE)
"""In Polish an i before a vowel is no syllable of its own."""


@dataclass(frozen=True, slots=True)
class Plain:
    """``value`` is not to be above ``bound``; ``words`` are those of a sentence, on average."""

    measure: str
    value: float
    bound: float
    words: float


def sentences(text: str) -> list[str]:
    """Sentences with a word in them; placeholders and addresses count as one word."""
    return [part for part in _END.split(_NOT_READ.sub("x", text)) if _WORD.search(part)]


def too_long(language: str, texts: Iterable[str]) -> list[tuple[int, str]]:
    """Sentences with more words than the language's longest, with their number of words."""
    most = LONGEST.get(language, LONGEST_ELSEWHERE)
    counted = ((len(_WORD.findall(one)), one) for text in texts for one in sentences(text))
    return [(words, one) for words, one in counted if words > most]


def measured(language: str, texts: Iterable[str]) -> Plain:
    """How plain all these texts are together. Words on buttons and labels (three or fewer) are no sentences: they would
    make the average look better than it is."""
    found = [_WORD.findall(one) for text in texts for one in sentences(text)]
    found = [words for words in found if len(words) > 3]
    all_words = [word for words in found for word in words]
    mean = len(all_words) / max(1, len(found))
    if language in SLAVIC:
        long = _percent(all_words, lambda word: _syllables(word) >= 4)
        return Plain("Pisarek", (mean**2 + long**2) ** 0.5 / 2, EASY_PISAREK, mean)
    if language == "ar":
        long = _percent(all_words, lambda word: len(word) > 7)
        return Plain("words", mean if long <= ARABIC_LONG else max(mean, long), ARABIC_WORDS, mean)
    return Plain("LIX", mean + _percent(all_words, lambda word: len(word) > 6), EASY_LIX, mean)


def _percent(words: list[str], is_long: object) -> float:
    assert callable(is_long)
    return 100 * sum(bool(is_long(word)) for word in words) / max(1, len(words))


def _syllables(word: str) -> int:
    return len(_SYLLABLE.findall(_SOFT.sub("", word)))
