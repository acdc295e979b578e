"""Promises of the networks, whatever the order and the way the evidence came in."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.engine import Contradiction, Mirrors
from efface.whereabouts.mirrors.holdings import Held, Holdings, hold

NAMES = [f"s{number:02d}" for number in range(40)]


@pytest.fixture
def much_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where thousands of sites are known; among a few hundred it takes more (tests/bench/test_networks.py)."""
    monkeypatch.setattr(chance, "WHOLE", 0)


def operator(number: int, places: range, ids: bool = True) -> dict[str, Held]:
    """Sites of one operator that show its albums, and its id where ``ids``."""
    return {
        NAMES[place]: hold(
            [f"ga:{number}", f"email:a@{number}"] if ids else [],
            [[1000 * number + 50 * album + picture for picture in range(6)] for album in range(place % 2, 5)],
        )
        for place in places
    }


def built(sites: dict[str, Held]) -> Mirrors:
    mirrors = Mirrors(Holdings())
    mirrors.build(sites)
    return mirrors


def groups(mirrors: Mirrors) -> list[tuple[str, ...]]:
    return [joined.members for joined in mirrors.networks()]


def everything(mirrors: Mirrors) -> tuple[object, ...]:
    edges = sorted((one, other, edge) for one, others in mirrors.edges.items() for other, edge in others.items())
    review = {site: others for site, others in mirrors.review.items() if others}
    return edges, mirrors.networks(), review


values = st.builds(
    lambda kind, number: f"{kind}:{number}",
    st.sampled_from(["ga", "email", "certificate", "ip", "favicon", "hub", "ns", "dom"]),
    st.integers(0, 4),
)
albums = st.lists(st.integers(0, 5).map(lambda album: [10 * album + picture for picture in range(4)]), max_size=4)
helds = st.builds(hold, st.sets(values, max_size=6), albums)
worlds = st.dictionaries(st.sampled_from(NAMES), helds, min_size=2, max_size=28)


@settings(max_examples=40, deadline=None)
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_says_nothing(world: dict[str, Held], rng) -> None:
    names = list(world)
    rng.shuffle(names)
    assert everything(built({name: world[name] for name in names})) == everything(built(world))


@settings(max_examples=60, deadline=None)
@given(worlds, st.lists(st.tuples(st.sampled_from(NAMES), helds), max_size=12))
def test_one_site_after_the_other_comes_to_what_all_at_once_come_to(world, changes) -> None:
    mirrors = Mirrors()
    for name, held in world.items():
        mirrors.put(name, held)
    for name, held in changes:
        mirrors.put(name, held)
    final = world | dict(changes)
    assert everything(mirrors) == everything(built(final))


words = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()), max_size=8)


@settings(max_examples=40, deadline=None)
@given(worlds, words, helds)
def test_what_people_said_holds(world, said, late) -> None:
    mirrors = built(world)
    kept: dict[frozenset[str], bool] = {}
    for one, other, same in said:
        assume(one != other)
        try:
            mirrors.say(one, other, same)
        except Contradiction:
            kept.pop(frozenset((one, other)), None)
        else:
            kept[frozenset((one, other))] = same
    mirrors.put(NAMES[0], late)
    for pair, same in kept.items():
        one, other = sorted(pair)
        together = one in mirrors.of and other in mirrors.of[one].members
        assert together is same, "must always, cannot never" if same else "never together"
        if not same:
            assert other not in mirrors.same(one)


@pytest.mark.usefixtures("much_is_known")
def test_an_operators_sites_are_one_network_and_a_strangers_are_not() -> None:
    mirrors = built(operator(1, range(6)) | operator(2, range(6, 12), ids=False) | operator(3, range(12, 13)))
    assert groups(mirrors) == [tuple(NAMES[:6]), tuple(NAMES[6:12])]
    assert mirrors.same(NAMES[0]) == tuple(NAMES[:6])
    assert mirrors.same(NAMES[6]) == (NAMES[6],), "albums alone do not make one notice cover another's site"


def test_what_another_is_known_by_can_be_planted_and_joins_nobody() -> None:
    planted = {NAMES[12]: hold(["ga:1", "email:a@1"], [[9000 + one for one in range(6)]])}
    mirrors = built(operator(1, range(6)) | planted)
    assert groups(mirrors) == [tuple(NAMES[:6])] and mirrors.same(NAMES[12]) == (NAMES[12],)


def test_an_album_that_strangers_repost_joins_nobody() -> None:
    viral = [[7000 + 10 * album + one for one in range(6)] for album in range(2)]
    strangers = {name: hold([f"ga:{name}"], viral) for name in NAMES[:20]}
    assert groups(built(strangers)) == []


@pytest.mark.usefixtures("much_is_known")
def test_two_operators_with_one_bridge_stay_two_and_the_bridge_is_shown() -> None:
    world = operator(1, range(6)) | operator(2, range(6, 12))
    bridge = [[5000 + 10 * album + one for one in range(6)] for album in range(4)]
    for name in (NAMES[0], NAMES[6]):
        albums = [*world[name].albums, *bridge]
        world[name] = hold(world[name].values, albums)
    mirrors = built(world)
    assert groups(mirrors) == [tuple(NAMES[:6]), tuple(NAMES[6:12])]
    assert mirrors.review == {NAMES[0]: {NAMES[6]}, NAMES[6]: {NAMES[0]}}


def test_evidence_that_goes_takes_the_joint_with_it() -> None:
    mirrors = built(operator(1, range(3)))
    assert groups(mirrors) == [tuple(NAMES[:3])]
    mirrors.put(NAMES[1], Held())
    assert groups(mirrors) == [(NAMES[0], NAMES[2])]


@pytest.mark.parametrize("seed", range(12))
def test_albums_seen_in_part_and_with_banners_come_to_the_same(seed: int) -> None:
    rng = random.Random(seed)

    def seen() -> Held:
        kinds = ("ga", "email", "certificate", "ip", "ns", "favicon")
        given = [f"{rng.choice(kinds)}:{rng.randint(0, 12)}" for _ in range(rng.randint(0, 4))]
        pages = [
            [10 * album + picture for picture in range(8) if rng.random() < 0.45] + [1000 + rng.randint(0, 3)]
            for album in rng.sample(range(14), rng.randint(0, 6))
        ]
        return hold(given, pages)

    world = {f"s{number:02d}": seen() for number in range(rng.randint(10, 70))}
    mirrors = Mirrors()
    for name, held in world.items():
        mirrors.put(name, held)
    for name in rng.choices(sorted(world), k=8):
        world[name] = seen()
        mirrors.put(name, world[name])
    assert everything(mirrors) == everything(built(world))
