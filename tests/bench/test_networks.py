"""Networks where few sites are known: a made-up world with its truth, small and quick."""

from __future__ import annotations

import pytest

from bench import networks
from efface.whereabouts.mirrors import chance, pairs


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
