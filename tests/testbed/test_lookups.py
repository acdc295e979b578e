"""The world of look-ups: the same from the same seed, only on loopback, and its truth tells right from wrong."""

from dataclasses import asdict
from ipaddress import ip_address

import pytest

from testbed.lookups.build import build
from testbed.lookups.hiding import HIDINGS
from testbed.lookups.truth import truth
from testbed.lookups.words import LANGUAGES


def test_the_same_seed_gives_the_same_world_and_another_another() -> None:
    assert asdict(build(3, 60)) == asdict(build(3, 60))
    assert asdict(build(3, 60)) != asdict(build(4, 60))
    with pytest.raises(ValueError, match="ten"):
        build(1, 9)


def test_it_is_dialled_on_loopback_and_claims_public_addresses() -> None:
    world = build(5, 300)
    assert all(ip_address(one).is_loopback for one in world.dial.values())
    assert all(ip_address(one).is_global for one in world.dial)
    claimed = [site.place.origin for site in world.sites]
    assert len(set(claimed)) == len(claimed)


def test_every_kind_of_site_is_there() -> None:
    world = build(6, 500)
    assert {site.hiding for site in world.sites} == set(HIDINGS)
    assert {site.language for site in world.sites} == set(LANGUAGES)
    assert {site.where for site in world.sites} >= {
        "contact",
        "abuse",
        "both",
        "footer",
        "imprint",
        "form",
        "none",
        "wall",
    }
    cdns = {world.companies[site.place.cdn].how for site in world.sites if site.place.cdn}
    assert cdns == {"range", "cname", "remark", "headers"}
    assert {kind for site in world.sites for kind in site.traps} >= {
        "honeypot",
        "stale",
        "subject",
        "vendor",
        "visitor",
    }


def test_a_strangers_contact_is_a_mistake_in_every_role() -> None:
    world = build(7, 80)
    for site in world.sites:
        known = truth(world, site)
        host, other = (
            world.companies[site.place.company],
            next(
                one
                for one in world.companies.values()
                if one.role == "host"
                and one.key not in (site.place.company, site.embed)
                and (site.media is None or one.key != site.media.company)
            ),
        )
        assert known.mistaken("host", other.abuse)
        assert known.mistaken("cdn", host.abuse)
        assert known.mistaken("operator", host.abuse)
        assert known.mistaken("registrar", f"abuse@{site.domain}")
        assert all(known.mistaken("operator", value) for value in site.traps.values())
        if site.mailbox:
            assert not known.mistaken("operator", site.mailbox)
        if site.place.cdn:
            assert known.mistaken("host", host.abuse) or any(
                one.role == "host" and host in one.owners for one in known.parties
            ), "the machine behind a CDN is nobody's to name"
