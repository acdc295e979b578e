"""Networks of mirrors, found in a made-up world whose operators are known."""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from bench.mirrors_world import MadeSite, make
from efface.whereabouts.mirrors.engine import Mirrors
from efface.whereabouts.mirrors.holdings import Held, hold

SMALL = (50, 100, 300, 600, 1200)
ADDED = 60
"""Sites that are taken out and added again, to see what one costs."""


def run(seed: int = 101, sites: int = 5000, viral: int = 8, growth: bool = True) -> dict[str, Any]:
    """All figures. Growth is the time of a build of ten times the sites over that of a build of ``sites``."""
    result: dict[str, Any] = {"seed": seed, "sites": sites, "viral": viral, "by_viral": {}}
    for level in sorted({0, 4, 8} - {viral}):
        _say(f"a world with up to {level} reposted albums a site")
        world = make(seed, sites, level)
        result["by_viral"][str(level)] = _score(world, _built(world)[0])
    _say(f"a world with up to {viral} reposted albums a site")
    world = make(seed, sites, viral)
    mirrors, seconds = _built(world)
    found = _score(world, mirrors)
    result["by_viral"][str(viral)] = found
    result |= found
    result["build_s"] = round(seconds, 3)
    result |= _add_one(world, mirrors, seconds, seed)
    _say("worlds of few sites")
    result["small"] = {str(number): small(seed, number, viral) for number in SMALL if number < sites}
    if growth:
        _say("ten times the sites")
        mirrors = Mirrors()
        large = make(seed, 10 * sites, viral)
        _mirrors, longer = _built(large)
        result["growth_10x"] = round(longer / seconds, 2)
        result["build_10x_s"] = round(longer, 3)
        result["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return result


def small(seed: int, sites: int, viral: int) -> dict[str, Any]:
    """The same where few sites are known, as with an organisation that begins."""
    world = make(seed, sites, viral)
    found = _score(world, _built(world)[0])
    return {"likely": found["likely"], "same": found["same"]}


def held(site: MadeSite) -> Held:
    values = [f"{kind}:{value}" for kind, value in site.signs]
    return hold(values, [[_digest(picture) for picture in pictures] for _page, pictures in site.pages])


def _digest(picture: str) -> int:
    return int.from_bytes(blake2b(picture.encode(), digest_size=8).digest(), "big")


def _built(world: list[MadeSite]) -> tuple[Mirrors, float]:
    sites = {site.name: held(site) for site in world}
    mirrors = Mirrors()
    start = time.process_time()
    mirrors.build(sites)
    return mirrors, time.process_time() - start


def _add_one(world: list[MadeSite], mirrors: Mirrors, build_s: float, seed: int) -> dict[str, Any]:
    """Take a site out and put it back; only the putting back counts."""
    rng = random.Random(f"add {seed}")
    before = [joined.members for joined in mirrors.networks()]
    times = []
    for site in rng.sample(world, min(ADDED, len(world))):
        mirrors.put(site.name, Held())
        start = time.process_time()
        mirrors.put(site.name, held(site))
        times.append(time.process_time() - start)
    mean = sum(times) / len(times)
    return {
        "add_one_vs_build": round(mean / build_s, 5),
        "add_one_ms": {"mean": round(1000 * mean, 2), "median": round(1000 * sorted(times)[len(times) // 2], 2),
                       "longest": round(1000 * max(times), 2)},
        "added_again_same_networks": before == [joined.members for joined in mirrors.networks()],
    }  # fmt: skip


def _score(world: list[MadeSite], mirrors: Mirrors) -> dict[str, Any]:
    truth = {site.name: site.operator for site in world}
    likely = [list(joined.members) for joined in mirrors.networks()]
    same = [list(group) for joined in mirrors.networks() for group in joined.same]
    return {
        "likely": pairwise(likely, truth) | {"b3": b_cubed(likely, truth)},
        "same": pairwise(same, truth) | {"wrong_notice_rate": wrong_notices(same, truth), "sites": sum(map(len, same))},
        "networks": len(likely),
        "largest": max(map(len, likely), default=1),
        "largest_true": max(Counter(truth.values()).values()),
        "review": sum(map(len, mirrors.review.values())) // 2,
    }


def pairwise(groups: Iterable[Iterable[str]], truth: Mapping[str, int]) -> dict[str, float]:
    """Precision and recall over pairs of sites."""
    right = claimed = 0
    for group in groups:
        sizes = Counter(truth[site] for site in group)
        claimed += _pairs(sum(sizes.values()))
        right += sum(map(_pairs, sizes.values()))
    there = sum(map(_pairs, Counter(truth.values()).values()))
    return {
        "precision": round(right / claimed, 6) if claimed else 1.0,
        "recall": round(right / there, 6) if there else 1.0,
        "wrong_pairs": claimed - right,
    }


def wrong_notices(groups: Iterable[Iterable[str]], truth: Mapping[str, int]) -> float:
    """Share of the sites that a notice for another site would cover, though they belong to somebody else than most of
    that group."""
    covered = wrong = 0
    for group in groups:
        sizes = Counter(truth[site] for site in group)
        covered += sum(sizes.values())
        wrong += sum(sizes.values()) - max(sizes.values())
    return round(wrong / covered, 6) if covered else 0.0


def b_cubed(groups: Iterable[Iterable[str]], truth: Mapping[str, int]) -> float:
    """The harmonic mean of precision and recall, each averaged over sites."""
    of: dict[str, list[str]] = {site: [site] for site in truth}
    for group in groups:
        members = list(group)
        of |= dict.fromkeys(members, members)
    sizes = Counter(truth.values())
    precision = recall = 0.0
    mine: dict[int, dict[int, int]] = defaultdict(dict)
    for site, members in of.items():
        counts = mine[id(members)] or dict(Counter(truth[one] for one in members))
        mine[id(members)] = counts
        precision += counts[truth[site]] / len(members)
        recall += counts[truth[site]] / sizes[truth[site]]
    precision, recall = precision / len(truth), recall / len(truth)
    return round(2 * precision * recall / (precision + recall), 6)


def _pairs(number: int) -> int:
    return number * (number - 1) // 2


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
