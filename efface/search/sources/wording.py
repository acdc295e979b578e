"""Questions in words: names in quotes, on the whole web and on sites where copies were found. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST_WORDS, MOST_DOMAINS = 10, 10
LEAST_LETTERS = 4


def phrases(words: Sequence[str], domains: Sequence[str]) -> list[str]:
    """Each name as a phrase, then the same on each domain. What could end a phrase, or begin an operator, is taken out
    of a name: a question never asks for more than was consented to."""
    names = [_plain(word) for word in words]
    names = list(dict.fromkeys(name for name in names if len(name) >= LEAST_LETTERS))[:MOST_WORDS]
    hosts = [one for one in dict.fromkeys(domains) if one and all(c.isalnum() or c in ".-_" for c in one)]
    return [f'"{name}"' for name in names] + [f'"{name}" site:{one}' for name in names for one in hosts[:MOST_DOMAINS]]


def _plain(word: str) -> str:
    kept = "".join(" " if letter in '"“”„«»\\' or not letter.isprintable() else letter for letter in word)
    return " ".join(kept.split())[:80]
