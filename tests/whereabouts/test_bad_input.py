"""Everything looked up is hostile: over real servers on loopback the answer is partial, never wrong, and soon there."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from efface.net.guard import Guard
from efface.net.protocol import WhereaboutsRequest
from efface.net.world import load_world
from efface.whereabouts.lookup import lookup
from efface.whereabouts.model import Dossier
from testbed.lookups.model import Company, Site, World
from testbed.lookups.serve import Running
from testbed.lookups.truth import truth

SOON_S = 15.0


class Place:
    """A world whose registries can be told how to behave."""

    def __init__(self, running: Running, loop: asyncio.AbstractEventLoop, guard: Guard) -> None:
        self.running, self.loop, self.guard = running, loop, guard
        self.world: World = running.world

    def site(self, suffix: str = "com", **wanted: Any) -> Site:
        """A site with its host in the open, and those properties."""
        return next(
            one
            for one in self.world.sites
            if one.domain.endswith("." + suffix)
            and not one.place.cdn
            and one.media is None
            and not one.embed
            and one.where not in ("dead-dns", "wall")
            and all(getattr(one, name) == value for name, value in wanted.items())
        )

    def host(self, site: Site) -> Company:
        return self.world.companies[site.place.company]

    def look(self, site: Site) -> Dossier:
        start = time.monotonic()
        found = self.loop.run_until_complete(
            lookup(WhereaboutsRequest(f"http://{site.place.host}{site.gallery}"), self.guard)
        )
        assert time.monotonic() - start < SOON_S
        wrong = [
            (party.role, one.value)
            for party in found.parties
            for one in party.contacts
            if one.confidence >= 0.1 and truth(self.world, site).mistaken(party.role, one.value)
        ]
        assert wrong == []
        return found

    @contextmanager
    def styled(self, company: Company, style: str) -> Iterator[None]:
        before, company.style = company.style, style
        try:
            yield
        finally:
            company.style = before


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    loop = asyncio.new_event_loop()
    running = Running(7, 160)
    ready = loop.run_until_complete(running.start())
    yield Place(running, loop, Guard(world=load_world(ready["world"])))
    loop.run_until_complete(running.stop())
    loop.close()


def values(dossier: Dossier, role: str) -> list[str]:
    return [one.value for party in dossier.parties if party.role == role for one in party.contacts]


USELESS = {
    "malformed": "bad-answer",  # broken JSON
    "html": "bad-answer",  # HTML in RDAP, with an address in it
    "huge": "too-large",  # an answer without end
    "drip": "bad-answer",  # a byte now and then, and nothing in the end
    "loop": "redirect-loop",
}


@pytest.mark.parametrize("style", USELESS)
def test_an_address_registry_that_is_of_no_use_is_named_and_the_as_entry_stands_in(place: Place, style: str) -> None:
    site = place.site()
    host = place.host(site)
    with place.styled(host, style):
        found = place.look(site)
    assert any(line.startswith("rdap ip") and USELESS[style] in line for line in found.partial), found.partial
    assert host.abuse in values(found, "host") and "abuse@iana.org" not in values(found, "host")


def test_a_registry_that_is_busy_once_is_asked_again_after_its_time(place: Place) -> None:
    site = place.site()
    with place.styled(place.host(site), "busy-once"):
        found = place.look(site)
    assert found.partial == [] and place.host(site).abuse in values(found, "host")


def test_a_related_link_to_a_metadata_address_is_not_followed(place: Place) -> None:
    site = place.site()
    found = place.look(site)
    assert place.world.companies[site.registrar].abuse in values(found, "registrar")
    assert not any("169.254" in line or "127.0.0.1" in line for line in found.partial)


@pytest.mark.parametrize("style", ["odd-card", "flat", "several", "remarks", "contact-uri"])
def test_a_card_of_any_shape_gives_the_desk_first(place: Place, style: str) -> None:
    site = next(one for one in place.world.sites if one.domain == place.site().domain)
    host = place.host(site)
    known = host.known
    with place.styled(host, style):
        found = place.look(site)
    first = values(found, "host")[0]
    assert first == host.abuse or (known and first == host.form)


def test_a_whois_referral_to_loopback_leads_nowhere(place: Place) -> None:
    site = place.site("me")
    found = place.look(site)
    assert values(found, "registrar") == [place.world.companies[site.registrar].abuse]


def test_a_registrant_who_writes_an_abuse_contact_into_the_record_is_not_believed(place: Place) -> None:
    site = place.site("cc")
    found = place.look(site)
    assert values(found, "registrar") == [place.world.companies[site.registrar].abuse]
    believed = [one.value for party in found.parties for one in party.contacts if one.confidence >= 0.1]
    assert "evil@postwinkel.net" not in believed


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        ("ws", "whois: too-large"),
        ("bz", "registrar: nobody said"),
        ("la", "registrar: nobody said"),
        ("st", "registrar: nobody said"),
    ],
)
def test_a_whois_server_that_floods_drips_loops_or_is_silent_leaves_the_rest(
    place: Place, suffix: str, said: str
) -> None:
    site = place.site()
    before = site.domain
    renamed = before.rpartition(".")[0] + "." + suffix
    _rename(place, site, renamed)
    try:
        found = place.look(site)
    finally:
        _rename(place, site, before)
    assert said in found.partial and not values(found, "registrar")
    assert place.host(site).abuse in values(found, "host")


def _rename(place: Place, site: Site, domain: str) -> None:
    """The world lets a site move to another suffix: what it serves and its zone move with it."""
    old = site.domain
    for place_ in filter(None, (site.place, site.media)):
        place_.host = place_.host.replace(old, domain)
    for name in ("mailbox", "second", "form"):
        setattr(site, name, getattr(site, name).replace(old, domain))
    site.traps = {kind: value.replace(old, domain) for kind, value in site.traps.items()}
    site.domain = domain
    place.running.refresh()


def test_every_kind_of_trap_stands_somewhere_and_none_is_picked(place: Place) -> None:
    seen: set[str] = set()
    for site in place.world.sites[:60]:
        if not set(site.traps) <= seen:
            found = place.look(site)
            picked = {one.value for party in [*found.parties, *found.beside] for one in party.contacts}
            assert not picked & set(site.traps.values()), (site.domain, site.traps)
            seen |= set(site.traps)
    assert seen >= {"honeypot", "stale", "subject", "vendor", "visitor", "decoy"}
