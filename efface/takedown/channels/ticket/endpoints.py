"""The desks that take tickets, as the operator wrote them into ``secrets/tickets.toml``. Nothing else is dialled."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from efface.engine.base import sealing
from efface.engine.base.models import Installation

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_SECRET = 32


class EndpointsUnusable(ValueError):
    """``secrets/tickets.toml`` cannot be used. The message says which desk and what to mend; never a secret."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``parties`` are party keys ("host:AS64500") and mail domains ("host.example") it stands for. ``key`` is the name
    the desk knows us by. ``types``: notice types it takes, empty: any."""

    name: str
    url: str
    key: str
    secret: bytes
    parties: frozenset[str]
    types: frozenset[str] = frozenset()

    def takes(self, party_key: str, contact: str, notice_type: str) -> bool:
        if self.types and notice_type not in self.types:
            return False
        return party_key in self.parties or contact.rpartition("@")[2].strip().lower() in self.parties


def load() -> tuple[Endpoint, ...]:
    """Read anew each time: few, small, and a desk that is taken out must be out at once. Raises
    ``EndpointsUnusable``."""
    text = written()
    return parse(text, production=Installation.current().kind == Installation.Kind.PRODUCTION) if text else ()


def written() -> str:
    """The file as it stands; "" where there is none. Raises ``EndpointsUnusable``."""
    try:
        return (sealing.secrets_folder() / "tickets.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise EndpointsUnusable("secrets/tickets.toml cannot be read") from None


def parse(text: str, *, production: bool) -> tuple[Endpoint, ...]:
    """Raises ``EndpointsUnusable``."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Its own message would quote the line, and a secret may stand there.
        raise EndpointsUnusable("secrets/tickets.toml is not valid TOML") from None
    rows = given.get("desk", [])
    if not isinstance(rows, list) or set(given) - {"desk"}:
        raise EndpointsUnusable("secrets/tickets.toml consists of [[desk]] tables and nothing else")
    return tuple(_endpoint(row, number, production) for number, row in enumerate(rows, 1))


def _endpoint(row: Any, number: int, production: bool) -> Endpoint:
    where = f"secrets/tickets.toml, desk {number}"
    known = {"name", "url", "key", "secret", "parties", "types"}
    if not isinstance(row, dict) or set(row) - known or (known - {"types"}) - set(row):
        raise EndpointsUnusable(f"{where}: it has name, url, key, secret and parties, and may have types")
    if not all(isinstance(row[name], str) and row[name].strip() for name in ("name", "url", "key", "secret")):
        raise EndpointsUnusable(f"{where}: name, url, key and secret are words")
    parties, types = row["parties"], row.get("types", [])
    for name, values in (("parties", parties), ("types", types)):
        if not isinstance(values, list) or not all(isinstance(one, str) and one.strip() for one in values):
            raise EndpointsUnusable(f"{where}: {name} is a list of words")
    if len(row["secret"]) < SHORTEST_SECRET:
        raise EndpointsUnusable(f"{where}: the secret has at least {SHORTEST_SECRET} letters")
    if not row["key"].isascii() or not row["key"].isprintable():
        raise EndpointsUnusable(f"{where}: the key is plain ASCII")
    _check_url(row["url"], where, production)
    return Endpoint(
        row["name"].strip(), row["url"].strip().rstrip("/"), row["key"].strip(), row["secret"].encode(),
        frozenset(one.strip().lower() if ":" not in one else one.strip() for one in parties), frozenset(types),
    )  # fmt: skip


def _check_url(url: str, where: str, production: bool) -> None:
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise EndpointsUnusable(f"{where}: the url cannot be read") from None
    plain = parts.scheme == "http" and host in LOOPBACK and not production
    if not host or (parts.scheme != "https" and not plain):
        raise EndpointsUnusable(f"{where}: the url begins with https://")
    if parts.query or parts.fragment or parts.username is not None:
        raise EndpointsUnusable(f"{where}: the url has no user name, query or fragment")
