"""From a URL to everyone who could act on it: every question asked over the guard, every failure written down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from efface.net.guard import Guard
from efface.net.protocol import WhereaboutsRequest
from efface.whereabouts import cdn, facts, rdap, whois
from efface.whereabouts.hosts import HostLook, best, look_at, shared
from efface.whereabouts.model import Contact, Dossier, Party
from efface.whereabouts.operator import OperatorLook, operator
from efface.whereabouts.transport import GuardTransport, Transport, Unanswered

TOTAL_S = 120.0
MOST_HOSTS = 8


async def lookup(request: WhereaboutsRequest, guard: Guard) -> Dossier:
    """The fetcher's operation. Never raises for what the network does: what failed stands in ``partial``."""
    world = guard.world
    async with GuardTransport(guard, request.limits) as transport:
        return await find(request, transport, world.rdap if world else None, world.whois if world else None)


async def find(
    request: WhereaboutsRequest,
    transport: Transport,
    bootstrap: dict[str, Any] | None = None,
    whois_servers: dict[str, Any] | None = None,
) -> Dossier:
    """``bootstrap`` is RDAP bootstrap data in IANA's form, ``whois_servers`` suffix to server; None takes the snapshot.
    A world's bootstrap may carry "cdns" (as in ``cdns.yaml``) and "search" (as in ``playbook.yaml``) beside it."""
    host = facts.host_of(request.url)
    search = search_parties((bootstrap or {}).get("search"))
    if not host:
        return Dossier(request.url, "", "", parties=search, partial=["the address has no host"])
    if host.endswith(".onion"):
        return Dossier(request.url, host, host, parties=search, partial=["onion: nobody is registered for it"])
    finder = _Finder(request, host, transport, bootstrap, whois_servers)
    try:
        async with asyncio.timeout(TOTAL_S):
            await finder.ask()
    except TimeoutError:
        finder.partial.append("the look-up took too long; what is here is not all")
    return finder.dossier(search)


class _Finder:
    """One look-up. Every question adds to what is known or to ``partial``."""

    def __init__(
        self,
        request: WhereaboutsRequest,
        host: str,
        transport: Transport,
        bootstrap: dict[str, Any] | None,
        whois_servers: dict[str, Any] | None,
    ) -> None:
        self.request, self.host, self.transport = request, host, transport
        self.domain = facts.registered(host)
        self.registries = rdap.Registries(bootstrap)
        self.whois_servers = whois_servers
        self.more = _cdns(bootstrap)
        self.partial: list[str] = []
        self.looks: dict[str, HostLook] = {}
        self.status: tuple[str, ...] = ()
        self.registrar: Party | None = None
        self.registrant: list[Contact] = []
        self.site = OperatorLook()

    async def ask(self) -> None:
        hosts = list(dict.fromkeys([self.host, *filter(None, map(facts.host_of, self.request.media_urls))]))
        if len(hosts) > MOST_HOSTS:
            self.partial.append(f"only the first {MOST_HOSTS} of {len(hosts)} hosts were looked at")
        questions = [self._host(one) for one in hosts[:MOST_HOSTS]]
        await asyncio.gather(self._domain(), self._site(), *questions)

    async def _host(self, host: str) -> None:
        headers = {}
        if host == self.host:
            await self.site.fetched.wait()
            headers = self.site.headers
        self.looks[host] = await look_at(host, headers, self.transport, self.registries, self.more, self.partial)

    async def _site(self) -> None:
        await operator(self.request.url, self.domain or self.host, self.transport, self.site, self.partial)

    async def _domain(self) -> None:
        """Registrar, state of the domain and registrant: RDAP, else WHOIS."""
        if not self.domain:
            return
        url = self.registries.domain(self.domain)
        if url:
            try:
                record = rdap.read(await self.transport.get_json(url))
                self._from_rdap(record)
            except Unanswered as error:
                self.partial.append(f"rdap domain: {error}")
        if self.registrar is None or not self.registrar.contacts:
            try:
                self._from_whois(await whois.ask(self.transport, self.domain, self.whois_servers))
            except Unanswered as error:
                self.partial.append(f"whois: {error}")
        if self.registrar is None:
            self.partial.append("registrar: nobody said")

    def _from_rdap(self, record: rdap.Record) -> None:
        self.status = record.status
        for held in record.cards:
            if "registrant" in held.roles:
                self.registrant += [_registrant(value, "rdap-registrant") for value in held.emails]
        card = record.registrar()
        if card is None:
            return
        contacts = [
            contact
            for one in record.abuse()
            if "registrar" in one.path or "registrar" in one.roles
            for contact in _contacts(one, "rdap-registrar", 0.9)
        ]
        name = card.name or card.handle
        self.registrar = Party(
            "registrar",
            f"registrar:{card.public_id or _slug(name)}",
            name,
            contacts=contacts,
            reasons=[f"registrar of {self.domain}"],
        )

    def _from_whois(self, answer: whois.Whois) -> None:
        self.status = self.status or answer.status
        self.registrant += [_registrant(value, "whois-registrant") for value in answer.registrant_emails]
        if not answer.registrar and not answer.abuse:
            return
        contacts = [Contact("email", value, "whois", confidence=0.7) for value in answer.abuse]
        known = self.registrar
        key = known.key if known else f"registrar:{answer.registrar_id or _slug(answer.registrar)}"
        name = known.name if known and known.name else answer.registrar
        self.registrar = Party("registrar", key, name, contacts=contacts, reasons=[f"registrar of {self.domain}"])

    def dossier(self, search: list[Party]) -> Dossier:
        here = self.looks.get(self.host, HostLook(self.host))
        parties = shared(list(self.looks.values()), self.request.url)
        if self.site.party is not None:
            contacts = best([*self.site.party.contacts, *self.registrant])
            parties.append(replace(self.site.party, contacts=contacts))
        if self.registrar is not None:
            parties.append(self.registrar)
            parties += _registry(self.domain)
        parties.sort(key=lambda one: (one.role, one.key))
        return Dossier(
            url=self.request.url,
            host=self.host,
            domain=self.domain or self.host,
            addresses=[str(one) for one in here.addresses],
            behind_cdn=here.hit.name if here.hit else "",
            status=list(self.status),
            parties=[*parties, *search],
            partial=sorted(set(self.partial)),
            signs=list(dict.fromkeys(self.site.signs)),
        )


def search_parties(given: Any = None) -> list[Party]:
    """The search engines to be asked, always: a form is a contact, a person files it."""
    desks = given if isinstance(given, list) else facts.playbook()["search"]
    return [
        Party(
            "search",
            f"search:{desk['key']}",
            desk["name"],
            contacts=[
                Contact(
                    desk.get("channel", "form"),
                    desk["value"],
                    f"playbook:{desk.get('notice', 'search_google')}",
                    confidence=float(desk.get("confidence", 0.95)),
                )
            ],
            reasons=["what is not found hurts less"],
        )
        for desk in desks
    ]


def _cdns(bootstrap: dict[str, Any] | None) -> Sequence[facts.Cdn]:
    given = (bootstrap or {}).get("cdns")
    return [facts.cdn(entry) for entry in given] if isinstance(given, list) else ()


def _registry(domain: str) -> list[Party]:
    """The registry of a suffix, where it is known to take such reports."""
    suffix = domain.rpartition(".")[2]
    desk = facts.playbook()["registry"].get(suffix)
    if desk is None:
        return []
    contact = Contact("email", desk["value"], "playbook", confidence=float(desk["confidence"]))
    return [
        Party("registry", f"registry:{suffix}", desk["name"], contacts=[contact], reasons=[f"registry of .{suffix}"])
    ]


def _contacts(card: rdap.Card, source: str, confidence: float) -> list[Contact]:
    mails = [Contact("email", value, source, confidence=confidence) for value in card.emails]
    return mails + [Contact("form", value, source, confidence=round(confidence - 0.1, 3)) for value in card.uris]


_PRIVACY = (
    "privacy",
    "proxy",
    "whoisguard",
    "redacted",
    "domainsbyproxy",
    "withheld",
    "contact.gandi",
    "anonym",
    "o-w-o",
)


def _registrant(value: str, source: str) -> Contact:
    """A registrant's address; behind a privacy service it is worth next to nothing and no notice goes there."""
    hidden = any(word in value for word in _PRIVACY)
    return Contact("email", value, source, confidence=0.05 if hidden else 0.5)


def _slug(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())[:60] or "unknown"


__all__ = ["cdn", "find", "lookup", "search_parties"]
