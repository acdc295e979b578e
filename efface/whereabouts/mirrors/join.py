"""From edges to networks: which sites are held together, where the joint is weak, and what people said of it.

Pure, and a function of one connected piece at a time, so that a piece can be worked out anew when anything in it
changed. Nothing is remembered of how it was before: evidence that goes away takes its joint with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from efface.whereabouts.mirrors.pairs import Edge

Pair = tuple[str, str]
DENSE = 3
"""Parts of so many sites with one edge between them are not taken for one network: the edge is shown for review."""


@dataclass(frozen=True, slots=True)
class Joined:
    """``members`` are likely of one operator; within each of ``same`` one notice may cover all."""

    members: tuple[str, ...]
    same: tuple[tuple[str, ...], ...] = ()
    split: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """``review`` are edges that would join two networks, or a site to one, and do not carry it."""

    networks: list[Joined] = field(default_factory=list)
    review: list[Pair] = field(default_factory=list)


@dataclass(slots=True)
class Said:
    """What people said of pairs: one operator, or not."""

    must: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    cannot: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def join(sites: Iterable[str], edges: Mapping[Pair, Edge], said: Said) -> Piece:
    """The networks of one closed piece: ``edges`` are its likely ones, ``sites`` all that they or people's word
    connect."""
    everyone = sorted(sites)
    inside = set(everyone)
    must = {pair(one, other) for one in everyone for other in said.must.get(one, ()) if other in inside}
    cannot = {pair(one, other) for one in everyone for other in said.cannot.get(one, ()) if other in inside}
    solid = {key: edge for key, edge in edges.items() if edge.solid and key not in cannot}
    weak = _weak_bridges(everyone, set(solid) | must) - must
    kept = {key: edge.total for key, edge in solid.items() if key not in weak}
    parts = _components(everyone, set(kept) | must)
    thin = {key: edge for key, edge in edges.items() if key not in solid and key not in cannot}
    kept |= _between_single(parts, thin)
    groups = _constrained(everyone, kept, must, cannot)
    of = {site: number for number, group in enumerate(groups) for site in group}
    networks = [
        Joined(tuple(group), _same(group, solid, weak, must, of), split=any(one in cannot_sites for one in group))
        for group in groups
        if len(group) > 1
        for cannot_sites in [{site for key in cannot for site in key}]
    ]
    review = sorted(key for key in edges if of[key[0]] != of[key[1]] and key not in cannot)
    return Piece(networks, review)


def _between_single(parts: list[list[str]], thin: Mapping[Pair, Edge]) -> dict[Pair, float]:
    """What can be planted or copied carries only among sites that nothing better holds, and only by two families."""
    single = {part[0] for part in parts if len(part) == 1}
    return {
        key: edge.total for key, edge in thin.items()
        if key[0] in single and key[1] in single and edge.families > 1
    }  # fmt: skip


def _constrained(
    everyone: list[str], kept: Mapping[Pair, float], must: set[Pair], cannot: set[Pair]
) -> list[list[str]]:
    """Parts joined from the strongest edge down, never across a "not the same". What people joined comes first."""
    if not cannot:
        return _components(everyone, set(kept) | must)
    group = {site: site for site in everyone}
    members = {site: [site] for site in everyone}
    apart: dict[str, set[str]] = defaultdict(set)
    for one, other in cannot:
        apart[one].add(other)
        apart[other].add(one)
    for one, other in [*sorted(must), *sorted(kept, key=lambda key: (-kept[key], key))]:
        first, second = sorted((group[one], group[other]))
        if first == second or any(group[stranger] == second for site in members[first] for stranger in apart[site]):
            continue
        for site in members[second]:
            group[site] = first
        members[first] += members.pop(second)
    return sorted(sorted(sites) for sites in members.values())


def _same(
    group: list[str], solid: Mapping[Pair, Edge], weak: set[Pair], must: set[Pair], of: Mapping[str, int]
) -> tuple[tuple[str, ...], ...]:
    """Sites that one notice may cover: held together by certain edges, no one of which alone carries two sides."""
    inside = set(group)
    certain = {
        key for key, edge in solid.items()
        if key[0] in inside and key[1] in inside and edge.certain and key not in weak
    }  # fmt: skip
    human = {key for key in must if key[0] in inside and key[1] in inside}
    bridges = {key for key, _size, _rest in _bridges(group, certain | human)}
    held = _components(group, (certain - bridges) | human)
    return tuple(tuple(part) for part in held if len(part) > 1)


def _weak_bridges(everyone: list[str], keys: set[Pair]) -> set[Pair]:
    return {key for key, size, rest in _bridges(everyone, keys) if min(size, rest) >= DENSE}


def _bridges(everyone: list[str], keys: set[Pair]) -> list[tuple[Pair, int, int]]:
    """Edges without which a piece falls in two, with the sizes of the two sides (Tarjan, without recursion)."""
    near: dict[str, list[str]] = defaultdict(list)
    for one, other in sorted(keys):
        near[one].append(other)
        near[other].append(one)
    entered: dict[str, int] = {}
    low: dict[str, int] = {}
    size: dict[str, int] = {}
    found: list[tuple[Pair, int, int]] = []
    for start in everyone:
        if start in entered:
            continue
        cut: list[tuple[str, str]] = []
        entered[start] = low[start] = len(entered)
        size[start] = 1
        stack = [(start, "", iter(near[start]))]
        while stack:
            site, parent, others = stack[-1]
            for other in others:
                if other == parent:
                    continue
                if other in entered:
                    low[site] = min(low[site], entered[other])
                else:
                    entered[other] = low[other] = len(entered)
                    size[other] = 1
                    stack.append((other, site, iter(near[other])))
                    break
            else:
                stack.pop()
                if parent:
                    low[parent] = min(low[parent], low[site])
                    size[parent] += size[site]
                    if low[site] > entered[parent]:
                        cut.append((parent, site))
        found += [(pair(above, below), size[below], size[start] - size[below]) for above, below in cut]
    return found


def _components(everyone: list[str], keys: Iterable[Pair]) -> list[list[str]]:
    root = {site: site for site in everyone}

    def find(site: str) -> str:
        while root[site] != site:
            root[site] = root[root[site]]
            site = root[site]
        return site

    for one, other in keys:
        first, second = sorted((find(one), find(other)))
        root[second] = first
    parts: dict[str, list[str]] = defaultdict(list)
    for site in everyone:
        parts[find(site)].append(site)
    return sorted(parts.values())
