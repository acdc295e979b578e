"""abuse-whois and asyncwhois at work in their own environment, on answers that are handed to them: one JSON document on
standard input, one on standard output. Nothing here dials anybody.

``sites``: [{domain, url, address, rdap, whois, ip_whois}], texts or "". Answer: per peer {domain: {registrar, host}}.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


def main() -> None:
    import abuse_whois.services.contacts as contacts
    import asyncwhois.client as client
    import whodap
    from asyncwhois.errors import NotFoundError
    from asyncwhois.parse import convert_whodap_keys

    given = json.load(sys.stdin)
    by_domain = {site["domain"]: site for site in given["sites"]}
    by_address = {site["address"]: site for site in given["sites"]}
    by_name = {site["url"].split("/")[2]: site for site in given["sites"]}

    async def domain_rdap(self: Any, domain: str) -> tuple[str, dict[str, Any]]:
        text = by_domain[domain]["rdap"]
        if not text:
            raise NotImplementedError("no RDAP for this suffix")
        found = whodap.DomainResponse.from_json(text)
        return text, convert_whodap_keys(found.to_whois_dict())

    async def domain_whois(self: Any, domain: str) -> tuple[str, dict[Any, Any]]:
        text = by_domain[domain]["whois"]
        if not text:
            raise NotFoundError("no WHOIS for this suffix")
        return text, self.parse_obj.parse(text, domain.rpartition(".")[2])

    async def number_rdap(self: Any, address: Any) -> tuple[str, dict[str, Any]]:
        return "{}", {}

    async def number_whois(self: Any, address: Any) -> tuple[str, dict[Any, Any]]:
        text = by_address[str(address)]["ip_whois"]
        if not text:
            raise NotFoundError("no answer")
        return text, self.parse_obj.parse(text, client.convert_to_ip(str(address)))

    async def resolve(hostname: str) -> str:
        return str(by_name[hostname]["address"])

    client.DomainClient.aio_rdap, client.DomainClient.aio_whois = domain_rdap, domain_whois
    client.NumberClient.aio_rdap, client.NumberClient.aio_whois = number_rdap, number_whois
    contacts.resolve = resolve

    async def ask() -> dict[str, Any]:
        found: dict[str, Any] = {"abuse-whois": {}, "asyncwhois": {}}
        for site in given["sites"]:
            name = site["domain"]
            try:
                answer = await contacts.ContactsQuery().call(site["url"])
                found["abuse-whois"][name] = {
                    "registrar": getattr(answer.registrar, "address", "") or "",
                    "host": getattr(answer.hosting_provider, "address", "") or "",
                }
            except Exception as error:  # whatever it raises, it has no contact
                found["abuse-whois"][name] = {"error": type(error).__name__}
            try:
                if site["rdap"]:
                    parsed = (await domain_rdap(None, name))[1]
                else:
                    parsed = (await domain_whois(client.DomainClient(), name))[1]
                network = (await number_whois(client.NumberClient(), site["address"]))[1] if site["ip_whois"] else {}
                found["asyncwhois"][name] = {
                    "registrar": str(parsed.get("registrar_abuse_email") or ""),
                    "host": str(network.get("abuse_email") or ""),
                }
            except Exception as error:
                found["asyncwhois"][name] = {"error": type(error).__name__}
        return found

    json.dump(asyncio.run(ask()), sys.stdout)


if __name__ == "__main__":
    main()
