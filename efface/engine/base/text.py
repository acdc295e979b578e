"""Words of strangers, before they stand among ours. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

#: What a table program takes for the beginning of a formula, in plain and in full width.
RUNS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def one_line(value: str) -> str:
    """One line of printable text: nothing a stranger wrote may open a new paragraph or header of ours."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def cell(value: Any) -> str:
    """A cell of a CSV file, as text: nothing that a table program would run (OWASP, CSV injection) and no sign that
    hides or turns what stands beside it. Breaks of lines stay. Figures of ours go in as they are, without this."""
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    shown = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text.replace("\r\n", "\n"))
    return "'" + shown if shown.lstrip().startswith(RUNS) else shown


def defang(address: str) -> str:
    """An address to read and not to open: ``hxxps://example[.]com/a.jpg``. Only the scheme and the host change."""
    scheme, found, rest = one_line(address).partition("://")
    if not found:
        return scheme
    cut = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    if scheme.lower().startswith("http"):
        scheme = "hxxp" + scheme[4:]
    return f"{scheme}://{rest[:cut].replace('.', '[.]')}{rest[cut:]}"
