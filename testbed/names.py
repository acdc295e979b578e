"""Invented names: sites, companies, titles, sentences. Nothing here means anybody."""

from __future__ import annotations

from random import Random

_STARTS = [
    "quor",
    "blen",
    "dravi",
    "fen",
    "gosta",
    "hul",
    "irri",
    "jask",
    "kelmo",
    "lurn",
    "mivo",
    "norra",
    "oste",
    "pluvi",
    "rask",
    "selvo",
    "tarn",
    "ulmi",
    "vask",
    "wend",
    "yorro",
    "zelk",
    "brin",
    "cordo",
    "sny",
]
_ENDS = ["rel", "dax", "mere", "vane", "lin", "tok", "sund", "mar", "vik", "nor", "fell", "wick", "bo", "ran", "lo"]
_SITE_TAILS = ["pics", "gallery", "board", "tube", "album", "vault", "snaps", "wall", "leaks", "share", "photos"]
_SUFFIXES = ["com", "net", "com", "net", "to", "cc", "ru", "io", "me"]
_ADJECTIVES = [
    "quiet",
    "amber",
    "long",
    "broken",
    "paper",
    "northern",
    "small",
    "plain",
    "salt",
    "early",
    "late",
    "hollow",
    "green",
    "blue",
    "silver",
    "wooden",
    "old",
    "new",
    "winter",
    "summer",
]
_NOUNS = [
    "harbour",
    "window",
    "field",
    "lantern",
    "river",
    "stair",
    "garden",
    "bridge",
    "orchard",
    "market",
    "island",
    "valley",
    "kitchen",
    "station",
    "cellar",
    "meadow",
    "tower",
    "square",
    "shore",
    "mill",
]
_VERBS = ["uploaded", "shared", "found", "sorted", "collected", "reposted", "added", "moved", "tagged", "kept"]
_WHO = ["a member", "an old user", "someone", "the archive team", "a visitor", "our editor", "a new account"]


def word(rng: Random) -> str:
    return rng.choice(_STARTS) + rng.choice(_ENDS)


def unique(rng: Random, taken: set[str], make: str = "word") -> str:
    """A word (or ``word-tail`` for sites) not in ``taken``, which it joins."""
    while True:
        name = word(rng)
        if make == "site":
            tail = rng.choice(_SITE_TAILS)
            name = rng.choice([f"{name}-{tail}", f"{name}{tail}", f"{tail}-{name}"])
        if name not in taken:
            taken.add(name)
            return name


def suffix(rng: Random) -> str:
    return rng.choice(_SUFFIXES)


def title(rng: Random) -> str:
    return f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}".capitalize()


def slug(text: str) -> str:
    return "-".join(text.lower().split())


def sentences(rng: Random, count: int) -> str:
    """A paragraph of ``count`` sentences."""
    made = []
    for _ in range(count):
        made.append(
            f"{rng.choice(_WHO).capitalize()} {rng.choice(_VERBS)} the {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} "
            f"near the {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} on page {rng.randrange(2, 400)}."
        )
    return " ".join(made)
