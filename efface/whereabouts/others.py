"""Those who stand around a site: search engines, ad networks, payment, the people of a fediverse instance; and what is
done to every party's contacts at the end: agents added, addresses that must not be picked taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from efface.net.protocol import DesignatedAgent
from efface.whereabouts import agents, facts
from efface.whereabouts.decode import ADDRESS, plausible
from efface.whereabouts.hosts import best
from efface.whereabouts.model import Contact, Link, Party, PartyRole
from efface.whereabouts.operator import OperatorLook
from efface.whereabouts.playbook import Playbook
from efface.whereabouts.transport import Transport, Unanswered

MOST_EACH = 6


def search_parties(book: Playbook, given: Any = None) -> list[Party]:
    """The search engines to be asked, always: a form is a contact, a person files it. ``given`` are a world's."""
    why = "what is not found hurts less"
    if not isinstance(given, list):
        return [one.party(why) for one in book.of("search")]
    return [
        Party(
            "search", f"search:{desk['key']}", desk["name"],
            contacts=[
                Contact(
                    desk.get("channel", "form"), desk["value"], f"playbook:{desk.get('notice', 'search_google')}",
                    confidence=float(desk.get("confidence", 0.95)),
                )
            ],
            reasons=[why],
        )
        for desk in given
    ]  # fmt: skip


def ads_and_payment(site: OperatorLook, book: Playbook) -> tuple[list[Party], list[Link]]:
    """Whoever the site earns money through: exchanges of its ads.txt, hosts of its scripts, frames and links."""
    made: dict[str, Party] = {}
    sources: list[tuple[PartyRole, str, str]] = [
        ("ads", name, f"ads.txt names it (account {account})") for name, account in site.sells
    ]
    for host in site.beside.outside:
        sources += [("ads", host, f"the page loads {host}"), ("payment", host, f"the page leads to {host}")]
    for role, host, why in sources:
        known = book.host((role,), host)
        if known is None:
            continue
        key = f"{role}:{known.key}"
        if key not in made and sum(one.role == role for one in made.values()) < MOST_EACH:
            made[key] = known.party(why)
        elif key in made and len(made[key].reasons) < 4 and why not in made[key].reasons:
            made[key].reasons.append(why)
    return list(made.values()), [Link("page", one.key, one.reasons[0]) for one in made.values()]


async def instance(url: str, transport: Transport) -> Party | None:
    """Whoever runs an instance of the fediverse, as the instance itself tells (Mastodon's API, version 2)."""
    host = facts.host_of(url)
    parts = urlsplit(url)
    try:
        data = await transport.get_json(f"{parts.scheme}://{parts.netloc}/api/v2/instance")
    except Unanswered:
        return None
    contact = data.get("contact") if isinstance(data, dict) else None
    mail = contact.get("email") if isinstance(contact, dict) else None
    value = mail.strip().lower()[:254] if isinstance(mail, str) else ""
    if not (ADDRESS.fullmatch(value) and plausible(value)):
        return None
    reasons = ["an instance of the fediverse names who runs it"]
    contacts = [Contact("email", value, "instance", confidence=0.85)]
    return Party("platform", f"platform:{host}", host, host, contacts=contacts, reasons=reasons)


def with_agents(parties: Sequence[Party], given: Sequence[DesignatedAgent], domain: str, now: str = "") -> list[Party]:
    """Every party with the designated agents of its domains: the site's own for the operator, else those of the domain
    its contacts stand under."""
    if not given:
        return list(parties)
    made = []
    for party in parties:
        domains = {party.domain} if party.domain else set()
        if party.role == "operator":
            domains.add(domain)
        elif party.role in ("host", "cdn", "upstream", "platform"):
            mails = (one.value.rpartition("@")[2] for one in party.contacts if one.channel == "email")
            domains |= {facts.registered(one) for one in mails}
        found = agents.contacts(given, domains - {""}, now)
        made.append(replace(party, contacts=best([*party.contacts, *found])) if found else party)
    return made


def refused(parties: Iterable[Party], refuse: Sequence[str]) -> list[Party]:
    """The parties without contacts that must never be picked. ``refuse``: addresses, or their SHA-256 in hex."""
    never = {one.strip().lower() for one in refuse}
    if not never:
        return list(parties)
    return [replace(one, contacts=[held for held in one.contacts if not _is(held, never)]) for one in parties]


def _is(contact: Contact, never: set[str]) -> bool:
    value = contact.value.lower()
    return value in never or hashlib.sha256(value.encode()).hexdigest() in never
