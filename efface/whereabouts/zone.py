"""What a domain's own DNS says: who runs its name servers and its mail, the zone's owner, who sends mail for it."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from dataclasses import dataclass, field

from efface.net.address import refusal
from efface.whereabouts import facts
from efface.whereabouts.model import Contact, Link, Party
from efface.whereabouts.playbook import Playbook
from efface.whereabouts.transport import Transport, Unanswered

_SPF = re.compile(r"^v=spf1(?:\s|$)", re.IGNORECASE)
MOST_SENDERS = 4
OWN_ZONE, OPERATORS_ZONE = 0.3, 0.05
"""Worth of the mailbox in an SOA record: the zone owner's own, and one of the company that runs the name servers."""


@dataclass(frozen=True, slots=True)
class Zone:
    """``mail``: hosts of the MX records, best first; None where the domain says that it takes no mail (RFC 7505) or has
    no MX record. ``senders``: single addresses its SPF record (RFC 7208) names. ``owner``: the mailbox of its SOA."""

    domain: str = ""
    servers: list[str] = field(default_factory=list)
    mail: list[str] | None = None
    owner: str = ""
    primary: str = ""
    senders: list[facts.Address] = field(default_factory=list)


async def ask(domain: str, transport: Transport) -> Zone:
    """Never raises. What fails here is no gap in who can remove something: it is left out without a word."""
    if not domain:
        return Zone()
    kinds = ("NS", "MX", "SOA", "TXT")
    servers, mail, soa, texts = await asyncio.gather(*(_quietly(domain, kind, transport) for kind in kinds))
    words = next(iter(soa), "").split()
    return Zone(
        domain,
        servers=[one.rstrip(".").lower() for one in servers][:8],
        mail=_exchangers(mail),
        owner=rname(next(iter(soa), "")),
        primary=words[0].rstrip(".").lower() if words else "",
        senders=_senders(texts),
    )


async def _quietly(name: str, record: str, transport: Transport) -> list[str]:
    try:
        return await transport.dns(name, record)
    except Unanswered:
        return []


def _exchangers(records: list[str]) -> list[str] | None:
    found: list[tuple[int, str]] = []
    for record in records:
        words = record.split()
        if len(words) == 2 and words[0].isdigit() and words[1] != ".":
            found.append((int(words[0]), words[1].rstrip(".").lower()))
    return [host for _, host in sorted(found)][:8] or None


def _senders(texts: list[str]) -> list[facts.Address]:
    """Single public addresses of the SPF record; ranges say nothing of one machine."""
    found: list[facts.Address] = []
    for text in texts:
        if not _SPF.match(text):
            continue
        for word in text.split()[:60]:
            kind, _, value = word.lstrip("+?~").partition(":")
            if kind.lower() not in ("ip4", "ip6"):
                continue
            try:
                network = ipaddress.ip_network(value, strict=False)
            except ValueError:
                continue
            if network.num_addresses == 1 and not refusal(network.network_address):
                found.append(network.network_address)
    return list(dict.fromkeys(found))[:MOST_SENDERS]


def rname(record: str) -> str:
    """The mailbox in an SOA record in zone-file form (RFC 1035: the first unescaped dot is the @), "" where none."""
    words = record.split()
    if len(words) < 2:
        return ""
    local, escaped = "", False
    for place, letter in enumerate(words[1]):
        if escaped:
            local, escaped = local + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == ".":
            domain = words[1][place + 1 :].rstrip(".").lower()
            return f"{local}@{domain}".lower() if local and "." in domain else ""
        else:
            local += letter
    return ""


def parties(zone: Zone, book: Playbook) -> tuple[list[Party], list[Link]]:
    """Who runs name servers and mail, where that is not the domain itself. No content lies with either of them."""
    made: list[Party] = []
    links: list[Link] = []
    for what, hosts, why in (
        ("dns", zone.servers or ([zone.primary] if zone.primary else []), "its name servers"),
        ("mail", zone.mail or [], "its mail is taken there"),
    ):
        name = hosts[0] if hosts else ""
        company = facts.registered(name)
        if not company or company == zone.domain:
            continue
        known = book.host(("isp", "cdn", "host"), name)
        contacts = known.contacts() if known is not None else []
        if what == "dns" and zone.owner.endswith("@" + company):
            contacts.append(Contact("email", zone.owner, "soa", confidence=OPERATORS_ZONE))
        key = f"{what}:{company}"
        title = known.name if known is not None else company
        made.append(Party("isp", key, title, company, contacts=contacts, reasons=[f"{why}: {name}"]))
        links.append(Link(f"name:{zone.domain}", key, f"{why}: {name}"))
    return made, links
