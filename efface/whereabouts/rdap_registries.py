"""Which registry answers RDAP for a name, an address or a number (RFC 9224)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from efface.whereabouts import facts, snapshots


class Registries:
    """Which registry answers for what. ``given`` is a bootstrap in IANA's form (a world's), instead of the snapshot."""

    def __init__(self, given: dict[str, Any] | None = None) -> None:
        known = facts.registries()["rdap"]
        parts = given if given else {key: snapshots.refreshed(f"rdap-{key}") for key in ("dns", "ipv4", "ipv6", "asn")}
        self._names: dict[str, str] = {}
        self._networks: list[tuple[facts.Network, str]] = []
        self._numbers: list[tuple[int, int, str]] = []
        self._otherwise = "" if given else str(known["otherwise"])
        if not given:
            for base, suffixes in known["names"].items():
                self._names |= dict.fromkeys(suffixes, base)
            if not (parts["ipv4"] and parts["ipv6"]):
                for base, ranges in known["networks"].items():
                    self._networks += [(ipaddress.ip_network(one), base) for one in ranges]
        for keys, urls in _services(parts, "dns"):
            self._names |= {key.lower().lstrip("."): urls[0] for key in keys}
        for keys, urls in [*_services(parts, "ipv4"), *_services(parts, "ipv6")]:
            self._networks += [(network, urls[0]) for network in _networks(keys)]
        for keys, urls in _services(parts, "asn"):
            for key in keys:
                first, _, last = key.partition("-")
                if first.isdigit() and (last or first).isdigit():
                    self._numbers.append((int(first), int(last or first), urls[0]))

    def domain(self, domain: str) -> str:
        """Where to ask for a registered domain, "" where its registry has no RDAP."""
        base = self._names.get(domain.rpartition(".")[2], "")
        return _join(base, f"domain/{domain}")

    def network(self, address: facts.Address) -> str:
        best = max((one for one in self._networks if address in one[0]), key=lambda one: one[0].prefixlen, default=None)
        return _join(best[1] if best else self._otherwise, f"ip/{address}")

    def number(self, asn: int) -> str:
        base = next((base for first, last, base in self._numbers if first <= asn <= last), self._otherwise)
        return _join(base, f"autnum/{asn}")


def _services(given: dict[str, Any], key: str) -> Iterator[tuple[list[str], list[str]]]:
    part = given.get(key)
    for service in _list(part.get("services") if isinstance(part, dict) else None):
        if isinstance(service, list) and len(service) >= 2:
            keys = [one for one in _list(service[0]) if isinstance(one, str)]
            urls = [one for one in _list(service[1]) if isinstance(one, str)]
            urls.sort(key=lambda url: not url.startswith("https://"))
            if keys and urls:
                yield keys, urls


def _networks(keys: list[str]) -> Iterator[facts.Network]:
    for key in keys:
        try:
            yield ipaddress.ip_network(key, strict=False)
        except ValueError:
            continue


def _join(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path}" if base else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
