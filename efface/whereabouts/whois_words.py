"""What the words of a WHOIS answer mean: ``data/whois.yaml``, prepared once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from efface.whereabouts import facts

CONTACTS = frozenset({"registrant", "admin", "tech", "billing", "contact", "reseller"})
_SOFT = re.compile(r"[\s._\-\[\]*#'’]+")
_ASIDE = re.compile(r"\([^)]*\)?")
_SEVERAL = re.compile(r"[(/,]")
_NUMBER = re.compile(r" ?#?\d{1,3}$")


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return dict(facts.data_file("whois.yaml"))


def plain(key: str) -> str:
    """A key as it is compared."""
    return _NUMBER.sub("", _SOFT.sub(" ", key.lower()).strip())


@lru_cache(maxsize=1)
def _fields() -> Mapping[str, str]:
    return {plain(key): name for name, keys in _data()["fields"].items() for key in keys}


@lru_cache(maxsize=1)
def _sections() -> Mapping[str, str]:
    return {plain(key): name for name, keys in _data()["sections"].items() for key in keys}


@lru_cache(maxsize=1)
def _generic() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(map(plain, keys)) for name, keys in _data()["generic"].items()}


@lru_cache(maxsize=1)
def _owners() -> Mapping[str, str]:
    return {plain(word): name for name, starts in _data()["owners"].items() for word in starts}


@lru_cache(maxsize=1)
def phrases() -> tuple[str, ...]:
    return tuple(sorted(_data()["phrases"], key=len, reverse=True))


@lru_cache(maxsize=1)
def _nothing() -> frozenset[str]:
    return frozenset(_data()["nothing"])


@lru_cache(maxsize=1)
def _epp() -> Mapping[str, str]:
    return {word.lower(): word for word in _data()["epp"]}


@lru_cache(maxsize=1)
def remarks() -> frozenset[str]:
    return frozenset(_data()["remarks"])


@lru_cache(maxsize=1)
def _answers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE | re.MULTILINE))
                 for name, patterns in _data()["answers"].items())  # fmt: skip


def field(key: str) -> str:
    """The fact a key announces, "" for none. A key in two languages ("Estado / Status") is read in either."""
    return next(filter(None, (_fields().get(one, "") for one in _variants(key))), "")


def known(key: str) -> bool:
    return bool(field(key) or section(key) or (owner(key) and " " in key))


def section(key: str) -> str:
    """The section whose title this is, "" for none."""
    return next(filter(None, (_sections().get(one, "") for one in _variants(key))), "")


def _variants(key: str) -> tuple[str, ...]:
    if not _SEVERAL.search(key):
        return (key,)
    bare = _ASIDE.sub("", key).strip()
    return (key, bare, *(part.strip() for part in re.split("[/,]", bare)))


def inner(key: str, name: str) -> bool:
    """Is this one of the keys inside the section ``name``, although it could be a title elsewhere?"""
    kinds = ["ns"]
    if name in ("registrar", "abuse"):
        kinds = ["registrar", "registrar_name", "registrar_url"]
    elif name in CONTACTS:
        kinds = ["registrar", "registrar_name"]
    return any(key in _generic()[one] for one in kinds)


def owner(key: str) -> str:
    """Whose fact a compound key is: "registrant email" is the registrant's. "" where the key does not say."""
    if field(key):
        return ""
    parts = key.split(" ")
    for count in (2, 1):
        name = _owners().get(" ".join(parts[:count]), "")
        if name and len(parts) > count:
            return name
    return ""


def generic(key: str, name: str) -> bool:
    return key in _generic()[name]


def nothing(value: str) -> bool:
    """Does a value only say that there is none?"""
    flat = value.strip(" .*").lower()
    return not flat or flat in _nothing() or flat.startswith(("not shown", "not disclosed", "redacted", "hidden upon"))


def epp(value: str) -> str:
    """A status as EPP writes it where it is one of EPP's, else as it stands."""
    return _epp().get(re.sub(r"[\s_\-]+", "", value).lower(), value)


def is_epp(word: str) -> bool:
    return word.lower() in _epp()


def answer(text: str) -> str:
    """What an answer without a record says: throttled, invalid, reserved, available, "" where it does not say."""
    return next((name for name, pattern in _answers() if pattern.search(text)), "")


def says(meaning: str, text: str) -> bool:
    """Does one line say this?"""
    return any(name == meaning and pattern.search(text) for name, pattern in _answers())


def correction(suffix: str) -> dict[str, Any]:
    """What a suffix does unlike all others."""
    return dict(_data()["corrections"].get(suffix) or {})


def preload() -> None:
    """Read the data file now."""
    field("")
    section("")
    answer("")
    epp("")
