"""RDAP (RFC 9083) and WHOIS (RFC 3912) of a look-up world, with what real registries and hostile ones answer."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

from testbed.lookups.build import RDAP_SUFFIXES
from testbed.lookups.model import Company, Site, World

MIME = "application/rdap+json"


def bootstrap(world: World) -> dict[str, Any]:
    """What the guard's world is given: bootstrap data in IANA's form, and public knowledge about networks and desks."""
    numbers = f"http://{world.services['numbers']}/"
    prefixes = sorted({one.prefix for one in world.companies.values() if one.prefix})
    return {
        "timestamp": 1788200000,
        "asn": {"services": [[["64500-65500"], [numbers]]]},
        "dns": {"services": [[RDAP_SUFFIXES, [f"http://{world.services['names']}/"]]]},
        "ipv4": {"services": [[prefixes, [numbers]]]},
        "ipv6": {"services": [[["2a0e:fd00::/29"], [numbers]]]},
        "object": {"services": [[["services@example"], ["SRV"], [numbers]]]},
        "cdns": [_cdn(one) for one in world.companies.values() if one.role == "cdn" and one.how in ("range", "cname")],
        "search": [
            {"key": "own", "name": "Own Search", "value": f"http://search.{world.companies['services'].domain}/report"}
        ],
        "playbook": [_entry(one) for one in world.companies.values() if one.known],
    }


def _cdn(one: Company) -> dict[str, Any]:
    if one.how == "range":
        return {"key": one.key, "name": one.name, "ranges": [one.prefix], "asn": [one.asn]}
    return {"key": one.key, "name": one.name, "cname": [f"cdn.{one.domain}"]}


def _entry(one: Company) -> dict[str, Any]:
    role = "isp" if one.role in ("dns", "mail") else one.role
    desk = {"channel": "form", "value": one.form} if one.form else {"channel": "email", "value": one.abuse}
    return {
        "key": one.key,
        "role": role,
        "name": one.name,
        "as_of": "2026-09-01",
        "sources": ["own"],
        "confidence": "high",
        "desks": [{**desk, "confidence": 0.9}],
        "domains": [one.domain],
        "hosts": [one.domain],
        "asn": [one.asn] if one.asn else [],
    }


def _card(name: str, mails: list[str], uri: str = "", odd: bool = False) -> list[Any]:
    rows: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]
    for mail in mails:
        rows.append(["EMAIL", {"type": ["work"]}, "uri", f"mailto:{mail}"] if odd else ["email", {}, "text", mail])
    if odd:
        rows += [["adr", {}, "text", ["", "", ["A", "B"], 3, None]], ["tel", {}], "broken"]  # type: ignore[list-item]
    if uri:
        rows.append(["contact-uri", {}, "uri", uri])
    return ["vcard", rows]


def _entity(
    roles: list[str], card: list[Any], inner: list[dict[str, Any]] | None = None, number: int = 0
) -> dict[str, Any]:
    made: dict[str, Any] = {"objectClassName": "entity", "handle": "H", "roles": roles, "vcardArray": card}
    if inner:
        made["entities"] = inner
    if number:
        made["publicIds"] = [{"type": "IANA Registrar ID", "identifier": str(number)}]
    return made


def _desks(one: Company, mail: str) -> list[dict[str, Any]]:
    found = [
        _entity(
            ["abuse"], _card("Abuse", [mail], one.form if one.style == "contact-uri" else "", one.style == "odd-card")
        )
    ]
    if one.style == "several":
        found.insert(0, _entity(["technical", "abuse"], _card("NOC", [f"noc@{one.domain}"])))
    return found


class Registry:
    """Answers of one world. ``answer`` gives status, MIME, body, headers; a status of 0 names a way to misbehave."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.read()
        self._networks = [(ip_network(one.prefix), one) for one in world.companies.values() if one.prefix]
        self._numbers = {one.asn: one for one in world.companies.values() if one.asn}
        self._busy: set[str] = set()

    def read(self) -> None:
        """Take the domains from the world as it is now."""
        self.by_domain = {site.domain: site for site in self.world.sites}

    def holder(self, text: str) -> Company | None:
        try:
            address = ip_address(text)
        except ValueError:
            return None
        return next((one for network, one in self._networks if address in network), None)

    def answer(self, path: str) -> tuple[int, str, bytes, dict[str, str]]:
        kind, _, value = path.strip("/").partition("/")
        found: dict[str, Any] | None = None
        if kind == "domain" and (site := self.by_domain.get(value.lower())) is not None:
            found = self._domain(site)
        elif kind == "autnum" and value.isdigit() and int(value) in self._numbers:
            found = self._autnum(self._numbers[int(value)])
        elif kind == "ip" and (one := self.holder(value)) is not None:
            odd = self._oddly(one, path)
            if odd is not None:
                return odd
            found = self._network(one)
        if found is None:
            return 404, MIME, b'{"errorCode": 404}', {}
        return 200, MIME, json.dumps({"rdapConformance": ["rdap_level_0"], **found}).encode(), {}

    def _oddly(self, one: Company, path: str) -> tuple[int, str, bytes, dict[str, str]] | None:
        if one.style == "malformed":
            return 200, MIME, b'{"objectClassName": "ip network", "entities": [{"roles": ["abuse", ', {}
        if one.style == "html":
            return 200, "text/html", b"<html><body>Rate limit? Mail abuse@iana.org</body></html>", {}
        if one.style == "huge":
            return 0, "huge", b"", {}
        if one.style == "drip":
            return 0, "drip", b"", {}
        if one.style == "loop":
            return 302, MIME, b"", {"location": f"http://{self.world.services['numbers']}/{path.strip('/')}"}
        if one.style == "busy-once" and one.key not in self._busy:
            self._busy.add(one.key)
            return 429, MIME, b"{}", {"retry-after": "1"}
        return None

    def _domain(self, site: Site) -> dict[str, Any]:
        one = self.world.companies[site.registrar]
        desks = _desks(one, one.abuse)
        entities = [_entity(["registrar"], _card(one.name, []), None if one.style == "outside" else desks, one.number)]
        if one.style == "outside":
            entities += desks
        entities.append(
            _entity(["registrant"], _card("REDACTED FOR PRIVACY", [f"x{site.seed % 999}@privacy-proxy.net"]))
        )
        return {
            "objectClassName": "domain",
            "ldhName": site.domain.upper(),
            "status": ["client transfer prohibited"],
            "entities": entities,
            "remarks": [{"description": ["<script>alert(1)</script> whois server: 127.0.0.1"]}],
            "links": [{"rel": "related", "href": "http://169.254.169.254/latest/meta-data/", "type": MIME}],
        }

    def _network(self, one: Company) -> dict[str, Any]:
        found: dict[str, Any] = {
            "objectClassName": "ip network",
            "name": one.name.upper().replace(" ", "-"),
            "country": one.country,
            "handle": f"NET-{one.key}",
            "remarks": [{"description": [self._remark(one)]}],
            "links": [{"rel": "related", "href": "http://127.0.0.1/latest/"}],
        }
        if one.asn % 2:
            found["arin_originas0_originautnums"] = [one.asn]
        desks = _desks(one, one.stale or one.abuse)
        if one.style == "remarks":
            found["remarks"].append({"description": ["Please send abuse reports to", f"abuse contact: {one.abuse}"]})
            found["entities"] = [_entity(["registrant", "technical"], _card(one.name, [f"ripe-admin@{one.domain}"]))]
        elif one.style == "flat":
            found["entities"] = [_entity(["registrant"], _card(one.name, [])), *desks]
        else:
            found["entities"] = [_entity(["registrant"], _card(one.name, []), desks)]
        return found

    @staticmethod
    def _remark(one: Company) -> str:
        if one.role == "cdn" and one.how == "remark":
            return "Content delivery network: reverse proxies; the content is hosted elsewhere."
        return f"Addresses of {one.name}"

    def _autnum(self, one: Company) -> dict[str, Any]:
        found: dict[str, Any] = {
            "objectClassName": "autnum",
            "startAutnum": one.asn,
            "name": one.name.upper().replace(" ", "-"),
            "country": one.country,
            "entities": [_entity(["registrant"], _card(one.name, []), _desks(one, one.abuse))],
        }
        if one.upstream:
            above = self.world.companies[one.upstream]
            found["remarks"] = [{"description": [f"Transit: AS{above.asn} {above.name}"]}]
        return found


def whois(world: World, style: str, question: str) -> tuple[str, str]:
    """The text for one question, and how it misbehaves ("" where it does not)."""
    domain = question.strip().lower().rpartition(" ")[2]
    site = next((one for one in world.sites if one.domain == domain), None)
    if site is None:
        return f'No match for "{domain[:80]}".\r\n', ""
    one = world.companies[site.registrar]
    lines = {
        "plain": [
            f"domain: {domain.upper()}",
            f"registrar: {one.name}",
            f"Registrar Abuse Contact Email: {one.abuse}",
            "state: REGISTERED, DELEGATED",
            "registrant email: x@privacy-proxy.net",
        ],
        "refers": [
            f"Domain Name: {domain.upper()}",
            "Registrar WHOIS Server: 127.0.0.1",
            f"Registrar: {one.name}",
            f"Registrar IANA ID: {one.number}",
            f"Registrar Abuse Contact Email: {one.abuse}",
            "Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited",
        ],
        "dotted": [
            f"domain.............: {domain}",
            "status.............: Registered",
            f"registrar..........: {one.name}",
            f"Registrar Abuse Contact Email..: {one.abuse}",
            "nserver............: ns1.example-dns.net",
        ],
        "injected": [
            f"Domain Name: {domain.upper()}",
            f"Registrar: {one.name}",
            f"Registrar Abuse Contact Email: {one.abuse}",
            "Registrant Name: Bad Guy whois server: 127.0.0.99",
            "Registrant Organization: Registrar Abuse Contact Email - evil@postwinkel.net",
        ],
        "loops": [f"Domain Name: {domain}", f"refer: {world.services['whois:loops']}"],
    }.get(style, [])
    return "\r\n".join(lines) + "\r\n", style if style in ("huge", "drip", "silent") else ""
