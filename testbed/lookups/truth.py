"""What a look-up should find: for every party of a site its right contacts, and whose any other contact would be."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.lookups.build import BAD_WHOIS
from testbed.lookups.model import Company, Site, World

REGISTRIES = {"org": "@pir.org"}
"""The one registry of the world that is also a real one, whose desk the shipped playbook knows."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One party. ``right`` are its desks for such a report (any of them will do), empty where nothing is published that
    could be found; ``owners`` the companies whose contacts are no mistake. ``covers`` is the host a host or CDN must
    answer for, "" for the others."""

    what: str
    role: str
    right: frozenset[str]
    owners: tuple[Company, ...]
    covers: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    site: Site
    parties: list[Expected] = field(default_factory=list)

    def mistaken(self, role: str, value: str) -> bool:
        """Whether a contact under ``role`` belongs to somebody else."""
        if role == "operator":
            return not self._operators(value)
        if role == "registry":
            return not value.endswith(REGISTRIES.get(self.site.domain.rpartition(".")[2], "?"))
        return not any(
            one.own(value) for party in self.parties if party.role == role for one in party.owners
        ) and role not in ("search",)

    def _operators(self, value: str) -> bool:
        site = self.site
        if value in site.traps.values():
            return False
        host = value.partition("://")[2].partition("/")[0] if "://" in value else value.rpartition("@")[2]
        return host == site.domain or host.endswith("." + site.domain)


def truth(world: World, site: Site) -> Truth:
    companies = world.companies
    found: list[Expected] = []
    alive = site.where not in ("wall", "dead-dns")
    right = {
        "form": {site.form}, "none": set(), "wall": set(), "dead-dns": set(), "image": set(),
    }.get(site.where, {site.mailbox})  # fmt: skip
    found.append(Expected("operator", "operator", frozenset(right), ()))
    where = [("host", site.place)] + ([("media host", site.media)] if site.media is not None else [])
    for what, place in where:
        assert place is not None
        resolves = site.where != "dead-dns" or place is not site.place
        if place.cdn:
            cdn = companies[place.cdn]
            found.append(Expected("cdn", "cdn", _right(cdn) if resolves else frozenset(), (cdn,), place.host))
        else:
            host = companies[place.company]
            above = companies[host.upstream]
            found.append(Expected(what, "host", _right(host) if resolves else frozenset(), (host,), place.host))
            found.append(Expected("upstream", "upstream", _right(above) if resolves else frozenset(), (above,)))
    if site.embed and alive:
        embed = companies[site.embed]
        shown = site.media is None
        found.append(Expected("embed host", "host", _right(embed) if shown else frozenset(), (embed,),
                              f"player.{embed.domain}"))  # fmt: skip
        if shown:
            above = companies[embed.upstream]
            found.append(Expected("upstream", "upstream", frozenset(), (above,)))
    registrar = companies[site.registrar]
    asked = site.domain.rpartition(".")[2] not in BAD_WHOIS
    found.append(Expected("registrar", "registrar", _right(registrar) if asked else frozenset(), (registrar,)))
    dns, mail = companies[site.dns], companies[site.mail]
    dead = site.where == "dead-dns"
    found.append(Expected("dns", "isp", _right(dns) if dns.known and not dead else frozenset(), (dns,)))
    outside = site.takes_mail and "mx" not in site.hint and not dead
    found.append(Expected("mail", "isp", _right(mail) if mail.known and outside else frozenset(), (mail,)))
    if site.ads and alive:
        found.append(Expected("ads", "ads", _right(companies[site.ads]), (companies[site.ads],)))
    if site.payment and alive:
        found.append(Expected("payment", "payment", _right(companies[site.payment]), (companies[site.payment],)))
    return Truth(site, found)


def _right(one: Company) -> frozenset[str]:
    return frozenset({one.abuse, one.form} - {""})
