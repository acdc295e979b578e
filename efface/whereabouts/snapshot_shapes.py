"""What publishers send, turned into what is kept; anything else is a ``ValueError`` that says what was wrong."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

MOST_RANGES = 20_000
MOST_SERVICES = 5_000
_URLS = ("https://", "http://")


def bootstrap(answers: list[str]) -> dict[str, Any]:
    """RDAP bootstrap (RFC 9224): services of (keys, base addresses)."""
    given = json.loads(answers[0])
    services = []
    for service in given["services"]:
        keys, urls = service[0], service[1]
        kept = [url for url in urls if isinstance(url, str) and url.startswith(_URLS) and len(url) < 300]
        if not all(isinstance(key, str) and 0 < len(key) < 80 for key in keys):
            raise ValueError("a key is no text")
        if keys and kept:
            services.append([keys, kept])
    return {"services": services}


def lines_of_ranges(answers: list[str]) -> dict[str, Any]:
    """One network a line."""
    return _ranges([line for answer in answers for line in answer.split()])


def fastly(answers: list[str]) -> dict[str, Any]:
    given = json.loads(answers[0])
    return _ranges([*given["addresses"], *given.get("ipv6_addresses", [])])


def cloudfront(answers: list[str]) -> dict[str, Any]:
    given = json.loads(answers[0])
    rows = [*given["prefixes"], *given.get("ipv6_prefixes", [])]
    return _ranges([row.get("ip_prefix") or row["ipv6_prefix"] for row in rows if row.get("service") == "CLOUDFRONT"])


def _ranges(texts: list[str]) -> dict[str, Any]:
    networks = sorted({str(ipaddress.ip_network(text)) for text in texts})
    return {"ranges": networks}


def check(content: Any) -> None:
    """Is this a kept snapshot, of a plausible size, that claims no more than a publisher may? Raises ``ValueError``."""
    if not isinstance(content, dict) or set(content) not in ({"services"}, {"ranges"}):
        raise ValueError("it has neither services nor ranges")
    if "services" in content:
        if not 1 <= len(content["services"]) <= MOST_SERVICES:
            raise ValueError("an implausible number of services")
        for keys, urls in content["services"]:
            if not all(isinstance(one, str) for one in (*keys, *urls)) or not urls[0].startswith(_URLS):
                raise ValueError("a service without an address")
        return
    if not 1 <= len(content["ranges"]) <= MOST_RANGES:
        raise ValueError("an implausible number of ranges")
    for text in content["ranges"]:
        network = ipaddress.ip_network(text)
        if network.prefixlen < (8 if network.version == 4 else 16) or not network.is_global:
            raise ValueError(f"{network} is no range of one network")


def size(content: dict[str, Any]) -> int:
    """How much it says: suffixes or networks named."""
    if "services" in content:
        return sum(len(keys) for keys, _ in content["services"])
    return len(content.get("ranges", ()))
