"""The figures of the networks bench are of what they say, and the promise holds for an unused seed."""

from __future__ import annotations

from bench import networks
from bench.mirrors_world import make


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
