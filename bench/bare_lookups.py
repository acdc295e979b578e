"""The same records asked with whoisit and dnspython, as a program would that puts the two together: ``python -m
bench.bare_lookups`` reads lines of JSON and answers each with the seconds it took.

A first line gives ``rdap`` (bootstrap data whose registries answer at an address), ``dns`` [address, port], ``whois``
{suffix: [address, port]}, ``at_once``; every other line a list of ``hosts`` lists, the page's host first. Nothing
else is done: no page is read, nothing is ranked, nothing is guarded.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import httpx
import whoisit
from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()
_SERVICE_S = 15.0


class Bare:
    def __init__(self, given: dict[str, Any]) -> None:
        whoisit.load_bootstrap_data(given["rdap"], from_json=False, allow_insecure=True)
        self.suffixes = set(given["rdap"]["dns"]["services"][0][0])
        self.whois = given["whois"]
        self.gate = asyncio.Semaphore(given["at_once"])
        self.resolver = dns.asyncresolver.Resolver(configure=False)
        self.resolver.nameservers = [dns.nameserver.Do53Nameserver(*given["dns"])]
        self.resolver.lifetime = 5.0
        self.client = httpx.AsyncClient(timeout=_SERVICE_S, follow_redirects=True)
        self.questions = 0

    async def records(self, name: str, kind: str) -> list[str]:
        self.questions += 1
        try:
            answer = await self.resolver.resolve(name + ".", kind, raise_on_no_answer=False, search=False)
        except dns.exception.DNSException:
            return []
        return [item.to_text() for item in answer.rrset or ()]

    async def rdap(self, call: Any, value: Any) -> dict[str, Any]:
        self.questions += 1
        try:
            found = await call(value, async_client=self.client, include_raw=True)
        except Exception:  # whatever it raises for a hostile answer, it has no record
            return {}
        return dict(found)

    async def site(self, hosts: list[str]) -> None:
        async with self.gate:
            domain = _SUFFIXES.privatesuffix(hosts[0]) or hosts[0]
            zone = [self.records(domain, kind) for kind in ("NS", "MX", "SOA", "TXT")]
            await asyncio.gather(*zone, self.registration(domain), *(self.host(one) for one in hosts))

    async def registration(self, domain: str) -> None:
        suffix = domain.rpartition(".")[2]
        if suffix in self.suffixes:
            await self.rdap(whoisit.domain_async, domain)
        elif suffix in self.whois:
            self.questions += 1
            try:
                async with asyncio.timeout(10):
                    reader, writer = await asyncio.open_connection(*self.whois[suffix])
                    writer.write(domain.encode() + b"\r\n")
                    await reader.read(65536)
                    writer.close()
            except (TimeoutError, OSError):
                pass

    async def host(self, host: str) -> None:
        addresses, _, _ = await asyncio.gather(*(self.records(host, kind) for kind in ("A", "AAAA", "CNAME")))
        if not addresses:
            return
        found = await self.rdap(whoisit.ip_async, addresses[0])
        raw = found.get("raw") or {}
        numbers = raw.get("arin_originas0_originautnums") or []
        if not numbers:
            turned = ".".join(reversed(addresses[0].split(".")))
            texts = await self.records(f"{turned}.origin.asn.cymru.com", "TXT")
            numbers = [int(texts[0].strip('"').split()[0])] if texts else []
        if not numbers:
            return
        number = await self.rdap(whoisit.asn_async, numbers[0])
        remarks = json.dumps((number.get("raw") or {}).get("remarks", []))
        _, transit, rest = remarks.partition("Transit: AS")
        if transit:
            await self.rdap(whoisit.asn_async, int(rest.split()[0]))


async def main() -> None:
    loop = asyncio.get_running_loop()
    bare = Bare(json.loads(sys.stdin.readline()))
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        sites = json.loads(line)
        start, busy, asked = time.perf_counter(), time.process_time(), bare.questions
        await asyncio.gather(*(bare.site(hosts) for hosts in sites))
        spent = {
            "s": time.perf_counter() - start,
            "cpu_s": time.process_time() - busy,
            "questions": bare.questions - asked,
        }
        sys.stdout.write(json.dumps(spent) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
