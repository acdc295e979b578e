"""The phrases of one language, read from ``phrases/LANGUAGE.yaml``, and the language a text is in.

A phrase is a few words as one would say them, in lower case (accents do not matter):

| in a phrase | means |
|---|---|
| ``remov*``, ``*remove`` | any ending, any beginning |
| ``page|site`` | one or the other; ``taken_down`` inside such a choice is two words |
| ``{content}`` | any word of the list ``content`` above in the same file |
| ``[now]`` | may stand there or not |
| ``..`` and ``...`` | up to three, up to eight other words (in a language without spaces: 6 and 16 letters) |
| ``^`` and ``$`` | the beginning and the end of the sentence |

Nothing a phrase can say makes the search slow: every repetition has a bound.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).parent / "phrases"
SECTIONS = (
    "removed", "removed_hint", "promise", "notice", "refuses", "refuses_hint", "court", "not_ours", "asks", "asks_hint", "counter", "counter_hint",  # noqa: E501
    "forwards", "forwards_hint", "told", "silent",
    "automatic", "received", "away", "closed", "off_topic", "partial", "price", "free",
)  # fmt: skip
MARKS = ("not", "if", "plan", "may", "thanks", "why", "without", "closing", "ours", "rule", "undone", "doubt", "house", "although", "task", "count")  # noqa: E501
"""Words that turn a statement round: a denial; a condition or a doubt (somebody else's word, a day to
come) anywhere in the sentence; a wish, plan or rule before the
verb; a mere possibility; a thing that is lacking. ``thanks`` is courtesy, ``why`` asks as a list of questions does, and
``closing`` is said of tickets as well as of pages; ``ours`` names what is not the content (our account, our mail), ``house`` what is the desk's own;
``although`` grants a point before the opposite is done;
``rule`` speaks of any content rather than of this one; ``undone`` is the past before the past: what had been removed
may be back; ``task`` joins what was asked of somebody to the asking ("by", "aby", "чтобы"); ``count`` are numbers that stand for pages."""  # noqa: E501
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "ـ": "", "ة": "ه", "ى": "ي",  # noqa: E501
                        "’": "'", "ʼ": "'", "`": "'"})  # fmt: skip
_CONTRACTED = re.compile(r"(?<=\w)'(?=(?:t|re|ve|ll|s|m|d)\b)")
_LINK = re.compile(r"(?:https?|hxxps?|ftp)://\S{1,2000}|www\.\S{1,500}")
_TIME = re.compile(r"(?<=\d)[:.](?=\d)")
"""The mark inside a time or number parts no clause."""
_MAILBOX = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_TOKEN = re.compile(r"[^\W_]+|[,;:()?!$£¥\u20a0-\u20bf•–—、،؛・]")
_CLAUSE = frozenset(",;:()!–—、،؛")


_GAPS = ("..", "...", "[..]")


class BadPhrase(ValueError):
    """A phrase cannot be read. The message names the file and the phrase."""


@dataclass(frozen=True, slots=True)
class Language:
    """``common`` are words that tell the language; ``spaceless``: it is written without spaces."""

    code: str
    common: frozenset[str]
    patterns: dict[str, re.Pattern[str] | None]
    spaceless: bool = False
    same: dict[int, str] = field(default_factory=dict)
    """Letters that are written in two ways."""

    def found(self, section: str, sentence: str) -> bool:
        return self.find(section, sentence) is not None

    def find(self, section: str, sentence: str) -> re.Match[str] | None:
        pattern = self.patterns[section]
        return pattern.search(sentence) if pattern else None

    def folded(self, sentence: str) -> str:
        plain = fold(sentence.translate(self.same) if self.same else sentence)
        return plain.replace(" ", "") if self.spaceless else plain


def fold(text: str) -> str:
    """Words in lower case without accents, one space between and around them; marks that part clauses become ",".
    The voicing marks of kana are kept: they make other letters."""
    low = _CONTRACTED.sub("", text.lower().translate(_PLAIN))
    low = _MAILBOX.sub(" mailbox ", _LINK.sub(" link ", low))
    low = _TIME.sub("", low)
    spread = unicodedata.normalize("NFKD", low)
    bare = "".join(one for one in spread if not unicodedata.combining(one) or one in "\u3099\u309a")
    plain = unicodedata.normalize("NFC", bare).translate(_PLAIN)
    return f" {' '.join(',' if one in _CLAUSE else one for one in _TOKEN.findall(plain))} "


@lru_cache(maxsize=1)
def languages() -> dict[str, Language]:
    return {path.stem: read(path) for path in sorted(HOME.glob("*.yaml"))}


def read(path: Path) -> Language:
    """One file of phrases. Raises ``BadPhrase``."""
    data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506
    unknown = sorted(set(data) - {"name", "common", "spaceless", "same", "words", *SECTIONS, *MARKS})
    if unknown:
        raise BadPhrase(f"{path.name}: {', '.join(unknown)} is no section")
    spaceless = bool(data.get("spaceless"))
    same = {ord(key): str(value) for pair in str(data.get("same") or "").split() for key, value in [pair.split("=")]}
    lists = {name: str(words).split() for name, words in (data.get("words") or {}).items()}
    compiler = _Compiler(path.name, lists, spaceless, same)
    patterns = {section: compiler.all(_phrases(data.get(section))) for section in SECTIONS if section != "removed"}
    patterns |= {mark: compiler.all(str(data.get(mark) or "").split()) for mark in MARKS}
    patterns |= {
        name: compiler.all(lists.get(name, [])) for name in ("removal", "content", "request", "inside", "party", "thing", "send")  # noqa: E501
    }
    patterns["done"] = compiler.all(lists.get("removed", []))
    patterns |= _removed(_phrases(data.get("removed")), compiler, patterns["not"])
    common = frozenset(word for one in str(data.get("common") or "").split() for word in fold(one).split())
    return Language(path.stem, common, patterns, spaceless, same)


def _removed(
    phrases: list[str], compiler: _Compiler, denial: re.Pattern[str] | None
) -> dict[str, re.Pattern[str] | None]:
    """Phrases of removal, those that hold a "not" themselves ("no longer available") apart."""
    gone = [one for one in phrases if denial and denial.search(_words(one, compiler))]
    one_clause = replace(compiler, crossing=False)
    return {"gone": one_clause.all(gone), "removed": one_clause.all(one for one in phrases if one not in gone)}


def _words(phrase: str, compiler: _Compiler) -> str:
    plain = fold(re.sub(r"\{\w+\}|[|\[\]_^$.*]", " ", phrase).translate(compiler.same))
    return plain.replace(" ", "") if compiler.spaceless else plain


def _phrases(value: Any) -> list[str]:
    return [str(one) for one in value or []]


@dataclass(frozen=True, slots=True)
class _Compiler:
    file: str
    lists: dict[str, list[str]]
    spaceless: bool
    same: dict[int, str]
    crossing: bool = True
    """Whether a gap may cross a comma."""

    def all(self, phrases: Iterable[str]) -> re.Pattern[str] | None:
        sources = [self.one(phrase) for phrase in phrases]
        return re.compile("|".join(f"(?:{one})" for one in sources)) if sources else None

    def one(self, phrase: str) -> str:
        pieces = phrase.split()
        if not pieces or pieces[0] in _GAPS or pieces[-1] in _GAPS:
            raise BadPhrase(f"{self.file}: {phrase!r} begins or ends with a gap, or is empty")
        if pieces[0] == "^" and not self.crossing:
            return replace(self, crossing=True).one(phrase)
        closed = self.spaceless or pieces[-1] == "$"
        return "".join(self._piece(piece, phrase) for piece in pieces) + ("" if closed else "(?= )")

    def _piece(self, piece: str, phrase: str) -> str:
        if piece == "^":
            return "^"
        if piece == "$":
            return r"(?: ?[?!,])* ?$"
        if piece in _GAPS:
            most = (6 if piece != "..." else 16) if self.spaceless else (3 if piece != "..." else 8)
            if self.spaceless:
                return f"{'.' if self.crossing else '[^,?]'}{{0,{most}}}?"
            return f"(?: [^ {'' if self.crossing else ','}]{{1,60}}){{0,{most}}}?"
        if piece.startswith("[") and piece.endswith("]"):
            return f"(?:{self._choice(piece[1:-1], phrase)})?"
        return self._choice(piece, phrase)

    def _choice(self, piece: str, phrase: str) -> str:
        words: list[str] = []
        for one in piece.split("|"):
            if one.startswith("{") and one.endswith("}"):
                if one[1:-1] not in self.lists:
                    raise BadPhrase(f"{self.file}: {phrase!r} names {one}, which is no list of words")
                words += self.lists[one[1:-1]]
            else:
                words.append(one)
        return f"(?:{'|'.join(self._word(word, phrase) for word in words)})"

    def _word(self, word: str, phrase: str) -> str:
        if word == "?":
            return r" ?\?"
        ending, beginning = word.endswith("*"), word.startswith("*")
        plain = fold(word.strip("*").replace("_", " ").translate(self.same)).split()
        if not plain:
            raise BadPhrase(f"{self.file}: {phrase!r} has a word without letters")
        if self.spaceless:
            return re.escape("".join(plain))
        comma = "(?: ,)?" if self.crossing else ""
        body = f"{comma} ".join(re.escape(one) for one in plain)
        return f"{comma} {'[^ ]{0,25}' if beginning else ''}{body}{'[^ ]{0,25}' if ending else ''}{'' if ending else '(?= )'}"  # noqa: E501


_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
LATIN = ("en", "es", "fr", "de", "pt", "it", "pl", "nl", "tr", "sv", "cs")
_LETTERS = {
    "de": "äöüß", "es": "ñ¿¡", "fr": "çœêèà", "pt": "ãõç", "it": "òùì", "pl": "łśżźćęńą", "tr": "ğışİ", "sv": "åö",
    "cs": "řěůčšž",
}  # fmt: skip


def tongues(text: str) -> list[str]:
    """The languages that ``text`` may be in, likeliest first. Several where the words do not settle it."""
    sample = text[:6000]
    counts = {name: len(pattern.findall(sample)) for name, pattern in
              (("kana", _KANA), ("han", _HAN), ("ar", _ARABIC), ("cyrillic", _CYRILLIC))}  # fmt: skip
    latin = sum(1 for one in sample if "a" <= one.lower() <= "z")
    found: list[str] = []
    if counts["kana"] + counts["han"] and 3 * (counts["kana"] + counts["han"]) >= latin / 3:
        found = ["ja"] if counts["kana"] > counts["han"] / 20 else ["zh", "ja"]
    elif counts["ar"] * 2 >= latin and counts["ar"]:
        found = ["ar"]
    elif counts["cyrillic"] * 2 >= latin and counts["cyrillic"]:
        found = ["uk", "ru"] if _UKRAINIAN.search(sample) else ["ru", "uk"]
    return found or _latin(sample, 0.5)


def aside(sentence: str) -> list[str]:
    """The language of one sentence, where at least two words of it tell: mails mix them."""
    return _latin(sentence, 2)[:1]


def _latin(sample: str, least: float) -> list[str]:
    words = fold(sample).split()
    low = sample.lower()
    scores = {code: sum(1 for one in words if one in languages()[code].common)
              + 0.5 * min(6, sum(low.count(letter) for letter in _LETTERS.get(code, "")))
              for code in LATIN}  # fmt: skip
    ranked = sorted(LATIN, key=lambda code: (-scores[code], LATIN.index(code)))
    best = scores[ranked[0]]
    return [code for code in ranked if scores[code] >= max(0.6 * best, least)][:4]
