"""A world of look-ups from a seed: the same seed gives the same world."""

from __future__ import annotations

from random import Random

from testbed import names
from testbed.lookups.hiding import HIDINGS
from testbed.lookups.model import HOSTILE_IP, Company, Place, Site, World
from testbed.lookups.words import IMPRINT, LANGUAGES

RDAP_SUFFIXES = ["com", "net", "org", "info", "xyz", "site", "tv"]
WHOIS_SUFFIXES = {"ru": "plain", "me": "refers", "to": "dotted", "io": "plain", "cc": "injected"}
BAD_WHOIS = {"ws": "huge", "la": "drip", "st": "silent", "bz": "loops"}
"""Registries of these have WHOIS only; of the last ones no answer can be had."""
_HOST_STYLES = [
    "nested",
    "nested",
    "several",
    "contact-uri",
    "odd-card",
    "remarks",
    "flat",
    "stale",
    *HOSTILE_IP[:4],
    "busy-once",
    "nested",
    "several",
]
_WHERE = (
    ["contact"] * 9
    + ["abuse"] * 8
    + ["both"] * 4
    + ["footer"] * 2
    + ["imprint"] * 2
    + ["form"] * 3
    + [
        "none",
        "wall",
        "image",
        "dead-dns",
    ]
)
_COUNTRIES = ["NL", "DE", "US", "FR", "RO", "BG", "SE", "LT", "MD", "SC", "HK", "CH"]
DIALS = 16


class _Addresses:
    """Claims addresses of prefixes; all are dialled on a few loopback addresses and told apart by name."""

    def __init__(self) -> None:
        self.dial: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def claim(self, prefix: str) -> str:
        base = prefix.split("/")[0].split(".")
        number = self._next[prefix] = self._next.get(prefix, 9) + 1
        address = f"{base[0]}.{base[1]}.{int(base[2]) + number // 250}.{number % 250 + 1}"
        self.dial[address] = f"127.31.0.{len(self.dial) % DIALS + 1}"
        return address


def build(seed: int, count: int) -> World:
    """``count`` sites, about a fifth of them behind a CDN. Raises ``ValueError`` for less than ten."""
    if count < 10:
        raise ValueError("a world of look-ups has at least ten sites")
    addresses = _Addresses()
    rng = Random(f"{seed}:companies")
    taken: set[str] = set()
    companies = _companies(rng, taken, max(12, min(60, count // 9)))
    services, named = _services(companies, addresses)
    rng = Random(f"{seed}:sites")
    order = [_WHERE[place % len(_WHERE)] for place in range(count)]
    rng.shuffle(order)
    sites = [_site(rng, taken, companies, addresses, where, seed) for where in order]
    for one in companies.values():
        if one.role == "host":
            named[f"player.{one.domain}"] = [addresses.claim(one.prefix)]
    suffixes = WHOIS_SUFFIXES | BAD_WHOIS
    return World(seed, companies, sites, suffixes, services, named, addresses.dial)


def _companies(rng: Random, taken: set[str], hosts: int) -> dict[str, Company]:
    made: list[Company] = []

    def company(role: str, place: int, tail: str, title: str, **more: object) -> Company:
        name = names.unique(rng, taken)
        domain = f"{name}-{tail}"
        box = rng.choice(["abuse", "abuse", "abuse", "report", "legal", "noc-abuse"])
        one = Company(role, f"{role}-{place}", f"{name.capitalize()} {title}", domain, f"{box}@{domain}", **more)  # type: ignore[arg-type]
        made.append(one)
        return one

    asn = 64600
    for place in range(3):
        company("upstream", place, "transit.net", "Transit", asn=asn, prefix=f"30.{place}.0.0/22", country="SE")
        asn += 1
    for place in range(hosts):
        style = _HOST_STYLES[place % len(_HOST_STYLES)]
        one = company(
            "host",
            place,
            "hosting.net",
            "Hosting",
            asn=asn,
            prefix=f"28.{16 + 4 * (place % 50)}.{64 * (place // 50)}.0/22",
            style=style,
            country=rng.choice(_COUNTRIES),
            upstream=f"upstream-{place % 3}",
        )
        asn += 1
        if style == "contact-uri":
            one.form = f"http://www.{one.domain}/abuse-form"
        if style == "stale":
            one.stale = f"noc-{place}@{one.domain}"
        if rng.random() < 0.15:
            one.known, one.form = True, f"https://{one.domain}/report"
    for place, how in enumerate(["range", "range", "cname", "remark", "remark", "headers"]):
        one = company(
            "cdn", place, "edge.net", "Network", asn=asn, prefix=f"29.{40 + 4 * place}.0.0/22", country="US", how=how
        )
        one.style = rng.choice(["nested", "several"])
        asn += 1
    for place in range(18):
        one = company("registrar", place, "names.com", "Names Ltd", number=9100 + place)
        one.style = rng.choice(["nested", "several", "contact-uri", "odd-card", "outside"])
        if one.style == "contact-uri":
            one.form = f"http://www.{one.domain}/report-abuse"
    for place in range(5):
        company("dns", place, "dns.net", "DNS", known=place < 3)
        company("mail", place, "mail.net", "Mail", known=place < 3)
        company("ads", place, "ads.net", "Ads", known=True)
    for place in range(3):
        company("payment", place, "pay.com", "Pay", known=True)
    made.append(
        Company(
            "services",
            "services",
            "Registry Services",
            "registry-services.net",
            "abuse@registry-services.net",
            asn=asn,
            prefix="30.120.0.0/22",
            country="CH",
        )
    )
    return {one.key: one for one in made}


def _services(companies: dict[str, Company], addresses: _Addresses) -> tuple[dict[str, str], dict[str, list[str]]]:
    base = companies["services"].domain
    services = {"names": f"rdap.{base}", "numbers": f"numbers.{base}", "ns": f"ns.{base}"}
    named: dict[str, list[str]] = {}
    for style in sorted({*WHOIS_SUFFIXES.values(), *BAD_WHOIS.values()}):
        services[f"whois:{style}"] = f"whois-{style}.{base}"
    for host in services.values():
        named[host] = [addresses.claim("30.120.0.0/22")]
    # WHOIS servers have no names on the wire: each is told apart by where it is dialled.
    for place, style in enumerate(sorted(key for key in services if key.startswith("whois:"))):
        addresses.dial[named[services[style]][0]] = f"127.31.1.{place + 1}"
    for one in companies.values():
        where = addresses.claim("30.120.0.0/22")
        for host in (one.domain, f"www.{one.domain}", f"ns1.{one.domain}", f"mx.{one.domain}"):
            named[host] = [where]
    return services, named


def _site(
    rng: Random, taken: set[str], companies: dict[str, Company], addresses: _Addresses, where: str, seed: int
) -> Site:
    by = {
        role: [one for one in companies.values() if one.role == role]
        for role in ("host", "cdn", "registrar", "dns", "mail", "ads", "payment")
    }
    name = names.unique(rng, taken, "site") + rng.choice(["", "", str(rng.randrange(10, 99))])
    roll = rng.random()
    suffix = rng.choice(RDAP_SUFFIXES if roll < 0.7 else list(WHOIS_SUFFIXES) if roll < 0.96 else list(BAD_WHOIS))
    domain = f"{name}.{suffix}"
    host = rng.choice(by["host"])
    here = "www." + domain if rng.random() < 0.3 else domain
    origin = addresses.claim(host.prefix)
    place = Place(here, host.key, origin, origin)
    if rng.random() < 0.22:
        _behind(place, rng.choice(by["cdn"]), addresses)
    language = rng.choice(list(LANGUAGES))
    site = Site(
        domain,
        name.replace("-", " ").title(),
        language,
        where,
        rng.choice(list(HIDINGS)),
        "",
        place,
        rng.choice(by["registrar"]).key,
        dns=rng.choice(by["dns"]).key,
        mail=rng.choice(by["mail"]).key,
        seed=rng.getrandbits(40),
        gallery=rng.choice([f"/v/{rng.randrange(9999)}", f"/album-{rng.randrange(999)}.html"]),
    )
    site.path = _path(rng, language, where)
    if where not in ("none", "form", "wall"):
        box = rng.choice(
            ["abuse", "dmca", "report", "removal", "copyright"]
            if where in ("abuse", "both")
            else ["contact", "info", "admin", "abuse", "support", name.replace("-", "")[:12]]
        )
        site.mailbox = f"{box}@{domain}"
    if where == "both":
        site.second = f"{rng.choice(['info', 'contact', 'hello'])}@{domain}"
    if where == "form":
        site.form = f"http://{here}{site.path}"
    if rng.random() < 0.25:
        _media(rng, site, by["host"], by["cdn"], addresses)
    if rng.random() < 0.1:
        site.embed = rng.choice(by["host"]).key
    _traps(rng, site, taken)
    site.takes_mail = not (where == "none" and rng.random() < 0.5)
    if place.cdn:
        site.hint = rng.choice(["", "mx", "spf", "link", "spf+mx"])
    if rng.random() < 0.4:
        site.ads, site.ads_by = rng.choice(by["ads"]).key, rng.choice(["ads.txt", "script"])
    if rng.random() < 0.15:
        site.payment = rng.choice(by["payment"]).key
    return site


def _behind(place: Place, cdn: Company, addresses: _Addresses) -> None:
    place.cdn, place.edge = cdn.key, addresses.claim(cdn.prefix)
    if cdn.how in ("cname", "headers"):
        place.alias = f"{place.host.replace('.', '-')}.cdn.{cdn.domain}"


def _media(rng: Random, site: Site, hosts: list[Company], cdns: list[Company], addresses: _Addresses) -> None:
    other = rng.choice(hosts)
    roll = rng.random()
    host = f"img.{site.domain}" if roll < 0.5 else f"{names.word(rng)}{rng.randrange(1000)}-pix.net"
    origin = addresses.claim(other.prefix)
    site.media = Place(host, other.key, origin, origin)
    if rng.random() < 0.2:
        _behind(site.media, rng.choice([one for one in cdns if one.how != "headers"]), addresses)


def _path(rng: Random, language: str, where: str) -> str:
    _, _, contact, report, _, _, _ = LANGUAGES[language]
    if where == "imprint":
        return rng.choice(["/impressum", "/legal", "/imprint"]) if language in IMPRINT else "/legal"
    word = report if where in ("abuse", "both", "form") else contact
    general = "dmca" if where in ("abuse", "both") else "report" if where == "form" else "contact"
    return rng.choice(
        [f"/{word}", f"/{general}", f"/info/{word}.html", f"/page/{rng.randrange(9)}", f"/index.php?page={general}"]
    )


def _traps(rng: Random, site: Site, taken: set[str]) -> None:
    """Addresses on the site's pages that belong to nobody who could help."""
    far = f"{names.word(rng)}{rng.randrange(100)}"
    for kind, value, chance in (
        ("honeypot", f"{rng.choice(['abuse', 'trap', 'postmaster'])}-{rng.randrange(1000)}@{site.domain}", 0.35),
        ("stale", f"webmaster@{far}-old.com", 0.2),
        ("subject", f"{names.word(rng)}.{names.word(rng)}@mailhaven.net", 0.3),
        ("vendor", f"support@{far}-themes.com", 0.2),
        ("visitor", f"{names.word(rng)}{rng.randrange(99)}@postwinkel.net", 0.2),
        ("decoy", f"noreply@{site.domain}", 0.1),
    ):
        if rng.random() < chance:
            site.traps[kind] = value
