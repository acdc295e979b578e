"""All sites at once: evidence in, networks out; one site more touches only what it holds."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.coherence import ALL_PAIRS, NEIGHBOURS, RARE, TOGETHER, Judged, crowd, judge, still
from efface.whereabouts.mirrors.holdings import NOTHING, Held, Holdings
from efface.whereabouts.mirrors.join import Joined, Pair, Said, join, pair
from efface.whereabouts.mirrors.kinds import kind_of
from efface.whereabouts.mirrors.pairs import MOST_SUPPORT, SHOWN, Edge, Rarities, rarities, rung, score


class Contradiction(ValueError):
    """What a person says now goes against what was said before; the message names the two sites."""


class Mirrors:
    """Sites by name. ``put`` replaces what is known of a site; ``networks`` are always those that a build from nothing
    would give."""

    def __init__(self, holdings: Holdings | None = None) -> None:
        self.holdings = holdings if holdings is not None else Holdings()
        self.edges: dict[str, dict[str, Edge]] = {}
        self.said = Said()
        self.of: dict[str, Joined] = {}
        self.review: dict[str, set[str]] = {}
        self._judged: dict[str, Judged] = {}
        self._rings: dict[int, list[str]] = {}
        self._rarities: dict[str, Rarities] = {}
        self._things: dict[str, dict[str, frozenset[str | int]]] = {}

    # evidence in

    def build(self, sites: Mapping[str, Held]) -> None:
        """Everything from nothing. What people said stays."""
        for site, held in sites.items():
            self.holdings.replace(site, held)
        self._judged.clear()
        self._rings.clear()
        self._rarities.clear()
        self._things.clear()
        self.edges, self.of, self.review = {}, {}, {}
        for site in sites:
            for other in self._near(site):
                if site < other:
                    edge = self._score(site, other)
                    if edge is not None:
                        self._store(site, other, edge)
        for site, others in self.edges.items():
            for other in others:
                if site < other:
                    self._bear_out(site, other)
        self.rejoin(sites)

    def put(self, site: str, new: Held) -> set[str]:
        """Replace what is known of one site. Returns the sites whose network may have changed."""
        old = self.holdings.get(site)
        before = self.holdings.population
        if site not in self.holdings and chance.rules(before) != chance.rules(before + 1):
            # With so many known sites everything weighs differently; this comes a few times in a registry's life.
            self.build({**self.holdings.held, site: new})
            return set(self.holdings.held)
        changed_values = old.values ^ new.values
        changed_pictures = old.pictures.keys() ^ new.pictures.keys()
        pairs = {pair(site, other) for other in self.around(site)}
        values = old.values | new.values
        counts = {value: len(self.holdings.holders(value)) for value in changed_values}
        shown = {picture: self._showing(picture) for picture in changed_pictures}
        rings = {picture: self._ring(picture) for picture in changed_pictures}
        judged = {value: self._judge(value) for value in values}
        self.holdings.replace(site, new)
        for picture in changed_pictures:
            self._rings.pop(picture, None)
        if _world(before) != _world(self.holdings.population):
            judged |= self._judged
            self._judged.clear()
        for value, was in judged.items():
            now = still(value, was, site, self.holdings)
            if now is None:
                self._judged.pop(value, None)
            else:
                self._judged[value] = now
        for value in self._by_others(site, counts, shown) - judged.keys():
            judged[value] = self._judge(value)
            self._judged.pop(value)
        pairs |= self._shifted(judged)
        for picture, ring in rings.items():
            pairs |= self._ring_moved(picture, ring)
        pairs |= self._rarer(site, shown)
        pairs |= {pair(site, other) for other in self._near(site)}
        return self._update(pairs)

    def _by_others(self, site: str, counts: Mapping[str, int], shown: Mapping[int, int]) -> set[str]:
        """Values that are to be judged anew, because something else that their holders agree on became rare or common.
        ``counts`` and ``shown`` are numbers of holders before."""
        few = chance.small(self.holdings.population)
        crowds = [
            (self.holdings.holders(value) | {site}, min(number, len(self.holdings.holders(value))))
            for value, number in counts.items()
            if _tells_otherwise(value, number, len(self.holdings.holders(value)), few)
        ] + [
            (self.holdings.showing(picture) | {site}, min(number, self._showing(picture)))
            for picture, number in shown.items()
            if few or crowd(self._showing(picture)) != crowd(number)
        ]  # fmt: skip
        stale: set[str] = set()
        for sites, number in crowds:
            enough = 2 if few or number <= RARE else TOGETHER
            holding = Counter(value for one in sites for value in self.holdings.get(one).values)
            for value, times in holding.items():
                if times < enough or value in stale or kind_of(value).weak:
                    continue
                sample = self._judge(value).sample
                if not sample or len(sample & sites) >= enough:
                    stale.add(value)
        return stale

    def _shifted(self, judged: Mapping[str, Judged]) -> set[Pair]:
        """Pairs that a new judgement of a value may move."""
        pairs: set[Pair] = set()
        for value, was in judged.items():
            now = self._judge(value)
            if was == now:
                continue
            sites = set(self.holdings.holders(value)) | was.part.keys() | set(was.loose)
            moved = _regrouped(was, now)
            if rung(was.holders) != rung(now.holders):
                pairs |= self._all_among(self.holdings.holders(value))
            for site in sites:
                before, after = set(was.near(site)), set(now.near(site))
                pairs |= {pair(site, other) for other in before ^ after if other != site}
                if site in moved:
                    pairs |= {pair(site, other) for other in self._near(site) if other in sites}
                    pairs |= {pair(site, other) for other in self.around(site) if other in sites}
        return pairs

    def _all_among(self, sites: set[str]) -> set[Pair]:
        pairs: set[Pair] = set()
        for site in sites:
            pairs |= {pair(site, other) for other in self._near(site) if other in sites}
        return pairs

    def _rarer(self, site: str, shown: Mapping[int, int]) -> set[Pair]:
        """Pairs that share an album which became rarer or less rare, because of these pictures."""
        self._rarities.pop(site, None)
        pairs: set[Pair] = set()
        stepped = {picture for picture, was in shown.items() if rung(self._showing(picture)) != rung(was)}
        for one in {one for picture in stepped for one in self.holdings.showing(picture)}:
            before = self._rarities.pop(one, None)
            now = self._rarities_of(one)
            if before is None:
                pairs |= {pair(one, other) for other in self._near(one)}
                continue
            pictures = self.holdings.get(one).pictures
            # A picture that more sites show than its album counts for itself.
            moved = {picture for picture in stepped & pictures.keys()
                     if max(shown[picture], self._showing(picture)) > now[pictures[picture]]}  # fmt: skip
            moved |= {picture for picture, album in pictures.items() if before[album] != now[album]}
            for picture in moved:
                pairs |= {pair(one, other) for other in self._ring(picture) if other != one}
                pairs |= {pair(one, other) for other in self.around(one) if other in self.holdings.showing(picture)}
        return pairs

    def _ring_moved(self, picture: int, was: list[str]) -> set[Pair]:
        pairs: set[Pair] = set()
        now = self._ring(picture)
        for site in {*was, *now}:
            before, after = set(_round(was, site)), set(_round(now, site))
            pairs |= {pair(site, other) for other in before ^ after if other != site}
        return pairs

    # people's word

    def say(self, one: str, other: str, same: bool) -> set[str]:
        """A person says that two sites are one operator's, or are not; the last word counts. Raises
        ``Contradiction`` where the rest of what was said makes it impossible. Returns the sites it may move."""
        self.weigh(one, other, same)
        self.forget_word(one, other, rejoin=False)
        said = self.said.must if same else self.said.cannot
        said[one].add(other)
        said[other].add(one)
        return self.rejoin({one, other})

    def weigh(self, one: str, other: str, same: bool) -> None:
        """Raises ``Contradiction`` where the rest of what was said makes this impossible."""
        if one == other:
            raise Contradiction(f"{one} is one site")
        first, second = self._bound(one, but=other), self._bound(other, but=one)
        if not same and other in first:
            raise Contradiction(f"it was said that {one} and {other} belong to one operator, through other sites")
        for site in sorted(first) if same else ():
            for stranger in sorted(self.said.cannot.get(site, set()) & second):
                if {site, stranger} != {one, other}:
                    raise Contradiction(f"it was said that {site} and {stranger} are not one operator's")

    def forget_word(self, one: str, other: str, rejoin: bool = True) -> set[str]:
        for words in (self.said.must, self.said.cannot):
            words.get(one, set()).discard(other)
            words.get(other, set()).discard(one)
        return self.rejoin({one, other}) if rejoin else set()

    def _bound(self, site: str, but: str) -> set[str]:
        """Sites that people's word puts together with this one, not counting its word about ``but``."""
        bound, todo = {site}, [site]
        while todo:
            here = todo.pop()
            for other in self.said.must.get(here, ()):
                if other not in bound and {here, other} != {site, but}:
                    bound.add(other)
                    todo.append(other)
        return bound

    # networks out

    def networks(self) -> list[Joined]:
        return sorted({joined.members: joined for joined in self.of.values()}.values(), key=lambda one: one.members)

    def same(self, site: str) -> tuple[str, ...]:
        """The sites that one notice about ``site`` may cover, itself among them."""
        joined = self.of.get(site)
        for group in joined.same if joined else ():
            if site in group:
                return group
        return (site,)

    def judged(self, value: str) -> Judged:
        return self._judge(value)

    # inner works, and what a store of its own answers (``around``, ``before``, ``_need``)

    def around(self, site: str) -> dict[str, Edge]:
        """The edges of a site."""
        return self.edges.get(site, _NONE)

    def _need(self, sites: Iterable[str]) -> None:
        """Their edges are asked for next: a store loads them here."""

    def before(self, site: str) -> Iterable[str]:
        """The network a site was in."""
        joined = self.of.get(site)
        return joined.members if joined else ()

    def _judge(self, value: str) -> Judged:
        found = self._judged.get(value)
        if found is None:
            found = self._judged[value] = judge(value, self.holdings)
        return found

    def _showing(self, picture: int) -> int:
        return len(self.holdings.showing(picture))

    def _score(self, one: str, other: str) -> Edge | None:
        first, second = self.holdings.get(one), self.holdings.get(other)
        return score(one, other, first, second, self._judge, self._rarities_of, self._showing,
                     self.holdings.population)  # fmt: skip

    def _rarities_of(self, site: str) -> Rarities:
        found = self._rarities.get(site)
        if found is None:
            found = self._rarities[site] = rarities(self.holdings.get(site), self._showing)
        return found

    def _ring(self, picture: int) -> list[str]:
        ring = self._rings.get(picture)
        if ring is None:
            sites = self.holdings.showing(picture)
            ring = self._rings[picture] = sorted(sites) if 1 < len(sites) <= SHOWN else []
        return ring

    def _near(self, site: str) -> set[str]:
        """The sites that this one is compared with."""
        held = self.holdings.get(site)
        near: set[str] = set()
        for value in held.values:
            near.update(self._judge(value).near(site))
        for picture in held.pictures:
            near.update(_round(self._ring(picture), site))
        near.discard(site)
        return near

    def _is_near(self, one: str, other: str) -> bool:
        first, second = self.holdings.get(one), self.holdings.get(other)
        return any(other in self._judge(value).near(one) for value in first.values & second.values) or any(
            other in _round(self._ring(picture), one) for picture in first.pictures.keys() & second.pictures.keys()
        )

    def _store(self, one: str, other: str, edge: Edge) -> None:
        for here, there in ((one, other), (other, one)):
            self.edges.setdefault(here, {})[there] = edge
            shown = self.holdings.get(here).pictures
            # A stored edge may rest on a picture that was forgotten since; its site is about to be looked at again.
            self._things.setdefault(here, {})[there] = frozenset(
                shown[one] if isinstance(one, int) else one
                for one in edge.because
                if not isinstance(one, int) or one in shown
            )

    def _drop(self, one: str, other: str) -> None:
        for here, there in ((one, other), (other, one)):
            self.edges[here].pop(there)
            self._things[here].pop(there)
            if not self.edges[here]:
                del self.edges[here]

    def _update(self, pairs: set[Pair]) -> set[str]:
        """Score these pairs anew, and join what they moved."""
        changes: dict[Pair, tuple[Edge | None, Edge | None]] = {}
        for one, other in pairs:
            was = self.around(one).get(other)
            now = self._score(one, other) if self._is_near(one, other) else None
            if was is not None and now is not None and was.brings == now.brings and was.because == now.because:
                # It says the same, but an album may have another number now.
                things = self._things[one][other], self._things[other][one]
                self._store(one, other, was)
                if things == (self._things[one][other], self._things[other][one]):
                    continue
            if was is not None or now is not None:
                changes[one, other] = was, now
        again = self._beside(changes)
        for (one, other), (was, now) in changes.items():
            if now is not None:
                self._store(one, other, replace(now, support=was.support if was else 0))
            else:
                self._drop(one, other)
        again |= self._beside(changes)
        moved = set()
        for one, other in again:
            was = self.around(one).get(other)
            before = changes[one, other][0] if (one, other) in changes else was
            rank = before.rank if before else ()
            self._bear_out(one, other)
            now = self.around(one).get(other)
            # Where people keep sites apart, the order of all edges decides where a network is cut.
            if rank != (now.rank if now else ()) or self.said.cannot:
                moved |= {one, other}
        return self.rejoin(moved) if moved else set()

    def _beside(self, pairs: Iterable[Pair]) -> set[Pair]:
        """These pairs, and those that they bear out."""
        found = set(pairs)
        for one, other in pairs:
            for third in self.around(one).keys() & self.around(other).keys():
                found |= {pair(one, third), pair(other, third)}
        return found

    def _bear_out(self, one: str, other: str) -> None:
        """Count the third sites that have other things in common with both, as far as more of them say more."""
        edge = self.around(one).get(other)
        if edge is None:
            return
        self.around(other)
        first, second = self._things[one], self._things[other]
        between, back = first[other], second[one]
        thirds = first.keys() & second.keys()
        self._need(thirds)
        support = 0
        for third in thirds:
            if first[third] <= between or second[third] <= back:
                continue
            its = self._things[third]
            if its[one] != its[other]:
                support += 1
                if support == MOST_SUPPORT:
                    break
        if support != edge.support:
            self.edges[one][other] = self.edges[other][one] = replace(edge, support=support)

    def _joints(self, site: str) -> Iterator[str]:
        for other, edge in self.around(site).items():
            if edge.likely:
                yield other
        yield from self.said.must.get(site, ())

    def rejoin(self, sites: Iterable[str]) -> set[str]:
        """Work out anew every piece that one of these sites is in, or was."""
        todo = set(sites)
        for site in list(todo):
            todo |= set(self.before(site))
            todo |= self.review.get(site, set())
        done: set[str] = set()
        for start in sorted(todo):
            if start in done:
                continue
            piece, walk = {start}, [start]
            while walk:
                for other in self._joints(walk.pop()):
                    if other not in piece:
                        piece.add(other)
                        walk.append(other)
            done |= piece
            self._join(piece)
        return done

    def _join(self, piece: set[str]) -> None:
        for site in piece:
            self.of.pop(site, None)
            self.review.pop(site, None)
        if len(piece) == 1:
            return
        edges = {
            (one, other): edge
            for one in piece
            for other, edge in self.around(one).items()
            if one < other and edge.likely
        }
        result = join(piece, edges, self.said)
        for joined in result.networks:
            for site in joined.members:
                self.of[site] = joined
        for one, other in result.review:
            self.review.setdefault(one, set()).add(other)
            self.review.setdefault(other, set()).add(one)


def _tells_otherwise(value: str, before: int, after: int, few: bool) -> bool:
    """Whether a value's number of holders changes what its holders' agreement on it says (``coherence``); where ``few``
    sites are known, any number does."""
    kind = kind_of(value)
    if kind.weak or few:
        return not kind.weak
    return (before <= RARE) != (after <= RARE) if kind.copied else crowd(before) != crowd(after)


_NONE: dict[str, Edge] = {}


def _world(population: int) -> int:
    return max(12, max(0, population - 1).bit_length())


def _round(ring: list[str], site: str) -> Iterable[str]:
    """Those that stand near a site among all that show a picture."""
    if len(ring) <= ALL_PAIRS:
        return ring if ring else ()
    place, size = bisect_left(ring, site), len(ring)
    if place == size or ring[place] != site:
        return ()
    return [ring[(place + step) % size] for step in range(-NEIGHBOURS, NEIGHBOURS + 1)]


def _regrouped(was: Judged, now: Judged) -> set[str]:
    """Holders whose part is not what it was, but for newcomers to it and those that left."""
    both = was.part.keys() & now.part.keys()
    there: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for site in both:
        there.setdefault(was.part[site], set()).add(now.part[site])
        back.setdefault(now.part[site], set()).add(was.part[site])
    moved = {site for site in both if len(there[was.part[site]]) > 1 or len(back[now.part[site]]) > 1}
    return moved | (was.part.keys() ^ now.part.keys())


__all__ = ["NOTHING", "Contradiction", "Mirrors"]
