"""The companies of a world: hosts, CDN, upstream, registrars, services, and the addresses they hold."""

from __future__ import annotations

from random import Random

from testbed import names
from testbed.model import Provider, Registrar

HOSTS: list[tuple[str, str, bool]] = [
    # desk, style of the RDAP answer, whether the IP look-up gives a stale mailbox
    ("complies-fast", "nested", False),
    ("complies-slow", "several", False),
    ("complies-second", "nested", False),
    ("complies-fast", "contact-uri", False),
    ("complies-slow", "malformed", False),
    ("complies-fast", "nested", True),
    ("moves", "nested", False),
    ("complies-fast", "busy-once", False),
]
"""What each host of a world is like; the one whose desk is "moves" serves the site that changes house."""

_REGISTRARS = [("acknowledges", "nested"), ("acknowledges", "several"), ("holds", "contact-uri")]
_COUNTRIES = ["NL", "DE", "US", "FR", "RO", "BG", "SE", "LT"]


class Addresses:
    """Hands out claimed addresses of a prefix and the loopback address each is dialled at."""

    def __init__(self) -> None:
        self.dial: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def claim(self, prefix: str) -> str:
        """A fresh claimed address inside ``prefix`` (a /22 written ``a.b.c.0/22``)."""
        base = prefix.split("/")[0].split(".")
        number = self._next.get(prefix, 0) + 10
        self._next[prefix] = number - 9
        address = f"{base[0]}.{base[1]}.{int(base[2]) + number // 250}.{number % 250 + 1}"
        index = len(self.dial)
        self.dial[address] = f"127.30.{index // 250}.{index % 250 + 1}"
        return address


def providers(rng: Random, taken: set[str]) -> list[Provider]:
    """Hosts in the order of ``HOSTS``, then CDN, upstream and the network the world's own services live in."""
    made = []
    for index, (desk, rdap, stale) in enumerate(HOSTS):
        name = names.unique(rng, taken)
        domain = f"{name}-hosting.net"
        made.append(
            Provider(
                key=f"host-{index}",
                role="host",
                name=f"{name.capitalize()} Hosting",
                domain=domain,
                asn=64496 + index,
                country=_COUNTRIES[index % len(_COUNTRIES)],
                prefix=f"28.{16 + index * 4}.0.0/22",
                abuse=f"abuse@{domain}",
                desk=desk,
                rdap=rdap,
                upstream="upstream-0",
                stale_abuse=f"noc-{name}@{domain}" if stale else "",
            )
        )
    cdn = names.unique(rng, taken)
    made.append(
        Provider(
            "cdn-0",
            "cdn",
            f"{cdn.capitalize()} CDN",
            f"{cdn}-cdn.net",
            64508,
            "US",
            "29.40.0.0/22",
            f"abuse@{cdn}-cdn.net",
            "passes-on",
            "nested",
        )
    )
    transit = names.unique(rng, taken)
    made.append(
        Provider(
            "upstream-0",
            "upstream",
            f"{transit.capitalize()} Transit",
            f"{transit}-transit.net",
            64509,
            "SE",
            "29.80.0.0/22",
            f"abuse@{transit}-transit.net",
            "complies-slow",
            "nested",
        )
    )
    made.append(
        Provider(
            "services",
            "services",
            "Registry Services",
            "registry-services.net",
            64510,
            "CH",
            "29.120.0.0/22",
            "abuse@registry-services.net",
            "acknowledges",
            "nested",
        )
    )
    return made


def registrars(rng: Random, taken: set[str]) -> list[Registrar]:
    made = []
    for index, (desk, rdap) in enumerate(_REGISTRARS):
        name = names.unique(rng, taken)
        domain = f"{name}-names.com"
        made.append(
            Registrar(
                f"registrar-{index}",
                f"{name.capitalize()} Names Ltd",
                domain,
                9100 + index,
                f"abuse@{domain}",
                desk,
                rdap,
            )
        )
    return made
