"""The figures of the networks bench are of what they say, and the promises hold for unused seeds, few sites or many."""

from __future__ import annotations

import pytest

from bench import networks
from bench.mirrors_world import make
from efface.whereabouts.mirrors import chance, pairs


def test_pairs_and_wrong_notices_are_counted() -> None:
    truth = {"a": 1, "b": 1, "c": 1, "d": 2}
    assert networks.pairwise([["a", "b", "d"]], truth) == {"precision": 0.333333, "recall": 0.333333, "wrong_pairs": 2}
    assert networks.wrong_notices([["a", "b", "d"]], truth) == 0.333333
    assert networks.wrong_notices([], truth) == 0.0
    assert networks.b_cubed([["a", "b", "c"]], truth) == 1.0


def test_the_world_is_the_same_for_the_same_seed() -> None:
    assert make(3, 200, 8) == make(3, 200, 8) != make(4, 200, 8)


def test_no_notice_covers_a_strangers_site() -> None:
    world = make(211, 5000, 8)
    result = networks._score(world, networks._built(world)[0])
    assert result["same"]["wrong_notice_rate"] == 0 and result["same"]["sites"] > 500
    assert result["likely"]["precision"] >= 0.999 and result["likely"]["recall"] >= 0.9


@pytest.mark.parametrize("sites", [50, 200, 400])
@pytest.mark.parametrize("seed", [211, 212])
def test_strangers_who_repost_the_same_albums_are_nobodys_mirrors(seed: int, sites: int) -> None:
    found = networks.small(seed, sites, 8)
    assert found["same"]["wrong_notice_rate"] == 0
    assert found["likely"]["precision"] >= 0.999


def test_without_the_rules_for_few_sites_strangers_would_get_each_others_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chance, "small", lambda population: False)
    assert networks.small(211, 400, 8)["same"]["wrong_notice_rate"] > 0.1


def test_in_a_small_world_networks_are_found_all_the_same() -> None:
    found = networks.small(212, 400, 4)
    assert found["likely"]["recall"] > 0.01 and found["same"]["sites"] > 4


def test_albums_alone_never_carry_one_notice() -> None:
    for small in (False, True):
        edge = pairs.edge({"media": 2 * pairs.MOST_MEDIA}, [1, 2, 3], small)
        assert edge.solid and not edge.certain
    assert not pairs.edge({"media": 6.6, "ids": 2.4}, [1, "ga:1"], small=True).certain, "an id that nothing bears out"
    assert pairs.edge({"media": 6.6, "ids": 4.5}, [1, "ga:1"], small=True).certain
