"""Authoritative DNS for the whole world over UDP and TCP."""

from __future__ import annotations

import asyncio
import struct
from ipaddress import ip_address, ip_network
from typing import cast

from dnslib import AAAA, CNAME, MX, NS, QTYPE, RCODE, RR, SOA, TXT, A, DNSRecord
from dnslib.dns import DNSError

from testbed.state import State

TTL = 300
MAX_UDP = 1232


class Zone:
    """Names to records at world time."""

    def __init__(self, state: State) -> None:
        self.state = state
        world = state.world
        self.mail_domains = {entry.mailbox.partition("@")[2] for entry in world.operators if entry.mailbox}
        self.mail_domains |= {trap.address.partition("@")[2] for trap in world.traps}
        self.mail_domains |= {entry.domain for entry in world.providers}
        self.mail_domains |= {entry.domain for entry in world.registrars}
        self.mail_domains.add(world.search_domain)
        self.mx = world.services["mx"]
        self.ns = world.services["ns"]
        self._rank = {entry.key: index for index, entry in enumerate(world.providers)}
        self.odd = {
            f"v4mapped.{world.services['ns']}": ["::ffff:127.0.0.1"],
            f"metadata.{world.services['ns']}": ["169.254.169.254"],
            f"mixed.{world.services['ns']}": [next(iter(world.dial)), "10.0.0.7"],
        }

    def edge_name(self, host: str) -> str:
        site = self.state.by_host[host]
        return f"{host}.cdn.{self.state.world.provider(site.cdn).domain}"

    def addresses(self, host: str) -> list[str]:
        """Claimed addresses of ``host`` now, [] where the name does not exist."""
        host = host.lower().rstrip(".")
        if host in self.odd:
            return self.odd[host]
        if host in self.state.world.addresses:
            return self.state.world.addresses[host]
        if ".cdn." in host:
            inner = host.partition(".cdn.")[0]
            if self.state.behind_cdn(inner) and self.edge_name(inner) == host:
                return [self.state.by_host[inner].edge]
            return []
        site = self.state.by_host.get(host)
        if site is None or site.domain in self.state.held:
            return []
        return [site.edge] if self.state.behind_cdn(host) else [self.state.origin(host)]

    def _soa(self, name: str) -> RR:
        return RR(
            name,
            QTYPE.SOA,
            rdata=SOA(self.ns, f"hostmaster.{self.ns.partition('.')[2]}", (2026090101, 7200, 900, 1209600, 300)),
            ttl=TTL,
        )

    def _apex(self, host: str) -> str:
        """The registered domain ``host`` belongs to, "" when it is nobody's."""
        site = self.state.by_host.get(host)
        if site is not None:
            return site.domain
        parts = host.split(".")
        for start in range(len(parts) - 1):
            name = ".".join(parts[start:])
            if name in self.mail_domains or name in self.state.by_host or name in self.state.world.addresses:
                return name
        return ""

    def answer(self, query: DNSRecord) -> DNSRecord | None:
        """The reply to ``query``; None for a name that never answers."""
        reply = query.reply()
        name = str(query.q.qname).lower().rstrip(".")
        kind = QTYPE[query.q.qtype]
        site = self.state.by_host.get(name)
        if site is not None and site.dead_dns:
            if site.dead_dns == "silent":
                return None
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        found = self._records(name, kind)
        for record in found:
            reply.add_answer(record)
        if not found:
            apex = self._apex(name)
            if apex:
                reply.add_auth(self._soa(apex))
            known = self.addresses(name) or (name == apex and apex not in self.state.held)
            if not known:
                reply.header.rcode = RCODE.NXDOMAIN
        return reply

    def _records(self, name: str, kind: str) -> list[RR]:
        addresses = self.addresses(name)
        found: list[RR] = []
        if kind in {"A", "AAAA"} and addresses:
            owner = name
            if self.state.behind_cdn(name):
                owner = self.edge_name(name)
                found.append(RR(name, QTYPE.CNAME, rdata=CNAME(owner), ttl=TTL))
            for address in addresses:
                if ip_address(address).version == 4 and kind == "A":
                    found.append(RR(owner, QTYPE.A, rdata=A(address), ttl=TTL))
                elif ip_address(address).version == 6 and kind == "AAAA":
                    found.append(RR(owner, QTYPE.AAAA, rdata=AAAA(address), ttl=TTL))
            return found
        apex = self._apex(name)
        if apex in self.state.held:
            return []
        if kind == "MX" and name == apex:
            if name in self.mail_domains:
                return [RR(name, QTYPE.MX, rdata=MX(self.mx, 10), ttl=TTL)]
            return [RR(name, QTYPE.MX, rdata=MX(".", 0), ttl=TTL)] if name in self.state.by_host else []
        if kind == "NS" and name == apex and apex:
            return [RR(name, QTYPE.NS, rdata=NS(self._ns(name)), ttl=TTL)]
        if kind == "SOA" and name == apex and apex:
            return [self._soa(name)]
        if kind == "TXT" and name.endswith(".origin.asn.cymru.com"):
            return self._origin(name)
        return []

    def _ns(self, name: str) -> str:
        site = self.state.by_host.get(name)
        if site is None:
            return self.ns
        key = site.cdn or site.host
        return f"ns1.{self.state.world.provider(key).domain}"

    def _origin(self, name: str) -> list[RR]:
        """Origin AS by DNS, in the form of the well-known public service."""
        address = ".".join(reversed(name.split(".")[:4]))
        for provider in self.state.world.providers:
            if _inside(address, provider.prefix):
                text = f"{provider.asn} | {provider.prefix} | {provider.country} | registry | 2015-01-01"
                return [RR(name, QTYPE.TXT, rdata=TXT(text), ttl=TTL)]
        return []


def _inside(address: str, prefix: str) -> bool:
    try:
        return ip_address(address) in ip_network(prefix)
    except ValueError:
        return False


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._out: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        packed = reply(self._zone, data)
        if packed is None or self._out is None:
            return
        if len(packed) > MAX_UDP:
            short = DNSRecord.parse(data).reply()
            short.header.tc = 1
            packed = short.pack()
        self._out.sendto(packed, addr)


def reply(zone: Zone, data: bytes) -> bytes | None:
    """Wire question to wire answer; None for what cannot be read or is never answered."""
    try:
        query = DNSRecord.parse(data)
    except (DNSError, struct.error, IndexError, ValueError):
        return None
    found = zone.answer(query) if query.questions else None
    return bytes(found.pack()) if found is not None else None


async def _tcp(zone: Zone, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            size = struct.unpack(">H", await asyncio.wait_for(reader.readexactly(2), 5))[0]
            packed = reply(zone, await asyncio.wait_for(reader.readexactly(size), 5))
            if packed is None:
                break
            writer.write(struct.pack(">H", len(packed)) + packed)
            await writer.drain()
    except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()


async def listen(zone: Zone, address: str, port: int) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
    """Bind UDP and TCP. Raises ``OSError`` when taken."""
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(zone), local_addr=(address, port))
    try:
        tcp = await asyncio.start_server(lambda r, w: _tcp(zone, r, w), address, port)
    except OSError:
        udp.close()
        raise
    return udp, tcp
