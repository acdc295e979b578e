"""Whose portal this is, and who helps where she lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from efface.accounts.models import Organisation
from efface.cases.models import Case
from efface.law import load
from efface.law.places import Desk, Jurisdiction


def organisation(request: Any) -> Organisation | None:
    """The organisation whose portal has this host name, else the only one there is."""
    host = request.get_host().rsplit(":", 1)[0].lower()
    named = Organisation.objects.filter(portal_host__iexact=host).first()
    if named is not None:
        return named
    # Nobody who needs help may come into training by chance.
    rows = list(Organisation.objects.filter(training=False)[:2])
    return rows[0] if len(rows) == 1 else None


def opens(request: Any) -> Organisation | None:
    """The organisation that lets survivors open a case here without a worker, None where nobody does."""
    found = organisation(request)
    return found if found is not None and found.opens_herself and not found.training else None


@dataclass(frozen=True, slots=True)
class Aid:
    """Whom to call: those for a crisis first. ``hers`` False: her country is not known, these are the house's own."""

    place: Jurisdiction
    desks: tuple[Desk, ...]
    young: tuple[Desk, ...]
    hers: bool


def aid(case: Case) -> Aid | None:
    """Who helps where she lives; where she did not say it, where the organisation is."""
    law = load()
    place = law.place(case.country) if case.country else None
    house = Organisation.objects.filter(pk=case.organisation_id).values_list("country", flat=True).first()
    shown = place or law.place(house or "")
    if shown is None:
        return None
    desks = tuple(sorted(shown.helplines, key=lambda desk: not desk.crisis))
    return Aid(shown, desks, shown.minors, place is not None)
