"""Which contact of a party comes first, and why: from what sources said, how long ago, how mail fared, what came of it.

Pure: observations, delivery states and tallies in, ordered contacts out. An observation is never a fact: several of one
contact add up when their sources do not copy from each other, and every one of them ages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, log

from efface.whereabouts.beta import Share, share

HALF_LIFE_DAYS = {"registry": 90.0, "page": 60.0, "guess": 30.0, "playbook": 365.0, "agent": 365.0, "dns": 90.0,
                  "answer": 180.0, "other": 60.0}  # fmt: skip
"""Days after which the odds of an observation have halved, by the family of its source."""
AGREEMENT = 0.7
"""Log-odds for each further independent family that names the same contact; at most ``MOST_AGREE`` of them count."""
MOST_AGREE = 3
DELIVERY = {
    "untested": 0.0, "mx_ok": 0.1, "accepted": 0.3, "acknowledged": 0.7, "replied": 1.5, "complied": 2.5,
    "silent": -0.7, "soft": -1.0, "full": -2.0, "policy": -3.0, "hard": -9.0,
}  # fmt: skip
"""Log-odds for how mail to it fared; names of states as in the site registry."""
DELIVERY_HALF_DAYS = 180.0
"""News of a delivery counts half after so many days; a dead mailbox stays dead."""
DEAD = frozenset({"hard"})
DEGRADED = frozenset({"full", "policy"})
GUESS = "role-mailbox"
MOST_GUESSES = 2
ROLE_STRENGTH, OWN_STRENGTH = 2.0, 4.0
"""How many earlier cases the prior of a role, and that of a provider for its contact, weigh."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One source's word for one contact of one party. ``source`` and ``confidence`` as in ``model.Contact``."""

    party_key: str
    channel: str
    value: str
    source: str
    confidence: float
    seen: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """Notices sent and what came of them."""

    sent: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Tallies:
    """What was learnt of this kind of notice: per contact (channel, value), of the whole provider, of its role."""

    contact: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    provider: Tally = Tally()
    role: Tally = Tally()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A contact in its place. ``score`` is a probability-like figure for ordering (0..1); ``removal`` the share of
    notices to it that led to a removal; ``instead_of`` names the party whose own contacts are all dead."""

    party_key: str
    channel: str
    value: str
    score: float
    reasons: tuple[str, ...]
    removal: Share
    guess: bool = False
    state: str = "untested"
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """``dead``: contacts that bounced for good, with the reason; ``held_back``: guesses beyond the two allowed."""

    contacts: tuple[Ranked, ...] = ()
    dead: tuple[Ranked, ...] = ()
    held_back: tuple[Ranked, ...] = ()


def family(source: str) -> str:
    """Sources of one family copy from each other: RDAP and WHOIS show one registry's data, pages one site's."""
    word = source.partition(":")[0]
    if word.startswith(("rdap", "whois")):
        return "registry"
    if word.startswith("page") or word in ("security.txt", "instance"):
        return "page"
    return {"playbook": "playbook", "dmca-agent": "agent", "soa": "dns", GUESS: "guess", "answer": "answer"}.get(
        word, "other"
    )


def rank(
    observations: Iterable[Observation],
    now: datetime,
    delivery: Mapping[tuple[str, str], Delivered] | None = None,
    tallies: Tallies | None = None,
    parents: Sequence[Observation] = (),
) -> Ranking:
    """The contacts of one party, best first. ``parents`` are those of the networks above it (its AS, its upstream):
    they follow where every contact of its own is dead, and also where the best that is left is full or refuses us.
    The same input gives the same order, whatever the order of the observations."""
    news = delivery or {}
    known = tallies or Tallies()
    grouped: dict[tuple[str, str, str], list[Observation]] = {}
    for one in observations:
        grouped.setdefault((one.party_key, one.channel, _plain(one)), []).append(one)
    made = [_ranked(key, many, now, news, known) for key, many in grouped.items()]
    made.sort(key=_order)
    dead = [one for one in made if one.state in DEAD]
    spent = sum(one.guess for one in dead)
    alive: list[Ranked] = []
    held: list[Ranked] = []
    for ranked in made:
        if ranked.state in DEAD:
            continue
        if ranked.guess and spent >= MOST_GUESSES:
            held.append(ranked)
            continue
        spent += ranked.guess
        alive.append(ranked)
    if parents and (not alive or all(one.state in DEGRADED for one in alive)):
        above = rank(parents, now, news, Tallies(role=known.role))
        party = made[0].party_key if made else ""
        taken = {(one.channel, one.value) for one in made}
        why = "every contact of its own is dead" if not alive else "its own contacts take no mail now"
        alive += [
            _above(one, party, why) for one in above.contacts if (one.channel, one.value) not in taken and not one.guess
        ]
    return Ranking(tuple(alive), tuple(dead), tuple(held))


def _above(one: Ranked, party: str, why: str) -> Ranked:
    return Ranked(
        one.party_key, one.channel, one.value, one.score, (f"the network above: {why}", *one.reasons), one.removal,
        one.guess, one.state, instead_of=party,
    )  # fmt: skip


def _plain(one: Observation) -> str:
    return one.value.strip().lower() if one.channel == "email" else one.value.strip()


def _order(one: Ranked) -> tuple[float, str, str]:
    return -one.score, one.channel, one.value


def _ranked(
    key: tuple[str, str, str],
    many: Sequence[Observation],
    now: datetime,
    news: Mapping[tuple[str, str], Delivered],
    known: Tallies,
) -> Ranked:
    party, channel, value = key
    best: dict[str, tuple[float, Observation, float]] = {}
    for one in sorted(many, key=lambda item: (item.source, item.seen)):
        kind = family(one.source)
        days = max(0.0, (now - one.seen).total_seconds() / 86400)
        odds = logit(one.confidence) - log(2) * days / HALF_LIFE_DAYS[kind]
        if kind not in best or odds > best[kind][0]:
            best[kind] = odds, one, days
    ordered = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    odds, first, days = ordered[0][1]
    reasons = [f"{_said(first)}{_ago(days)}"]
    others = [kind for kind, _ in ordered[1:] if kind != "guess"]
    if others and ordered[0][0] != "guess":
        odds += AGREEMENT * min(len(others), MOST_AGREE)
        reasons.append(f"also named by {', '.join(others)}")
    told = news.get((channel, value))
    state = told.state if told is not None else "untested"
    if told is not None and state in DELIVERY:
        age = max(0.0, (now - told.at).total_seconds() / 86400)
        odds += DELIVERY[state] * (1.0 if state in DEAD else 0.5 ** (age / DELIVERY_HALF_DAYS))
        reasons.append(_FARED.get(state, f"mail to it: {state}"))
    removal, base = learnt(known, known.contact.get((channel, value), Tally()))
    if known.contact.get((channel, value), Tally()).sent or known.provider.sent:
        odds += logit(removal.mean) - logit(base)
        reasons.append(f"removals after a notice: {removal.words()}")
    guess = set(best) == {"guess"}
    if guess:
        reasons.append("a guess: nobody published it")
    return Ranked(party, channel, value, round(sigmoid(odds), 4), tuple(reasons), removal, guess, state)


def learnt(known: Tallies, own: Tally) -> tuple[Share, float]:
    """The removal share of a contact, drawn towards its provider's, and that towards its role's; and the role's."""
    role = share(known.role.removed, known.role.sent, 0.5, ROLE_STRENGTH).mean
    provider = share(known.provider.removed, known.provider.sent, role, OWN_STRENGTH).mean
    return share(own.removed, own.sent, provider, OWN_STRENGTH), role


_FARED = {
    "mx_ok": "its domain takes mail",
    "accepted": "mail to it was accepted",
    "acknowledged": "it acknowledged a notice",
    "replied": "somebody answered there",
    "complied": "it removed what was reported",
    "silent": "it stayed silent",
    "soft": "mail to it was put off",
    "full": "its mailbox is full",
    "policy": "it refuses our mail",
    "hard": "mail to it bounced for good",
}
_SAID = {
    "registry": "named in the registry's data", "page": "named on the site's pages", "playbook": "a known desk",
    "agent": "its designated agent", "dns": "named in its DNS", "guess": "a mailbox every domain should have",
    "answer": "named in an answer", "other": "named",
}  # fmt: skip


def _said(one: Observation) -> str:
    return f"{_SAID[family(one.source)]} ({one.source})"


def _ago(days: float) -> str:
    return "" if days < 1 else f" {days:.0f} day{'s' if round(days) != 1 else ''} ago"


def logit(p: float) -> float:
    p = min(max(p, 0.005), 0.995)
    return log(p / (1 - p))


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
