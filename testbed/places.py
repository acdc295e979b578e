"""The sites of a world: who runs them, where they stand, how they behave. No pictures yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from testbed import names
from testbed.model import Operator, Outage, Provider, Registrar, Site, Trap
from testbed.parties import HOSTS, Addresses


@dataclass(slots=True)
class Plan:
    """What one site is to be like. ``operator`` is the behaviour of its mailbox, ``host`` the index of its host or
    -1 for any; ``plant`` whether a planted copy may stand there."""

    operator: str
    host: int = -1
    contact: str = "mailto"
    missing: str = "404"
    cdn: bool = False
    media_apart: bool = False
    plant: bool = True
    extra: dict[str, object] = field(default_factory=dict)


_PLANTED_SITES = [
    Plan("complies-fast", contact="mailto"),
    Plan("page-only", host=0, media_apart=True, contact="at-words"),
    Plan("page-only", host=1, contact="entities"),
    Plan("acknowledges", host=0, contact="cfemail"),
    Plan("bounces", host=3),
    Plan("soft-404", contact="reversed", missing="200-static"),
    Plan("complies-slow", cdn=True, contact="mailto"),
    Plan("moves", host=6, contact="js"),
    Plan("extortion", host=0, contact="mailto"),
    Plan("mailbox-full", host=1, cdn=True),
    Plan("asks-info", host=5, cdn=True, media_apart=True),
    Plan("asks-id", host=7, missing="200-echo"),
    Plan("gates", host=2, contact="at-words"),
    Plan("none", host=4, contact="none", missing="200-recommendations"),
    Plan("returns", contact="mailto", missing="410"),
    Plan("bounces-later", host=0, contact="mailto"),
    Plan("cloaks", host=5, contact="mailto"),
    # Only in larger worlds.
    Plan("greylists", host=0, contact="mailto"),
    Plan("refuses", host=5, contact="mailto"),
    Plan("court-order", host=0, contact="mailto"),
    Plan("geo-blocks", host=5, contact="mailto"),
    Plan("publishes", host=0, contact="mailto"),
]
_SPECIAL_SITES = [
    Plan("acknowledges", plant=False, extra={"wall": "challenge"}),
    Plan("acknowledges", plant=False, extra={"hostile": True}),
    Plan("complies-slow", plant=False, extra={"calendar": True}),
    Plan("none", contact="none", plant=False, extra={"dead_dns": "servfail"}),
]
_ORDINARY = ["complies-fast", "complies-slow", "acknowledges", "asks-info", "bounces", "complies-fast"]
_CONTACTS = ["mailto", "at-words", "entities", "cfemail", "reversed", "js", "form", "base64", "rot13"]
_MISSING = ["404", "404", "410", "200-static", "200-echo", "200-recommendations", "home"]

LEAST_SITES = 10


@dataclass(slots=True)
class Placed:
    sites: list[Site]
    operators: list[Operator]
    traps: list[Trap]
    outages: list[Outage]
    network: list[str]
    plantable: list[str]


def plans(count: int) -> tuple[int, list[Plan]]:
    """How many sites the mirror network has, and a plan for each of the others."""
    network = max(4, round(count * 0.15))
    rest = count - network
    special = _SPECIAL_SITES[: max(1, min(len(_SPECIAL_SITES), rest // 4))]
    planted = _PLANTED_SITES[: rest - len(special)]
    made = planted + special
    for index in range(rest - len(made)):
        made.append(
            Plan(
                _ORDINARY[index % len(_ORDINARY)],
                contact=_CONTACTS[index % len(_CONTACTS)],
                missing=_MISSING[index % len(_MISSING)],
                cdn=index % 5 == 0,
                plant=False,
                extra={"robots": ["plain", "disallow", "delay", "busy", "forbid"][index % 5]},
            )
        )
    return network, made


def place(
    rng: Random,
    count: int,
    providers: list[Provider],
    registrars: list[Registrar],
    addresses: Addresses,
    taken: set[str],
) -> Placed:
    """Lay out ``count`` sites. The mirror network comes first."""
    hosts = [provider for provider in providers if provider.role == "host"]
    cdn = next(provider for provider in providers if provider.role == "cdn")
    steady = [host for host in hosts if host.desk.startswith("complies-") and host.desk != "complies-second"]
    network_size, rest = plans(count)
    placed = Placed([], [], [], [], [], [])
    shared = {host.key: addresses.claim(host.prefix) for host in hosts}
    edges = [addresses.claim(cdn.prefix) for _ in range(3)]

    def site(plan: Plan, operator: str, host: Provider, network: str = "") -> Site:
        name = names.unique(rng, taken, "site")
        suffix = names.suffix(rng)
        own = rng.random() < 0.6
        made = Site(
            domain=f"{name}.{suffix}",
            operator=operator,
            host=host.key,
            address=addresses.claim(host.prefix) if own else shared[host.key],
            registrar=rng.choice(registrars).key,
            theme=rng.randrange(5),
            name=name.replace("-", " ").title(),
            language=rng.choice(["en", "en", "en", "de", "es"]),
            network=network,
            analytics=f"G-{rng.getrandbits(40):010X}",
            missing=plan.missing,
            contact=plan.contact,
            url_style=0 if network else rng.randrange(5),
            media_style=rng.randrange(3),
            per_page=rng.choice([6, 8, 10]),
        )
        made.media_domain = made.domain
        made.robots = rng.choice(["plain", "plain", "disallow", "delay"])
        if made.robots == "delay":
            made.crawl_delay = float(rng.choice([1, 2, 5]))
        if plan.cdn:
            made.cdn, made.edge = cdn.key, rng.choice(edges)
        if plan.media_apart:
            other = rng.choice([entry for entry in steady if entry.key != host.key])
            made.media_domain = f"media.{made.domain}"
            made.media_host, made.media_address = other.key, addresses.claim(other.prefix)
        for key, value in plan.extra.items():
            setattr(made, key, value)
        if made.robots == "delay" and not made.crawl_delay:
            made.crawl_delay = 2.0
        return made

    boss = Operator("operator-0", f"admin@{names.unique(rng, taken)}-media.net", "returns")
    placed.operators.append(boss)
    analytics, theme = f"G-{rng.getrandbits(40):010X}", rng.randrange(5)
    for index in range(network_size):
        plan = Plan("returns", cdn=index % 3 == 2, contact="at-words" if index % 2 else "mailto")
        made = site(plan, boss.key, steady[index % 2], "network-0")
        made.analytics, made.theme = analytics, theme
        boss.sites.append(made.domain)
        placed.sites.append(made)
        placed.network.append(made.domain)
    movers = {"moves": next(index for index, entry in enumerate(HOSTS) if entry[0] == "moves")}
    for index, plan in enumerate(rest):
        number = movers.get(plan.operator, plan.host)
        host = hosts[number] if number >= 0 else steady[index % len(steady)]
        operator = Operator(f"operator-{index + 1}", "", plan.operator, extortion=plan.operator == "extortion")
        made = site(plan, operator.key, host)
        if plan.operator != "none":
            operator.mailbox = rng.choice(["abuse", "contact", "dmca", "report"]) + "@" + made.domain
        operator.sites.append(made.domain)
        if plan.operator == "moves":
            made.next_host = steady[0].key
            made.next_address = addresses.claim(steady[0].prefix)
        placed.operators.append(operator)
        placed.sites.append(made)
        if plan.plant:
            placed.plantable.append(made.domain)
        _traps(rng, made, placed, taken)
    return placed


def _traps(rng: Random, site: Site, placed: Placed, taken: set[str]) -> None:
    """Addresses on the site's pages that belong to nobody who could help."""
    roll = rng.random()
    if roll < 0.3:
        placed.traps.append(Trap(f"abuse-{rng.randrange(1000)}@{site.domain}", site.domain, "honeypot"))
    elif roll < 0.5:
        placed.traps.append(Trap(f"webmaster@{names.unique(rng, taken)}-old.com", site.domain, "stale"))
    elif roll < 0.65:
        placed.traps.append(Trap(f"{names.word(rng)}.{names.word(rng)}@mailhaven.net", site.domain, "subject"))
    elif roll < 0.8:
        placed.traps.append(Trap(f"support@{names.unique(rng, taken)}-themes.com", site.domain, "vendor"))
    elif roll < 0.9:
        placed.traps.append(Trap(f"{names.word(rng)}.{names.word(rng)}@postwinkel.net", site.domain, "comment"))
