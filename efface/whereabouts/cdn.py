"""Is this address a network that stands before the host? One sure sign, or two weaker ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from efface.whereabouts import facts

_NETWORK = re.compile(r"content delivery|reverse prox(?:y|ies)|ddos (?:protection|mitigation)|\bcdn\b", re.IGNORECASE)
_EDGE = re.compile(r"\b(?:edge|cdn|cache)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """``key`` and ``name`` of the network (of an unknown one made from its registry entry) and the signs it showed."""

    key: str
    name: str
    reasons: tuple[str, ...]


def recognise(
    addresses: Sequence[facts.Address],
    cnames: Sequence[str],
    nameservers: Sequence[str],
    headers: dict[str, str],
    asns: Iterable[int] = (),
    more: Sequence[facts.Cdn] = (),
) -> Hit | None:
    """The known network before a host, None where there is none. ``more`` are networks beside our own table."""
    numbers = frozenset(asns)
    best: Hit | None = None
    most = 0
    for known in (*more, *facts.cdns()):
        sure, weak = _signs(known, addresses, cnames, nameservers, headers, numbers)
        votes = 2 * len(sure) + len(weak)
        if votes >= 2 and votes > most:
            best, most = Hit(known.key, known.name, tuple(sure + weak)), votes
    return best


def _signs(
    known: facts.Cdn,
    addresses: Sequence[facts.Address],
    cnames: Sequence[str],
    nameservers: Sequence[str],
    headers: dict[str, str],
    numbers: frozenset[int],
) -> tuple[list[str], list[str]]:
    sure = [f"{one} is in {network}" for one in addresses for network in known.ranges if one in network][:1]
    sure += [f"CNAME {one}" for one in cnames if _ends(one, known.cname)][:1]
    sure += [f"header {one}" for one in known.headers if one in headers][:1]
    sure += [f"AS{one}" for one in known.asn if one in numbers][:1]
    weak = [f"name server {one}" for one in nameservers if _ends(one, known.ns)][:1]
    weak += [f"server {one}" for one in known.server if headers.get("server", "").lower().startswith(one)][:1]
    return sure, weak


def stranger(name: str, remarks: str, cnames: Sequence[str], headers: dict[str, str]) -> tuple[str, ...]:
    """Signs that a network which is in no table stands before the host: its own registry entry says so (enough alone),
    or two of: a CNAME into another domain through a "cdn" label, a Via header of an edge, a cache header. Empty: no."""
    said = _NETWORK.search(f"{remarks} {name.replace('-', ' ')}")
    if said:
        return (f"the registry entry of its network says {said[0].lower()!r}",)
    signs = [f"CNAME {one}" for one in cnames if "cdn" in re.split(r"[.-]", one)][:1]
    if _EDGE.search(headers.get("via", "")) or _EDGE.search(headers.get("server", "")):
        signs.append("headers of an edge")
    if "x-cache" in headers or "x-cache-status" in headers:
        signs.append("headers of a cache")
    return tuple(signs) if len(signs) >= 2 else ()


def _ends(name: str, endings: tuple[str, ...]) -> bool:
    name = name.rstrip(".").lower()
    return any(name == one or name.endswith("." + one) for one in endings)
