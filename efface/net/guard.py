"""The one egress guard: HTTP, RDAP, WHOIS and DNS all ask it before a packet leaves.

A name is resolved once with our own resolver; if any answer is not a global address nothing is dialled; the address
dialled is the one that was judged (pinned), and the peer is asked for again after the connection stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import ipaddress
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from yarl import URL

from efface.net import avoided
from efface.net.address import Address, literal, name_problem, own_addresses, parsed, refusal
from efface.net.protocol import ErrorKind
from efface.net.world import World

HTTP_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports of web pages."""
TCP_PORTS = frozenset({43})
"""Ports of raw exchanges: WHOIS."""
MAX_ANSWERS = 16
MAX_URL = 4096
RECORD_TYPES = frozenset({"A", "AAAA", "MX", "NS", "SOA", "TXT", "CNAME", "PTR", "CAA"})


class NetError(Exception):
    """A fetch or look-up that did not happen or did not end. ``kind`` is the protocol's word for it."""

    def __init__(self, kind: ErrorKind, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind: ErrorKind = kind
        self.detail = detail


class Refused(NetError):
    """The guard said no."""

    def __init__(self, detail: str) -> None:
        super().__init__("refused", detail)


@dataclass(frozen=True, slots=True)
class Pin:
    """One judged address: ``claimed`` is what DNS said, ``host`` and ``port`` are what is dialled."""

    claimed: Address
    host: str
    port: int


class Guard:
    """Judges every destination. One per process.

    ``nameservers`` are (address, port) pairs; None takes the system's. ``own`` are this machine's addresses, never
    dialled. ``socks`` is the URL of a SOCKS proxy for ``.onion`` names, or for everything when ``socks_all``. ``paths``
    are further ways out by name: the URL of a SOCKS or HTTP proxy that stands elsewhere (``via``).
    """

    def __init__(
        self,
        *,
        world: World | None = None,
        nameservers: Sequence[tuple[str, int]] | None = None,
        own: Iterable[Address] | None = None,
        socks: str = "",
        socks_all: bool = False,
        dns_timeout_s: float = 5.0,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        self.world = world
        self.socks = socks
        self.socks_all = socks_all and bool(socks)
        self.paths = dict(paths or {})
        self.upstream = ""
        self.own = own_addresses() if own is None else frozenset(own)
        self.dns_timeout_s = dns_timeout_s
        self._resolver = _resolver([world.dns] if world else nameservers, dns_timeout_s)

    def via(self, name: str) -> Guard:
        """The same guard, whose connections leave through the path of that name. Names are still resolved and judged
        here, and the judged address is what the proxy is asked for. Raises ``KeyError``."""
        other = copy.copy(self)
        other.upstream = self.paths[name]
        return other

    def judge(self, address: Address) -> str:
        """Why ``address`` must not be dialled; empty when it may."""
        return refusal(address, self.own)

    def check_url(self, url: URL) -> URL:
        """``url`` if it may be asked for at all: scheme, credentials, port, shape of the host. Raises ``Refused``."""
        if url.scheme not in ("http", "https"):
            raise Refused("scheme")
        if len(str(url)) > MAX_URL:
            raise Refused("address too long")
        if url.user is not None or url.password is not None:
            raise Refused("credentials in the address")
        if url.port not in HTTP_PORTS:
            raise Refused("port")
        self.check_host(url.raw_host or "")
        return url

    def check_host(self, host: str) -> Address | None:
        """The address ``host`` spells, judged, or None for an acceptable name. Raises ``Refused``."""
        if avoided.refuses(host):
            raise Refused(avoided.WHY)
        try:
            address = literal(host)
        except ValueError as error:
            raise Refused(str(error) or "address") from None
        if address is not None:
            if why := self.judge(address):
                raise Refused(f"address not global: {why}")
            return address
        if why := name_problem(host):
            raise Refused(why)
        if is_onion(host) and not self.socks:
            raise Refused("onion name without Tor")
        return None

    async def resolve(self, host: str) -> list[Address]:
        """The addresses of ``host``, IPv4 first, every one judged. Raises ``Refused`` if any is not global and
        ``NetError`` ("nxdomain", "servfail", "timeout")."""
        address = self.check_host(host)
        if address is not None:
            return [address]
        found: list[Address] = []
        failures: list[NetError] = []
        for answer in await asyncio.gather(
            self._records(host, "A"), self._records(host, "AAAA"), return_exceptions=True
        ):
            if isinstance(answer, NetError):
                failures.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.extend(ipaddress.ip_address(value) for value in answer)
        for address in found:
            if why := self.judge(address):
                raise Refused(f"address not global: {why}")
        if not found:
            raise failures[0] if failures else NetError("servfail", "no address")
        return found[:MAX_ANSWERS]

    async def pins(self, host: str, port: int) -> list[Pin]:
        """What to dial for ``host`` and ``port``. With a world, claimed addresses are mapped; one without an entry
        is left out. Raises ``NetError`` ("reset" when nothing of a world answers there)."""
        claimed = await self.resolve(host)
        if self.world is None:
            return [Pin(address, str(address), port) for address in claimed]
        mapped = [(address, self.world.target(address, port)) for address in claimed]
        pins = [Pin(address, str(target[0]), target[1]) for address, target in mapped if target is not None]
        if not pins:
            raise NetError("reset", "unreachable")
        return pins

    def may_dial(self, host: str) -> bool:
        """The last word on a socket address about to be dialled, or just connected: with a world only its own
        loopback addresses, without one only global addresses."""
        try:
            address = parsed(host.split("%", 1)[0])
        except ValueError:
            return False
        if self.world is not None:
            return address.is_loopback and address in self.world.dialled
        return not self.judge(address)

    async def query(self, name: str, record: str) -> list[str]:
        """DNS records of ``name`` as text in zone-file form (names with their final dot; TXT unquoted; MX as
        "preference host"; SOA as seven words), at most 64. No record: an empty list. Nothing found here is dialled
        without being judged again. Raises ``Refused`` and ``NetError`` ("nxdomain", "servfail", "timeout")."""
        if record not in RECORD_TYPES:
            raise Refused("record type")
        if record != "PTR":
            labels = name.rstrip(".")
            if name_problem(labels if "." in labels else labels + ".x"):
                raise Refused("not a host name")
        return await self._records(name, record)

    async def exchange(
        self, host: str, port: int, request: bytes, *, limit: int = 65536, total_s: float = 10.0
    ) -> bytes:
        """Send ``request`` to ``host`` over TCP and read until it closes: WHOIS (RFC 3912). At most ``limit`` bytes
        and ``total_s`` seconds in all. Raises ``Refused`` and ``NetError``."""
        if port not in TCP_PORTS:
            raise Refused("port")
        try:
            async with asyncio.timeout(total_s):
                writer: asyncio.StreamWriter | None = None
                try:
                    reader, writer = await self._dial(await self.pins(host, port))
                    writer.write(request)
                    await writer.drain()
                    answer = bytearray()
                    while chunk := await reader.read(16384):
                        answer += chunk
                        if len(answer) > limit:
                            raise NetError("too-large")
                    return bytes(answer)
                finally:
                    if writer is not None:
                        writer.close()
        except TimeoutError:
            raise NetError("timeout") from None
        except OSError:
            raise NetError("reset") from None

    async def dial(self, pins: list[Pin]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first of these that answers. Raises ``Refused`` and ``OSError``."""
        return await self._dial(pins)

    async def _dial(self, pins: list[Pin]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        last: OSError = OSError("no address")
        for pin in pins:
            if not self.may_dial(pin.host):
                raise Refused("address not global")
            try:
                reader, writer = await asyncio.open_connection(pin.host, pin.port)
            except OSError as error:
                last = error
                continue
            peer = writer.get_extra_info("peername")
            if not peer or not self.may_dial(peer[0]):
                writer.close()
                raise Refused("peer not global")
            return reader, writer
        raise last

    async def _records(self, name: str, record: str) -> list[str]:
        try:
            answer = await self._resolver.resolve(
                dns.name.from_text(name.rstrip(".") + "."), record, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            raise NetError("nxdomain") from None
        except dns.resolver.LifetimeTimeout:
            raise NetError("servfail", "timeout") from None
        except (dns.exception.DNSException, OSError, ValueError, UnicodeError) as error:
            raise NetError("servfail", type(error).__name__) from None
        if answer.rrset is None:
            return []
        values: list[str] = []
        for item in list(answer.rrset)[:64]:
            with contextlib.suppress(Exception):
                if record == "TXT":
                    values.append(b"".join(item.strings).decode("utf-8", "replace")[:4096])
                else:
                    values.append(item.to_text()[:1024])
        return values


def is_onion(host: str) -> bool:
    """Whether ``host`` is a Tor hidden service (RFC 7686)."""
    return host.lower().rstrip(".").endswith(".onion")


def random_token() -> str:
    """A short word nobody has asked for before: random siblings and cache-busting queries."""
    return "".join(random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=12))


def _resolver(nameservers: Sequence[tuple[str, int]] | None, timeout_s: float) -> dns.asyncresolver.Resolver:
    if nameservers is None:
        try:
            resolver = dns.asyncresolver.Resolver(configure=True)
        except (dns.exception.DNSException, OSError):
            resolver = dns.asyncresolver.Resolver(configure=False)
    else:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers]
    resolver.lifetime = timeout_s
    resolver.timeout = min(2.0, timeout_s)
    resolver.cache = None
    return resolver
