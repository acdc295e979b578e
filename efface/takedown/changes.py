"""What a person changed of a plan: kept as a list that only grows, and laid over every new plan. Pure.

A change moves, leaves out, puts off or brings in; it never makes a party reachable that a safety rule keeps away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from efface.takedown.plan import PlannedRoute

Verb = Literal["first", "before", "skip", "postpone", "use", "ask"]
VERBS: tuple[Verb, ...] = ("first", "before", "skip", "postpone", "use", "ask")
ORDERED: tuple[Verb, ...] = ("first", "before", "postpone")


@dataclass(frozen=True, slots=True)
class Change:
    """One word of a person about the way to one party. ``first``: now, before all others; ``before``: before the party
    ``other``; ``skip``: left out; ``postpone``: not before ``until``; ``use``: with the notice ``notice_type``;
    ``ask``: a party that is only shown otherwise. ``undoes`` names a change that is taken back."""

    id: str
    verb: str
    party: str
    notice_type: str = ""
    other: str = ""
    until: datetime | None = None
    why: str = ""
    undoes: str = ""


def standing(log: Iterable[Change]) -> tuple[Change, ...]:
    """What holds of a list in order: without what was taken back, and of two that say the same kind of thing about the
    same party the last."""
    rows = list(log)
    back = {one.undoes for one in rows if one.undoes}
    found: dict[tuple[str, str], Change] = {}
    for one in rows:
        if one.undoes or one.id in back or one.verb not in VERBS:
            continue
        key = (one.party, "order" if one.verb in ORDERED else one.verb)
        found.pop(key, None)
        found[key] = one
    return tuple(found.values())


def chosen_type(changes: Iterable[Change], party: str) -> Change | None:
    """The notice a person wants this party to get."""
    return next((one for one in changes if one.verb == "use" and one.party == party), None)


def asked(changes: Iterable[Change]) -> frozenset[str]:
    """Parties that were only shown and are to be asked."""
    return frozenset(one.party for one in changes if one.verb == "ask")


def arranged(
    routes: Iterable[PlannedRoute], changes: Iterable[Change], now: datetime, held: Callable[[str], datetime | None]
) -> tuple[list[PlannedRoute], list[tuple[PlannedRoute, Change]]]:
    """The routes as a person wants them, and those left out. ``held`` says until when the police keep a role back:
    nothing is moved before that."""
    kept = list(routes)
    out: list[tuple[PlannedRoute, Change]] = []
    for change in changes:
        at = next((place for place, one in enumerate(kept) if one.party_key == change.party), None)
        if at is None or change.verb not in ("first", "before", "skip", "postpone"):
            continue
        route = kept.pop(at)
        if change.verb == "skip":
            out.append((route, change))
            continue
        place, starts = at, route.starts
        if change.verb == "first":
            place, starts = 0, now
        elif change.verb == "before":
            place = next((n for n, one in enumerate(kept) if one.party_key == change.other), at)
            if place < len(kept) and kept[place].party_key == change.other:
                starts = min(starts, kept[place].starts)
        elif change.until is not None:
            starts = max(starts, change.until)
            place = next((n for n, one in enumerate(kept) if one.starts > starts), len(kept))
        until = held(route.role)
        starts = max(starts, until) if until is not None else starts
        words = f"a person decided: {change.why}" if change.why else "a person decided"
        kept.insert(place, replace(route, starts=starts, changed=words, word=change.verb))
    return kept, out
