"""WHOIS (RFC 3912) for suffixes without RDAP: asked over the guard, bounded, and read line by line.

A referral is followed a few hops, only from a key that stands at the start of a line, and only to a server of our own
table: a registrant who calls themselves "whois server: 127.0.0.1" leads nowhere, and a loop ends where it began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from efface.whereabouts import facts, whois_facts, whois_package, whois_text, whois_words
from efface.whereabouts.transport import Transport, Unanswered
from efface.whereabouts.whois_desks import Desk

LARGEST = whois_text.LARGEST
MOST_HOPS = 3
MOST_PROSE = 12_000
"""Characters of free text that are searched for what an answer without a record means."""


@dataclass(frozen=True, slots=True)
class Whois:
    """What an answer says. ``status`` are its words in lower case without spaces, ``words`` the same as EPP or the
    registry writes them. ``state`` is one of registered, available, reserved, throttled, invalid, or "" where the
    answer does not say. ``abuse`` are the mail addresses among ``desks``; ``small_print`` are desks that only the text
    around the record names. Dates are ISO 8601 or ""."""

    registrar: str = ""
    registrar_id: str = ""
    abuse: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    registrant_emails: tuple[str, ...] = ()
    referral: str = ""
    found: bool = False
    domain: str = ""
    registrar_url: str = ""
    desks: tuple[Desk, ...] = ()
    words: tuple[str, ...] = ()
    state: str = ""
    created: str = ""
    updated: str = ""
    expires: str = ""
    small_print: tuple[Desk, ...] = ()


def read(data: bytes, suffix: str = "") -> Whois:
    """Never raises. ``suffix`` is the top-level domain where it is known; else that of the record itself."""
    text = whois_text.decode(data, suffix)
    lines = whois_text.lines(text)
    found = whois_facts.extract(lines)
    suffix = (suffix or found.domain).rpartition(".")[2]
    correction = whois_words.correction(suffix)
    if not suffix.isascii() or correction.get("month_first"):
        found = whois_facts.extract(lines, month_first=bool(correction.get("month_first")))
    state = _state(found, text)
    if state == "available" and not found.domain:
        found.domain = whois_facts.asked(lines)
    if state == "registered":
        whois_package.complete(found, text, suffix)
    mails = tuple(desk.value for desk in found.desks if desk.channel == "email")[:5]
    return Whois(
        registrar=found.registrar[:200],
        registrar_id=found.registrar_id,
        abuse=mails,
        status=tuple("".join(word.lower().split()) for word in found.status),
        nameservers=tuple(found.nameservers),
        registrant_emails=tuple(found.people[:5]),
        referral=found.referral,
        found=state in ("registered", "reserved") and bool(found.domain or found.registrar or found.nameservers),
        domain=found.domain,
        registrar_url=found.registrar_url,
        desks=tuple(found.desks),
        words=tuple(found.status),
        state=state,
        created=found.created,
        updated=found.updated,
        expires=found.expires,
        small_print=tuple(found.small_print),
    )


def suffix_of(path: Path) -> str:
    """The suffix that a stored answer's name or folder tells: "bad.to.txt", "to/answer.txt", "whois.tonic.to/x". ""
    where neither does."""
    known = servers()
    names = [path.stem, *(one.name for one in path.parents)]
    if path.suffix.lower() not in (".txt", ".whois", ".raw", ".log"):
        names.insert(0, path.name)
    for name in map(str.lower, names):
        if suffix := next((suffix for suffix, server in known.items() if server == name), ""):
            return suffix
        last = name.rpartition(".")[2]
        if last in known and (last != name or name != path.stem.lower()):
            return last
    return ""


def _state(found: whois_facts.Facts, text: str) -> str:
    """What the answer means. A record is a record whatever its small print says; only without one is the text asked."""
    said = " ".join(f"status: {word}" for word in found.status)
    meant = whois_words.answer(said) if said else ""
    substance = bool(found.registrar or found.nameservers or found.created or found.expires)
    if not substance and meant:
        return meant
    if substance or (found.domain and found.status):
        return meant if meant == "reserved" else "registered"
    meant = whois_words.answer(text[:MOST_PROSE])
    return meant or ("registered" if found.domain and found.people else "")


async def ask(transport: Transport, domain: str, given: dict[str, Any] | None = None) -> Whois:
    """The answer for a registered domain. ``given`` maps suffixes to servers (a world's); without it our own table.
    Raises ``Unanswered`` when the first server gives none; a suffix without a known server gives an empty answer."""
    suffix = domain.rpartition(".")[2]
    server = str((given or servers()).get(suffix, ""))
    if not server:
        return Whois()
    answer = read(await transport.tcp(server, 43, _question(server, domain), LARGEST), suffix)
    asked = {server}
    last = answer
    while not given and not answer.abuse and len(asked) <= MOST_HOPS:
        following = last.referral
        if following in asked or following not in known_servers():
            break
        asked.add(following)
        try:
            last = read(await transport.tcp(following, 43, _question(following, domain), LARGEST), suffix)
        except Unanswered:
            break
        if not last.found or (last.domain and last.domain != domain):
            break
        answer = _joined(last, answer)
    return answer


_OF_BOTH = (
    "registrar", "registrar_id", "registrar_url", "status", "words", "nameservers", "created", "updated", "expires",
)  # fmt: skip


def _joined(near: Whois, far: Whois) -> Whois:
    """The registrar's answer, with what only the registry said."""
    return replace(near, **{name: getattr(near, name) or getattr(far, name) for name in _OF_BOTH})


def _question(server: str, domain: str) -> bytes:
    if server == "whois.denic.de":
        return f"-T dn {domain}\r\n".encode("ascii", "replace")
    if server == "whois.verisign-grs.com":
        return f"domain {domain}\r\n".encode("ascii", "replace")
    return f"{domain}\r\n".encode("ascii", "replace")


@lru_cache(maxsize=1)
def servers() -> dict[str, str]:
    """Suffix to WHOIS server: our own table first, then what the package knows."""
    table = facts.registries()["whois"]["names"]
    ours = {suffix: server for server, suffixes in table.items() for suffix in suffixes}
    return {**whois_package.servers(), **ours}


@lru_cache(maxsize=1)
def known_servers() -> frozenset[str]:
    """The only servers a referral may lead to."""
    return frozenset({*servers().values(), *facts.registries()["whois"]["referrals"]})
