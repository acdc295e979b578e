"""From a URL to everyone who could act on it: every question asked over the guard, every failure written down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from efface.net.guard import Guard
from efface.net.protocol import WhereaboutsRequest
from efface.net.spacing import longer_s
from efface.whereabouts import facts, origin, playbook, rdap, signals, zone
from efface.whereabouts.hosts import HostLook, best, look_at, shared
from efface.whereabouts.model import Contact, Dossier, Link, Party, Signal
from efface.whereabouts.operator import OperatorLook, operator
from efface.whereabouts.others import ads_and_payment, instance, refused, search_parties, with_agents
from efface.whereabouts.registration import Registration
from efface.whereabouts.shared import Shared
from efface.whereabouts.transport import GuardTransport, Transport

TOTAL_S = 120.0
MOST_HOSTS = 8
MOST_EMBEDS = 4
_kept: WeakKeyDictionary[Guard, Shared] = WeakKeyDictionary()


async def lookup(request: WhereaboutsRequest, guard: Guard) -> Dossier:
    """The fetcher's operation. Never raises for what the network does: what failed stands in ``partial``."""
    world = guard.world
    between = _kept.setdefault(guard, Shared())
    async with GuardTransport(guard, request.limits, between, request.fresh_s, request.pace_s) as transport:
        return await find(request, transport, world.rdap if world else None, world.whois if world else None)


async def find(
    request: WhereaboutsRequest,
    transport: Transport,
    bootstrap: dict[str, Any] | None = None,
    whois_servers: dict[str, Any] | None = None,
) -> Dossier:
    """``bootstrap`` is RDAP bootstrap data in IANA's form, ``whois_servers`` suffix to server; None takes the snapshot.
    A world's bootstrap may carry "cdns" (as in ``cdns.yaml``), "search" (desks with key and name) and "playbook"
    (entries as in ``data/playbook``) beside it."""
    given = bootstrap or {}
    book = playbook.with_more(given.get("playbook") or ())
    host = facts.host_of(request.url)
    search = search_parties(book, given.get("search"))
    if not host:
        return Dossier(request.url, "", "", parties=search, partial=["the address has no host"])
    if host.endswith(".onion"):
        return Dossier(request.url, host, host, parties=search, partial=["onion: nobody is registered for it"])
    finder = _Finder(request, host, transport, bootstrap, whois_servers, book)
    try:
        async with asyncio.timeout(TOTAL_S + longer_s(request.pace_s)):
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
        book: playbook.Playbook,
    ) -> None:
        self.request, self.host, self.transport, self.book = request, host, transport, book
        self.domain = facts.registered(host)
        self.registries = rdap.Registries(bootstrap)
        self.more = _cdns(bootstrap)
        self.partial: list[str] = []
        self.looks: dict[str, HostLook] = {}
        self.embedded: dict[str, HostLook] = {}
        self.registration = Registration(self.domain, whois_servers, self.registries, book)
        self.zone = zone.Zone()
        self.site = OperatorLook()
        self.origins: list[Party] = []
        self.instance: Party | None = None

    async def ask(self) -> None:
        hosts = list(dict.fromkeys([self.host, *filter(None, map(facts.host_of, self.request.media_urls))]))
        if len(hosts) > MOST_HOSTS:
            self.partial.append(f"only the first {MOST_HOSTS} of {len(hosts)} hosts were looked at")
        questions = [self._host(one) for one in hosts[:MOST_HOSTS]]
        await asyncio.gather(
            self.registration.ask(self.transport, self.partial), self._site(hosts), self._zone(), *questions
        )
        await self._origin()

    async def _host(self, host: str) -> None:
        headers = {}
        if host == self.host:
            await self.site.fetched.wait()
            headers = self.site.headers
        self.looks[host] = await look_at(host, headers, self.transport, self.registries, self.more, self.partial)

    async def _site(self, hosts: Sequence[str]) -> None:
        await operator(
            self.request.url, self.domain or self.host, self.transport, self.site, self.partial, self.request.now
        )
        found = self.site.beside
        embeds = [one for one in dict.fromkeys([*found.players, *found.embeds]) if one not in hosts]
        embeds = [one for one in embeds if self.book.host(("platform", "ads", "payment"), one) is None][:MOST_EMBEDS]
        notes: list[str] = []
        looks = await asyncio.gather(
            *(look_at(one, {}, self.transport, self.registries, self.more, notes) for one in embeds)
        )
        self.embedded = dict(zip(embeds, looks, strict=True))
        if found.fediverse:
            self.instance = await instance(self.request.url, self.transport)

    async def _zone(self) -> None:
        self.zone = await zone.ask(self.domain, self.transport)

    async def _origin(self) -> None:
        """Where the machine behind a CDN may stand."""
        here = self.looks.get(self.host)
        if here is None or here.hit is None or not self.domain:
            return
        own = [one for one in self.zone.mail or () if facts.registered(one) == self.domain]
        names = [(one, "its mail host stands there") for one in own]
        names += [(one, f"its pages link to {one.partition('.')[0]}") for one in self.site.beside.names]
        addresses = [(one, "its mail is sent from there") for one in self.zone.senders]
        for text in self.request.earlier[:8]:
            address = facts.address(text)
            if address is not None:
                addresses.append((address, "it stood there before"))
        for host, look in self.looks.items():
            if host != self.host and look.hit is None and facts.registered(host) == self.domain:
                addresses += [(one, "its media stand there") for one in look.addresses[:1]]
        if names or addresses:
            self.origins = await origin.hints(
                names, addresses, here.addresses, self.transport, self.registries, self.more, self.book
            )

    def dossier(self, search: list[Party]) -> Dossier:
        here = self.looks.get(self.host, HostLook(self.host))
        looks = list(self.looks.values())
        embedded = list(self.embedded.values())
        if not self.request.media_urls:
            looks, embedded = [*looks, *embedded], []
        parties, links = shared(looks, self.book)
        links = [*(Link("page", f"name:{one.host}", self._why(one.host)) for one in looks), *links]
        beside, more = shared(embedded, self.book)
        links += [Link("page", f"name:{one.host}", self._why(one.host)) for one in embedded]
        beside = [one for one in beside if one.key not in {party.key for party in parties}]
        known = {party.key for party in parties}
        beside += [one for one in self.origins if one.key not in known | {party.key for party in beside}]
        links += [*more, *origin.links(self.host, self.origins)]
        for made, joined in (
            self.registration.parties(),
            zone.parties(self.zone, self.book),
            ads_and_payment(self.site, self.book),
            self._operator(),
            self._platform(),
        ):
            parties += made
            links += joined
        links += [Link("page", party.key, party.reasons[0]) for party in search]
        parties.sort(key=lambda one: (one.role, one.key))
        place = self.book.place(self.request.url)
        parties, beside = (
            refused(with_agents(some, self.request.agents, self.domain, self.request.now), self.request.refuse)
            for some in (parties, beside)
        )
        return Dossier(
            url=self.request.url,
            host=self.host,
            domain=self.domain or self.host,
            addresses=[str(one) for one in here.addresses],
            behind_cdn=here.hit.name if here.hit else "",
            status=list(self.registration.status),
            parties=[*parties, *search],
            partial=sorted(set(self.partial)),
            signs=list(dict.fromkeys(self.site.signs)),
            links=list(dict.fromkeys(links)),
            beside=beside,
            place=place[1] if place else {},
            signals=signals.bounded(self._signals(), self.request.refuse),
        )

    def _signals(self) -> list[Signal]:
        registrar = self.registration.registrar
        key = registrar.key if registrar is not None else ""
        return [*self.site.signals, *signals.of_registration(self.zone.servers, key, self.registration.created)]

    def _why(self, host: str) -> str:
        if host == self.host:
            return "the page stands at this name"
        return "media of the finding stand there" if host in self.looks else "the page shows what stands there"

    def _operator(self) -> tuple[list[Party], list[Link]]:
        party = self.site.party
        if party is None:
            return [], []
        made = replace(party, contacts=best([*party.contacts, *self.registration.registrant]))
        return [made], [Link("page", made.key, made.reasons[0])]

    def _platform(self) -> tuple[list[Party], list[Link]]:
        """The platform of the page, and of what it embeds; of an instance of the fediverse whoever runs it."""
        made: list[Party] = [self.instance] if self.instance is not None else []
        place = self.book.place(self.request.url)
        if place is not None:
            made.append(place[0].party(f"the page is on {place[0].name}"))
        for host in dict.fromkeys([*self.site.beside.embeds, *self.site.beside.players]):
            known = self.book.host(("platform",), host)
            if known is not None and all(one.key != f"platform:{known.key}" for one in made):
                made.append(known.party(f"the page embeds media of {known.name}"))
        return made, [Link("page", one.key, one.reasons[0]) for one in made]


def _cdns(bootstrap: dict[str, Any] | None) -> Sequence[facts.Cdn]:
    given = (bootstrap or {}).get("cdns")
    return [facts.cdn(entry) for entry in given] if isinstance(given, list) else ()


__all__ = ["Contact", "find", "lookup", "search_parties"]
