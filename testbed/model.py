"""What a world consists of, as plain data. ``World`` is written to ``world.json`` and read back by ``serve``.

Addresses named *claimed* are public-looking and are data only; *dial* addresses are inside 127.0.0.0/8. Times are
ISO 8601 in UTC with a ``Z``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from efface.net.protocol import from_wire, to_wire

EPOCH = "2026-09-01T08:00:00Z"
"""World time at the start, unless told otherwise."""


def parse_time(text: str) -> datetime:
    """ISO 8601 to an aware UTC datetime. Raises ``ValueError``; a naive time is refused."""
    value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if value.tzinfo is None:
        raise ValueError(f"no time zone: {text}")
    return value.astimezone(UTC)


def show_time(value: datetime) -> str:
    """Seconds precision, UTC, ``Z``."""
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Provider:
    """A network owner: ``role`` is host, cdn, upstream or services. ``rdap`` names the style of its answers
    (``rdap.py``), ``desk`` the behaviour of its abuse mailbox (``desks.py``)."""

    key: str
    role: str
    name: str
    domain: str
    asn: int
    country: str
    prefix: str
    abuse: str
    desk: str
    rdap: str = "nested"
    upstream: str = ""
    stale_abuse: str = ""
    """An address the IP look-up still gives and that bounces; the AS look-up gives ``abuse``."""


@dataclass(slots=True)
class Registrar:
    key: str
    name: str
    domain: str
    iana_id: int
    abuse: str
    desk: str
    rdap: str = "nested"


@dataclass(slots=True)
class Operator:
    """Whoever runs sites. ``mailbox`` is "" when nobody can be written to."""

    key: str
    mailbox: str
    desk: str
    sites: list[str] = field(default_factory=list)
    extortion: bool = False


@dataclass(slots=True)
class File:
    """One media file in ``media.bin``. ``canary`` is 16 bytes in hex, "" for strangers' files."""

    key: str
    offset: int
    size: int
    mime: str
    width: int
    height: int
    sha256: str
    canary: str = ""


@dataclass(slots=True)
class Shot:
    """One picture of a gallery: paths on the media host, keys of the files."""

    full_path: str
    full_file: str
    thumb_path: str
    thumb_file: str
    planted: bool = False


@dataclass(slots=True)
class Gallery:
    """A page of pictures. ``path`` includes the query where the site uses one. ``item`` names the planted item on it,
    ``hidden`` keeps it out of listings until an event publishes it."""

    id: str
    path: str
    title: str
    published_at: str
    style: int
    shots: list[Shot] = field(default_factory=list)
    item: str = ""
    hidden: bool = False
    text: str = ""


@dataclass(slots=True)
class Site:
    """``host`` is the provider at the start; ``address`` the claimed origin address there; ``edge`` the claimed CDN
    address ("" without a CDN). ``media_domain`` differs from ``domain`` where pictures have a home of their own."""

    domain: str
    operator: str
    host: str
    address: str
    registrar: str
    theme: int
    name: str
    language: str = "en"
    cdn: str = ""
    edge: str = ""
    network: str = ""
    analytics: str = ""
    media_domain: str = ""
    media_host: str = ""
    media_address: str = ""
    missing: str = "404"
    contact: str = "mailto"
    robots: str = "plain"
    crawl_delay: float = 0.0
    url_style: int = 0
    media_style: int = 0
    wall: str = ""
    hostile: bool = False
    calendar: bool = False
    dead_dns: str = ""
    next_host: str = ""
    next_address: str = ""
    per_page: int = 10
    galleries: list[Gallery] = field(default_factory=list)


@dataclass(slots=True)
class Subject:
    """``files`` are paths below the world's folder: what lies on the survivor's own device."""

    key: str
    label: str
    face: bool
    files: list[str] = field(default_factory=list)
    known_links: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A planted copy. ``of`` names the item this one is a return of ("" for planted ones); ``how`` is how it returns:
    "sibling" or "same-page". ``also`` are other subjects seen on the same picture."""

    id: str
    subject: str
    kind: str
    site: str
    gallery: str
    page_urls: list[str]
    media_urls: list[str]
    thumb_urls: list[str]
    canaries: list[str]
    published_at: str
    of: str = ""
    how: str = ""
    also: list[str] = field(default_factory=list)
    known: bool = False

    def urls(self) -> list[str]:
        return [*self.page_urls, *self.media_urls, *self.thumb_urls]


@dataclass(slots=True)
class Return:
    """Planned reappearance: ``after_h`` hours after ``item`` is wholly gone, ``becomes`` appears."""

    item: str
    becomes: str
    how: str
    after_h: float


@dataclass(slots=True)
class Trap:
    """An address that must never be written to, and why."""

    address: str
    site: str
    why: str


@dataclass(slots=True)
class Outage:
    """A site that does not answer for a while: ``how`` is "503" or "hang"."""

    site: str
    start: str
    end: str
    how: str


@dataclass(slots=True)
class World:
    seed: int
    start: str
    days: int
    providers: list[Provider]
    registrars: list[Registrar]
    operators: list[Operator]
    sites: list[Site]
    subjects: list[Subject]
    items: list[Item]
    returns: list[Return]
    files: list[File]
    traps: list[Trap]
    outages: list[Outage]
    services: dict[str, str]
    """Service name (rdap-a, rdap-b, whois, search, tsa, mx...) to its host name."""
    dial: dict[str, str]
    """Claimed address to dial address."""
    addresses: dict[str, list[str]]
    """Host name to claimed addresses, for everything that is not a site."""
    search_domain: str = ""

    def site(self, domain: str) -> Site:
        return next(site for site in self.sites if site.domain == domain)

    def item(self, key: str) -> Item:
        return next(item for item in self.items if item.id == key)

    def provider(self, key: str) -> Provider:
        return next(provider for provider in self.providers if provider.key == key)

    def registrar(self, key: str) -> Registrar:
        return next(registrar for registrar in self.registrars if registrar.key == key)

    def operator(self, key: str) -> Operator:
        return next(operator for operator in self.operators if operator.key == key)


def save(world: World, folder: Path) -> None:
    """Write ``world.json``."""
    (folder / "world.json").write_text(json.dumps(to_wire(world), ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> World:
    """Read ``world.json``. Raises ``FileNotFoundError`` and ``efface.net.protocol.ProtocolError``."""
    data: Any = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    world: World = from_wire(World, data)
    return world
