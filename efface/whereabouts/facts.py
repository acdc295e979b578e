"""Data files of this room, read once: who stands before hosts, where to look things up. Names and addresses as text."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from publicsuffixlist import PublicSuffixList
from yarl import URL

HOME = Path(__file__).parent / "data"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Cdn:
    """One network that stands before hosts, and the signs it is known by (all lower case)."""

    key: str
    name: str
    asn: tuple[int, ...] = ()
    ranges: tuple[Network, ...] = ()
    cname: tuple[str, ...] = ()
    ns: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    server: tuple[str, ...] = ()


def cdn(entry: dict[str, Any]) -> Cdn:
    """One entry of ``cdns.yaml``, or of a world's list. Raises ``ValueError`` or ``KeyError``."""
    numbers = entry.get("asn") or []
    return Cdn(
        key=str(entry.get("key") or str(entry["name"]).lower().replace(" ", "-")),
        name=str(entry["name"]),
        asn=tuple(map(int, numbers if isinstance(numbers, list) else [numbers])),
        ranges=tuple(ipaddress.ip_network(one) for one in entry.get("ranges") or ()),
        cname=tuple(entry.get("cname") or filter(None, [entry.get("domain")])),
        ns=tuple(entry.get("ns") or ()),
        headers=tuple(entry.get("headers") or ()),
        server=tuple(entry.get("server") or ()),
    )


@lru_cache(maxsize=1)
def packaged_cdns() -> tuple[Cdn, ...]:
    return tuple(cdn(entry) for entry in data_file("cdns.yaml")["cdns"])


@lru_cache(maxsize=1)
def cdns() -> tuple[Cdn, ...]:
    """The known networks, with the ranges that their publishers' refreshed lists give."""
    from efface.whereabouts import snapshots

    fresh = {one.key: snapshots.refreshed(f"cdn-{one.key}").get("ranges", ()) for one in packaged_cdns()}
    return tuple(
        replace(one, ranges=tuple(map(ipaddress.ip_network, fresh[one.key]))) if fresh[one.key] else one
        for one in packaged_cdns()
    )


@lru_cache(maxsize=1)
def registries() -> dict[str, Any]:
    return dict(data_file("registries.yaml"))


def data_file(name: str) -> Any:
    """A data file of this room, parsed."""
    return yaml.safe_load((HOME / name).read_text(encoding="utf-8"))


_suffixes = PublicSuffixList(accept_unknown=True)
_existing = PublicSuffixList(accept_unknown=False)


def suffixes() -> int:
    """How many public suffixes the list has."""
    return len(_suffixes._publicsuffix)


def registered(host: str) -> str:
    """The registered domain of ``host`` (public suffix list), "" for an address or a bare suffix."""
    host = host.rstrip(".").lower()
    if address(host) is not None:
        return ""
    return str(_suffixes.privatesuffix(host) or "")


def public(host: str) -> bool:
    """Whether ``host`` is, or lies under, a domain of a suffix that exists: what comes of misreading seldom does."""
    return address(host) is None and bool(_existing.privatesuffix(host.rstrip(".").lower()))


def host_of(url: str) -> str:
    """The host of a URL in ASCII, lower case, "" where it has none."""
    try:
        return (URL(url).raw_host or "").rstrip(".").lower()
    except (ValueError, TypeError):
        return ""


def address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
