"""The queue of decisions: everything that waits for a person, ordered by harm and clock.

Each kind has a function that turns rows into ``Decision``s; ``ordering`` says where each stands without making them.
``find`` gives one of them again with its row locked, which is how an answer is checked against what still stands.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from efface.accounts.models import Member, Role
from efface.cases import holds
from efface.cases.models import Case
from efface.console import (
    glance,
    opinions,
    ordering,
    waiting_arrivals,
    waiting_case,
    waiting_clocks,
    waiting_letters,
    waiting_levels,
    waiting_moved,
    waiting_opinions,
    waiting_partners,
    waiting_police,
    waiting_search,
    waiting_suspected,
    waiting_takedown,
    waiting_telling,
)
from efface.console.decision import Decision
from efface.console.filtering import Filter
from efface.console.ordering import Place
from efface.console.waiting_case import EACH, Within
from efface.engine.base import clock, sealing

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
    "report": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_partners.reports),
    "undelivered": (frozenset({Role.LEAD}), waiting_partners.undelivered),
    "conflict": (frozenset({Role.CASEWORKER, Role.LEAD}), waiting_takedown.conflicts),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that waits, most urgent first. ``capped``: of some kind more waits than was counted."""

    places: list[Place]
    capped: bool

    def stamp(self) -> str:
        """A short digest, to notice that it changed."""
        told = sorted(f"{one.kind}{one.id}{one.version}{one.harm}{one.danger}" for one in self.places)
        return hashlib.sha256("".join(told).encode()).hexdigest()[:16]


def line(
    member: Member, now: datetime, *, case: uuid.UUID | None = None, view: Filter | None = None, page: int = 1
) -> Line:
    """Where what waits stands, as far as this member may decide it: of each kind as many as ``page`` pages can show,
    and at least ``waiting_case.EACH``. ``case`` narrows it to one case, ``view`` to what a filter leaves."""
    most = max(EACH, page * SHOWN + 1)
    within = Within(case=case, most=most) if case is not None else Within(most=most)
    if view is not None:
        within = view.within(member, now, most)
    present = glance.kinds(member, case)
    wanted = [
        kind for kind, (roles, _source) in KINDS.items()
        if kind in present and member.role in roles and (view is None or not view.kinds or kind in view.kinds)
    ]  # fmt: skip
    told = ordering.places(member, [kind for kind in wanted if kind in ordering.KINDS], within, now)
    for kind in wanted:
        if kind not in ordering.KINDS:
            made = [Place.of(one) for one in KINDS[kind][1](member, case=replace(within, most=most + 1))]
            told[kind] = (made[:most], len(made) > most)
    found = sorted((place for places, _more in told.values() for place in places), key=Place.order)
    return Line(found, any(more for _places, more in told.values()))


def made(member: Member, places: Sequence[Place]) -> list[Decision]:
    """The decisions at these places; where forms that stand together are not filed together after all, each."""
    by_kind: dict[str, list[uuid.UUID]] = {}
    for place in places:
        if place.made is None:
            by_kind.setdefault(place.kind, []).extend((place.id, *place.together))
    sealing.hold_case_keys({place.case_id for place in places if place.case_id})
    found = {(one.kind, one.id): one.made for one in places if one.made is not None}
    for kind, ids in by_kind.items():
        rows = KINDS[kind][1](member, case=Within(ids=ids, most=len(ids), asked=True))
        found |= {(kind, one.id): one for one in rows}
    each = ((one.kind, id) for one in places for id in (one.id, *one.together))
    return [found[name] for name in each if name in found]


def decisions(
    member: Member, *, case: uuid.UUID | None = None, view: Filter | None = None, now: datetime | None = None
) -> list[Decision]:
    """What waits and what this member may decide, most urgent first; ``now`` for who is away."""
    return made(member, line(member, now or clock.now(), case=case, view=view).places)


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
