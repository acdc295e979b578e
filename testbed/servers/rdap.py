"""RDAP answers (RFC 9083) for domains, addresses and AS numbers, with the oddities real registries have.

Styles: "nested" (abuse entity inside the registrar or the registrant), "several" (two abuse entities), "contact-uri"
(a form beside the address), "malformed" (the IP answer is broken JSON), "busy-once" (the first question gets 429).
"""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote

from testbed.model import Provider, Registrar, Site, World
from testbed.state import State
from testbed.web import Answer

_MIME = "application/rdap+json"
NO_RDAP = {"to", "ru", "me"}
"""Suffixes whose registries speak WHOIS only."""


def _card(name: str, kind: str, emails: list[str], uri: str = "") -> list[Any]:
    rows: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name], ["kind", {}, "text", kind]]
    rows += [["email", {}, "text", email] for email in emails]
    if uri:
        rows.append(["contact-uri", {}, "uri", uri])
    rows.append(["tel", {"type": "voice"}, "uri", "tel:+1.5550100"])
    return ["vcard", rows]


def _entity(
    handle: str, roles: list[str], card: list[Any], inner: list[dict[str, Any]] | None = None, public_id: int = 0
) -> dict[str, Any]:
    made: dict[str, Any] = {"objectClassName": "entity", "handle": handle, "roles": roles, "vcardArray": card}
    if inner:
        made["entities"] = inner
    if public_id:
        made["publicIds"] = [{"type": "IANA Registrar ID", "identifier": str(public_id)}]
    return made


def bootstrap(world: World) -> dict[str, Any]:
    """whoisit's bootstrap data for this world: suffixes, prefixes and AS ranges to base URLs."""
    numbers = f"http://{world.services['rdap-numbers']}/"
    suffixes = {site.domain.rpartition(".")[2] for site in world.sites} | {"com", "net", "org"}
    return {
        "timestamp": 1788200000,
        "asn": {"services": [[["64496-64511"], [numbers]]]},
        "dns": {"services": [[sorted(suffixes - NO_RDAP), [f"http://{world.services['rdap-names']}/"]]]},
        "ipv4": {"services": [[sorted({provider.prefix for provider in world.providers}), [numbers]]]},
        "ipv6": {"services": [[["2a0e:fd00::/29"], [numbers]]]},
        "object": {"services": [[["services@example"], ["SRV"], [numbers]]]},
    }


class Rdap:
    def __init__(self, state: State) -> None:
        self.state = state
        self._busy: set[str] = set()

    def answer(self, path: str) -> Answer:
        parts = unquote(path).strip("/").split("/", 1)
        kind, value = parts[0], parts[1] if len(parts) == 2 else ""
        found: dict[str, Any] | Answer | None = None
        if kind == "domain":
            found = self._domain(value.lower())
        elif kind == "ip":
            found = self._ip(value)
        elif kind == "autnum" and value.isdigit():
            found = self._autnum(int(value))
        if isinstance(found, Answer):
            return found
        if found is None:
            body = {"errorCode": 404, "title": "Not Found", "rdapConformance": ["rdap_level_0"]}
            return Answer(404, json.dumps(body).encode(), _MIME)
        found = {"rdapConformance": ["rdap_level_0"], "port43": self.state.world.services["whois"], **found}
        return Answer(200, json.dumps(found).encode(), _MIME)

    def _domain(self, name: str) -> dict[str, Any] | None:
        site = self.state.by_host.get(name)
        registrar = self.state.world.registrars[0]
        if site is None or site.domain != name:
            companies = {entry.domain for entry in self.state.world.providers}
            if name not in companies | {entry.domain for entry in self.state.world.registrars}:
                return None
        else:
            registrar = self.state.world.registrar(site.registrar)
        if name.rpartition(".")[2] in NO_RDAP:
            return None
        held = name in self.state.held
        inner = [_entity(f"{registrar.key}-ABUSE", ["abuse"], self._abuse_card(registrar))]
        if registrar.rdap == "several":
            inner.append(
                _entity(f"{registrar.key}-LEGAL", ["abuse"], _card("Legal", "group", [f"legal@{registrar.domain}"]))
            )
        return {
            "objectClassName": "domain",
            "handle": f"D-{name.upper()}",
            "ldhName": name.upper(),
            "status": ["client hold"] if held else ["client transfer prohibited"],
            "events": [
                {"eventAction": "registration", "eventDate": "2024-02-01T00:00:00Z"},
                {"eventAction": "expiration", "eventDate": "2028-02-01T00:00:00Z"},
            ],
            "nameservers": []
            if site is None
            else [{"objectClassName": "nameserver", "ldhName": self._nameserver(site)}],
            "entities": [
                _entity(
                    str(registrar.iana_id), ["registrar"], _card(registrar.name, "org", []), inner, registrar.iana_id
                ),
                _entity("REDACTED", ["registrant"], _card("REDACTED FOR PRIVACY", "individual", [])),
            ],
            "remarks": [{"title": "Notice", "description": ["<script>alert('rdap')</script>"]}],
            "links": [{"rel": "related", "href": "http://169.254.169.254/latest/", "type": "application/rdap+json"}],
        }

    def _nameserver(self, site: Site) -> str:
        return f"ns1.{self.state.world.provider(site.cdn or site.host).domain}"

    @staticmethod
    def _abuse_card(registrar: Registrar) -> list[Any]:
        uri = f"http://{registrar.domain}/report-abuse" if registrar.rdap == "contact-uri" else ""
        return _card("Abuse Department", "group", [registrar.abuse], uri)

    def _ip(self, value: str) -> dict[str, Any] | Answer | None:
        try:
            address = ip_address(value.split("/")[0])
        except ValueError:
            return Answer(400, b'{"errorCode": 400}', _MIME)
        provider = next((entry for entry in self.state.world.providers if address in ip_network(entry.prefix)), None)
        if provider is None:
            return None
        if provider.rdap == "busy-once" and provider.key not in self._busy:
            self._busy.add(provider.key)
            return Answer(429, b"{}", _MIME, {"retry-after": "1"})
        if provider.rdap == "malformed":
            return Answer(200, b'{"objectClassName": "ip network", "entities": [{"roles": ["abuse", ', _MIME)
        network = ip_network(provider.prefix)
        return {
            "objectClassName": "ip network",
            "handle": f"NET-{provider.key.upper()}",
            "startAddress": str(network[0]),
            "endAddress": str(network[-1]),
            "ipVersion": "v4",
            "name": provider.name.upper().replace(" ", "-"),
            "type": "ASSIGNED PA",
            "country": provider.country,
            "parentHandle": f"NET-{provider.upstream.upper()}" if provider.upstream else "",
            "status": ["active"],
            "arin_originas0_originautnums": [provider.asn],
            "cidr0_cidrs": [{"v4prefix": str(network[0]), "length": network.prefixlen}],
            "entities": self._holders(provider, provider.stale_abuse or provider.abuse),
            "remarks": [{"description": [self._remark(provider)]}],
        }

    @staticmethod
    def _remark(provider: Provider) -> str:
        if provider.role == "cdn":
            return "Content delivery network: these addresses are reverse proxies; the content is hosted elsewhere."
        return f"Addresses of {provider.name}, customers' servers."

    @staticmethod
    def _holders(provider: Provider, abuse: str) -> list[dict[str, Any]]:
        uri = f"http://{provider.domain}/abuse" if provider.rdap == "contact-uri" else ""
        inner = [_entity(f"{provider.key}-ABUSE", ["abuse"], _card("Abuse", "group", [abuse], uri))]
        if provider.rdap == "several":
            inner.append(
                _entity(
                    f"{provider.key}-NOC", ["technical", "abuse"], _card("NOC", "group", [f"noc@{provider.domain}"])
                )
            )
        return [_entity(f"ORG-{provider.key.upper()}", ["registrant"], _card(provider.name, "org", []), inner)]

    def _autnum(self, number: int) -> dict[str, Any] | None:
        provider = next((entry for entry in self.state.world.providers if entry.asn == number), None)
        if provider is None:
            return None
        made: dict[str, Any] = {
            "objectClassName": "autnum",
            "handle": f"AS{number}",
            "startAutnum": number,
            "endAutnum": number,
            "name": provider.name.upper().replace(" ", "-"),
            "country": provider.country,
            "status": ["active"],
            "entities": self._holders(provider, provider.abuse),
        }
        if provider.upstream:
            up = self.state.world.provider(provider.upstream)
            made["remarks"] = [{"description": [f"Transit: AS{up.asn} {up.name}"]}]
        return made
