"""Which addresses and host names may be dialled at all. Pure: no look-up happens here."""

from __future__ import annotations

import functools
import ipaddress
import re
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_BLOCKED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared address space"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local and metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("168.63.129.16/32", "cloud metadata"),
    ("::/96", "unspecified, loopback and IPv4-compatible"),
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discard"),
    ("2001::/23", "protocol assignments, Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local and metadata"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
BLOCKED: tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str], ...] = tuple(
    (ipaddress.ip_network(net), why) for net, why in _BLOCKED
)
"""Networks never dialled, with the reason. IANA special-purpose registries (RFC 6890) and the addresses under which
clouds answer their own machines. Forms that carry an IPv4 address inside IPv6 are refused whole: no honest site
publishes them."""

_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_NUMBER = re.compile(r"^(?:[0-9]+|0x[0-9a-f]*)$")
_CANONICAL4 = re.compile(r"^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$")


@functools.lru_cache(1024)
def parsed(text: str) -> Address:
    """``ipaddress.ip_address``, the answer kept: every request asks for the same few several times. Raises
    ``ValueError``."""
    return ipaddress.ip_address(text)


def refusal(address: Address, own: frozenset[Address] = frozenset()) -> str:
    """Why ``address`` must not be dialled; empty when it may. ``own`` are this machine's addresses."""
    for network, why in BLOCKED:
        if address.version == network.version and address in network:
            return why
    if not address.is_global:
        return "not global"
    if address in own:
        return "own address"
    return ""


def literal(host: str) -> Address | None:
    """The address that ``host`` spells in its one canonical form, or None where it is a name.

    Raises ``ValueError`` for every other spelling that some resolver would take for an address: decimal, hexadecimal
    and octal forms, fewer than four parts, zone identifiers (WHATWG URL, "ends in a number").
    """
    bare = host.lower().rstrip(".")
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    if ":" in bare:
        if "%" in bare:
            raise ValueError("address with a zone")
        return ipaddress.IPv6Address(bare)
    if _CANONICAL4.match(bare):
        return ipaddress.IPv4Address(bare)
    if _NUMBER.match(bare.rsplit(".", 1)[-1]):
        raise ValueError("address in a disguised form")
    return None


def name_problem(host: str) -> str:
    """Why ``host`` cannot be a public DNS name; empty when it can. Names without a dot and the special-use names of
    RFC 6761, RFC 6762, RFC 7686 and RFC 9476 are not public; ``.onion`` is judged elsewhere."""
    bare = host.lower().rstrip(".")
    if not bare or len(bare) > 253:
        return "no host name"
    labels = bare.split(".")
    if not all(_LABEL.match(label) for label in labels):
        return "not a host name"
    if len(labels) < 2:
        return "name without a dot"
    if labels[-1] in {"localhost", "local", "internal", "home", "lan", "corp", "localdomain", "alt"}:
        return "local name"
    if bare.endswith(".home.arpa"):
        return "local name"
    return ""


def own_addresses() -> frozenset[Address]:
    """Addresses of this machine's interfaces, as Linux lists them; empty where it does not."""
    found: set[Address] = set()
    try:
        with Path("/proc/net/if_inet6").open(encoding="ascii") as table:
            for line in table:
                found.add(ipaddress.IPv6Address(int(line.split()[0], 16)))
    except (OSError, ValueError):
        pass
    try:
        with Path("/proc/net/fib_trie").open(encoding="ascii") as table:
            last = ""
            for line in table:
                word = line.replace("|--", "").strip()
                if word.startswith("/32 host LOCAL") and last:
                    found.add(ipaddress.IPv4Address(last))
                elif re.fullmatch(r"[0-9.]{7,15}", word):
                    last = word
    except (OSError, ValueError):
        pass
    return frozenset(found)
