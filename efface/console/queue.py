"""The queue of decisions: everything that waits for a person, ordered by harm and clock.

Each kind has a function that turns rows into ``Decision``s. ``find`` gives one of them again with its row locked, which
is how an answer is checked against what still stands.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable

from efface.accounts.models import Member, Role
from efface.console import (
    glance,
    waiting_arrivals,
    waiting_case,
    waiting_clocks,
    waiting_letters,
    waiting_levels,
    waiting_moved,
    waiting_police,
    waiting_search,
    waiting_suspected,
    waiting_takedown,
    waiting_telling,
)
from efface.console.decision import Decision

Source = Callable[..., Iterable[Decision]]
SHOWN = 15

#: kind -> (who may decide it, where its rows come from)
KINDS: dict[str, tuple[frozenset[str], Source]] = {
    "arrival": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_arrivals.arrivals),
    "message": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_case.messages),
    "telling": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_telling.tellings),
    "unreached": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_telling.unreached),
    "attestation": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_case.attestations),
    "signal": (frozenset({Role.LEAD}), waiting_police.signals),
    "police-request": (frozenset({Role.LEAD}), waiting_police.requests),
    "police-question": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_police.questions),
    "sign": (frozenset({Role.LEAD}), waiting_levels.signs),
    "face-alarm": (frozenset({Role.LEAD}), waiting_levels.alarms),
    "link": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_case.links),
    "match": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_search.matches),
    "age": (frozenset({Role.LEAD}), waiting_search.ages),
    "site": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_search.sites),
    "suspected": (frozenset({Role.LEAD}), waiting_suspected.suspected),
    "notice": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.drafts),
    "moved": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_moved.moved),
    "filing": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.filings),
    "send": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.ambiguous),
    "reply": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.replies),
    "publication": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_letters.publications),
    "stuck": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.stuck),
    "counter": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_clocks.counter_notices),
    "clock": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_clocks.over),
    "conflict": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.conflicts),
}


def decisions(member: Member, *, case: uuid.UUID | None = None) -> list[Decision]:
    """What waits and what this member may decide, most urgent first (of each kind at most ``waiting_case.EACH``).
    ``case`` narrows it to one case."""
    found: list[Decision] = []
    present = glance.kinds(member)
    for kind, (roles, source) in KINDS.items():
        if kind in present and member.role in roles:
            found += source(member, case=case)
    return sorted(found, key=Decision.order)


def find(member: Member, kind: str, id: uuid.UUID, *, lock: bool = False) -> Decision | None:
    """The decision as it stands now, or None where nothing waits (any more) or this member may not decide it."""
    if kind not in KINDS or member.role not in KINDS[kind][0]:
        return None
    _, source = KINDS[kind]
    return next(iter(source(member, only=id, lock=lock)), None)


def stamp(shown: Iterable[Decision]) -> str:
    """A short digest of a queue, to notice that it changed."""
    return hashlib.sha256("".join(sorted(f"{one.kind}{one.id}{one.mark}" for one in shown)).encode()).hexdigest()[:16]
