"""The whole room over real DNS, HTTP, RDAP and WHOIS on loopback, on the testbed's hostile sites."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from efface.net.guard import Guard
from efface.net.protocol import WhereaboutsRequest
from efface.net.world import load_world
from efface.whereabouts.lookup import lookup
from efface.whereabouts.model import Dossier
from testbed.model import World
from testbed.serve import Running
from testbed.world import generate


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, list[Dossier]]]]:
    """A world, and the dossiers of the front page and some galleries of each of its sites."""
    folder: Path = tmp_path_factory.mktemp("world")
    generate(11, 16, 2, None, 90, folder)
    world, dossiers = asyncio.run(_look(folder))
    yield world, dossiers


async def _look(folder: Path) -> tuple[World, dict[str, list[Dossier]]]:
    running = Running(folder, None)
    ready: dict[str, Any] = await running.start()
    guard = Guard(world=load_world(ready["world"]))
    dossiers: dict[str, list[Dossier]] = {}
    try:
        for site in running.world.sites:
            urls = [f"http://{site.domain}/", *(f"http://{site.domain}{one.path}" for one in site.galleries[:3])]
            media = [f"http://{site.media_domain}/x.jpg"] if site.media_domain else []
            requests = [lookup(WhereaboutsRequest(url, media_urls=media), guard) for url in urls]
            dossiers[site.domain] = list(await asyncio.gather(*requests))
    finally:
        await running.stop()
    return running.world, dossiers


Seen = tuple[World, dict[str, list[Dossier]]]


def contacts(dossier: Dossier, role: str) -> list[str]:
    return [one.value for party in dossier.parties if party.role == role for one in party.contacts]


def test_a_trap_is_never_a_contact(seen: Seen) -> None:
    world, dossiers = seen
    traps = {trap.address for trap in world.traps}
    assert {trap.why for trap in world.traps} >= {"honeypot", "stale", "vendor"}
    found = {
        one.value
        for many in dossiers.values()
        for dossier in many
        for party in dossier.parties
        for one in party.contacts
    }
    assert not found & traps


def test_the_operators_mailbox_is_found_however_it_is_written(seen: Seen) -> None:
    world, dossiers = seen
    mailboxes = {operator.key: operator.mailbox for operator in world.operators}
    looked = 0
    for site in world.sites:
        wanted = mailboxes[site.operator]
        if site.contact in ("none", "form") or not wanted or site.wall or site.dead_dns:
            continue
        for dossier in dossiers[site.domain]:
            looked += 1
            assert wanted in contacts(dossier, "operator"), (site.domain, site.contact, dossier.partial)
    assert looked > 20


def test_the_registrar_is_found_by_rdap_or_whois(seen: Seen) -> None:
    world, dossiers = seen
    for site in world.sites:
        for dossier in dossiers[site.domain]:
            assert world.registrar(site.registrar).abuse in contacts(dossier, "registrar"), dossier.partial


def test_a_cdn_is_never_taken_for_the_host(seen: Seen) -> None:
    world, dossiers = seen
    behind = [site for site in world.sites if site.cdn and not site.dead_dns]
    assert behind
    for site in behind:
        for dossier in dossiers[site.domain]:
            cdn = world.provider(site.cdn)
            assert dossier.behind_cdn and cdn.abuse in contacts(dossier, "cdn")
            assert not any(dossier.host in party.covers for party in dossier.parties if party.role == "host")
            assert cdn.abuse not in contacts(dossier, "host")


def test_the_host_is_the_one_whose_machine_it_is(seen: Seen) -> None:
    world, dossiers = seen
    looked = 0
    for site in world.sites:
        if site.cdn or site.dead_dns:
            continue
        for dossier in dossiers[site.domain]:
            host = world.provider(site.host)
            party = next(one for one in dossier.parties if one.role == "host" and dossier.host in one.covers)
            assert party.key == f"host:AS{host.asn}" and host.abuse in [one.value for one in party.contacts]
            looked += 1
    assert looked > 10


def test_search_is_always_there_and_a_price_for_removal_is_noticed(seen: Seen) -> None:
    world, dossiers = seen
    for many in dossiers.values():
        assert all(contacts(dossier, "search") for dossier in many)
    operators = {operator.key: operator for operator in world.operators}
    for site in world.sites:
        asks = bool(operators[site.operator].extortion)
        signed = any(dossier.signs for dossier in dossiers[site.domain])
        assert signed == asks or site.wall or site.dead_dns, site.domain


def test_dead_dns_is_said(seen: Seen) -> None:
    world, dossiers = seen
    dead = [site for site in world.sites if site.dead_dns]
    for site in dead:
        assert all(any("servfail" in line for line in dossier.partial) for dossier in dossiers[site.domain])
