"""What a world of look-ups is made of. Nothing here means anybody; addresses are data, dialled on loopback only."""

from __future__ import annotations

from dataclasses import dataclass, field

HOSTILE_IP = ("malformed", "html", "huge", "loop", "drip", "no-such")
"""Styles whose answer for an address is of no use; the AS is then known from DNS, and its own entry is sound."""
SLOW = ("drip", "huge", "busy-once", "loop")
"""Styles that cost time whoever asks."""


@dataclass(slots=True)
class Company:
    """``style`` is how its registry entry looks; ``abuse`` its desk (mail), ``form`` its web form ("" where none),
    ``stale`` a mailbox an old entry still names. ``known``: it stands in the playbook, with ``form`` or ``abuse``."""

    role: str
    key: str
    name: str
    domain: str
    abuse: str
    style: str = "nested"
    asn: int = 0
    prefix: str = ""
    country: str = ""
    form: str = ""
    stale: str = ""
    upstream: str = ""
    known: bool = False
    number: int = 0
    how: str = ""

    def own(self, value: str) -> bool:
        """Whether a contact is this company's."""
        host = value.partition("://")[2].partition("/")[0] if "://" in value else value.rpartition("@")[2]
        return host == self.domain or host.endswith("." + self.domain)


@dataclass(slots=True)
class Place:
    """A name with its claimed addresses: ``origin`` where the machine is, ``edge`` what DNS says (a CDN's, or the
    same)."""

    host: str
    company: str
    origin: str
    edge: str
    cdn: str = ""
    alias: str = ""


@dataclass(slots=True)
class Site:
    """``where`` is how the site names its contact: "contact", "abuse", "both", "footer", "imprint", "form", "none",
    "wall", "dead-dns", "image". ``hiding`` is how the address is written."""

    domain: str
    name: str
    language: str
    where: str
    hiding: str
    path: str
    place: Place
    registrar: str
    mailbox: str = ""
    second: str = ""
    form: str = ""
    media: Place | None = None
    embed: str = ""
    traps: dict[str, str] = field(default_factory=dict)
    dns: str = ""
    mail: str = ""
    takes_mail: bool = True
    hint: str = ""
    ads: str = ""
    ads_by: str = ""
    payment: str = ""
    gallery: str = "/v/1"
    seed: int = 0


@dataclass(slots=True)
class World:
    seed: int
    companies: dict[str, Company]
    sites: list[Site]
    suffixes_whois: dict[str, str]
    services: dict[str, str]
    """Service ("names", "numbers", "whois:<style>") to host name."""
    addresses: dict[str, list[str]]
    """Host name of a company or service to claimed addresses."""
    dial: dict[str, str]
