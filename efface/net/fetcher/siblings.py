"""Addresses that never were: what a site answers for them, it answers for what it has removed too."""

from __future__ import annotations

from yarl import URL

from efface.net.guard import random_token


def probe_addresses(url: str) -> list[str]:
    """Two siblings of ``url`` that nobody has asked for: the same shape of address with a random tail (the last path
    segment, or the last query value where the path ends in a slash or the query names the page)."""
    try:
        base = URL(url)
    except (ValueError, TypeError):
        return []
    return [str(_sibling(base)) for _ in range(2)]


def _sibling(base: URL) -> URL:
    token = random_token()
    if base.query:
        pairs = list(base.query.items())
        name, value = pairs[-1]
        pairs[-1] = (name, _shaped(value, token))
        return base.with_query(pairs)
    parts = list(base.raw_parts)
    slash = len(parts) > 1 and parts[-1] == ""
    names = [part for part in parts if part not in ("", "/")]
    if not names:
        return base.with_path("/" + token)
    stem, dot, end = names[-1].rpartition(".")
    shaped = f"{_shaped(stem, token)}.{end}" if dot and stem and len(end) <= 5 else _shaped(names[-1], token)
    return base.with_path("/" + "/".join([*names[:-1], shaped]) + ("/" if slash else ""), encoded=True)


def _shaped(value: str, token: str) -> str:
    """A random value of the kind of ``value``: digits for digits, else a word."""
    if value.isdigit():
        digits = "".join(str(ord(letter) % 10) for letter in token)
        return "9" + digits[: max(8, len(value))]
    return token
