"""What a person typed, before it meets the database."""

from __future__ import annotations


def one_line(text: str, longest: int) -> str:
    """One line of printable text, at most ``longest`` characters."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:longest]


def lines(text: str) -> str:
    """Text of several lines, without the characters a database column or a reader cannot take."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in kept if one == "\n" or one.isprintable())
