"""Hints where the machine behind a CDN may stand, from what is said openly: nothing is scanned, nobody is dialled.

A hint is not knowledge: the parties made here cover nothing, are shown beside the chain, and get no notice before a
person decided so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from efface.net.address import refusal
from efface.whereabouts import cdn, facts, rdap
from efface.whereabouts.hosts import candidate, network_of
from efface.whereabouts.model import Link, Party
from efface.whereabouts.playbook import Playbook
from efface.whereabouts.transport import Transport, Unanswered

MOST_HINTS = 8
WORTH = {1: 0.5, 2: 0.7}
"""Share of a contact's confidence that is left, by how many kinds of hints agree; three and more: .8."""
MOST_WORTH = 0.8


async def hints(
    names: Sequence[tuple[str, str]],
    addresses: Sequence[tuple[facts.Address, str]],
    known: Sequence[facts.Address],
    transport: Transport,
    registries: rdap.Registries,
    more: Sequence[facts.Cdn],
    book: Playbook,
) -> list[Party]:
    """Networks that ``names`` (host name, why) and ``addresses`` (address, why) point at, best supported first.
    ``known`` are the addresses of the CDN itself, which are no hint. Never raises."""
    found: dict[facts.Address, list[str]] = {}
    answers = await asyncio.gather(*(_addresses(name, transport) for name, _ in names[:MOST_HINTS]))
    told = [(one, why) for (_, why), many in zip(names, answers, strict=False) for one in many]
    for address, why in [*told, *addresses]:
        if address in known or refusal(address) or cdn.recognise([address], [], [], {}, (), more) is not None:
            continue
        reasons = found.setdefault(address, [])
        if why not in reasons:
            reasons.append(why)
    chosen = list(found.items())[:MOST_HINTS]
    looks = await asyncio.gather(*(network_of(one, transport, registries, []) for one, _ in chosen))
    made: dict[str, tuple[Party, list[str]]] = {}
    for (address, reasons), (network, number, asn) in zip(chosen, looks, strict=True):
        name = " ".join([network.name, number.name])
        if cdn.stranger(name, f"{network.remarks}\n{number.remarks}", (), {}):
            continue
        party = candidate(address, network, number, asn, book)
        _, before = made.setdefault(party.key, (party, []))
        before += [f"{why} ({address})" for why in reasons]
    return [_weighed(party, reasons) for party, reasons in sorted(made.values(), key=lambda one: -len(_kinds(one[1])))]


def _kinds(reasons: list[str]) -> set[str]:
    return {reason.split(" (")[0].split(":")[0] for reason in reasons}


def _weighed(party: Party, reasons: list[str]) -> Party:
    share = WORTH.get(len(_kinds(reasons)), MOST_WORTH)
    contacts = [replace(one, confidence=round(one.confidence * share, 3)) for one in party.contacts]
    return replace(party, contacts=contacts, reasons=[f"may be the host: {reason}" for reason in reasons][:6])


def links(host: str, parties: Sequence[Party]) -> list[Link]:
    return [Link(f"name:{host}", party.key, party.reasons[0]) for party in parties]


async def _addresses(name: str, transport: Transport) -> list[facts.Address]:
    try:
        values = await transport.dns(name, "A")
    except Unanswered:
        return []
    return [one for value in values[:4] if (one := facts.address(value)) is not None]
