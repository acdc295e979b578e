"""Words of strangers, before they stand among ours. Pure."""

from __future__ import annotations


def one_line(value: str) -> str:
    """One line of printable text: nothing a stranger wrote may open a new paragraph or header of ours."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def defang(address: str) -> str:
    """An address to read and not to open: ``hxxps://example[.]com/a.jpg``. Only the scheme and the host change."""
    scheme, found, rest = one_line(address).partition("://")
    if not found:
        return scheme
    cut = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    if scheme.lower().startswith("http"):
        scheme = "hxxp" + scheme[4:]
    return f"{scheme}://{rest[:cut].replace('.', '[.]')}{rest[cut:]}"
