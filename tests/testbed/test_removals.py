"""The removals world keeps its own books: what it calls gone is served to nobody, what it calls there to somebody."""

from __future__ import annotations

import itertools

import pytest

from testbed.removals.catalogue import WAYS
from testbed.removals.site import HERE, OURS, Asked, Site
from testbed.removals.state import SERVED
from testbed.removals.world import World

VISITORS = list(itertools.product((OURS, "Firefox"), (HERE, "127.0.0.2")))


@pytest.fixture(scope="module")
def world() -> World:
    return World(5, 1)


def _bodies(site: Site) -> dict[str, bytes]:
    """Every answer to every kind of visitor, at every address of the item."""
    item, own = site.url(site.path), [site.full, site.thumb, site.moved_full, site.variant_full, site.favoured_full,
                                      site.endless_full, site.playlist]  # fmt: skip
    pieces = [f"{site.playlist.rpartition('/')[0]}/p-{n}.ts" for n in range(len(site.film))]
    places = [(site.media_host, path) for path in [*own, *pieces] if path] + [(site.copy_host, site.full)]
    found = {}
    for agent, peer in VISITORS:
        for referer in ("", item, "https://www.google.com/", site.url("/")):
            for host, path in places:
                down = site.names(host) not in ("",)
                answer = site.answer(Asked(host, path, agent, referer, peer))
                if not down and answer.status == 200 and not answer.raw:
                    found[f"{host}{path} {agent} {peer} {referer}"] = answer.body
    return found


def _hers(site: Site) -> set[bytes]:
    lists = {site._list()} if site.playlist else set()
    return {site.file, site.small, *site.film, *lists, *(site._changed(kind) for kind in SERVED - {"alive"})}


def test_truth_is_what_is_served(world: World) -> None:
    for site in world.sites:
        for hour in [-1.0, *(at + 0.01 for at, _ in site.way.steps)]:
            site.now = hour
            served = bool(set(_bodies(site).values()) & _hers(site))
            if site.truth in ("gone", "listed", "text"):
                assert not served, (site.way.name, hour)
            elif site.truth in ("live", "part", "moved"):
                assert served, (site.way.name, hour)


def test_everything_is_there_before_the_notice(world: World) -> None:
    for site in world.sites:
        site.now = -1.0
        assert site.truth == "live", site.way.name
        page = site.answer(Asked(site.domain, site.path, OURS, "", HERE))
        control = site.answer(Asked(site.domain, site.control.removeprefix(site.url("")), OURS, "", HERE))
        assert page.status == control.status == 200, site.way.name


def test_another_seed_is_another_world() -> None:
    one, other = (World(seed, 1, "gone: 404") for seed in (6, 7))
    assert {site.domain for site in one.sites}.isdisjoint(site.domain for site in other.sites)
    assert one.sites[0].title != other.sites[0].title and one.sites[0].file != other.sites[0].file
    again = World(6, 1, "gone: 404")
    assert [site.domain for site in again.sites] == [site.domain for site in one.sites]
    assert again.sites[0].file == one.sites[0].file


def test_ways_are_told_apart_and_of_every_kind() -> None:
    assert len({way.name for way in WAYS}) == len(WAYS) >= 80
    assert {way.name.partition(":")[0] for way in WAYS} == {"gone", "kept", "hidden", "listed"}
