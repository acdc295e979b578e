"""security.txt (RFC 9116): the wrong desk for such a report, taken only where a site names no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from efface.whereabouts.decode import ADDRESS, plausible
from efface.whereabouts.model import Contact

PATH = "/.well-known/security.txt"
WORTH, EXPIRED, FORM = 0.35, 0.15, 0.05
MOST_LINES, MOST_CONTACTS = 200, 3


def read(text: str, url: str, now: str = "") -> list[Contact]:
    """Its contacts in their order of preference. A signature (cleartext OpenPGP) is stepped over, not checked: it says
    nothing of who reads the mailbox. ``now`` as ISO; with it a file past its ``Expires`` is worth less. A page in HTML
    is none."""
    if re.match(r"\s*<(?:!doctype|html)", text[:200], re.IGNORECASE):
        return []
    lines = text[:50_000].splitlines()
    if lines and lines[0].startswith("-----BEGIN PGP SIGNED MESSAGE-----"):
        blank = next((place for place, line in enumerate(lines) if not line.strip()), 0)
        end = next(
            (place for place, line in enumerate(lines) if line.startswith("-----BEGIN PGP SIGNATURE")), len(lines)
        )
        lines = [line.removeprefix("- ") for line in lines[blank + 1 : end]]
    values: list[str] = []
    expires = ""
    for line in lines[:MOST_LINES]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "contact":
            values.append(value.strip()[:500])
        elif colon and name.strip().lower() == "expires" and not expires:
            expires = value.strip()[:40]
    worth = EXPIRED if past(expires, now) else WORTH
    made: list[Contact] = []
    for value in values[: 3 * MOST_CONTACTS]:
        if value.lower().startswith(("https://", "http://")):
            made.append(Contact("form", value, "security.txt", url, round(worth - FORM, 3), expires=expires))
            continue
        match = ADDRESS.search(unquote(value.partition("?")[0]))
        if match and plausible(match[0].lower()):
            made.append(Contact("email", match[0].lower(), "security.txt", url, worth, expires=expires))
    return made[:MOST_CONTACTS]


def past(date: str, now: str) -> bool:
    """Whether an ISO date is over at ``now``; without either, or where one cannot be read, it is not known to be."""
    try:
        ends, today = _moment(date), _moment(now)
    except ValueError:
        return False
    return ends < today


def _moment(text: str) -> datetime:
    value = datetime.fromisoformat(text.strip().upper().replace("Z", "+00:00"))
    return value if value.tzinfo else value.replace(tzinfo=UTC)
