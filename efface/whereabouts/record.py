"""What a registry says of a domain, in the same words whether RDAP or WHOIS said it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from efface.whereabouts import rdap, whois, whois_words
from efface.whereabouts.whois_desks import Desk

LARGEST_JSON = 1_000_000


@dataclass(frozen=True, slots=True)
class DomainRecord:
    """``abuse`` are desks that take reports: addresses and forms of the registrar or the registry, never those of a
    registrant; ``abuse_phones`` the same desks' telephones; ``small_print`` desks that only the text around the record
    names. ``status`` are EPP's words where they are EPP's, else the registry's; where it gives none, the one word of
    ``state``. ``unicode`` is the name in its own script where it has one. Dates are ISO 8601. "" is: not said."""

    domain: str = ""
    unicode: str = ""
    state: str = ""
    status: list[str] = field(default_factory=list)
    registrar: str = ""
    registrar_id: str = ""
    registrar_url: str = ""
    abuse: list[Desk] = field(default_factory=list)
    abuse_phones: list[Desk] = field(default_factory=list)
    small_print: list[Desk] = field(default_factory=list)
    created: str = ""
    updated: str = ""
    expires: str = ""
    nameservers: list[str] = field(default_factory=list)
    protocol: str = "whois"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(data: bytes, suffix: str = "", domain: str = "") -> DomainRecord:
    """A stored answer of either kind. Never raises."""
    if data.lstrip()[:1] == b"{":
        try:
            given = json.loads(data[:LARGEST_JSON])
        except (ValueError, RecursionError):
            given = None
        if isinstance(given, dict):
            return of_rdap(rdap.read(given), domain)
    return of_whois(whois.read(data, suffix or domain.rpartition(".")[2]), domain)


def of_whois(answer: whois.Whois, domain: str = "") -> DomainRecord:
    name = answer.domain or domain
    return DomainRecord(
        domain=name,
        unicode=_own_script(name),
        state=answer.state,
        status=list(answer.words) or [word for word in (answer.state,) if word and word != "throttled"],
        registrar=answer.registrar,
        registrar_id=answer.registrar_id,
        registrar_url=answer.registrar_url,
        abuse=[desk for desk in answer.desks if desk.channel != "phone"],
        abuse_phones=[desk for desk in answer.desks if desk.channel == "phone"],
        small_print=list(answer.small_print),
        created=answer.created,
        updated=answer.updated,
        expires=answer.expires,
        nameservers=list(answer.nameservers),
    )


def of_rdap(record: rdap.Record, domain: str = "") -> DomainRecord:
    card = record.registrar()
    desks = list(dict.fromkeys(record.desks()))
    return DomainRecord(
        domain=record.domain or domain,
        unicode=record.unicode,
        state="registered" if record.kind == "domain" else "",
        status=[whois_words.epp(word) for word in record.status] or (["registered"] if record.kind == "domain" else []),
        registrar=(card.name or card.handle) if card else "",
        registrar_id=card.public_id if card else "",
        registrar_url=card.url if card else "",
        abuse=[desk for desk in desks if desk.channel != "phone"],
        abuse_phones=[desk for desk in desks if desk.channel == "phone"],
        small_print=[Desk("email", value, "registry", "notices") for value in record.notices],
        created=record.created,
        updated=record.updated,
        expires=record.expires,
        nameservers=list(record.nameservers),
        protocol="rdap",
    )


def _own_script(name: str) -> str:
    """An internationalised name as its holder reads it."""
    if not any(label.startswith("xn--") for label in name.split(".")):
        return "" if name.isascii() else name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return ""
