"""The queue of decisions: everything that waits for a person, ordered by harm and clock.

Each kind has a function that turns rows into ``Decision``s. ``find`` gives one of them again with its row locked, which
is how an answer is checked against what still stands.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from efface.accounts.models import Member, Role
from efface.cases import holds
from efface.cases.models import Case
from efface.console import (
    glance,
    opinions,
    waiting_arrivals,
    waiting_case,
    waiting_clocks,
    waiting_letters,
    waiting_levels,
    waiting_moved,
    waiting_opinions,
    waiting_police,
    waiting_search,
    waiting_suspected,
    waiting_takedown,
    waiting_telling,
)
from efface.console.decision import Decision
from efface.console.filtering import Filter
from efface.console.waiting_case import EACH, Within
from efface.engine.base import clock

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
    "police-wish": (frozenset({Role.LEAD}), waiting_police.wishes),
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
    "opinion": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_opinions.opinions),
    "conflict": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.conflicts),
}


def decisions(
    member: Member, *, case: uuid.UUID | None = None, view: Filter | None = None, now: datetime | None = None,
    page: int = 1,
) -> list[Decision]:  # fmt: skip
    """What waits and what this member may decide, most urgent first: of each kind as many as ``page`` pages can show,
    and at least ``waiting_case.EACH``.
    ``case`` narrows it to one case, ``view`` to what a filter leaves, with ``now`` for who is away."""
    found: list[Decision] = []
    within = Within(case=case) if case is not None else Within()
    if view is not None and now is not None:
        within = view.within(member, now, max(EACH, page * SHOWN + 1))
    present = glance.kinds(member)
    for kind, (roles, source) in KINDS.items():
        if kind in present and member.role in roles and (view is None or not view.kinds or kind in view.kinds):
            found += source(member, case=within)
    return sorted(found, key=Decision.order)


def dressed(shown: Iterable[Decision], now: datetime | None = None) -> list[Decision]:
    """The same with whose case each is, how many opinions stand beside it, and until when its notices wait."""
    rows = list(shown)
    asked = opinions.counts(rows)
    cases = Case.objects.filter(pk__in={one.case_id for one in rows if one.case_id}, worker__isnull=False)
    workers = dict(cases.values_list("pk", "worker__name"))
    held = holds.standing({one.case_id for one in rows if one.case_id}, now or clock.now())
    return [
        replace(one, opinions=asked.get(one.id, 0), worker=workers.get(one.case_id, ""), held=held.get(one.case_id))
        if one.case_id else replace(one, opinions=asked.get(one.id, 0))
        for one in rows
    ]  # fmt: skip


def find(member: Member, kind: str, id: uuid.UUID, *, lock: bool = False) -> Decision | None:
    """The decision as it stands now, or None where nothing waits (any more) or this member may not decide it."""
    if kind not in KINDS or member.role not in KINDS[kind][0]:
        return None
    _, source = KINDS[kind]
    return next(iter(source(member, only=id, lock=lock)), None)


def stamp(shown: Iterable[Decision]) -> str:
    """A short digest of a queue, to notice that it changed."""
    return hashlib.sha256("".join(sorted(f"{one.kind}{one.id}{one.mark}" for one in shown)).encode()).hexdigest()[:16]
