"""How likely a kind of notice to a kind of party is to work, with how many that stands on. Pure.

A party of which little is known is drawn towards all parties of its role (empirical Bayes); how strongly, the parties'
own differences say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from efface.whereabouts.beta import wilson

ENOUGH = 5
"""Fewer than these of one kind do not change an order."""
EVEN = 0.5
WEAKEST, STRONGEST = 2.0, 50.0
"""As how many earlier cases the role counts for one of its parties: at least, and at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What earlier notices of one type to one party (or, under the key "role:<role>", to all of a role) achieved.
    ``strength``: as how many cases of its own a role counts for one of its parties."""

    sent: int
    removed: int
    median_hours: float = 0.0
    strength: float = WEAKEST

    @property
    def share(self) -> float:
        """Removal share, drawn towards a half while there are few: (removed + 1) / (sent + 2)."""
        return (self.removed + 1) / (self.sent + 2)


@dataclass(frozen=True, slots=True)
class Odds:
    """``share`` is what the plan reckons with; ``removed`` of ``n`` were seen, of the party itself or of its role
    (``of``), and ``low`` to ``high`` is their 95 % interval. ``hours``: the median until it was gone, 0 unknown."""

    share: float = EVEN
    low: float = 0.0
    high: float = 1.0
    removed: int = 0
    n: int = 0
    hours: float = 0.0
    of: Literal["party", "role", "nobody"] = "nobody"

    @property
    def speaks(self) -> bool:
        return self.n >= ENOUGH


NOTHING = Odds()


def odds(party_key: str, role: str, notice_type: str, outcomes: Mapping[tuple[str, str], Outcome]) -> Odds:
    """Of one kind of notice to one party. The figures shown are the party's own where it was asked before."""
    own = outcomes.get((party_key, notice_type))
    wide = outcomes.get((f"role:{role}", notice_type))
    told = own if own is not None and own.sent else wide
    if told is None or not told.sent:
        return NOTHING
    share = shrunk(own, wide)
    low, high = wilson(told.removed, told.sent)
    hours = told.median_hours or (wide.median_hours if wide else 0.0)
    return Odds(share, low, high, told.removed, told.sent, hours, "party" if told is own else "role")


def shrunk(own: Outcome | None, wide: Outcome | None) -> float:
    """The share of a party, drawn towards its role's."""
    prior = wide.share if wide is not None else EVEN
    if own is None or not own.sent:
        return prior
    weight = wide.strength if wide is not None else WEAKEST
    return (own.removed + weight * prior) / (own.sent + weight)


def strength(groups: Iterable[tuple[int, int]]) -> float:
    """How much alike groups of (removed, sent) are, as the size of a beta prior: by moments, from the variance between
    them beyond that of chance (Kleinman, JASA 68, 1973). Alike groups count for each other much, unlike ones little."""
    rows = [(removed, sent) for removed, sent in groups if sent > 0]
    total = sum(sent for _removed, sent in rows)
    hits = sum(removed for removed, _sent in rows)
    if len(rows) < 2 or not 0 < hits < total:
        return WEAKEST
    mean = hits / total
    chance = mean * (1 - mean)
    seen = sum(sent * (removed / sent - mean) ** 2 for removed, sent in rows)
    free = len(rows) - 1
    spread = total - sum(sent * sent for _removed, sent in rows) / total - free
    if spread <= 0:
        return WEAKEST
    within = (seen - free * chance) / (chance * spread)
    if within <= 0:
        return STRONGEST
    return min(STRONGEST, max(WEAKEST, (1 - within) / within))
