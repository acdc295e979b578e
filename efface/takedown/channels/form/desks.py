"""Which addresses a worker may open with a click: desks of the playbook and of the law data, word for word. Everything
else is an address to copy. Pure."""

from __future__ import annotations

from functools import cache

from efface.law import load
from efface.whereabouts import playbook


@cache
def _ours() -> frozenset[str]:
    ways = {desk.value for entry in playbook.ours().entries for desk in entry.desks if desk.channel == "form"}
    ways |= {desk.url for desk in load().channels.values() if desk.url and desk.url_status in ("named", "opened")}
    return frozenset(one.rstrip("/") for one in ways if one.startswith("https://"))


def known(address: str) -> bool:
    """Whether this very address is a desk's. One that only begins like it, or differs in a letter, is not."""
    return address.strip().rstrip("/") in _ours()
