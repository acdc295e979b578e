"""Words of strangers, before they stand among ours. Pure."""

from __future__ import annotations


def one_line(value: str) -> str:
    """One line of printable text: nothing a stranger wrote may open a new paragraph or header of ours."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
