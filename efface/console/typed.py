"""What a person typed, before it meets the database."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def one_line(text: str, longest: int) -> str:
    """One line of printable text, at most ``longest`` characters."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:longest]


def whole(text: str) -> int:
    """A whole number of at most nine digits; 0 where there is none."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 9 else 0


def lines(text: str) -> str:
    """Text of several lines, without the characters a database column or a reader cannot take."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in kept if one == "\n" or one.isprintable())


def place(text: str) -> str:
    """An address of this installation that a form names, to go back to; "" where it is none."""
    return text if text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None) else ""
