"""What is looked for in texts: a name, a handle, an e-mail address, a phone number, and every way it may be written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

import phonenumbers

from efface.vision.text import common
from efface.vision.text.fold import normalise, skeleton
from efface.vision.text.sound import sounds

Kind = Literal["name", "handle", "email", "phone"]
Strength = Literal["strong", "review", "weak"]
"""``strong``: hardly anybody else's. ``review``: a person must look. ``weak``: shared by many; counts only beside
another item of the same case on the same page."""

KINDS: tuple[str, ...] = get_args(Kind)
LONGEST = 100
"""Characters of a value."""
Reason = Literal[
    "length",
    "kind",
    "no-name",
    "place",
    "one-name",
    "initial",
    "no-account",
    "no-handle",
    "short-handle",
    "digits",
    "everyday",
    "name-as-handle",
    "no-email",
    "office",
    "no-phone",
    "phone-length",
    "short-phone",
]
WORDS: dict[Reason, str] = {
    "length": f"Give something of 1 to {LONGEST} characters.",
    "kind": "Only names, handles, e-mail addresses and phone numbers are looked for.",
    "no-name": "This is no name. Give a handle, an address or a number under its own kind.",
    "place": "This is a place: it would find pages about everybody who lives there.",
    "one-name": "One name alone is shared with many strangers. Give the first and the last name.",
    "initial": "An initial is shared with many strangers. Give the first and the last name in full.",
    "no-account": "This address names no account. Give the name of the account.",
    "no-handle": "A handle is one word: letters, digits, dots, dashes and underscores.",
    "short-handle": "So short a handle stands in the middle of other words. Give one of four characters or more.",
    "digits": "Digits alone are no handle: they would find every such number.",
    "everyday": "This is an everyday word or a place: it would find strangers.",
    "name-as-handle": "One name alone is shared with many strangers. Give the whole handle, or the full name.",
    "no-email": "This is no e-mail address.",
    "office": "This address belongs to an office, not to one person.",
    "no-phone": "This is no phone number. Give it with its country code, as in +49 30 1234567.",
    "phone-length": "This number is too short or too long for its country.",
    "short-phone": "So short a number stands inside many others. Give it with its area code.",
}
"""What to tell a person for each reason, and what to give instead."""

_MOST_VARIANTS = 48
_LEAST_HANDLE = 4
_SHORT_HANDLE = 5
_LEAST_NUMBERED = 7
_LEAST_NAME = 7
_LEAST_SOUND = 6
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ё": "yo", "ñ": "ny"}
_SPLIT = re.compile(r"[\s\-\u2010-\u2015,·・]+")
_PROFILE = re.compile(r"(?i)^(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}/")
_NOT_PROFILES = frozenset({"in", "u", "user", "users", "profile", "people", "c", "channel", "add", "model", "members"})
_PLAIN_HANDLE = re.compile(r"[\w][\w.\-]*\Z")
_AT_AND_DOT = (
    ("", ""), ("at", "dot"), ("at", ""), ("", "dot"), ("a", ""), ("a", "dot"), ("aet", "punkt"), ("at", "punkt"),
    ("arroba", "punto"), ("arobase", "point"), ("chiocciola", "punto"), ("malpa", "kropka"), ("sobaka", "tochka"),
)  # fmt: skip
_MAIL = re.compile(r"[^\s@]{1,64}@(?:[^\s@.]+\.)+[^\s@.]{2,}\Z")


class TextRefused(ValueError):
    """The value is not looked for: it is none of its kind, or it would find strangers. ``reason`` is a key of
    ``WORDS``; ``str`` of it is the sentence."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(WORDS[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way of writing a value. ``pattern`` is its skeleton (digits for a phone), ``parts`` the lengths of the words
    in it, ``as_given`` whether it is the value itself and no variant of it."""

    pattern: str
    parts: tuple[int, ...]
    as_given: bool


@dataclass(frozen=True, slots=True)
class TextPrint:
    """``value`` as it is shown and compared with: NFKC, and for a handle without ``@`` or the address before it, for a
    phone E.164. ``sounds`` are set for names (see ``sound``), ``latin`` is whether the value is written in Latin
    letters, ``code`` a phone's country calling code."""

    kind: Kind
    value: str
    spellings: tuple[Spelling, ...]
    strength: Strength
    sounds: tuple[str, ...] = ()
    latin: bool = True
    code: str = ""

    @property
    def variants(self) -> tuple[str, ...]:
        """The other spellings, as patterns."""
        return tuple(spelling.pattern for spelling in self.spellings if not spelling.as_given)


def text_print(kind: str, value: str, country: str = "") -> TextPrint:
    """``country``, ISO 3166 alpha-2, is where phone numbers without a country code belong. Raises ``TextRefused``."""
    shown = " ".join(unicodedata.normalize("NFKC", value).split())
    if not shown or len(shown) > LONGEST:
        raise TextRefused("length")
    if kind == "name":
        return _name(shown)
    if kind == "handle":
        return _handle(shown)
    if kind == "email":
        return _email(shown)
    if kind == "phone":
        return _phone(shown, country.upper())
    raise TextRefused("kind")


def why_refused(kind: str, value: str, country: str = "") -> str:
    """Why ``value`` is not looked for, in plain words; empty where it is."""
    try:
        text_print(kind, value, country)
    except TextRefused as refusal:
        return str(refusal)
    return ""


def _name(shown: str) -> TextPrint:
    if any(character.isdigit() for character in shown) or "@" in shown:
        raise TextRefused("no-name")
    words = [word for word in _SPLIT.split(shown) if normalise(word).text]
    plain = [normalise(word).text for word in words]
    whole = "".join(plain)
    if whole in common.PLACES:
        raise TextRefused("place")
    if len(words) == 1 and _has_no_spaces(shown) and 3 <= len(words[0]) <= 6:
        plain = [normalise(character).text for character in words[0]]
        plain = [plain[0], "".join(plain[1:])]
    elif len(words) < 2:
        raise TextRefused("one-name")
    if sum(len(part) > 1 for part in plain) < 2:
        raise TextRefused("initial")
    orders = [(plain, True), ([*plain[-1:], *plain[:-1]], False)]
    if len(plain) > 2:
        orders += [([plain[0], plain[-1]], False), ([plain[-1], plain[0]], False)]
    spellings: dict[str, Spelling] = {}
    for order, as_given in orders:
        for number, parts in enumerate(_respelt(order, words if len(words) == len(plain) else order, as_given)):
            pattern = skeleton("".join(parts))
            spellings.setdefault(
                pattern, Spelling(pattern, tuple(len(part) for part in parts), as_given and number == 0)
            )  # fmt: skip
    shared = plain[0] in common.GIVEN and plain[-1] in common.FAMILY | common.GIVEN
    shared = shared or (plain[-1] in common.GIVEN and plain[0] in common.FAMILY)
    strength: Strength = "weak" if shared or len(whole) < _LEAST_NAME else "review"
    heard = {sounds(normalise(" ".join(order))).text for order in (words, [*words[-1:], *words[:-1]])}
    heard = {sound for sound in heard if len(sound) >= _LEAST_SOUND}
    ways = tuple(spellings.values())[:_MOST_VARIANTS]
    return TextPrint("name", shown, ways, strength, tuple(sorted(heard)), is_latin(shown))


def _respelt(order: list[str], words: list[str], as_given: bool) -> list[list[str]]:
    """The parts as they are, then with the letters that some write as two."""
    by_plain = {normalise(word).text: word for word in words}
    options = [list(dict.fromkeys([part, *_umlauts(by_plain.get(part, part))])) for part in order]
    found = [list(parts) for parts in product(*options)]
    return found[: _MOST_VARIANTS // 4]


def _umlauts(word: str) -> list[str]:
    lower = unicodedata.normalize("NFC", word.casefold().replace("ß", "ss"))
    longer = "".join(_UMLAUTS.get(letter, letter) for letter in lower)
    plain = normalise(word).text
    shorter = plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return [normalise(longer).text, shorter]


def _has_no_spaces(shown: str) -> bool:
    return bool(re.fullmatch(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+", shown))


def _handle(shown: str) -> TextPrint:
    handle = shown
    if _PROFILE.match(handle):
        path = urlsplit(handle if "//" in handle else "https://" + handle).path
        steps = [unquote(step) for step in path.split("/") if step]
        steps = [step for step in steps if step.casefold() not in _NOT_PROFILES]
        if not steps:
            raise TextRefused("no-account")
        handle = steps[0]
    handle = handle.lstrip("@").rstrip("/")
    plain = normalise(handle).text
    if not _PLAIN_HANDLE.match(handle) or not plain:
        raise TextRefused("no-handle")
    if len(plain) < _LEAST_HANDLE:
        raise TextRefused("short-handle")
    if plain.isdigit():
        raise TextRefused("digits")
    if plain in common.WORDS or plain in common.PLACES:
        raise TextRefused("everyday")
    bare = plain.rstrip("0123456789")
    if plain in common.GIVEN | common.FAMILY or (bare in common.GIVEN and len(plain) < _LEAST_NUMBERED):
        raise TextRefused("name-as-handle")
    strength: Strength = "weak" if len(plain) <= _SHORT_HANDLE else "strong" if len(plain) >= 8 else "review"
    pattern = skeleton(plain)
    return TextPrint("handle", handle, (Spelling(pattern, (len(pattern),), True),), strength)


def _email(shown: str) -> TextPrint:
    address = shown.removeprefix("mailto:").casefold()
    if not _MAIL.match(address):
        raise TextRefused("no-email")
    local, _, domain = address.rpartition("@")
    if local in common.ROLES:
        raise TextRefused("office")
    labels = domain.split(".")
    spellings: dict[str, Spelling] = {}
    for at, dot in _AT_AND_DOT:
        parts = [normalise(local).text, *([at] if at else [])]
        for number, label in enumerate(labels):
            parts += [*([dot] if dot and number else []), normalise(label).text]
        if not all(parts):
            raise TextRefused("no-email")
        pattern = skeleton("".join(parts))
        spellings.setdefault(pattern, Spelling(pattern, tuple(len(part) for part in parts), not at and not dot))
    return TextPrint("email", address, tuple(spellings.values()), "strong")


def _phone(shown: str, country: str) -> TextPrint:
    try:
        number = phonenumbers.parse(shown, country or None)
    except phonenumbers.NumberParseException:
        raise TextRefused("no-phone") from None
    if not phonenumbers.is_possible_number(number):
        raise TextRefused("phone-length")
    national = phonenumbers.national_significant_number(number)
    if len(national) < 7:
        raise TextRefused("short-phone")
    return TextPrint(
        "phone",
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        (Spelling(national, (len(national),), True),),
        "strong",
        code=str(number.country_code),
    )


def shown_alike(value: str, text: str) -> bool:
    """Whether ``text`` is ``value`` as everybody would write it; capitals, compatibility forms, white space aside."""
    return _shown(value) == _shown(text)


def is_latin(text: str) -> bool:
    """Whether all letters are Latin ones."""
    return all(letter < "\u0250" or "\u1e00" <= letter < "\u1f00" for letter in text if letter.isalpha())


def _shown(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
