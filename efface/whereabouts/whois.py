"""WHOIS (RFC 3912) for suffixes without RDAP: asked over the guard, bounded, and read line by line.

A referral is followed once, only from a key that stands at the start of a line, and only to a server of our own table:
a registrant who calls themselves "whois server: 127.0.0.1" leads nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from efface.whereabouts import facts
from efface.whereabouts.transport import Transport

LARGEST = 64 * 1024
MOST_LINES = 2_000
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
)
_LINE = re.compile(r"^[\s%]*\[?([A-Za-z][A-Za-z0-9 /()_.'-]{1,50}?)\]?[ \t.]*[:\]][ \t]*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Whois:
    """What an answer says. ``held``: the words of ``status`` are EPP's, lower case, without spaces or links."""

    registrar: str = ""
    registrar_id: str = ""
    abuse: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    registrant_emails: tuple[str, ...] = ()
    referral: str = ""
    found: bool = False


KEYS = {
    "registrar": "registrar", "registrar name": "registrar", "sponsoring registrar": "registrar",
    "registrar organization": "registrar", "organization of registrar": "registrar",
    "registrar iana id": "id", "sponsoring registrar iana id": "id",
    "registrar abuse contact email": "abuse", "abuse contact email": "abuse", "registrar abuse contact": "abuse",
    "abuse contact": "abuse", "abuse-mailbox": "abuse", "registrar abuse email": "abuse",
    "domain status": "status", "status": "status", "state": "status", "eppstatus": "status",
    "name server": "ns", "nameserver": "ns", "nserver": "ns", "name servers": "ns", "nameservers": "ns",
    "registrant email": "mail", "registrant contact email": "mail", "admin email": "mail", "owner email": "mail",
    "registrar whois server": "refer", "whois server": "refer", "refer": "refer", "whois": "refer",
    "domain name": "domain", "domain": "domain", "domainname": "domain",
}  # fmt: skip
NOT_FOUND = re.compile(
    r"^\W*(no match|not found|no entries found|no data found|domain not found|no object found"
    r"|status:\s*(free|available)|the queried object does not exist|nothing found)",
    re.IGNORECASE | re.MULTILINE,
)


def read(data: bytes) -> Whois:
    """Never raises."""
    text = data[:LARGEST].decode("utf-8", "replace").replace("\r", "\n")
    values: dict[str, list[str]] = {}
    lines = text.split("\n")[:MOST_LINES]
    for number, line in enumerate(lines):
        match = _LINE.match(line[:1000])
        name = KEYS.get(match[1].strip().lower(), "") if match else ""
        if match and name:
            value = match[2] or _below(lines, number)
            if value:
                values.setdefault(name, []).append(value)
    status = (re.sub(r"https?://\S+|[\s()]", "", value).lower() for value in values.get("status", ()))
    found = bool(values.get("domain") or values.get("registrar") or values.get("ns"))
    return Whois(
        registrar=values.get("registrar", [""])[0][:200],
        registrar_id=next((value for value in values.get("id", ()) if value.isdigit()), ""),
        abuse=_mails(values.get("abuse", [])),
        status=tuple(dict.fromkeys(filter(None, status)))[:20],
        nameservers=tuple(dict.fromkeys(value.split()[0].rstrip(".").lower() for value in values.get("ns", ())))[:20],
        registrant_emails=_mails(values.get("mail", [])),
        referral=values.get("refer", [""])[0].removeprefix("whois://").strip("/ ").lower()[:200],
        found=found and not NOT_FOUND.search(text[:4000]),
    )


def _below(lines: list[str], number: int) -> str:
    """The value some registries write indented under its key."""
    line = lines[number + 1][:1000] if number + 1 < len(lines) else ""
    return line.strip() if line[:1] in (" ", "\t") and ":" not in line else ""


def _mails(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.lower() for value in values for one in _MAIL.findall(value)))[:5]


async def ask(transport: Transport, domain: str, given: dict[str, Any] | None = None) -> Whois:
    """The answer for a registered domain. ``given`` maps suffixes to servers (a world's); without it our own table.
    Raises ``Unanswered``; a suffix without a known server gives an empty answer."""
    server = str((given or servers()).get(domain.rpartition(".")[2], ""))
    if not server:
        return Whois()
    answer = read(await transport.tcp(server, 43, _question(server, domain), LARGEST))
    if not given and answer.referral != server and answer.referral in known_servers() and not answer.abuse:
        second = read(await transport.tcp(answer.referral, 43, _question(answer.referral, domain), LARGEST))
        if second.found:
            return replace(
                second, status=second.status or answer.status, registrar=second.registrar or answer.registrar
            )
    return answer


def _question(server: str, domain: str) -> bytes:
    if server == "whois.denic.de":
        return f"-T dn {domain}\r\n".encode("ascii", "replace")
    if server == "whois.verisign-grs.com":
        return f"domain {domain}\r\n".encode("ascii", "replace")
    return f"{domain}\r\n".encode("ascii", "replace")


@lru_cache(maxsize=1)
def servers() -> dict[str, str]:
    """Suffix to WHOIS server."""
    table = facts.registries()["whois"]["names"]
    return {suffix: server for server, suffixes in table.items() for suffix in suffixes}


@lru_cache(maxsize=1)
def known_servers() -> frozenset[str]:
    """The only servers a referral may lead to."""
    return frozenset({*facts.registries()["whois"]["names"], *facts.registries()["whois"]["referrals"]})
