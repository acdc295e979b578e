"""The testbed's little internet as the guard sees it: claimed addresses are data, dialled ones are on loopback.

A world reaches the fetcher only through an inherited file descriptor, never through the environment or an argument,
and an installation of kind production refuses to start with one.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
from dataclasses import dataclass, field
from typing import Any

from efface.net.address import Address

_MAX_BYTES = 32 * 1024 * 1024


class WorldError(ValueError):
    """The description of a world does not have its shape."""


@dataclass(frozen=True, slots=True)
class World:
    """``dns`` is the world's name server (address, port); ``dial`` maps a claimed address to the loopback address
    dialled instead (an address without an entry is unreachable); ``ports`` maps a claimed port to the one dialled.
    ``rdap`` and ``whois`` are handed to the look-ups as they are."""

    dns: tuple[str, int]
    dial: dict[Address, Address]
    ports: dict[int, int]
    rdap: dict[str, Any] = field(default_factory=dict)
    whois: dict[str, Any] = field(default_factory=dict)
    dialled: frozenset[Address] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "dialled", frozenset(self.dial.values()))

    def target(self, claimed: Address, port: int) -> tuple[Address, int] | None:
        """Where a claimed address and port are dialled; None when nothing answers there."""
        address, mapped = self.dial.get(claimed), self.ports.get(port)
        return (address, mapped) if address is not None and mapped is not None else None


def load_world(data: Any) -> World:
    """A world from its JSON. Raises ``WorldError``: above all when a dialled address is not on loopback."""
    try:
        dns_host, dns_port = data["dns"]
        dial = {ipaddress.ip_address(key): ipaddress.ip_address(value) for key, value in data["dial"].items()}
        ports = {int(key): int(value) for key, value in data["ports"].items()}
        world = World((str(dns_host), int(dns_port)), dial, ports, data.get("rdap") or {}, data.get("whois") or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WorldError(f"not a world: {error}") from None
    if not all(address.is_loopback for address in [*dial.values(), ipaddress.ip_address(dns_host)]):
        raise WorldError("a world is dialled on loopback only")
    return world


def read_world(descriptor: int) -> World:
    """The world written to an inherited descriptor, read from its start (where it is a file: a process started again
    finds it at its end) to its end, and closed. Raises ``WorldError``."""
    chunks: list[bytes] = []
    size = 0
    with contextlib.suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb") as stream:
        while chunk := stream.read(65536):
            size += len(chunk)
            if size > _MAX_BYTES:
                raise WorldError("world too large")
            chunks.append(chunk)
    try:
        return load_world(json.loads(b"".join(chunks)))
    except json.JSONDecodeError:
        raise WorldError("world is not JSON") from None
