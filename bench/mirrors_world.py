"""A made-up world of sites, with who runs them: seeded, hard, and fair (nothing here knows how networks are found).

Operators of 2 to 120 sites and independents; most behind shared CDNs; ids that travel with stolen themes; agencies'
tags; legal pages copied with somebody else's address; operators who strip everything; operators who plant another's id
to frame them; victims' albums reposted by strangers. Of each site a crawler saw a few pages, and of each page a part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

SEEN = 8
"""Galleries of a site that a crawler has read."""
MISSING = 0.6
"""Share of a gallery's pictures that are not seen on a site."""
COMMON_IDS = (0.08, 0.04, 0.025, 0.012, 0.006, 0.003)
"""Share of all sites that hold each of the ids that came with a stolen theme."""


@dataclass(slots=True)
class MadeSite:
    """``signs`` are (kind, value); ``pages`` are (page, pictures); ``operator`` is the truth."""

    name: str
    operator: int
    signs: set[tuple[str, str]] = field(default_factory=set)
    pages: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


@dataclass(slots=True)
class _Operator:
    number: int
    sites: list[MadeSite]
    evasive: bool
    galleries: list[tuple[str, int]]


def make(seed: int, sites: int, viral: int) -> list[MadeSite]:
    """Every site of the world, in no telling order. ``viral`` is the most reposted albums a site has."""
    rng = random.Random(f"mirrors {seed} {sites} {viral}")
    operators = list(_operators(rng, sites))
    for operator in operators:
        _shared(rng, operator)
    everything = [site for operator in operators for site in operator.sites]
    _common(rng, everything)
    _framed(rng, operators)
    _pages(rng, operators, sites, viral)
    rng.shuffle(everything)
    for number, site in enumerate(everything):
        site.name = f"s{number:06d}"
    return everything


def _operators(rng: random.Random, total: int) -> Iterator[_Operator]:
    """Half of the sites belong to operators of several; sizes have a heavy tail."""
    left, number = total, 0
    while left > 0:
        several = left > 2 and left > total // 2
        size = min(left, 120, max(2, int(2 * rng.paretovariate(0.9)))) if several else 1
        pool = rng.randint(max(6, size // 3), 12 + 2 * size) if several else SEEN + rng.randint(0, 12)
        yield _Operator(
            number,
            [MadeSite("", number) for _ in range(size)],
            several and rng.random() < 0.3,
            [(f"g{number}-{place}", rng.randint(8, 45)) for place in range(pool)],
        )
        left, number = left - size, number + 1


def _shared(rng: random.Random, operator: _Operator) -> None:
    """What an operator's sites have in common; of the evasive ones 85 % hold none of it that shows who they are."""
    one, several = operator.number, len(operator.sites) > 1
    brands = 1 + rng.randint(0, 2) * (len(operator.sites) > 6)
    habits = {
        kind: rng.random() < share
        for kind, share in (
            ("ga", 0.7), ("adzone", 0.5), ("seller", 0.25), ("verification", 0.2), ("email", 0.7), ("telegram", 0.35),
            ("wallet", 0.15), ("hub", 0.4), ("imagehost", 0.35), ("favicon", 0.55), ("logo", 0.3), ("dom", 0.25),
            ("certificate", 0.35), ("regday", 0.5),
        )
    }  # fmt: skip
    addresses = [f"198.51.{one}.{host}" for host in range(1 + len(operator.sites) // 25)]
    for number, site in enumerate(operator.sites):
        stripped = operator.evasive and rng.random() < 0.85
        brand = rng.randrange(brands)
        for kind, has in habits.items():
            private = kind not in ("certificate", "regday", "dom")
            if has and not (stripped and private) and rng.random() < 0.85:
                value = f"{kind}-{one}-{brand if kind in ('ga', 'favicon', 'logo') else 0}"
                if kind == "certificate":
                    value = f"{value}-{number // 10}"
                if kind == "regday":
                    value = f"{value}-{number // 15}"
                if several or kind in ("ga", "email", "favicon", "logo", "verification"):
                    site.signs.add((kind, value))
        if rng.random() < 0.65:
            site.signs -= {sign for sign in site.signs if sign[0] == "certificate"}
            network = rng.choices(range(4), (8, 3, 2, 1))[0]
            site.signs.add(("ip", f"cdn-{network}-{rng.randrange(60)}"))
            site.signs.add(("ns", f"cdn-{network}-{rng.randrange(50)}"))
            if rng.random() < 0.3:
                site.signs.add(("certificate", f"cdn-{network}-{rng.randrange(200)}"))
        elif rng.random() < 0.5:
            host = rng.randrange(40)
            site.signs.add(("ip", f"shared-{host}-{rng.randrange(6)}"))
            site.signs.add(("ns", f"shared-{host}"))
        else:
            site.signs.add(("ip", rng.choice(addresses)))
            site.signs.add(("ns", f"own-{one}" if rng.random() < 0.4 else f"registrar-{rng.randrange(20)}"))
        if not any(sign[0] == "favicon" for sign in site.signs):
            site.signs.add(("favicon", f"default-{rng.choices(range(12), range(12, 0, -1))[0]}"))
        if not any(sign[0] == "dom" for sign in site.signs):
            site.signs.add(("dom", f"commodity-{rng.randrange(45)}"))


def _common(rng: random.Random, everything: list[MadeSite]) -> None:
    """What strangers have in common."""
    total = len(everything)
    for number, share in enumerate(COMMON_IDS):
        # A stolen theme brings its maker's id, icon, address and template together.
        for site in rng.sample(everything, max(4, int(share * total))):
            site.signs.add(("ga", f"theme-{number}"))
            if number % 2:
                site.signs.add(("favicon", f"theme-{number}"))
                site.signs.add(("email", f"theme-{number}"))
                site.signs.add(("hub", f"theme-{number}"))
    for number in range(max(2, total // 500)):
        kind = rng.choice(("ga", "gtm", "verification"))
        for site in rng.sample(everything, min(total, rng.randint(3, 20))):
            site.signs.add((kind, f"agency-{number}"))
    for number in range(max(2, total // 500)):
        for site in rng.sample(everything, min(total, rng.randint(2, 12))):
            site.signs.add(("email", f"copied-legal-{number}"))
    for number, share in enumerate((0.1, 0.06, 0.03, 0.02, 0.01)):
        for site in rng.sample(everything, max(3, int(share * total))):
            site.signs.add(("email", f"proxy-or-dmca-{number}"))
    for number, share in enumerate((0.25, 0.2, 0.1, 0.05, 0.02, 0.01)):
        for site in rng.sample(everything, max(3, int(share * total))):
            site.signs.add(("seller", f"reseller-{number}"))
            if rng.random() < 0.5:
                site.signs.add(("adzone", f"network-{number}"))


def _framed(rng: random.Random, operators: list[_Operator]) -> None:
    """Operators who plant what another is known by on their own sites, or link to the other as if it were theirs."""
    for _ in range(max(1, len(operators) // 60) if len(operators) > 1 else 0):
        by, victim = rng.sample(operators, 2)
        plantable = [
            sign for site in victim.sites for sign in sorted(site.signs)
            if sign[0] in ("ga", "email", "adzone", "telegram", "hub", "verification", "favicon")
            and sign[1].startswith(f"{sign[0]}-{victim.number}-")
        ]  # fmt: skip
        if not plantable:
            continue
        planted = rng.sample(plantable, min(len(plantable), rng.choice((1, 1, 2, 3))))
        for site in rng.sample(by.sites, rng.randint(1, len(by.sites))):
            site.signs.update(planted)


def _pages(rng: random.Random, operators: list[_Operator], total: int, viral: int) -> None:
    """Pages with pictures: the operator's own galleries, albums that everybody reposts, and banners among them."""
    catalogue = [(f"viral-{number}", rng.randint(8, 45)) for number in range(60 + total // 20)]
    ranks = [1 / (rank + 3) ** 0.8 for rank in range(len(catalogue))]
    for operator in operators:
        for site in operator.sites:
            galleries = rng.sample(operator.galleries, min(SEEN, len(operator.galleries)))
            if viral and rng.random() < 0.9:
                galleries += sorted(set(rng.choices(catalogue, ranks, k=rng.randint(0, viral))))
            for gallery, size in galleries:
                pictures = [f"{gallery}/{number}" for number in range(size) if rng.random() > MISSING]
                pictures += [f"banner-{rng.randrange(300)}" for _ in range(rng.randint(0, 2))]
                if pictures:
                    site.pages.append((f"p{len(site.pages)}", tuple(pictures)))
