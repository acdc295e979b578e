"""Where a host of the asset set really stands: its addresses, their network, what stands before it, who is above it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from efface.net.address import refusal
from efface.whereabouts import cdn, facts, rdap
from efface.whereabouts.model import Contact, Link, Party
from efface.whereabouts.playbook import Entry, Playbook
from efface.whereabouts.transport import Transport, Unanswered

_ORIGIN = re.compile(r"^\s*\"?(\d{1,10})")
_REMARKED = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", re.ASCII)
REMARKED = 0.6
"""Worth of an address that only a remark calls the one for abuse."""
MOST_ADDRESSES = 4
MOST_CNAMES = 8
REGISTRIES = frozenset({"iana.org", "icann.org", "arin.net", "ripe.net", "apnic.net", "lacnic.net", "afrinic.net"})
"""An answer that names the registry itself says only that the address is nobody's: no registry removes content."""


@dataclass(frozen=True, slots=True)
class HostLook:
    """What is known of one host. ``network`` and ``number`` are the registry's words for its first address and AS;
    ``hit`` the network that stands before it; ``upstream`` the AS it names as its transit, with its registry entry."""

    host: str
    addresses: tuple[facts.Address, ...] = ()
    cnames: tuple[str, ...] = ()
    network: rdap.Record = field(default_factory=rdap.Record)
    number: rdap.Record = field(default_factory=rdap.Record)
    asn: int = 0
    hit: cdn.Hit | None = None
    upstream: tuple[int, rdap.Record] | None = None


async def look_at(
    host: str,
    headers: dict[str, str],
    transport: Transport,
    registries: rdap.Registries,
    more: Sequence[facts.Cdn],
    partial: list[str],
) -> HostLook:
    """Never raises: what could not be asked is appended to ``partial``."""
    addresses, cnames = await _addresses(host, transport, partial)
    if not addresses:
        partial.append(f"{host}: no address")
        return HostLook(host, cnames=tuple(cnames))
    domain = facts.registered(host)
    servers, (network, number, asn) = await asyncio.gather(
        ask_dns(domain, "NS", transport, partial) if domain else _none(),
        network_of(addresses[0], transport, registries, partial),
    )
    hit = cdn.recognise(addresses, cnames, servers, headers, [asn], more)
    if hit is None:
        name = _name(network, number)
        signs = cdn.stranger(name, f"{network.remarks}\n{number.remarks}", cnames, headers)
        hit = cdn.Hit(f"as{asn}" if asn else _slug(name or host), name or host, signs) if signs else None
    upstream = None
    if hit is None:
        for above in number.transit():
            upstream = (above, await _rdap(registries.number(above), f"autnum {above}", transport, partial))
            break
    return HostLook(host, tuple(addresses), tuple(cnames), network, number, asn, hit, upstream)


async def _none() -> list[str]:
    return []


async def network_of(
    address: facts.Address, transport: Transport, registries: rdap.Registries, partial: list[str]
) -> tuple[rdap.Record, rdap.Record, int]:
    """The registry's words for an address and for the AS that announces it, and the AS number (0 where unknown)."""
    network = await _rdap(registries.network(address), f"ip {address}", transport, partial)
    asn = network.asn or await _origin(address, transport, partial)
    number = await _rdap(registries.number(asn), f"autnum {asn}", transport, partial) if asn else rdap.Record()
    return network, number, asn


async def _addresses(host: str, transport: Transport, partial: list[str]) -> tuple[list[facts.Address], list[str]]:
    """Addresses of a host (IPv4 first) and the CNAMEs on the way."""
    literal = facts.address(host)
    if literal is not None:
        return ([] if refusal(literal) else [literal]), []
    cnames, four, six = await asyncio.gather(
        _cnames(host, transport, partial),
        ask_dns(host, "A", transport, partial),
        ask_dns(host, "AAAA", transport, partial),
    )
    found = [*four, *six]
    addresses = [one for value in found if (one := facts.address(value)) is not None]
    public = [one for one in addresses if not refusal(one)]
    if len(public) < len(addresses):
        partial.append(f"{host}: it leads to addresses that are not public")
    return public[:MOST_ADDRESSES], cnames


async def _cnames(host: str, transport: Transport, partial: list[str]) -> list[str]:
    cnames: list[str] = []
    name = host
    while len(cnames) < MOST_CNAMES:
        target = next(iter(await ask_dns(name, "CNAME", transport, partial)), "").rstrip(".").lower()
        if not target or target in cnames or target == host:
            break
        cnames.append(target)
        name = target
    return cnames


async def ask_dns(name: str, record: str, transport: Transport, partial: list[str]) -> list[str]:
    """Records, or none with the reason appended to ``partial``."""
    try:
        return await transport.dns(name, record)
    except Unanswered as error:
        partial.append(f"dns {record} {name}: {error}")
        return []


async def _rdap(url: str, what: str, transport: Transport, partial: list[str]) -> rdap.Record:
    if not url:
        return rdap.Record()
    try:
        return rdap.read(await transport.get_json(url))
    except Unanswered as error:
        partial.append(f"rdap {what}: {error}")
        return rdap.Record()


async def _origin(address: facts.Address, transport: Transport, partial: list[str]) -> int:
    """The AS that announces an IPv4 address, from the public DNS service of Team Cymru; 0 where it does not know."""
    if address.version != 4:
        return 0
    name = ".".join(reversed(str(address).split("."))) + ".origin.asn.cymru.com"
    for text in await ask_dns(name, "TXT", transport, partial):
        match = _ORIGIN.match(text)
        if match and 0 < int(match[1]) < 2**32:
            return int(match[1])
    return 0


def shared(looks: Sequence[HostLook], book: Playbook) -> tuple[list[Party], list[Link]]:
    """The parties of all hosts: one per network, covering every host of the asset set that stands there; and how the
    names lead to them."""
    made: dict[str, Party] = {}
    links: list[Link] = []
    for look in looks:
        for party in _parties(look, book):
            known = made.get(party.key)
            if known is None:
                made[party.key] = party
            else:
                known.covers.extend(one for one in party.covers if one not in known.covers)
                values = {one.value for one in known.contacts}
                known.contacts.extend(one for one in party.contacts if one.value not in values)
            if party.role == "upstream":
                links.append(Link(_host_key(look), party.key, party.reasons[0]))
            else:
                links.append(Link(f"name:{look.host}", party.key, party.reasons[0]))
    return list(made.values()), list(dict.fromkeys(links))


def _host_key(look: HostLook) -> str:
    return f"host:AS{look.asn}" if look.asn else f"host:{look.network.handle or look.addresses[0]}"


def _parties(look: HostLook, book: Playbook) -> list[Party]:
    if not look.addresses:
        return []
    contacts = best([*_abuse(look.network, "rdap-ip", 0.85), *_abuse(look.number, "rdap-autnum", 0.7)])
    name = _name(look.network, look.number)
    country = look.network.country or look.number.country
    if look.hit is not None:
        known = book.named("cdn", look.hit.key) or book.number("cdn", look.asn)
        reasons = [f"stands before the host: {', '.join(look.hit.reasons)}"[:300]]
        return [
            Party(
                "cdn", f"cdn:{look.hit.key}", look.hit.name, "", look.asn, country, [look.host],
                best([*_desks(known), *contacts]), reasons,
            )
        ]  # fmt: skip
    known = book.number("host", look.asn)
    reasons = [f"{look.addresses[0]} is in its network"]
    contacts = best([*_desks(known), *contacts])
    parties = [Party("host", _host_key(look), name, "", look.asn, country, [look.host], contacts, reasons)]
    if look.upstream is not None:
        number, record = look.upstream
        above = best([*_desks(book.number("host", number)), *_abuse(record, "rdap-autnum", 0.7)])
        why = [f"the host names it as its transit (AS{number})"]
        parties.append(
            Party("upstream", f"upstream:AS{number}", _name(record, record), "", number, record.country, [], above, why)
        )
    return parties


def candidate(address: facts.Address, network: rdap.Record, number: rdap.Record, asn: int, book: Playbook) -> Party:
    """The network of an address as a host that covers nothing: whether anything stands there is not known."""
    contacts = best(
        [*_desks(book.number("host", asn)), *_abuse(network, "rdap-ip", 0.85), *_abuse(number, "rdap-autnum", 0.7)]
    )
    key = f"host:AS{asn}" if asn else f"host:{network.handle or address}"
    country = network.country or number.country
    return Party("host", key, _name(network, number), "", asn, country, [], contacts, [])


def _desks(known: Entry | None) -> list[Contact]:
    return known.contacts() if known is not None else []


def best(contacts: Sequence[Contact]) -> list[Contact]:
    """Each value once, with its highest confidence, best first."""
    kept: dict[str, Contact] = {}
    for one in contacts:
        if one.value not in kept or one.confidence > kept[one.value].confidence:
            kept[one.value] = one
    return sorted(kept.values(), key=lambda one: (-one.confidence, one.value))


def _abuse(record: rdap.Record, source: str, confidence: float) -> list[Contact]:
    """Mailboxes first, then forms a tenth below; entities whose first role is abuse before those that do it beside."""
    found: dict[str, Contact] = {}
    cards = sorted(record.abuse(), key=lambda card: card.roles[0] != "abuse")
    for number, card in enumerate(cards):
        worth = round(confidence - 0.02 * number, 3)
        for value in card.emails:
            if facts.registered(value.rpartition("@")[2]) not in REGISTRIES:
                found.setdefault(value, Contact("email", value, source, confidence=worth))
        for value in card.uris:
            found.setdefault(value, Contact("form", value, source, confidence=round(worth - 0.1, 3)))
    if not cards:
        for line in record.remarks.splitlines():
            for value in _REMARKED.findall(line[:500]) if "abuse" in line.lower() else ():
                if facts.registered(value.rpartition("@")[2]) not in REGISTRIES:
                    found.setdefault(value.lower(), Contact("email", value.lower(), source, confidence=REMARKED))
    return list(found.values())


def _name(network: rdap.Record, number: rdap.Record) -> str:
    for record in (network, number):
        holder = record.holder()
        if holder is not None:
            return holder.name
    return network.name or number.name


def _slug(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())[:60]
