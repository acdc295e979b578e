"""How far strangers come by chance, where only a part of the web is known.

A helpline begins with fifty sites. Two of them that show the same albums, or stand at one address, are rare among
fifty and may be two of thousands outside. So in a small world a thing counts as held by more than are known to hold it,
albums count by how unlikely it is that *any* two strangers have so many in common, and the less is known the more it
takes.
"""

from __future__ import annotations

from math import lgamma, log

WHOLE = 4096
"""From so many known sites on, the numbers of holders speak for themselves."""
SMALLEST = 32
UNSEEN = 3.0
"""Of an album's holders so few more are known than seen: a crawler reads a part of each site, and of each album."""
MARGIN = 3.0
"""Natural logarithm: chance is ruled out where it would bring about a twentieth of one such pair in the whole world."""


def step(number: int) -> int:
    """``number`` rounded up to a power of two: what depends on a crowd's size does not change with each newcomer."""
    return 1 << max(0, number - 1).bit_length()


def world(population: int) -> int:
    """How many sites are known, as far as it makes a difference."""
    return max(SMALLEST, step(population))


def small(population: int) -> bool:
    return world(population) <= WHOLE


def rules(population: int) -> int:
    """Equal where everything weighs the same: in a small world the number of known sites, rounded up, else 0."""
    return world(population) if small(population) else 0


def unseen(holders: int, population: int) -> int:
    """How many hold a thing, were as many sites known as there should be."""
    known = world(population)
    return holders if known > WHOLE else 1 + (holders - 1) * (2 * WHOLE // known)


def beyond_chance(holders: list[int], albums: int, population: int) -> float:
    """How far two sites have more albums in common than any two strangers would: 1.0 is where chance is ruled out.
    ``holders`` says of each common album how many sites show it, ``albums`` how many the fuller of the two sites
    shows."""
    known = world(population)
    surprise = lgamma(len(holders) + 1) + sum(
        -log(min(1.0, albums * UNSEEN * max(1, number - 1) / known)) for number in holders
    )
    return max(0.0, surprise) / (2 * log(known) - log(2) + MARGIN)


def concentrated(together: int, looked_at: int, number: int, population: int) -> bool:
    """Whether ``together`` of the ``number`` holders of a thing stand among ``looked_at`` sites, which chance would not
    bring about for any thing of this world."""
    known = world(population)
    if looked_at >= known or together < 3:
        return False
    ways = lgamma(number + 1) - lgamma(together + 1) - lgamma(number - together + 1)
    return together * log(known / looked_at) - ways >= log(known) + MARGIN
