"""Lines linked by digests: the rule of the chain of custody, for whoever has no database. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

RULE = (
    "A line's digest is SHA-256 over the digest before it (as bytes) and these fields joined with U+001F, in UTF-8: "
    "case, number, at, by, what, about, subject, sha256. The first numbered line follows those with number 0, whose "
    "digests are counted in their order, beginning with nothing."
)


def digest(before: bytes, line: Iterable[str]) -> bytes:
    return hashlib.sha256(before + "\x1f".join(line).encode()).digest()


def wrong(lines: Iterable[tuple[bytes, bytes, list[str]]], begin: bytes = b"") -> list[str]:
    """What is wrong with lines of (digest before, digest, fields), in words; empty when they follow one another."""
    found, before = [], begin
    for expected, (earlier, own, line) in enumerate(lines, 1):
        if line[1] != str(expected):
            found.append(f"line {expected} of the chain of custody is missing")
            break
        if earlier != before:
            found.append(f"line {expected} of the chain of custody does not follow the one before it")
        if digest(earlier, line) != own:
            found.append(f"line {expected} of the chain of custody was altered")
        before = own
    return found
