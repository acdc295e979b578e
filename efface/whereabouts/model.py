"""The answer of ``whereabouts``: everyone who could remove what stands at a URL, and how we know.

Everything here is an observation with a source, never a fact. Nothing in this room has a database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PartyRole = Literal[
    "operator",
    "host",
    "cdn",
    "upstream",
    "registrar",
    "registry",
    "search",
    "payment",
    "ads",
    "platform",
    "isp",
    "regulator",
    "hotline",
    "police",
]
Channel = Literal["email", "form", "api", "post", "phone"]


@dataclass(frozen=True, slots=True)
class Contact:
    """One address or form, as one source gave it. ``confidence`` 0..1 is the source's starting confidence;
    ``steps`` are the decoding steps that were needed ("at-sign-word", "cfemail"...). Of a form, ``fields`` are the
    names it asks for and ``captcha`` says that a person has to solve one. ``note`` is what is known of how the desk
    behaves ("forwards to the operator"); ``expires`` an ISO date after which the source's word ends."""

    channel: Channel
    value: str
    source: str
    source_url: str = ""
    confidence: float = 0.0
    steps: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    captcha: bool = False
    note: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who could act. ``key`` is stable for the same party ("host:AS64500", "registrar:1234",
    "operator:example.com"); ``covers`` are the hosts of the asset set it answers for."""

    role: PartyRole
    key: str
    name: str = ""
    domain: str = ""
    asn: int = 0
    country: str = ""
    covers: list[str] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """One edge of the removal chain. Ends are "page", "name:<host name>", or the key of a party."""

    source: str
    target: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """One thing seen of a site that tells who runs it: ``kind`` is of ``mirrors.kinds``, ``value`` is whole, as it
    stands there. Only its digest is kept."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """``status`` are the domain's EPP status words from RDAP; ``partial`` lists look-ups that failed and why;
    ``behind_cdn`` names the CDN of the page host ("" where none): then the origin host is unknown unless a party
    with role host says otherwise. ``signs`` are sentences of the site that tell what its operator is like
    ("paid-removal: ..."): a person reads them, and the route plan takes a price for a removal as hostile.

    ``links`` join page, host names and parties into one chain. ``beside`` are parties that may matter and are only
    shown: hosts that hints call the origin behind a CDN, and hosts of embeds that hold none of the finding's media; no
    notice goes to them before a person says so. ``place`` are the ids of the page on a platform (channel, message).
    ``signals`` tell which sites are one operator's: bounded, and seen on the way, not looked for."""

    url: str
    host: str
    domain: str
    addresses: list[str] = field(default_factory=list)
    behind_cdn: str = ""
    status: list[str] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    beside: list[Party] = field(default_factory=list)
    place: dict[str, str] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
