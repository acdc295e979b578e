"""Run a look-up world: ``python -m testbed.lookups.serve --seed N --sites N``. Prints one JSON line (the guard's world
and the address of plain RDAP for other clients) and serves on loopback until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from typing import Any

from aiohttp import web
from dnslib import CNAME, MX, NS, QTYPE, RCODE, RR, SOA, TXT, A, DNSRecord

from testbed.lookups.build import DIALS, build
from testbed.lookups.model import Site, World
from testbed.lookups.pages import page
from testbed.lookups.registry import Registry, bootstrap, whois
from testbed.serve import on_free_port
from testbed.servers import dns

DNS_ADDRESS = "127.31.0.253"
RDAP_ADDRESS = "127.31.0.254"
HUGE = 6_000_000
TTL = 300


class Zone:
    """Names to records."""

    def __init__(self, world: World, registry: Registry) -> None:
        self.world, self.registry = world, registry
        self.read()

    def read(self) -> None:
        """Take names and records from the world as it is now."""
        world = self.world
        self.mx = {one.domain for one in world.companies.values()}
        self.mx |= {f"{one}.net" for one in ("mailhaven", "postwinkel", "privacy-proxy")}
        self.mx |= {value.rpartition("@")[2] for site in world.sites for value in site.traps.values()}
        self.sites = {site.domain: site for site in world.sites}
        self.names: dict[str, tuple[str, str]] = {}
        self.dead = {site.place.host for site in world.sites if site.where == "dead-dns"}
        for host, values in world.addresses.items():
            self.names[host] = (values[0], "")
        for site in world.sites:
            self.names[site.domain] = (site.place.edge, "")
            for place in filter(None, (site.place, site.media)):
                self.names[place.host] = (place.edge, place.alias)
                if place.alias:
                    self.names[place.alias] = (place.edge, "")
            if site.hint:
                self.names[f"direct.{site.domain}"] = self.names[f"mail.{site.domain}"] = (site.place.origin, "")

    def answer(self, query: DNSRecord) -> DNSRecord | None:
        reply = query.reply()
        name, kind = str(query.q.qname).lower().rstrip("."), QTYPE[query.q.qtype]
        if name in self.dead:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        for record in self._records(name, kind):
            reply.add_answer(record)
        if not reply.rr and name not in self.names and name not in self.mx:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply

    def _records(self, name: str, kind: str) -> list[RR]:
        if kind == "TXT" and name.endswith(".origin.asn.cymru.com"):
            octets = name.removesuffix(".origin.asn.cymru.com").split(".")
            one = self.registry.holder(".".join(reversed(octets)))
            return (
                [RR(name, QTYPE.TXT, rdata=TXT(f"{one.asn} | {one.prefix} | {one.country} | x | 2020-01-01"))]
                if one
                else []
            )
        address, alias = self.names.get(name, ("", ""))
        if kind in ("A", "CNAME") and alias:
            made = [RR(name, QTYPE.CNAME, rdata=CNAME(alias), ttl=TTL)]
            return made + ([RR(alias, QTYPE.A, rdata=A(address), ttl=TTL)] if kind == "A" else [])
        if kind == "A" and address:
            return [RR(name, QTYPE.A, rdata=A(address), ttl=TTL)]
        site = self.sites.get(name)
        if site is None:
            return [RR(name, QTYPE.MX, rdata=MX("mx." + name, 10), ttl=TTL)] if kind == "MX" and name in self.mx else []
        return self._zone(site, kind)

    def _zone(self, site: Site, kind: str) -> list[RR]:
        name = site.domain
        company, mail = self.world.companies[site.dns].domain, self.world.companies[site.mail].domain
        if kind == "NS":
            return [RR(name, QTYPE.NS, rdata=NS(f"ns1.{company}"), ttl=TTL)]
        if kind == "SOA":
            times = (2026090101, 7200, 900, 1209600, 300)
            return [RR(name, QTYPE.SOA, rdata=SOA(f"ns1.{company}", f"hostmaster.{company}", times), ttl=TTL)]
        if kind == "MX":
            if not site.takes_mail:
                return [RR(name, QTYPE.MX, rdata=MX(".", 0), ttl=TTL)]
            return [RR(name, QTYPE.MX, rdata=MX(f"mail.{name}" if "mx" in site.hint else f"mx.{mail}", 10), ttl=TTL)]
        if kind == "TXT":
            sender = f" ip4:{site.place.origin}" if "spf" in site.hint else ""
            return [RR(name, QTYPE.TXT, rdata=TXT(f"v=spf1{sender} include:{mail} -all"), ttl=TTL)]
        return []


class Front:
    """HTTP for sites, companies and registries; told apart by the Host header. At ``RDAP_ADDRESS`` the registries
    answer under any name, for clients that cannot be given a resolver."""

    def __init__(self, world: World, registry: Registry) -> None:
        self.world, self.registry = world, registry
        self.read()

    def read(self) -> None:
        world = self.world
        self.hosts = {site.place.host: site for site in world.sites} | {site.domain: site for site in world.sites}
        self.services = {world.services["names"], world.services["numbers"]}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        local = request.transport.get_extra_info("sockname")[0] if request.transport else ""
        if host in self.services or local == RDAP_ADDRESS:
            return await self._registry(request)
        site = self.hosts.get(host)
        if site is None:
            return web.Response(text=f"<title>{host}</title>", content_type="text/html")
        status, mime, body = page(self.world, site, request.raw_path)
        return web.Response(status=status, text=body, content_type=mime, headers=self._marks(site))

    def _marks(self, site: Site) -> dict[str, str]:
        if not site.place.cdn:
            return {"server": "nginx"}
        company = self.world.companies[site.place.cdn]
        if company.how == "headers":
            return {"via": "1.1 edge (cache)", "x-cache": "MISS"}
        return {"server": company.name.split()[0]}

    async def _registry(self, request: web.BaseRequest) -> web.StreamResponse:
        status, mime, body, headers = self.registry.answer(request.path)
        if status:
            return web.Response(status=status, body=body, headers={**headers, "content-type": mime})
        answer = web.StreamResponse(headers={"content-type": "application/rdap+json"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            if mime == "huge":
                await answer.write(b'{"objectClassName": "ip network", "remarks": [')
                for _ in range(HUGE // 60_000):
                    await answer.write(b'"' + b"x" * 59_997 + b'",')
            for _ in range(20 if mime == "drip" else 0):
                await answer.write(b" ")
                await asyncio.sleep(0.1)
        return answer


async def _whois(world: World, style: str, address: str, port: int) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError, ValueError):
            line = await asyncio.wait_for(reader.readline(), 5)
            text, how = whois(world, style, line[:300].decode("utf-8", "replace"))
            if how == "huge":
                for _ in range(100):
                    writer.write(b"% nothing to see\r\n" * 4000)
                    await writer.drain()
            for _ in range(20 if how == "drip" else 0):
                writer.write(b"%")
                await writer.drain()
                await asyncio.sleep(0.1)
            if not how:
                writer.write(text.encode())
                await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, address, port, limit=2048)


class Running:
    """A world with its listeners; ``ready`` is what a guard and other clients need."""

    def __init__(self, seed: int, sites: int) -> None:
        self.world = build(seed, sites)
        self.registry = Registry(self.world)
        self.zone, self.front = Zone(self.world, self.registry), Front(self.world, self.registry)
        self.ready: dict[str, Any] = {}
        self._close: list[Any] = []

    def refresh(self) -> None:
        """Read the world again after something in it was renamed."""
        for one in (self.registry, self.zone, self.front):
            one.read()

    async def start(self) -> dict[str, Any]:
        world = self.world
        zone, front = self.zone, self.front
        (udp, tcp), dns_port = await on_free_port(lambda port: dns.listen(zone, DNS_ADDRESS, port))  # type: ignore[arg-type]
        hosts = [f"127.31.0.{place + 1}" for place in range(DIALS)] + [RDAP_ADDRESS]
        server = web.Server(front.handle, access_log=None)
        loop = asyncio.get_running_loop()
        listening, web_port = await on_free_port(
            lambda port: loop.create_server(server, host=hosts, port=port, backlog=512)
        )
        styles = sorted(key.partition(":")[2] for key in world.services if key.startswith("whois:"))

        async def all_whois(port: int) -> list[asyncio.Server]:
            made: list[asyncio.Server] = []
            try:
                for style in styles:
                    at = world.dial[world.addresses[world.services[f"whois:{style}"]][0]]
                    made.append(await _whois(world, style, at, port))
            except OSError:
                for one in made:
                    one.close()
                raise
            return made

        registries, whois_port = await on_free_port(all_whois)
        self._close = [udp.close, tcp.close, listening.close, *(one.close for one in registries)]
        self.ready = {
            "world": {
                "dns": [DNS_ADDRESS, dns_port],
                "dial": world.dial,
                "ports": {"80": web_port, "43": whois_port},
                "rdap": bootstrap(world),
                "whois": {suffix: world.services[f"whois:{style}"] for suffix, style in world.suffixes_whois.items()},
            },
            "rdap": f"http://{RDAP_ADDRESS}:{web_port}/",
            "whois": {
                suffix: world.dial[world.addresses[world.services[f"whois:{style}"]][0]]
                for suffix, style in world.suffixes_whois.items()
            },
        }
        return self.ready

    async def stop(self) -> None:
        for close in self._close:
            close()
        await asyncio.sleep(0)


async def run(seed: int, sites: int) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    running = Running(seed, sites)
    sys.stdout.write(json.dumps(await running.start()) + "\n")
    sys.stdout.flush()
    await over.wait()
    await running.stop()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="testbed.lookups.serve", description="Serve a world of look-ups on loopback.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--sites", type=int, required=True)
    given = parser.parse_args(arguments)
    asyncio.run(run(given.seed, given.sites))


if __name__ == "__main__":
    main()
